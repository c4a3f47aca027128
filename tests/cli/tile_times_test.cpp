#include "cli/tile_times.hpp"

#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>

#include "tests/io/scratch.hpp"
#include "tests/orchestrator/mock_job.hpp"

namespace muster::cli {
namespace {

TEST(TileTimes, SurviveTheirFile) {
  std::string const a(64, 'a'), b(64, 'b');
  auto const read = parse_tile_times(render_tile_times({{a, "2 threads of a CPU", {0, 1.25}}, {b, "a GPU", {0.5, 1e-6}}}));
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[0].time.tile_s, 1.25);
  EXPECT_EQ(read[1].key, b);
  EXPECT_EQ(read[1].device, "a GPU");
  EXPECT_EQ(read[1].time.start_s, 0.5);
}

TEST(TileTimes, OfADamagedFileAreNotBelieved) {
  std::string const key(64, 'a'), heading = "muster tile times 1\n";
  EXPECT_EQ(parse_tile_times(heading + key + " 0 1 a GPU").size(), 1u);
  for (auto const* rest : {" 0 0 a GPU", " -1 1 a GPU", " 0 1e300 a GPU", " 0 nan a GPU", " 0 1x a GPU", " 0 1 ", " 0 1", " 0", " ", ""})
    EXPECT_TRUE(parse_tile_times(heading + key + rest).empty()) << rest;
  EXPECT_TRUE(parse_tile_times(heading + "short 0 1 a GPU").empty());
  for (auto const* text : {"", "\n", "{", "muster tile times 2\n", "muster tile times 1", "muster tile times 1\n\n\n"})
    EXPECT_TRUE(parse_tile_times(text).empty()) << text;
}

TEST(TileTimes, LieInTheUsersCache) {
  setenv("XDG_CACHE_HOME", "/somewhere", 1);
  EXPECT_EQ(tile_times_path(), "/somewhere/muster/tile-times.txt");
  setenv("XDG_CACHE_HOME", "relative", 1);
  setenv("HOME", "/home/me", 1);
  EXPECT_EQ(tile_times_path(), "/home/me/.cache/muster/tile-times.txt");
  unsetenv("XDG_CACHE_HOME");
  unsetenv("HOME");
  EXPECT_FALSE(tile_times_path());
}

/// Counts the batches that are timed.
struct TimedJob : test::MockJob {
  std::atomic<int> batches = 0;
  explicit TimedJob(std::uint64_t tiles) {
    stage_tiles = {tiles};
    before_range = [this](TileRange, jobs::Device) { ++batches; };
  }
  topology::Cost cost() const override {
    topology::Cost cost;
    cost.tiles = "tiles of a mock";
    return cost;
  }
};

/// Batches timed to plan for so many tiles on a made-up card.
int batches_timed(std::uint64_t tiles, Timing timing = Timing::timed) {
  topology::Gpu gpu;
  gpu.name = "NVIDIA H200";
  gpu.memory_bytes = std::uint64_t{141} << 30;
  Machine machine;
  machine.facts.gpus = {gpu};
  machine.plan = topology::make_plan(machine.facts, {});
  auto job = std::make_unique<TimedJob>(tiles);
  auto const* const timed = job.get();
  LoadedJob loaded;
  loaded.job = std::move(job);
  auto const times = tile_times_here(machine, loaded, timing);
  EXPECT_EQ(times.gpus.size(), timed->batches > 0 || timing == Timing::timed ? 1u : 0u);
  return timed->batches;
}

TEST(TileTimes, OfACardAreThoseOfAsManyTiles) {
  io::Scratch cache;
  setenv("XDG_CACHE_HOME", cache.path().c_str(), 1);
  EXPECT_EQ(batches_timed(3, Timing::remembered), 0) << "nothing is known yet";
  EXPECT_GT(batches_timed(3), 0);
  EXPECT_EQ(batches_timed(3), 0) << "remembered";
  EXPECT_GT(batches_timed(100), 0) << "three tiles do not fill a card, so they say little of a hundred";
  EXPECT_EQ(batches_timed(100), 0);
  EXPECT_GT(batches_timed(100'000), 0);
  EXPECT_EQ(batches_timed(200'000), 0) << "both fill it";
  unsetenv("XDG_CACHE_HOME");
}

}  // namespace
}  // namespace muster::cli
