// Whole runs over MPI, under scripts/mpi-run: rank 0 runs jobs, the others serve, in step.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <thread>

#include "comm/reduce.hpp"
#include "comm/transport.hpp"
#include "orchestrator/roll_call.hpp"
#include "orchestrator/run.hpp"
#include "tests/orchestrator/mock_steps.hpp"
#include "topology/gather.hpp"
#include "topology/probe.hpp"
#include "worker/worker.hpp"

namespace muster::orchestrator {
namespace {

using namespace std::chrono_literals;
using test::MockJob;
using ::testing::HasSubstr;

comm::Transport* mpi = nullptr;

/// The job of a test on every rank: what it is stands in the text that rank 0 sends.
std::shared_ptr<MockJob> make_mock(std::string const& text) {
  auto job = std::make_shared<MockJob>();
  job->stage_tiles = {64, 640};
  job->slot_count = text == "large" ? 100'000 : 16;
  // Long enough for every rank to get there, and for one that fails to be heard.
  auto const pace = text == "quick" ? 0ms : text == "failing" ? 20ms : mpi->rank() == 0 ? 4ms : 1ms;
  bool const fails = text == "failing" && mpi->rank() == std::min(1, mpi->size() - 1);
  job->before_range = [pace, fails](TileRange range, jobs::Device) {
    if (fails) throw_error(Exit::job_failed, "NaN in tile {}", range.first);
    std::this_thread::sleep_for(range.count * pace);
  };
  return job;
}

struct Served {
  std::optional<RunOutcome> outcome;  ///< rank 0
  std::optional<Error> error;         ///< rank 0
  worker::WorkerOutcome worker;       ///< the others
};

Served run_everywhere(std::string const& text, DriverOptions options = {}, worker::Consumption const& of_worker = {}) {
  Served served;
  auto const job = make_mock(text);
  if (mpi->rank() != 0) {
    worker::WorkerOptions own;
    own.consumption = of_worker;
    own.make_job = [](jobs::ResolvedJob const& resolved) { return make_mock(resolved.text); };
    served.worker = worker::run_worker(*mpi, own);
    return served;
  }
  options.resolved = {"mock", "test", text, 1};
  MemoryPersistence persistence;
  SilentProgress progress;
  try {
    served.outcome = run_job(*mpi, *job, options, persistence, progress);
  } catch (Error const& error) {
    served.error = error;
  }
  return served;
}

TEST(MpiRun, steps_are_the_direct_ones) {
  auto const make = [] {
    auto job = std::make_shared<test::SteppedJob>(50, 12);
    job->before_range = [](TileRange range, jobs::Device) { std::this_thread::sleep_for(range.count * 200us); };
    return job;
  };
  auto const job = make();
  if (mpi->rank() != 0) {
    worker::WorkerOptions own;
    own.make_job = [&](jobs::ResolvedJob const&) { return make(); };
    EXPECT_EQ(worker::run_worker(*mpi, own).verdict, Exit::done);
    return;
  }
  DriverOptions options;
  options.resolved = {"mock", "test", "steps", 1};
  MemoryPersistence persistence;
  SilentProgress progress;
  auto const outcome = run_job(*mpi, *job, options, persistence, progress);
  EXPECT_EQ(outcome.sums, job->direct(50));
}

TEST(MpiRun, sums_are_the_direct_ones) {
  Served const served = run_everywhere("plain");
  if (mpi->rank() != 0) {
    EXPECT_EQ(served.worker.verdict, Exit::done);
    EXPECT_GT(served.worker.tiles, 0u);
    return;
  }
  ASSERT_TRUE(served.outcome) << served.error->what();
  EXPECT_EQ(served.outcome->sums, test::direct_sums(640, 16));
  EXPECT_FALSE(served.outcome->lost_ranks);
  for (RankShare const& share : served.outcome->ranks) EXPECT_GT(share.tiles, 0u) << share.rank;
}

/// Of the first stage, the last rank takes a tenth of a second for each tile after its first ten.
std::shared_ptr<MockJob> make_slow_at_the_end(std::atomic<std::uint64_t>& tiles_here) {
  auto job = std::make_shared<MockJob>();
  job->stage_tiles = {400, 4000};
  job->preferred = 1;
  job->before_range = [&tiles_here](TileRange range, jobs::Device) {
    bool const is_it = mpi->rank() == mpi->size() - 1 && range.first < 400;
    bool const is_slow = is_it && tiles_here >= 10;
    if (is_it) tiles_here += range.count;
    std::this_thread::sleep_for(range.count * (is_slow ? 100ms : 2ms));
  };
  return job;
}

TEST(MpiRun, a_rank_that_was_beaten_drops_the_rest_of_its_lease) {
  if (mpi->size() == 1) GTEST_SKIP() << "nobody could be first";
  std::atomic<std::uint64_t> tiles_here = 0;
  auto const job = make_slow_at_the_end(tiles_here);
  if (mpi->rank() != 0) {
    worker::WorkerOptions own;
    own.make_job = [&](jobs::ResolvedJob const&) { return job; };
    EXPECT_EQ(worker::run_worker(*mpi, own).verdict, Exit::done);
    EXPECT_LT(tiles_here, 60u) << "5 s of its leases, which would take it 10 s and more";
    return;
  }
  DriverOptions options;
  options.resolved = {"mock", "test", "slow", 1};
  MemoryPersistence persistence;
  SilentProgress progress;
  auto const outcome = run_job(*mpi, *job, options, persistence, progress);
  EXPECT_EQ(outcome.sums, test::direct_sums(4000, 4));
  for (auto const& [name, value] : outcome.counters)
    EXPECT_TRUE((name != "leases_beaten" && name != "leases_dropped") || value > 0) << name;
}

TEST(MpiRun, sums_beyond_eager_messages_arrive_whole) {
  Served const served = run_everywhere("large");
  if (mpi->rank() != 0) return;
  ASSERT_TRUE(served.outcome) << served.error->what();
  EXPECT_EQ(served.outcome->sums, test::direct_sums(640, 100'000));
}

TEST(MpiRun, a_failing_rank_ends_the_run_at_rank_0) {
  Served const served = run_everywhere("failing");
  if (mpi->rank() != 0) {
    EXPECT_EQ(served.worker.verdict, Exit::job_failed);
    EXPECT_THAT(served.worker.reason, HasSubstr("NaN in tile"));
    return;
  }
  ASSERT_TRUE(served.error);
  EXPECT_EQ(served.error->code(), Exit::job_failed);
  EXPECT_THAT(served.error->what(), HasSubstr(mpi->size() == 1 ? "on rank 0 (" : "on rank 1 ("));
}

TEST(MpiRun, a_stop_request_ends_all_ranks_in_good_order) {
  std::atomic<bool> const stop = true;
  DriverOptions options;
  options.stop_requested = &stop;
  Served const served = run_everywhere("plain", options);
  if (mpi->rank() != 0) {
    EXPECT_TRUE(served.worker.verdict == Exit::stopped || served.worker.verdict == Exit::done);
    return;
  }
  ASSERT_TRUE(served.outcome);
  EXPECT_EQ(served.outcome->sums, test::direct_sums(served.outcome->tiles, 16));
}

TEST(MpiRun, workers_are_dismissed_when_there_is_no_run) {
  if (mpi->rank() == 0) {
    EXPECT_TRUE(dismiss_workers(*mpi, Exit::user, "the job file is faulty", 60));
    return;
  }
  worker::WorkerOptions own;
  own.make_job = [](jobs::ResolvedJob const& resolved) { return make_mock(resolved.text); };
  worker::WorkerOutcome const outcome = worker::run_worker(*mpi, own);
  EXPECT_EQ(outcome.verdict, Exit::user);
  EXPECT_EQ(outcome.reason, "the job file is faulty");
}

TEST(MpiRun, idle_ranks_leave_the_work_to_the_others) {
  if (mpi->size() == 1) GTEST_SKIP() << "somebody has to compute";
  worker::Consumption const idle{{}, 0, {}, true};
  DriverOptions options;
  options.consumption = idle;
  bool const is_idle = mpi->rank() != 1;
  Served const served = run_everywhere("quick", options, is_idle ? idle : worker::Consumption{});
  if (mpi->rank() != 0) {
    EXPECT_EQ(served.worker.verdict, Exit::done);
    EXPECT_EQ(served.worker.tiles, is_idle ? 0u : 640u);
    return;
  }
  ASSERT_TRUE(served.outcome) << served.error->what();
  EXPECT_EQ(served.outcome->sums, test::direct_sums(640, 16));
  EXPECT_FALSE(served.outcome->lost_ranks);
}

/// A roll call is the first thing that ranks do: rank 0 must not be in the run before.
class MpiRollCall : public ::testing::Test {
 protected:
  void SetUp() override {
    std::int64_t arrived = 1;
    comm::make_mpi_reducer()->sum(&arrived, 1, 60s);
    ASSERT_EQ(arrived, mpi->size());
  }
};

worker::Presence presence_here() {
  worker::Presence presence{{{"muster", "test"}}, topology::probe(topology::GpuProbe::skip)};
  presence.facts.host = mpi->rank() % 2 == 0 ? "even" : "odd";  // made up: two hosts
  return presence;
}

TEST_F(MpiRollCall, gathers_hosts_and_tells_each_rank_its_share) {
  if (mpi->rank() != 0) {
    auto const told = worker::answer_roll_call(*mpi, presence_here(), 60s);
    EXPECT_EQ(told.part, worker::Part::compute);
    EXPECT_EQ(told.consumption.threads, mpi->rank() + 1);
    EXPECT_EQ(told.consumption.cpus.size(), static_cast<std::size_t>(mpi->rank()));
    return;
  }
  RollCall call(*mpi, presence_here());
  call.hear(60s);
  std::vector<std::optional<topology::Facts>> facts;
  for (auto const& rank : call.ranks()) facts.push_back(rank.value().facts);
  auto const gathered = topology::gather(facts);
  EXPECT_EQ(gathered.cluster.nodes.size(), mpi->size() == 1 ? 1u : 2u);
  EXPECT_EQ(gathered.cluster.nodes[0].machine.launch.local_ranks, (mpi->size() + 1) / 2);
  EXPECT_EQ(gathered.cluster.nodes[0].machine.launch.ranks, mpi->size());
  auto const plan = topology::make_plan(gathered.cluster, {});
  for (int rank = 0; rank < mpi->size(); ++rank) {
    auto const placement = topology::placement_of(plan, gathered, rank);
    EXPECT_GE(placement.threads, 1);
    if (rank == 0) continue;
    worker::Assignment assignment;
    assignment.part = worker::Part::compute;
    assignment.consumption.threads = rank + 1;
    assignment.consumption.cpus.assign(static_cast<std::size_t>(rank), 0);
    call.assign(rank, assignment);
  }
}

TEST_F(MpiRollCall, a_run_follows_in_the_same_transport) {
  if (mpi->rank() == 0) {
    RollCall call(*mpi, presence_here());
    call.hear(60s);
    worker::Assignment assignment;
    assignment.part = worker::Part::compute;
    for (int rank = 1; rank < mpi->size(); ++rank) call.assign(rank, assignment);
  } else {
    worker::answer_roll_call(*mpi, presence_here(), 60s);
  }
  Served const served = run_everywhere("plain");
  if (mpi->rank() != 0) return;
  ASSERT_TRUE(served.outcome) << served.error->what();
  EXPECT_EQ(served.outcome->sums, test::direct_sums(640, 16));
}

}  // namespace
}  // namespace muster::orchestrator

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  auto const transport = muster::comm::make_mpi();
  muster::orchestrator::mpi = transport.get();
  return RUN_ALL_TESTS();
}
