#include "worker/timing.hpp"

#include <gtest/gtest.h>

#include <time.h>

#include <atomic>

#include "kernels/out_of_memory.hpp"
#include "tests/orchestrator/mock_job.hpp"

namespace muster::worker {
namespace {

/// Computes for about `s` seconds of its thread's time.
void compute_for(double s) {
  timespec now{};
  auto const seconds = [&now] {
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
  };
  double const end = seconds() + s;
  while (seconds() < end) {
  }
}

TEST(Timing, FindsWhatATileTakes) {
  test::MockJob job;
  job.before_range = [](TileRange range, jobs::Device) { compute_for(0.002 * static_cast<double>(range.count)); };
  auto const time = time_on_threads(job, 2);
  EXPECT_GE(time.tile_s, 0.002);
  EXPECT_LE(time.tile_s, 0.003);
}

TEST(Timing, KeepsToTheTilesThereAre) {
  test::MockJob job;
  job.stage_tiles = {3};
  std::atomic<std::uint64_t> most = 0;
  job.before_range = [&](TileRange range, jobs::Device device) {
    EXPECT_EQ(device.kind, jobs::Device::Kind::host);
    if (range.end() > most) most = range.end();
  };
  time_on_threads(job, 1);
  EXPECT_EQ(most, 3u);
}

/// Stands for a job whose tiles are too long to be timed whole.
struct LongJob : test::MockJob {
  std::shared_ptr<MockJob> small = std::make_shared<MockJob>();
  jobs::Miniature miniature(jobs::Device::Kind, double) const override { return {small, 1.0 / 64}; }
};

TEST(Timing, TimesAMiniatureInsteadOfALongTile) {
  LongJob job;
  job.before_range = [](TileRange, jobs::Device) { FAIL() << "a tile of the job itself was computed"; };
  job.small->before_range = [](TileRange range, jobs::Device) { compute_for(0.001 * static_cast<double>(range.count)); };
  auto const time = time_on_threads(job, 1);
  EXPECT_GE(time.tile_s, 0.064);
  EXPECT_LE(time.tile_s, 0.096);
}

/// A job that needs a GPU's memory: in halves of what it needs at first.
struct HungryJob : test::MockJob {
  std::atomic<int> needs = 8, has = 8;
  std::atomic<int> prepared = 0;
  HungryJob() {
    on_prepare = [this](jobs::Device device) {
      EXPECT_EQ(device.kind, jobs::Device::Kind::cuda);
      EXPECT_NE(device.pool, nullptr) << "its memory comes from a pool";
      EXPECT_EQ(device.pool_bytes, 1000u);
      require();
      ++prepared;
    };
    before_range = [this](TileRange, jobs::Device) { require(); };
    on_step_down = [this](jobs::Device) -> std::optional<jobs::StepDown> {
      if (needs == 1) return std::nullopt;
      needs = needs / 2;
      return jobs::StepDown{jobs::MemoryStep::smaller_batch, "less"};
    };
  }
  void require() const {
    if (needs > has) throw kernels::OutOfMemory("the device is full (test); wait");
  }
};
constexpr jobs::Device gpu{jobs::Device::Kind::cuda, 0, 1000};

TEST(Timing, OfAGpuHasAPoolAndPrepares) {
  HungryJob job;
  auto const time = time_on_gpu(job, gpu);
  ASSERT_TRUE(time);
  EXPECT_GT(time->tile_s, 0);
  EXPECT_EQ(job.prepared, 1);
}

TEST(Timing, OfAGpuGoesOnWithLess) {
  HungryJob job;
  job.has = 2;
  EXPECT_TRUE(time_on_gpu(job, gpu));
  EXPECT_EQ(job.needs, 2);
}

TEST(Timing, OfAGpuWithoutRoomIsNone) {
  HungryJob job;
  job.has = 0;
  EXPECT_FALSE(time_on_gpu(job, gpu));
  EXPECT_EQ(job.needs, 1);
}

TEST(Timing, PassesOnWhatATileThrows) {
  test::MockJob job;
  job.before_range = [](TileRange, jobs::Device) { throw_error(Exit::job_failed, "tile 0 is bad"); };
  EXPECT_THROW(time_on_threads(job, 2), Error);
}

}  // namespace
}  // namespace muster::worker
