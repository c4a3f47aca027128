// A worker against a rank 0 played by the test, message by message.
#include "worker/worker.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "core/sha256.hpp"
#include "tests/orchestrator/mock_job.hpp"
#include "worker/protocol.hpp"

namespace muster::worker {
namespace {

using namespace std::chrono_literals;
using ::testing::HasSubstr;

struct Received {
  Header header;
  Bytes body;
  WireReader payload() const {
    WireReader in(body);
    decode_header(in);
    return in;
  }
};

class WorkerTest : public ::testing::Test {
 protected:
  WorkerTest() {
    options.build = {"1.2.3", 5};
    options.make_job = [this](jobs::ResolvedJob const& resolved) {
      seen = resolved;
      return std::shared_ptr<jobs::Job const>(std::shared_ptr<void>(), &job);
    };
    options.heartbeat = 20ms;
    options.silence_limit = 60s;
  }
  void start() {
    outcome = std::async(std::launch::async, [this] { return run_worker(*ends[1], options); });
  }
  /// The next message of this type; signs of life in between are passed over.
  Received await(MessageType type) {
    for (auto const deadline = std::chrono::steady_clock::now() + 60s;
         std::chrono::steady_clock::now() < deadline;) {
      auto message = ends[0]->poll(1s);
      if (!message) continue;
      WireReader in(message->body);
      Received received{decode_header(in), std::move(message->body)};
      heard = received.header.sequence;
      last = received.header;
      if (received.header.type == type) return received;
      bool const is_sign_of_life =
          received.header.type == MessageType::alive || received.header.type == MessageType::hello;
      if (!is_sign_of_life) ADD_FAILURE() << "got type " << static_cast<int>(received.header.type);
    }
    throw std::runtime_error("the worker sent no such message within 60 s");
  }
  Header next(MessageType type) { return {type, 3, ++sent, heard}; }
  void welcome() {
    await(MessageType::hello);
    ends[0]->send(
        1, encode(next(MessageType::welcome), Welcome{{"mock", "test", "text", 1}, "ignored"}));
  }
  void stop(Exit verdict = Exit::done, std::string reason = "") {
    ends[0]->send(1, encode(next(MessageType::stop), Stop{verdict, reason}));
    await(MessageType::bye);
  }

