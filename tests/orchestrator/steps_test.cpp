// Jobs in steps: whole runs with threads, in one process.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <thread>

#include "orchestrator/run.hpp"
#include "tests/orchestrator/meeting_hall.hpp"
#include "tests/orchestrator/mock_steps.hpp"

namespace muster::orchestrator {
namespace {

using namespace std::chrono_literals;
using test::SteppedJob;
using ::testing::HasSubstr;

RunOutcome run(int ranks, SteppedJob const& job, DriverOptions options, Persistence& persistence) {
  SilentProgress progress;
  return run_ranks_in_process(ranks, job, options, persistence, progress);
}

RunOutcome run(int ranks, SteppedJob const& job, DriverOptions options = {}) {
  MemoryPersistence persistence;
  return run(ranks, job, std::move(options), persistence);
}

TEST(Steps, have_one_answer_for_any_number_of_ranks) {
  for (int const ranks : {1, 2, 3, 4, 8}) {
    SteppedJob const job(40, 13);
    auto const outcome = run(ranks, job);
    EXPECT_EQ(outcome.verdict, Exit::done);
    EXPECT_EQ(outcome.tiles, 40u * 13);
    EXPECT_EQ(outcome.sums, job.direct(40)) << ranks << " ranks";
  }
}

TEST(Steps, end_where_their_rule_says) {
  SteppedJob job(40, 5);
  job.done_at = 7;
  auto const outcome = run(3, job);
  EXPECT_EQ(outcome.tiles, 7u * 5);
  EXPECT_EQ(outcome.sums, job.direct(7));
}

TEST(Steps, go_on_from_a_save_in_the_middle_of_a_stage) {
  SteppedJob job(60, 16);
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> most = 300;
  job.before_range = [&](TileRange range, jobs::Device) {
    if (range.end() > most) stop = true;
  };
  MemoryPersistence persistence;
  DriverOptions options;
  options.leases.max_tiles_per_lease = 1;
  options.stop_requested = &stop;
  auto const stopped = run(3, job, options, persistence);
  EXPECT_EQ(stopped.verdict, Exit::stopped);
  ASSERT_LT(stopped.tiles, 60u * 16);
  EXPECT_GT(stopped.tiles, 250u);
  stop = false;
  most = UINT64_MAX;
  auto const outcome = run(2, job, options, persistence);
  EXPECT_EQ(outcome.verdict, Exit::done);
  EXPECT_EQ(outcome.sums, job.direct(60));
  EXPECT_GT(job.decoded, 0);
}

/// Of a disk on which a save takes a tenth of a second.
struct SlowDisk : MemoryPersistence {
  int saves = 0;
  void save(Saved progress) override {
    ++saves;
    std::this_thread::sleep_for(100ms);
    MemoryPersistence::save(progress);
  }
};

TEST(Steps, do_not_save_each_stage_where_a_save_takes_long) {
  SteppedJob job(6, 1);
  job.before_range = [](TileRange, jobs::Device) { std::this_thread::sleep_for(400ms); };
  SlowDisk disk;
  EXPECT_EQ(run(1, job, {}, disk).sums, job.direct(6));
  EXPECT_LE(disk.saves, 2);  // as it begins and as it ends: more than 1 % of the time as it is
}

TEST(Steps, begin_again_from_a_save_before_the_first_stage) {
  SteppedJob const job(9, 4);
  MemoryPersistence persistence;
  Saved begun;
  begun.epoch = 3;
  begun.sums.assign(4, 0);
  persistence.save(begun);
  EXPECT_EQ(run(2, job, {}, persistence).sums, job.direct(9));
}

TEST(Steps, end_once_more_when_the_result_was_not_written) {
  SteppedJob const job(9, 4);
  MemoryPersistence persistence;
  auto const first = run(2, job, {}, persistence);
  auto const again = run(1, job, {}, persistence);
  EXPECT_EQ(again.verdict, Exit::done);
  EXPECT_EQ(again.sums, first.sums);
  EXPECT_EQ(again.sums, job.direct(9));
}

TEST(Steps, are_run_ahead_by_a_runner_that_is_alone) {
  for (std::uint64_t const stages_ahead : {1u, 3u, 1000u}) {
    SteppedJob job(40, 13), alone(40, 13);
    alone.stages_ahead = job.stages_ahead = stages_ahead;
    MemoryPersistence of_many, of_one;
    DriverOptions options;
    options.leases.max_tiles_per_lease = 100;
    EXPECT_EQ(run(2, job, options, of_many).sums, job.direct(40));
    auto const outcome = run(1, alone, options, of_one);
    EXPECT_EQ(outcome.sums, job.direct(40));
    EXPECT_EQ(outcome.tiles, 40u * 13);
    EXPECT_EQ(outcome.ranks.front().tiles, 40u * 13);
    EXPECT_EQ(job.ran_ahead, 0);
    EXPECT_GT(alone.ran_ahead, 0);
  }
}

TEST(Steps, that_were_run_ahead_are_saved_and_gone_on_from) {
  SteppedJob job(300, 4);
  job.stages_ahead = 7;
  job.done_at = 290;
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> most = 400;
  job.before_range = [&](TileRange range, jobs::Device) {
    if (range.end() > most) stop = true;
  };
  MemoryPersistence persistence;
  DriverOptions options;
  options.stop_requested = &stop;
  auto const stopped = run(1, job, options, persistence);
  EXPECT_EQ(stopped.verdict, Exit::stopped);
  EXPECT_GT(stopped.tiles, 350u);
  EXPECT_LT(stopped.tiles, 290u * 4);
  stop = false;
  most = UINT64_MAX;
  auto const outcome = run(1, job, options, persistence);
  EXPECT_EQ(outcome.verdict, Exit::done);
  EXPECT_EQ(outcome.tiles, 290u * 4);
  EXPECT_EQ(outcome.sums, job.direct(290));
  EXPECT_GT(job.decoded, 0);
}

TEST(Steps, bring_a_rank_that_missed_stages_up_by_a_snapshot) {
  SteppedJob job(400, 6);
  std::atomic<bool> is_in_the_middle = false;
  auto const wait_for = [](auto const& is_so) {
    for (int i = 0; i < 10'000 && !is_so(); ++i) std::this_thread::sleep_for(1ms);
  };
  // The last of three ranks is not ready before the others are in the middle, and they go on when it has caught up.
  job.on_prepare = [&](jobs::Device device) {
    if (device.ordinal == 2) wait_for([&] { return is_in_the_middle.load(); });
  };
  job.before_range = [&](TileRange range, jobs::Device) {
    if (range.first < 300) return;
    is_in_the_middle = true;
    wait_for([&] { return job.decoded > 0; });
  };
  DriverOptions options;
  auto const device = [](int ordinal) { return worker::Consumption{{{jobs::Device::Kind::cuda, ordinal}}, 0}; };
  options.consumption = device(0);
  options.other_consumptions = {device(1), device(2)};
  auto const outcome = run(3, job, options);
  EXPECT_EQ(outcome.sums, job.direct(400));
  EXPECT_GT(job.decoded, 0);
}

/// Runs whose ranks drive so many GPUs each, which can sum among themselves.
struct JointRun {
  test::MeetingHall hall;
  DriverOptions options;
  MemoryPersistence persistence;

  explicit JointRun(int gpus = 1) {
    options.rendezvous = &hall;
    options.leases.least_deadline_s = 2;
    options.consumption.threads = 0;
    for (int i = 0; i < gpus; ++i) options.consumption.accelerators.push_back({jobs::Device::Kind::cuda, i});
  }
  RunOutcome of(int ranks, SteppedJob const& job) { return run(ranks, job, options, persistence); }
};

std::uint64_t counted(RunOutcome const& outcome, std::string_view name) {
  for (auto const& [counter, value] : outcome.counters)
    if (counter == name) return value;
  return 0;
}

/// Of stages that are joint but for every eighth. The first one ends when so many ranks are there.
struct JointJob : SteppedJob {
  std::atomic<int> prepared = 0;

  explicit JointJob(std::uint64_t stages, std::uint64_t tiles = 13, int ranks = 1) : SteppedJob(stages, tiles) {
    are_joint = true;
    stages_ahead = 3;
    on_prepare = [this](jobs::Device) { ++prepared; };
    before_range = [this, ranks](TileRange range, jobs::Device) {
      if (range.first >= tiles_a_stage) return;
      for (int waited = 0; prepared < ranks && waited < 10'000; ++waited) std::this_thread::sleep_for(1ms);
      if (ranks > 1) std::this_thread::sleep_for(30ms);
    };
  }
};

TEST(JointSteps, have_the_answer_of_one_rank) {
  for (int const ranks : {2, 3, 8})
    for (bool const is_team : {false, true}) {
      JointJob job(100, 13, ranks);
      job.shares = is_team;
      JointRun joint(is_team ? 4 : 1);
      auto const outcome = joint.of(ranks, job);
      EXPECT_EQ(outcome.sums, job.direct(100)) << ranks << " ranks";
      EXPECT_EQ(outcome.tiles, 100u * 13);
      EXPECT_GT(counted(outcome, "stages_together"), 30u);
      EXPECT_GE(counted(outcome, "meetings"), 1u);
      EXPECT_LE(counted(outcome, "meetings"), static_cast<std::uint64_t>(ranks)) << "those met stay connected";
      EXPECT_GT(job.ran_together, 0);
      for (auto const& rank : outcome.ranks) EXPECT_GT(rank.tiles, 30u);
    }
}

TEST(JointSteps, are_not_for_ranks_with_other_devices) {
  JointJob const job(40);
  JointRun joint;
  joint.options.other_consumptions = {worker::Consumption{{}, 1}};
  EXPECT_EQ(joint.of(2, job).sums, job.direct(40));
  EXPECT_EQ(job.ran_together, 0);
}

TEST(JointSteps, go_on_from_saves_on_other_numbers_of_ranks) {
  JointJob job(2000, 4);
  JointRun joint;
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> computed = 0;
  job.before_range = [&](TileRange, jobs::Device) {
    if (++computed % 300 == 0) stop = true;
  };
  joint.options.stop_requested = &stop;
  std::optional<RunOutcome> outcome;
  int lives = 0;
  for (; lives < 200 && (!outcome || outcome->verdict == Exit::stopped); ++lives) {
    stop = false;
    outcome = joint.of(1 + lives % 4, job);
  }
  EXPECT_GT(lives, 3);
  EXPECT_EQ(outcome->verdict, Exit::done);
  EXPECT_EQ(outcome->sums, job.direct(2000));
}

TEST(JointSteps, that_fail_are_computed_again) {
  JointJob job(200, 13, 3);
  JointRun joint;
  std::atomic<int> failures = 0;
  job.before_sum = [&](std::uint64_t stage, int index) {
    if ((stage == 33 || stage == 101) && index == static_cast<int>(stage % 3) && failures < 4 && ++failures % 2 == 1)
      throw Error(Exit::environment, "a link failed", Retry::may_help);
  };
  auto const outcome = joint.of(3, job);
  EXPECT_EQ(outcome.sums, job.direct(200));
  EXPECT_GE(failures, 2);
  EXPECT_GE(counted(outcome, "meetings"), 3u);
}

TEST(JointSteps, that_cannot_meet_go_through_rank_0) {
  JointJob const job(60, 13, 3);
  JointRun joint;
  joint.hall.is_closed = true;
  auto const outcome = joint.of(3, job);
  EXPECT_EQ(outcome.sums, job.direct(60));
  EXPECT_EQ(counted(outcome, "meetings"), 3u);
  EXPECT_EQ(job.ran_together, 0);
}

TEST(JointSteps, end_the_run_where_trying_again_is_useless) {
  JointJob job(60, 13, 3);
  job.before_sum = [](std::uint64_t stage, int index) {
    if (stage == 20 && index == 1) throw Error(Exit::job_failed, "not a number in step 20");
  };
  JointRun joint;
  try {
    joint.of(3, job);
    FAIL();
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), Exit::job_failed);
    EXPECT_THAT(error.what(), HasSubstr("not a number in step 20"));
  }
}

TEST(Steps, refuse_a_save_that_is_not_theirs) {
  SteppedJob const job(9, 4);
  MemoryPersistence persistence;
  run(1, job, {}, persistence);
  Saved saved = *persistence.load();
  saved.carry = {1, 2, 3};
  persistence.save(saved);
  try {
    run(2, job, {}, persistence);
    FAIL();
  } catch (Error const& error) {
    EXPECT_THAT(error.what(), HasSubstr("3 words"));
  }
}

}  // namespace
}  // namespace muster::orchestrator
