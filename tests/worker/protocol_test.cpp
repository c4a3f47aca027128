#include "worker/protocol.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <random>

namespace muster::worker {
namespace {

using ::testing::HasSubstr;

Header header_of(MessageType type) { return {type, 7, 11, 13}; }

std::vector<Result> two_results() {
  return {{5, {100, 3}, 0.25, {1, -2, 1LL << 62}, {{1, 2}, {3, 4}, {5, 6}}},
          {6, {103, 1}, 1e-9, {0, 0, -1}, {{7, 8}}}};
}

/// Every message with a payload, and how to read it whole.
struct Sample {
  char const* name;
  Bytes bytes;
  std::function<void(WireReader&)> decode;
};

std::size_t three(TileRange) { return 3; }

void decode_any_work(WireReader& in) {
  std::vector<Lease> out;
  std::vector<std::uint64_t> dropped;
  Step by;
  std::optional<Joint> joint;
  decode_work(in, by, out, dropped, joint);
}

std::vector<Sample> samples() {
  Step const step{Step::By::sums, 4, {1, -2, 3}};
  Welcome welcome{{"price", "book", "[market]\nspot = 100\n", 42}, std::string(64, 'a')};
  std::vector<Lease> const leases{{1, {0, 16}}, {2, {16, 5}}};
  std::vector<std::uint64_t> const drops{7, 8};
  Joint const joint{3, 1, 4, Bytes(256, std::byte{7})};
  std::vector<comm::RankNews> const news{{3, comm::Fate::dead, 9, 2}, {4, comm::Fate::stopped, 0, 0}};
  return {
      {"hello", encode(header_of(MessageType::hello), Hello{"0.1.0", 3, "node07", "2 CPU threads"}),
       [](WireReader& in) { decode_hello(in); }},
      {"welcome", encode(header_of(MessageType::welcome), welcome),
       [](WireReader& in) { decode_welcome(in); }},
      {"ready", encode(header_of(MessageType::ready), Ready{"abc", 3, 2, 16, 4}),
       [](WireReader& in) { decode_ready(in); }},
      {"failure",
       encode(header_of(MessageType::failure),
              Failure{9, Exit::job_failed, Retry::may_help, "cuda:1", "NaN in tile 3"}),
       [](WireReader& in) { decode_failure(in); }},
      {"news", encode_news(header_of(MessageType::news), news),
       [](WireReader& in) { decode_news(in); }},
      {"stop", encode(header_of(MessageType::stop), Stop{Exit::stopped, "as asked"}),
       [](WireReader& in) { decode_stop(in); }},
      {"memory",
       encode(header_of(MessageType::memory),
              std::vector<DeviceUse>{{"cuda:0", 1, 2, 3, 4, 5, 6}, {"cuda:1", 7, 8, 9, 10, 11, 12}}),
       [](WireReader& in) { decode_memory(in); }},
      {"work", encode_work(header_of(MessageType::work), step, leases, drops),
       decode_any_work},
      {"joint", encode_work(header_of(MessageType::work), step, std::span(leases).first(1), {}, &joint), decode_any_work},
      {"dropped", encode(header_of(MessageType::dropped), Dropped{9, 3, 0.5}),
       [](WireReader& in) { decode_dropped(in); }},
      {"results", encode_results(header_of(MessageType::results), two_results()),
       [](WireReader& in) {
         Result out;
         for (auto left = decode_results_count(in); left > 0; --left) decode_result(in, three, out);
         expect_end(in);
       }},
  };
}

void decode_all(Sample const& sample, std::span<std::byte const> bytes) {
  WireReader in(bytes);
  decode_header(in);
  sample.decode(in);
}

TEST(Protocol, a_header_comes_back) {
  Bytes const bytes = encode(header_of(MessageType::ask));
  EXPECT_EQ(bytes.size(), 24u);
  WireReader in(bytes);
  Header const header = decode_header(in);
  EXPECT_EQ(header.type, MessageType::ask);
  EXPECT_EQ(header.epoch, 7u);
  EXPECT_EQ(header.sequence, 11u);
  EXPECT_EQ(header.acknowledged, 13u);
  expect_end(in);
}

TEST(Protocol, texts_and_numbers_come_back) {
  auto const all = samples();
  WireReader in(all[0].bytes);
  decode_header(in);
  Hello const hello = decode_hello(in);
  EXPECT_EQ(hello.muster_version, "0.1.0");
  EXPECT_EQ(hello.arithmetic_version, 3u);
  EXPECT_EQ(hello.host, "node07");
  EXPECT_EQ(hello.devices, "2 CPU threads");
  in = WireReader(all[1].bytes);
  decode_header(in);
  Welcome const welcome = decode_welcome(in);
  EXPECT_EQ(welcome.job.kind, "price");
  EXPECT_EQ(welcome.job.name, "book");
  EXPECT_EQ(welcome.job.text, "[market]\nspot = 100\n");
  EXPECT_EQ(welcome.job.seed, 42u);
  EXPECT_EQ(welcome.job_hash, std::string(64, 'a'));
  in = WireReader(all[3].bytes);
  decode_header(in);
  Failure const failure = decode_failure(in);
  EXPECT_EQ(failure.lease, 9u);
  EXPECT_EQ(failure.code, Exit::job_failed);
  EXPECT_EQ(failure.retry, Retry::may_help);
  EXPECT_EQ(failure.device, "cuda:1");
  EXPECT_EQ(failure.message, "NaN in tile 3");
}

TEST(Protocol, news_and_losses_come_back) {
  std::vector<comm::RankNews> const news{{3, comm::Fate::dead, 9, 2}, {4, comm::Fate::stopped, 0, 0}};
  Bytes const bytes = encode_news(header_of(MessageType::news), news);
  WireReader in(bytes);
  decode_header(in);
  auto const back = decode_news(in);
  ASSERT_EQ(back.size(), 2u);
  EXPECT_EQ(back[0].rank, 3);
  EXPECT_EQ(back[0].fate, comm::Fate::dead);
  EXPECT_EQ(back[0].signal, 9);
  EXPECT_EQ(back[0].out_of_memory_kills, 2u);
  EXPECT_EQ(back[1].fate, comm::Fate::stopped);
  Bytes const stop = encode(header_of(MessageType::stop), Stop{Exit::done, "", true});
  WireReader of_stop(stop);
  decode_header(of_stop);
  EXPECT_TRUE(decode_stop(of_stop).has_losses);
}

TEST(Protocol, a_step_comes_back_before_its_leases) {
  std::vector<Lease> const leases{{1, {16, 5}}};
  std::vector<std::uint64_t> const drops{3, UINT64_MAX};
  for (Step const& step : {Step{}, Step{Step::By::sums, 4, {1, -2, 3}}, Step{Step::By::snapshot, 7, {}}}) {
    Bytes const bytes = encode_work(header_of(MessageType::work), step, leases, drops);
    WireReader in(bytes);
    decode_header(in);
    Step by{Step::By::snapshot, 99, {5}};
    std::vector<Lease> back;
    std::vector<std::uint64_t> dropped{5};
    std::optional<Joint> joint{Joint{}};
    decode_work(in, by, back, dropped, joint);
    EXPECT_FALSE(joint);
    EXPECT_EQ(dropped, drops);
    EXPECT_EQ(by.by, step.by);
    EXPECT_EQ(by.stage, step.stage);
    EXPECT_EQ(by.words, step.words);
    ASSERT_EQ(back.size(), 1u);
    EXPECT_EQ(back[0].range, leases[0].range);
  }
}

TEST(Protocol, a_joint_lease_says_who_computes_it) {
  std::vector<Lease> const leases{{9, {16, 8}}, {10, {24, 8}}};
  Joint const joint{3, 1, 4, Bytes(256, std::byte{7})};
  Bytes const bytes = encode_work(header_of(MessageType::work), {}, std::span(leases).first(1), {}, &joint);
  WireReader in(bytes);
  decode_header(in);
  Step by;
  std::vector<Lease> back;
  std::vector<std::uint64_t> dropped;
  std::optional<Joint> found;
  decode_work(in, by, back, dropped, found);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->meeting, 3u);
  EXPECT_EQ(found->index, 1u);
  EXPECT_EQ(found->size, 4u);
  EXPECT_EQ(found->name, joint.name);
  auto const refusal = [](Bytes const& message) -> std::string {
    WireReader of(message);
    decode_header(of);
    try {
      decode_any_work(of);
    } catch (Error const& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_THAT(refusal(encode_work(header_of(MessageType::work), {}, leases, {}, &joint)), HasSubstr("leases of a joint one = 2"));
  Joint const outside{3, 4, 4, {}};
  EXPECT_THAT(refusal(encode_work(header_of(MessageType::work), {}, std::span(leases).first(1), {}, &outside)),
              HasSubstr("place in a meeting = 4"));
}

TEST(Protocol, results_come_back_bit_for_bit) {
  auto const results = two_results();
  Bytes const bytes = encode_results(header_of(MessageType::results), results);
  WireReader in(bytes);
  decode_header(in);
  ASSERT_EQ(decode_results_count(in), 2u);
  Result out;
  for (Result const& expected : results) {
    decode_result(in, three, out);
    EXPECT_EQ(out.lease, expected.lease);
    EXPECT_EQ(out.range, expected.range);
    EXPECT_EQ(out.seconds, expected.seconds);
    EXPECT_EQ(out.sums, expected.sums);
    EXPECT_EQ(out.digests, expected.digests);
  }
  expect_end(in);
}

TEST(Protocol, a_dropped_lease_comes_back_and_times_that_cannot_be_count_as_none) {
  for (auto const& [sent, expected] : {std::pair{0.5, 0.5}, {-1.0, 0.0}, {std::nan(""), 0.0}}) {
    Bytes const bytes = encode(header_of(MessageType::dropped), Dropped{9, 3, sent});
    WireReader in(bytes);
    decode_header(in);
    Dropped const back = decode_dropped(in);
    EXPECT_EQ(back.lease, 9u);
    EXPECT_EQ(back.tiles, 3u);
    EXPECT_EQ(back.seconds, expected);
  }
}

TEST(Protocol, every_truncation_is_refused) {
  for (Sample const& sample : samples()) {
    EXPECT_NO_THROW(decode_all(sample, sample.bytes)) << sample.name;
    for (std::size_t length = 0; length < sample.bytes.size(); ++length) {
      try {
        decode_all(sample, std::span(sample.bytes).first(length));
        FAIL() << sample.name << " cut to " << length;
      } catch (Error const& error) {
        EXPECT_EQ(error.code(), Exit::bug);
        ASSERT_THAT(error.what(), HasSubstr("a message ends after"));
      }
    }
  }
}

TEST(Protocol, bytes_after_the_end_are_refused) {
  for (Sample sample : samples()) {
    sample.bytes.push_back(std::byte{0});
    try {
      decode_all(sample, sample.bytes);
      FAIL() << sample.name;
    } catch (Error const& error) {
      EXPECT_THAT(error.what(), HasSubstr("a message says bytes after its end = 1"));
    }
  }
}

TEST(Protocol, noise_is_read_or_refused_but_never_believed_beyond_its_bytes) {
  std::mt19937_64 random(1);
  int refused = 0;
  for (Sample const& sample : samples())
    for (int round = 0; round < 3000; ++round) {
      Bytes bytes = sample.bytes;
      for (int flips = 1 + static_cast<int>(random() % 4); flips > 0; --flips)
        bytes[random() % bytes.size()] = static_cast<std::byte>(random());
      try {
        decode_all(sample, bytes);
      } catch (Error const&) {
        ++refused;  // anything but an Error, or a crash, fails the test
      }
    }
  EXPECT_GT(refused, 1000);
}

TEST(Protocol, another_version_is_named) {
  Bytes bytes = encode(header_of(MessageType::ask));
  bytes[2] = std::byte{9};
  try {
    WireReader in(bytes);
    decode_header(in);
    FAIL();
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), Exit::environment);
    EXPECT_THAT(error.what(), HasSubstr("protocol version 9"));
    EXPECT_THAT(error.what(), HasSubstr("run the same muster build on every host"));
  }
}

TEST(Protocol, impossible_values_are_named) {
  auto const refusal = [](Bytes bytes, auto decode) -> std::string {
    try {
      WireReader in(bytes);
      decode_header(in);
      decode(in);
    } catch (Error const& error) {
      return error.what();
    }
    return "";
  };
  Bytes unknown = encode(header_of(MessageType::ask));
  unknown[3] = std::byte{99};
  EXPECT_THAT(refusal(unknown, [](WireReader&) {}), HasSubstr("a message says type = 99"));
  std::vector<Lease> leases{{1, {5, 0}}};
  auto const work = decode_any_work;
  EXPECT_THAT(refusal(encode_work(header_of(MessageType::work), {}, leases), work),
              HasSubstr("tiles = 0"));
  leases[0].range = {UINT64_MAX, 2};
  EXPECT_THAT(refusal(encode_work(header_of(MessageType::work), {}, leases), work),
              HasSubstr("tiles = 2"));
  auto const result_of_4_slots = [](WireReader& in) {
    Result out;
    decode_results_count(in);
    decode_result(in, [](TileRange) { return std::size_t{4}; }, out);
  };
  EXPECT_THAT(
      refusal(encode_results(header_of(MessageType::results), two_results()), result_of_4_slots),
      HasSubstr("slots = 3"));
  EXPECT_THAT(refusal(encode(header_of(MessageType::stop), Stop{static_cast<Exit>(5), ""}),
                      [](WireReader& in) { decode_stop(in); }),
              HasSubstr("exit code = 5"));
  std::vector<comm::RankNews> const news{{1, static_cast<comm::Fate>(4), 0, 0}};
  EXPECT_THAT(refusal(encode_news(header_of(MessageType::news), news), [](WireReader& in) { decode_news(in); }),
              HasSubstr("fate = 4"));
  EXPECT_THAT(refusal(encode(header_of(MessageType::ready), Ready{"", 1, 0, 1, 0}),
                      [](WireReader& in) { decode_ready(in); }),
              HasSubstr("consumers = 0"));
}

}  // namespace
}  // namespace muster::worker