  test::MockJob job;
  WorkerOptions options;
  std::vector<std::unique_ptr<comm::Transport>> ends = comm::make_in_process(2);
  std::future<WorkerOutcome> outcome;
  jobs::ResolvedJob seen;
  std::uint64_t sent = 0, heard = 0;
  Header last;
};

TEST_F(WorkerTest, introduces_itself_builds_the_job_and_says_what_it_has) {
  options.consumption.threads = 2;
  job.preferred = 6;
  start();
  Received const first = await(MessageType::hello);
  WireReader in = first.payload();
  Hello const hello = decode_hello(in);
  EXPECT_EQ(hello.muster_version, "1.2.3");
  EXPECT_EQ(hello.arithmetic_version, 5u);
  EXPECT_EQ(hello.host, ends[1]->host());
  EXPECT_EQ(hello.devices, "2 CPU threads");
  ends[0]->send(1, encode(next(MessageType::welcome), Welcome{{"mock", "test", "text", 1}, ""}));
  Received const second = await(MessageType::ready);
  in = second.payload();
  Ready const ready = decode_ready(in);
  EXPECT_EQ(ready.job_hash, sha256_hex("text"));
  EXPECT_EQ(ready.slots, 4u);
  EXPECT_EQ(ready.consumers, 2u);
  EXPECT_EQ(ready.preferred_tiles, 6u);
  EXPECT_EQ(second.header.acknowledged, 1u);
  EXPECT_EQ(seen.text, "text");
  EXPECT_EQ(seen.kind, "mock");
  stop();
  EXPECT_EQ(outcome.get().verdict, Exit::done);
}

TEST_F(WorkerTest, computes_leases_asks_for_more_and_leaves_when_told) {
  start();
  welcome();
  await(MessageType::ready);
  std::vector<Lease> const leases{{1, {0, 3}}, {2, {3, 4}}};
  ends[0]->send(1, encode_work(next(MessageType::work), {}, leases));
  std::uint64_t tiles = 0;
  for (Result result; tiles < 7;) {
    Received const message = await(MessageType::results);
    EXPECT_EQ(message.header.epoch, 3u);
    WireReader in = message.payload();
    for (auto left = decode_results_count(in); left > 0; --left) {
      decode_result(in, [](TileRange) { return std::size_t{4}; }, result);
      tiles += result.range.count;
    }
  }
  // Its last results acknowledge the work; a note it has not acknowledged makes it ask.
  ends[0]->send(1, encode(next(MessageType::noted)));
  EXPECT_EQ(await(MessageType::ask).header.acknowledged, sent);
  stop(Exit::stopped, "as asked");
  WorkerOutcome const end = outcome.get();
  EXPECT_EQ(end.verdict, Exit::stopped);
  EXPECT_EQ(end.reason, "as asked");
  EXPECT_EQ(end.tiles, 7u);
  EXPECT_EQ(end.leases, 2u);
}

TEST_F(WorkerTest, drops_a_lease_that_others_were_first_with_and_says_how_far_it_came) {
  job.preferred = 1;
  job.before_range = [](TileRange range, jobs::Device) {
    std::this_thread::sleep_for(std::chrono::milliseconds{20} * range.count);
  };
  start();
  welcome();
  await(MessageType::ready);
  std::vector<Lease> const leases{{1, {0, 100'000}}};
  ends[0]->send(1, encode_work(next(MessageType::work), {}, leases));
  std::vector<std::uint64_t> const drops{1};
  await(MessageType::alive);
  ends[0]->send(1, encode_work(next(MessageType::work), {}, {}, drops));
  WireReader in = await(MessageType::dropped).payload();
  Dropped const dropped = decode_dropped(in);
  EXPECT_EQ(dropped.lease, 1u);
  EXPECT_GT(dropped.seconds, 0.01);
  EXPECT_LT(dropped.tiles, 100'000u);
  stop();
  WorkerOutcome const end = outcome.get();
  EXPECT_EQ(end.leases, 0u);
  EXPECT_EQ(end.tiles, dropped.tiles);
}

TEST_F(WorkerTest, leaves_with_the_tile_it_computes_when_told_to_stop) {
  job.preferred = 1;
  job.before_range = [](TileRange range, jobs::Device) {
    std::this_thread::sleep_for(std::chrono::milliseconds{10} * range.count);
  };
  start();
  welcome();
  await(MessageType::ready);
  std::vector<Lease> const leases{{1, {0, 100'000}}};
  ends[0]->send(1, encode_work(next(MessageType::work), {}, leases));
  await(MessageType::alive);
  stop(Exit::stopped);
  // The lease has a quarter of an hour to go.
  EXPECT_EQ(outcome.wait_for(60s), std::future_status::ready);
}

TEST_F(WorkerTest, work_of_another_epoch_is_left_alone) {
  start();
  welcome();
  await(MessageType::ready);
  std::vector<Lease> const leases{{1, {0, 3}}};
  Header stale = next(MessageType::work);
  stale.epoch = 2;
  ends[0]->send(1, encode_work(stale, {}, leases));
  await(MessageType::ask);
  stop();
  EXPECT_EQ(outcome.get().leases, 0u);
}

TEST_F(WorkerTest, a_failing_tile_goes_to_rank_0_and_the_worker_goes_on) {
  job.before_range = [](TileRange range, jobs::Device) {
    if (range.first == 0) throw Error(Exit::environment, "the device hiccupped", Retry::may_help);
  };
  start();
  welcome();
  await(MessageType::ready);
  std::vector<Lease> const leases{{1, {0, 1}}, {2, {1, 1}}};
  ends[0]->send(1, encode_work(next(MessageType::work), {}, leases));
  Received const message = await(MessageType::failure);
  WireReader in = message.payload();
  Failure const failure = decode_failure(in);
  EXPECT_EQ(failure.lease, 1u);
  EXPECT_EQ(failure.message, "the device hiccupped");
  EXPECT_EQ(failure.retry, Retry::may_help);
  await(MessageType::results);
  stop();
}

TEST_F(WorkerTest, a_job_that_cannot_be_built_is_told_to_rank_0) {
  options.make_job = [](jobs::ResolvedJob const&) -> std::shared_ptr<jobs::Job const> {
    throw_error(Exit::user, "job kind \"mock\" is not known");
  };
  start();
  welcome();
  Received const message = await(MessageType::failure);
  WireReader in = message.payload();
  Failure const failure = decode_failure(in);
  EXPECT_EQ(failure.lease, 0u);
  EXPECT_EQ(failure.code, Exit::user);
  EXPECT_THAT(failure.message, HasSubstr("is not known"));
  stop(Exit::user, "told");
  EXPECT_EQ(outcome.get().verdict, Exit::user);
}

TEST_F(WorkerTest, a_silent_rank_0_is_given_up_by_name) {
  options.silence_limit = 50ms;
  start();
  try {
    outcome.get();
    FAIL();
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), Exit::environment);
    EXPECT_THAT(error.what(), HasSubstr("rank 0 has been silent for"));
  }
}

TEST_F(WorkerTest, one_that_is_asked_to_end_and_hears_nothing_leaves_without_goodbye) {
  std::atomic<unsigned> const signs{1};
  options.end_signs = &signs;
  options.orphan_limit = 50ms;
  start();
  WorkerOutcome const told = outcome.get();
  EXPECT_EQ(told.verdict, Exit::stopped);
  EXPECT_THAT(told.reason, HasSubstr("rank 0 is silent"));
  EXPECT_FALSE(told.is_root_lost);
}

TEST_F(WorkerTest, one_that_is_asked_to_end_works_on_while_rank_0_answers) {
  std::atomic<unsigned> signs{1};
  options.end_signs = &signs;
  options.orphan_limit = 2s;
  start();
  welcome();
  await(MessageType::ready);
  ++signs;
  stop(Exit::stopped, "stopped as asked");
  EXPECT_EQ(outcome.get().reason, "stopped as asked");
}

TEST_F(WorkerTest, unanswered_signs_of_life_stop_after_eight) {
  // Each is a hello, until rank 0 has answered one.
  options.heartbeat = 1ms;
  options.silence_limit = 500ms;
  start();
  EXPECT_THROW(outcome.get(), Error);
  int messages = 0;
  while (ends[0]->poll(0us)) ++messages;
  EXPECT_GE(messages, 2);
  EXPECT_LE(messages, 8);
}

TEST_F(WorkerTest, a_device_that_does_not_start_is_given_up_by_name) {
  options.start_limit = 0ms;
  start();
  welcome();
  try {
    outcome.get();
    FAIL();
  } catch (Error const& error) {
    EXPECT_THAT(error.what(), HasSubstr("0 of 1 compute threads were ready after"));
  }
}

TEST_F(WorkerTest, a_message_only_ranks_send_is_a_bug) {
  start();
  await(MessageType::hello);
  ends[0]->send(1, encode(next(MessageType::ask)));
  try {
    outcome.get();
    FAIL();
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), Exit::bug);
    EXPECT_THAT(error.what(), HasSubstr("rank 0 sent a message of type 5"));
  }
}

}  // namespace
}  // namespace muster::worker
