// Whole runs with threads, in one process.
#include "orchestrator/run.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cfenv>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <thread>

#include "core/sha256.hpp"
#include "kernels/out_of_memory.hpp"
#include "tests/orchestrator/mock_job.hpp"
#include "worker/protocol.hpp"

namespace muster::orchestrator {
namespace {

using namespace std::chrono_literals;
using test::MockJob;
using ::testing::HasSubstr;

/// Remembers what it is given, and can run out of space.
struct TestPersistence : Persistence {
  std::optional<Saved> saved;
  std::map<std::uint64_t, TileDigest> digests;
  std::vector<Saved> saves;
  int saves_before_full = 1'000'000;
  std::uint64_t digests_before_full = 1'000'000;

  std::optional<Saved> load() override { return saved; }
  void record_digests(TileRange range, std::span<TileDigest const> of_tiles,
                      std::uint32_t) override {
    MUSTER_REQUIRE_ENV(digests.size() < digests_before_full, "no space left for digests");
    ASSERT_EQ(of_tiles.size(), range.count);
    for (std::uint64_t i = 0; i < range.count; ++i) digests[range.first + i] = of_tiles[i];
  }
  void save(Saved progress) override {
    MUSTER_REQUIRE_ENV(--saves_before_full >= 0, "no space left for the state");
    for (TileRange range : progress.committed)
      for (auto tile = range.first; tile < range.end(); ++tile)
        ASSERT_TRUE(digests.contains(tile)) << tile;
    saved = progress;
    saves.push_back(progress);
  }
};

struct CountingSink : ProgressSink {
  int updates = 0, ends = 0;
  std::uint64_t last_done = 0;
  void update(Progress const& progress) override {
    ++updates;
    EXPECT_GE(progress.done_tiles, last_done);
    last_done = progress.done_tiles;
  }
  void finish(Progress const& progress) override {
    ++ends;
    last_done = progress.done_tiles;
    EXPECT_EQ(progress.unit, "items");
  }
};

class RunTest : public ::testing::Test {
 protected:
  RunOutcome run(int ranks) { return run_ranks_in_process(ranks, job, options, persistence, sink); }
  std::string error_of_run(int ranks) {
    try {
      run(ranks);
    } catch (Error const& error) {
      code = error.code();
      return error.what();
    }
    return "no error";
  }
  void expect_all(RunOutcome const& outcome, std::uint64_t tiles) {
    EXPECT_EQ(outcome.verdict, Exit::done);
    EXPECT_EQ(outcome.tiles, tiles);
    EXPECT_EQ(outcome.sums, test::direct_sums(tiles, job.slot_count));
    ASSERT_EQ(persistence.digests.size(), tiles);
    for (auto const& [tile, digest] : persistence.digests)
      ASSERT_EQ(digest, test::mock_digest(tile));
    ASSERT_TRUE(persistence.saved);
    EXPECT_EQ(persistence.saved->sums, outcome.sums);
    EXPECT_EQ(persistence.saved->committed, (std::vector<TileRange>{{0, tiles}}));
  }
  MockJob job;
  DriverOptions options;
  TestPersistence persistence;
  CountingSink sink;
  Exit code = Exit::done;
};

TEST_F(RunTest, any_number_of_ranks_and_threads_gives_the_same_sums) {
  job.stage_tiles = {1000};
  for (int ranks : {1, 2, 3, 4, 8})
    for (int threads : {1, 2}) {
      options.consumption.threads = threads;
      persistence = {};
      RunOutcome const outcome = run(ranks);
      expect_all(outcome, 1000);
      EXPECT_EQ(outcome.ranks.size(), static_cast<std::size_t>(ranks));
      EXPECT_FALSE(outcome.lost_ranks);
    }
  EXPECT_EQ(sink.ends, 10);
}

TEST_F(RunTest, all_ranks_work) {
  job.stage_tiles = {200};
  job.before_range = [](TileRange range, jobs::Device) {
    std::this_thread::sleep_for(range.count * 500us);
  };
  RunOutcome const outcome = run(4);
  expect_all(outcome, 200);
  for (RankShare const& share : outcome.ranks) {
    EXPECT_GT(share.tiles, 0u) << "rank " << share.rank;
    EXPECT_GT(share.busy_seconds, 0) << "rank " << share.rank;
    EXPECT_FALSE(share.host.empty());
  }
}

/// Whoever computes tile 150 first then waits until every tile has been computed by somebody else,
/// or `limit`.
struct StandStill {
  static constexpr std::uint64_t tiles = 300;
  explicit StandStill(std::chrono::milliseconds longest) : limit(longest) {}
  void operator()(TileRange range) {
    std::this_thread::sleep_for(range.count * 1ms);
    bool const is_it = range.first <= 150 && 150 < range.end() && !is_still.exchange(true);
    if (is_it) {
      auto const deadline = std::chrono::steady_clock::now() + limit;
      while (!all_computed() && std::chrono::steady_clock::now() < deadline)
        std::this_thread::sleep_for(1ms);
      return;
    }
    for (std::uint64_t tile = range.first; tile < range.end(); ++tile) is_computed[tile] = true;
  }
  bool all_computed() const {
    return std::all_of(is_computed.begin(), is_computed.end(),
                       [](auto const& is) { return is.load(); });
  }
  std::chrono::milliseconds const limit;
  std::atomic<bool> is_still = false;
  std::vector<std::atomic<bool>> is_computed = std::vector<std::atomic<bool>>(tiles);
};

std::uint64_t counter_of(RunOutcome const& outcome, std::string const& name) {
  for (auto const& [known, value] : outcome.counters)
    if (known == name) return value;
  return UINT64_MAX;
}

TEST_F(RunTest, a_rank_that_stands_still_does_not_hold_up_the_end) {
  StandStill still(25s);
  job.stage_tiles = {StandStill::tiles};
  job.before_range = [&](TileRange range, jobs::Device) { still(range); };
  RunOutcome const outcome = run(3);
  expect_all(outcome, StandStill::tiles);
  EXPECT_GE(counter_of(outcome, "leases_hedged"), 1u);
  EXPECT_GE(counter_of(outcome, "leases_beaten"), 1u);
  std::uint64_t shared = 0;
  for (RankShare const& share : outcome.ranks) shared += share.tiles;
  EXPECT_EQ(shared, StandStill::tiles) << "second answers are not counted";
  EXPECT_TRUE(still.all_computed()) << "it waited 25 s for nothing";
}

/// Whoever has computed 20 tiles first takes a fifth of a second for each from there on.
struct SlowDown {
  void operator()(TileRange range) {
    thread_local std::uint64_t tiles_here = 0;
    if (tiles_here >= 20 && !is_slow.exchange(true)) slow = std::this_thread::get_id();
    bool const is_it = is_slow && slow.load() == std::this_thread::get_id();
    if (is_it) slow_tiles += range.count;
    tiles_here += range.count;
    std::this_thread::sleep_for((is_it ? 200ms : 2ms) * range.count);
  }
  std::atomic<bool> is_slow = false;
  std::atomic<std::thread::id> slow{};
  std::atomic<std::uint64_t> slow_tiles = 0;
};

TEST_F(RunTest, a_rank_that_was_beaten_drops_the_rest_of_its_lease) {
  SlowDown slow;
  job.preferred = 1;
  // A second stage, or the slow rank would only be told of the end.
  job.stage_tiles = {400, 4000};
  job.before_range = [&](TileRange range, jobs::Device) { slow(range); };
  RunOutcome const outcome = run(3);
  expect_all(outcome, 4000);
  EXPECT_GE(counter_of(outcome, "leases_beaten"), 1u);
  EXPECT_GE(counter_of(outcome, "leases_dropped"), 1u);
  // Its leases of the first stage alone had 100 tiles and more, 20 s of its work.
  EXPECT_LT(slow.slow_tiles, 60u);
}

TEST_F(RunTest, tiles_of_one_kind_of_device_are_not_given_to_two) {
  struct OneKindJob : MockJob {
    jobs::SameBits same_bits() const override { return jobs::SameBits::on_one_kind; }
  } of_one_kind;
  StandStill still(1s);
  of_one_kind.stage_tiles = {StandStill::tiles};
  of_one_kind.before_range = [&](TileRange range, jobs::Device) { still(range); };
  RunOutcome const outcome = run_ranks_in_process(3, of_one_kind, options, persistence, sink);
  expect_all(outcome, StandStill::tiles);
  EXPECT_EQ(counter_of(outcome, "leases_hedged"), 0u);
}

TEST_F(RunTest, the_stop_rule_sees_exact_prefixes) {
  job.stage_tiles = {16, 32, 64, 128, 256};
  std::vector<std::uint64_t> asked;
  job.done_rule = [&](std::span<std::int64_t const> sums, std::uint64_t tiles) {
    asked.push_back(tiles);
    EXPECT_EQ(Slots(sums.begin(), sums.end()), test::direct_sums(tiles, 4));
    return tiles == 64;
  };
  expect_all(run(3), 64);
  EXPECT_EQ(asked, (std::vector<std::uint64_t>{16, 32, 64}));
}

TEST_F(RunTest, the_last_stage_ends_the_run_unasked) {
  job.stage_tiles = {16, 32};
  int asked = 0;
  job.done_rule = [&](auto, auto) {
    ++asked;
    return false;
  };
  expect_all(run(2), 32);
  EXPECT_EQ(asked, 1);
}

TEST_F(RunTest, sums_are_normalized_before_headroom_ends) {
  struct TinyJob : MockJob {
    struct CountRunner : jobs::TileRunner {
      void run(TileRange range, std::span<std::int64_t> sums, std::span<TileDigest>) override {
        sums[0] += static_cast<std::int64_t>(range.count);
      }
      std::uint64_t preferred_tiles() const override { return 65'536; }
    };
    std::unique_ptr<jobs::TileRunner> make_runner(jobs::Device) const override {
      return std::make_unique<CountRunner>();
    }
  } counting;
  counting.stage_tiles = {std::uint64_t{1} << 22};
  MemoryPersistence memory;
  RunOutcome const outcome = run_ranks_in_process(2, counting, options, memory, sink);
  EXPECT_EQ(outcome.sums[0], std::int64_t{1} << 22);
  EXPECT_GE(counting.normalizations, 8u) << "every 2^19 tiles";
}

TEST_F(RunTest, devices_without_memory_enough_are_counted_and_change_no_sum) {
  job.stage_tiles = {200};
  job.before_range = [](TileRange range, jobs::Device device) {
    std::this_thread::sleep_for(range.count * 1ms);
    if (device.kind == jobs::Device::Kind::cuda) throw kernels::OutOfMemory("the device is full (test); wait");
  };
  // Rank 0's device suffers it in mid-run, rank 1's before its first tile.
  job.on_prepare = [](jobs::Device device) {
    if (device.ordinal == 1) throw kernels::OutOfMemory("the device is full (test); wait");
  };
  options.consumption = {{{jobs::Device::Kind::cuda, 0}}, 0};
  options.other_consumptions = {{{{jobs::Device::Kind::cuda, 1}}, 0}};
  RunOutcome const outcome = run(2);
  expect_all(outcome, 200);
  std::map<std::string, std::uint64_t> const counters(outcome.counters.begin(), outcome.counters.end());
  EXPECT_EQ(counters.at("moves_to_cpu"), 2u);
  EXPECT_EQ(counters.at("smaller_batches"), 0u);
  EXPECT_EQ(persistence.saved->counters, outcome.counters) << "a resumed run goes on counting";
  for (int rank : {0, 1}) {
    ASSERT_EQ(outcome.ranks[rank].devices.size(), 1u) << rank;
    EXPECT_EQ(outcome.ranks[rank].devices[0].device, fmt::format("cuda:{}", rank));
    EXPECT_EQ(outcome.ranks[rank].devices[0].moves_to_cpu, 1u);
  }
}

TEST_F(RunTest, a_stopped_run_resumes_on_other_ranks_to_the_same_sums) {
  job.stage_tiles = {50, 1000};
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> computed = 0;
  job.before_range = [&](TileRange range, jobs::Device) {
    if ((computed += range.count) > 150) stop = true;
    std::this_thread::sleep_for(range.count * 200us);
  };
  options.stop_requested = &stop;
  RunOutcome outcome = run(3);
  ASSERT_EQ(outcome.verdict, Exit::stopped);
  EXPECT_LT(outcome.tiles, 1000u);
  EXPECT_GT(outcome.tiles, 0u);
  std::uint32_t const first_epoch = persistence.saved->epoch;
  for (int lives = 0; outcome.verdict == Exit::stopped && lives < 100; ++lives) {
    stop = false;
    computed = 0;
    outcome = run(1 + lives % 4);
  }
  expect_all(outcome, 1000);
  EXPECT_GT(persistence.saved->epoch, first_epoch);
}

TEST_F(RunTest, any_save_on_the_way_can_be_resumed) {
  job.stage_tiles = {100, 300};
  job.before_range = [](TileRange range, jobs::Device) {
    std::this_thread::sleep_for(range.count * 2ms);
  };
  options.commit_interval_s = 0;
  expect_all(run(2), 300);
  std::vector<Saved> const saves = persistence.saves;
  ASSERT_GE(saves.size(), 3u) << "the first, the last, and some in between";
  auto const digests = persistence.digests;
  job.before_range = nullptr;
  for (std::size_t i = 0; i < saves.size(); ++i) {
    persistence = {};
    persistence.saved = saves[i];
    persistence.digests = digests;
    expect_all(run(1 + static_cast<int>(i % 3)), 300);
  }
}

TEST_F(RunTest, a_failing_tile_ends_the_run_once_and_names_its_place) {
  job.before_range = [](TileRange range, jobs::Device) {
    if (range.first <= 30 && 30 < range.end())
      throw_error(Exit::job_failed,
                  "item 7 of tile 30 is NaN (its mean would be); check the model");
  };
  for (int ranks : {1, 3}) {
    std::string const text = error_of_run(ranks);
    EXPECT_EQ(code, Exit::job_failed);
    EXPECT_THAT(
        text, ::testing::MatchesRegex("on rank [0-2] \\(.*, CPU\\): item 7 of tile 30 is NaN .*"));
  }
  EXPECT_EQ(sink.ends, 2);
}

TEST_F(RunTest, a_retryable_failure_is_tried_again) {
  std::atomic<int> failures = 2;
  job.before_range = [&](TileRange range, jobs::Device) {
    if (range.first > 20 && failures-- > 0)
      throw Error(Exit::environment, "a hiccup", Retry::may_help);
  };
  expect_all(run(2), 100);
}

TEST_F(RunTest, a_changed_fp_environment_ends_the_run) {
  job.before_range = [](TileRange, jobs::Device) { std::fesetround(FE_UPWARD); };
  EXPECT_THAT(error_of_run(2), HasSubstr("the floating-point environment changed"));
  EXPECT_EQ(code, Exit::environment);
}

TEST_F(RunTest, a_device_that_does_not_start_ends_the_run) {
  job.on_runner = [](jobs::Device) { throw_error(Exit::environment, "no memory on the device"); };
  EXPECT_THAT(error_of_run(2), HasSubstr("no memory on the device"));
}

TEST_F(RunTest, a_full_disk_ends_the_run_and_keeps_the_last_save) {
  job.stage_tiles = {2000};
  job.before_range = [](TileRange range, jobs::Device) {
    std::this_thread::sleep_for(range.count * 50us);
  };
  options.commit_interval_s = 0;
  persistence.saves_before_full = 1;
  EXPECT_EQ(error_of_run(2), "no space left for the state");
  EXPECT_EQ(code, Exit::environment);
  EXPECT_EQ(persistence.saves.size(), 1u);
  persistence.saves_before_full = 1'000'000;
  expect_all(run(2), 2000);
}

TEST_F(RunTest, a_slow_disk_costs_few_saves_and_no_rank) {
  struct SlowPersistence : TestPersistence {
    void save(Saved progress) override {
      std::this_thread::sleep_for(2200ms);
      TestPersistence::save(progress);
    }
  } slow;
  job.stage_tiles = {3000};
  job.before_range = [](TileRange range, jobs::Device) { std::this_thread::sleep_for(range.count * 2ms); };
  options.commit_interval_s = 0.05;
  // Less than a save takes: rank 0 hears nobody meanwhile.
  options.leases.suspect_after_s = 2;
  RunOutcome const outcome = run_ranks_in_process(3, job, options, slow, sink);
  EXPECT_EQ(outcome.sums, test::direct_sums(3000, job.slot_count));
  EXPECT_EQ(counter_of(outcome, "ranks_suspected"), 0u);
  // Before the first lease, soon after, and at the end: the next would come when saves took a hundredth of the time.
  EXPECT_LE(slow.saves.size(), 3u);
  EXPECT_EQ(slow.saved->committed, (std::vector<TileRange>{{0, 3000}}));
}

TEST_F(RunTest, nobody_waits_for_a_save) {
  struct GatedPersistence : TestPersistence {
    std::atomic<int> begun = 0;
    std::atomic<bool> is_in_save = false, may_end = false, was_interrupted = false;
    void record_digests(TileRange range, std::span<TileDigest const> of_tiles, std::uint32_t epoch) override {
      if (is_in_save) was_interrupted = true;
      TestPersistence::record_digests(range, of_tiles, epoch);
    }
    void save(Saved progress) override {
      is_in_save = true;
      if (++begun == 2)
        for (int waited_ms = 0; !may_end && waited_ms < 20'000; ++waited_ms) std::this_thread::sleep_for(1ms);
      TestPersistence::save(std::move(progress));
      is_in_save = false;
    }
  } gated;
  job.stage_tiles = {3000};
  options.commit_interval_s = 0.01;
  std::atomic<std::uint64_t> during = 0;
  job.before_range = [&](TileRange range, jobs::Device) {
    std::this_thread::sleep_for(range.count * 1ms);
    // Half of the run passes while the second save is on its way.
    if (gated.begun == 2 && (during += range.count) > 1500) gated.may_end = true;
  };
  RunOutcome const outcome = run_ranks_in_process(2, job, options, gated, sink);
  EXPECT_EQ(outcome.sums, test::direct_sums(3000, job.slot_count));
  EXPECT_TRUE(gated.may_end) << "all else waited for it";
  EXPECT_FALSE(gated.was_interrupted) << "one call at a time";
  EXPECT_EQ(gated.digests.size(), 3000u);
  EXPECT_EQ(gated.saved->committed, (std::vector<TileRange>{{0, 3000}}));
}

TEST_F(RunTest, lost_digests_are_never_counted_on_by_a_save) {
  persistence.digests_before_full = 1;  // more than the first lease
  EXPECT_EQ(error_of_run(3), "no space left for digests") << "and no rank is blamed";
  EXPECT_EQ(persistence.saves.size(), 1u) << "only the first, before any work";
}

TEST_F(RunTest, a_save_of_another_job_is_refused_and_ranks_leave) {
  persistence.saved = Saved{1, {}, 0, 100, Slots(9, 0), {}};
  EXPECT_THAT(error_of_run(3), HasSubstr("has 9 accumulators, the job 4"));
  EXPECT_EQ(code, Exit::user);
}

TEST_F(RunTest, progress_is_shown_while_tiles_take_time) {
  job.stage_tiles = {60};
  job.before_range = [](TileRange range, jobs::Device) {
    std::this_thread::sleep_for(range.count * 20ms);
  };
  options.progress_interval_s = 0.1;
  run(2);
  EXPECT_GE(sink.updates, 2);
  EXPECT_EQ(sink.last_done, 60u);
}

worker::WorkerOptions options_of_others() {
  worker::WorkerOptions own;
  own.make_job = [](jobs::ResolvedJob const&) { return std::make_shared<MockJob>(); };
  return own;
}

/// Files in a folder of their own, removed at the end.
struct Folder {
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "muster_run_test_XXXXXX").string();
    if (mkdtemp(name.data()) == nullptr) throw std::runtime_error("no temporary folder");
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::filesystem::path path;
};

TEST_F(RunTest, a_run_resumes_from_its_files) {
  Folder const folder;
  auto const output = folder.path / "out.h5";
  io::RunIdentity const identity{"mock", "test", "text",  sha256_hex("text"),
                                 1,      1,      "0.1.0", "2026-01-01T00:00:00Z"};
  // Killed right after its creation.
  { io::RunState const state = io::RunState::create(output, identity); }
  job.stage_tiles = {50, 1000};
  std::atomic<bool> stop = false;
  std::atomic<std::uint64_t> computed = 0;
  job.before_range = [&](TileRange range, jobs::Device) {
    if ((computed += range.count) > 150) stop = true;
    std::this_thread::sleep_for(range.count * 200us);
  };
  options.stop_requested = &stop;
  std::optional<RunOutcome> outcome;
  for (int lives = 0; !outcome || (outcome->verdict == Exit::stopped && lives < 100); ++lives) {
    stop = false;
    computed = 0;
    io::RunState state = io::RunState::open(output, identity.job_hash, 1);
    FilePersistence files(state, FilePersistence::Start::resumed);
    outcome = run_ranks_in_process(1 + lives % 3, job, options, files, sink);
    // Nothing had been saved before the first life; later ones count on from their files' epoch.
    EXPECT_EQ(state.saved().progress.epoch, lives == 0 ? 1 : state.epoch());
    EXPECT_EQ(state.epoch(), static_cast<std::uint32_t>(lives + 2)) << "the creation had the first";
  }
  EXPECT_EQ(outcome->verdict, Exit::done);
  EXPECT_EQ(outcome->sums, test::direct_sums(1000, 4));
  io::RunState state = io::RunState::open(output, identity.job_hash, 1);
  std::vector<TileDigest> digests(1000);
  state.read_digests(0, digests);
  for (std::uint64_t tile = 0; tile < 1000; ++tile)
    ASSERT_EQ(digests[tile], test::mock_digest(tile));
}

/// Ranks 1.. with options of their own.
struct OtherRanks {
  OtherRanks(int ranks, worker::WorkerOptions own) : ends(comm::make_in_process(ranks)) {
    for (int rank = 1; rank < ranks; ++rank)
      threads.emplace_back(
          [this, rank, own] { outcomes[rank] = worker::run_worker(*ends[rank], own); });
  }
  std::map<int, worker::WorkerOutcome> outcomes{{1, {}}, {2, {}}};  // no thread inserts
  std::vector<std::unique_ptr<comm::Transport>> ends;
  std::vector<std::jthread> threads;
};

TEST_F(RunTest, ranks_of_another_build_are_refused_by_name) {
  options.build = {"1.0.0", 7};
  worker::WorkerOptions own = options_of_others();
  own.build = {"1.0.0", 8};
  // Not done before the rank has said hello.
  job.before_range = [](TileRange, jobs::Device) { std::this_thread::sleep_for(300ms); };
  OtherRanks others(2, own);
  try {
    run_job(*others.ends[0], job, options, persistence, sink);
    FAIL();
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), Exit::environment);
    EXPECT_THAT(
        error.what(),
        HasSubstr("runs muster 1.0.0 with arithmetic_version 8, rank 0 muster 1.0.0 with 7"));
  }
  others.threads.clear();
  EXPECT_EQ(others.outcomes[1].verdict, Exit::environment);
}

TEST_F(RunTest, workers_are_dismissed_when_there_is_no_run) {
  OtherRanks others(3, options_of_others());
  EXPECT_TRUE(dismiss_workers(*others.ends[0], Exit::user, "the job file is faulty", 60));
  others.threads.clear();
  for (int rank : {1, 2}) {
    EXPECT_EQ(others.outcomes[rank].verdict, Exit::user);
    EXPECT_EQ(others.outcomes[rank].reason, "the job file is faulty");
  }
}

TEST_F(RunTest, a_rank_that_never_comes_is_given_up) {
  auto ends = comm::make_in_process(2);
  EXPECT_FALSE(dismiss_workers(*ends[0], Exit::user, "", 0.05));
  options.leave_grace_s = 0.05;
  RunOutcome const outcome = run_job(*ends[0], job, options, persistence, sink);
  expect_all(outcome, 100);
  EXPECT_TRUE(outcome.lost_ranks);
}

TEST_F(RunTest, noise_from_a_rank_ends_the_run_naming_it) {
  auto ends = comm::make_in_process(2);
  options.leave_grace_s = 0.05;
  ends[1]->send(0, comm::Bytes(10, std::byte{0xff}));
  try {
    run_job(*ends[0], job, options, persistence, sink);
    FAIL();
  } catch (Error const& error) {
    EXPECT_THAT(error.what(), HasSubstr("from rank 1: a message has mark 0xffff"));
  }
}

}  // namespace
}  // namespace muster::orchestrator
