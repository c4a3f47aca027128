// Out of memory: every step down, what is told of it, and that the answer does not change.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <map>
#include <semaphore>

#include "kernels/device_lost.hpp"
#include "kernels/out_of_memory.hpp"
#include "tests/kernels/memory/fake_accelerator.hpp"
#include "tests/orchestrator/mock_job.hpp"
#include "worker/consumers.hpp"
#include "worker/host_team.hpp"

namespace muster::worker {
namespace {

using test::MockJob;
using ::testing::HasSubstr;

bool is_gpu(jobs::Device device) { return device.kind == jobs::Device::Kind::cuda; }

/// A device that needs `needs` and has `has`: two smaller batches and one recomputation help.
struct ShortJob : MockJob {
  mutable std::atomic<int> needs = 8;
  int has = 8;
  mutable std::atomic<int> refused = 0;
  ShortJob() {
    on_prepare = [this](jobs::Device device) { require(device); };
    on_step_down = [this](jobs::Device) -> std::optional<jobs::StepDown> {
      if (needs == 1) return std::nullopt;
      auto const step = needs > 2 ? jobs::MemoryStep::smaller_batch : jobs::MemoryStep::recomputation;
      needs = needs / 2;
      return jobs::StepDown{step, fmt::format("{} at once", needs.load())};
    };
  }
  void require(jobs::Device device) const {
    if (!is_gpu(device) || needs <= has) return;
    ++refused;
    throw kernels::OutOfMemory("the device is full (test); wait");
  }
};

struct Bench {
  explicit Bench(jobs::Job const& job, int threads_instead = 2)
      : consumers(job, {.accelerators = {{jobs::Device::Kind::cuda, 0}}, .threads = 0, .threads_instead = threads_instead},
                  [this] { news.release(); }) {}
  ConsumerEvent next() {
    ConsumerEvent event;
    while (!consumers.take(event))
      if (!news.try_acquire_for(std::chrono::seconds{60})) throw std::runtime_error("no event came within 60 s");
    return event;
  }
  /// Passes over what is told of memory.
  template <class Event>
  Event await() {
    for (;;) {
      auto event = next();
      if (auto* const found = std::get_if<Event>(&event)) return std::move(*found);
      if (!std::holds_alternative<DeviceUse>(event)) throw std::runtime_error("another event came");
    }
  }
  Result compute(TileRange range) {
    Lease const lease{1, range};
    consumers.push({&lease, 1});
    return await<Result>();
  }
  DeviceUse use() { return consumers.device_use().at(0); }
  std::counting_semaphore<> news{0};
  Consumers consumers;
};

void expect_tiles(Result const& result, TileRange range) {
  auto const until = test::direct_sums(range.end(), 4), before = test::direct_sums(range.first, 4);
  for (std::size_t slot = 0; slot < 4; ++slot) EXPECT_EQ(result.sums[slot], until[slot] - before[slot]);
  for (std::uint64_t i = 0; i < range.count; ++i) EXPECT_EQ(result.digests[i], test::mock_digest(range.first + i));
}

DeviceUse steps(std::uint64_t batches, std::uint64_t recomputations, std::uint64_t moves) {
  return {"cuda:0", 0, 0, 0, batches, recomputations, moves};
}

TEST(OutOfMemory, EnoughIsNoStep) {
  ShortJob job;
  Bench bench(job);
  bench.await<Started>();
  expect_tiles(bench.compute({10, 5}), {10, 5});
  EXPECT_EQ(bench.use(), steps(0, 0, 0));
}

TEST(OutOfMemory, PlannedStepsComeBeforeTheStartIsTold) {
  ShortJob job;
  job.has = 2;
  Bench bench(job);
  EXPECT_EQ(std::get<DeviceUse>(bench.next()), steps(1, 0, 0));
  EXPECT_EQ(std::get<DeviceUse>(bench.next()), steps(2, 0, 0));
  EXPECT_EQ(std::get<Started>(bench.next()).preferred_tiles, job.preferred);
  expect_tiles(bench.compute({0, 9}), {0, 9});
  EXPECT_EQ(bench.use(), steps(2, 0, 0));
}

TEST(OutOfMemory, RecomputationComesAfterSmallerBatches) {
  ShortJob job;
  job.has = 1;
  Bench bench(job);
  bench.await<Started>();
  expect_tiles(bench.compute({0, 9}), {0, 9});
  EXPECT_EQ(bench.use(), steps(2, 1, 0));
}

TEST(OutOfMemory, TheCpuComesLast) {
  ShortJob job;
  job.has = 0;
  std::atomic<int> on_gpu = 0, on_cpu = 0;
  job.before_range = [&](TileRange, jobs::Device device) { ++(is_gpu(device) ? on_gpu : on_cpu); };
  Bench bench(job, 3);
  EXPECT_EQ(bench.await<Started>().preferred_tiles, 3 * job.preferred);
  expect_tiles(bench.compute({5, 10}), {5, 10});
  EXPECT_EQ(bench.use(), steps(2, 1, 1));
  EXPECT_EQ(on_gpu, 0);
  EXPECT_EQ(on_cpu, 3) << "the range was shared by three threads";
}

TEST(OutOfMemory, SufferedInMidRunStartsTheRangeFromZero) {
  ShortJob job;
  Bench bench(job);
  bench.await<Started>();
  expect_tiles(bench.compute({0, 4}), {0, 4});
  // Another process takes memory; a runner of two batches has added its first to the sums by then.
  struct Spoiling {
    std::atomic<int> left = 2;
  } spoiling;
  job.before_range = [&](TileRange, jobs::Device device) {
    if (spoiling.left-- > 0 && is_gpu(device)) throw kernels::OutOfMemory("the device is full (test); wait");
  };
  expect_tiles(bench.compute({4, 4}), {4, 4});
  EXPECT_EQ(bench.use(), steps(2, 0, 0));
  expect_tiles(bench.compute({8, 1}), {8, 1});
}

TEST(OutOfMemory, PartsAddedBeforeItDoNotCountTwice) {
  struct HalfJob : MockJob {
    struct Half : jobs::TileRunner {
      void run(TileRange range, std::span<std::int64_t> sums, std::span<TileDigest>) override {
        sums[0] += static_cast<std::int64_t>(range.count);
        if (!is_small) throw kernels::OutOfMemory("in the second half (test); wait");
      }
      std::optional<jobs::StepDown> step_down() override {
        is_small = true;
        return jobs::StepDown{};
      }
      std::uint64_t preferred_tiles() const override { return 1; }
      bool is_small = false;
    };
    std::unique_ptr<jobs::TileRunner> make_runner(jobs::Device) const override { return std::make_unique<Half>(); }
  } job;
  Bench bench(job);
  bench.await<Started>();
  EXPECT_EQ(bench.compute({0, 6}).sums[0], 6);
}

TEST(OutOfMemory, ADeviceThatCannotEvenOpenMovesToTheCpu) {
  MockJob job;
  job.on_runner = [](jobs::Device device) {
    if (is_gpu(device)) throw kernels::OutOfMemory("no room for a context (test); wait");
  };
  Bench bench(job);
  bench.await<Started>();
  expect_tiles(bench.compute({0, 3}), {0, 3});
  EXPECT_EQ(bench.use(), steps(0, 0, 1));
}

TEST(OutOfMemory, AJobOfOneKindOfDeviceIsNotMoved) {
  MockJob job;
  job.bits = jobs::SameBits::on_one_kind;
  job.on_prepare = [](jobs::Device) { throw kernels::OutOfMemory("the device is full (test); wait"); };
  Bench bench(job);
  auto const failure = bench.await<Failure>();
  EXPECT_EQ(failure.code, Exit::environment);
  EXPECT_THAT(failure.message, HasSubstr("the device is full (test); wait (a mock job has the same bits on one kind of device "
                                         "only, so it cannot go on here on the CPU); make room on the device, or run the "
                                         "whole job with --device cpu"));
}

TEST(OutOfMemory, OfTheCpuItselfIsAFailure) {
  MockJob job;
  job.on_prepare = [](jobs::Device) { throw kernels::OutOfMemory("no host memory (test); wait"); };
  std::counting_semaphore<> news{0};
  Consumers consumers(job, {{}, 1}, [&] { news.release(); });
  ASSERT_TRUE(news.try_acquire_for(std::chrono::seconds{60}));
  ConsumerEvent event;
  ASSERT_TRUE(consumers.take(event));
  EXPECT_EQ(std::get<Failure>(event).message, "no host memory (test); wait");
  EXPECT_TRUE(consumers.device_use().empty()) << "CPU threads are no accelerators";
}

TEST(HostTeam, SharesEveryTileOnceAndTellsFailures) {
  MockJob job;
  for (int const threads : {1, 2, 3, 8}) {
    HostTeam team(job, threads);
    for (TileRange const range : {TileRange{0, 1}, TileRange{3, 5}, TileRange{100, 64}}) {
      Result result;
      result.sums.assign(4, 0);
      result.digests.resize(range.count);
      team.run(range, result.sums, result.digests);
      expect_tiles(result, range);
    }
  }
  job.before_range = [](TileRange range, jobs::Device) {
    if (range.end() == 10) throw_error(Exit::job_failed, "NaN in tile 9");
  };
  HostTeam team(job, 4);
  Slots sums(4);
  std::vector<TileDigest> digests(10);
  EXPECT_THROW(team.run({0, 10}, sums, digests), Error);
}

TEST(DeviceMemory, APoolTellsWhatItHeld) {
  test::FakeMemory memory{.bytes = 1 << 20};
  auto const pool = test::fake_pool(memory, {}, 1 << 16);
  MockJob job;
  job.on_prepare = [](jobs::Device device) { device.pool->give(device.pool->take(5000)); };
  std::counting_semaphore<> news{0};
  Consumers consumers(job, {{{jobs::Device::Kind::cuda, 0, UINT64_MAX, pool.get()}}, 0}, [&] { news.release(); });
  ASSERT_TRUE(news.try_acquire_for(std::chrono::seconds{60}));
  auto const use = consumers.device_use().at(0);
  EXPECT_EQ(use.pool_high_bytes, 5120U);
  EXPECT_EQ(use.limit_bytes, 1U << 16);
}

/// Loses its device in the middle of a range; notes what is called of it afterwards.
struct LosingJob : MockJob {
  struct Runner : jobs::TileRunner {
    Runner(LosingJob const& of, std::unique_ptr<jobs::TileRunner> whole, jobs::Device device) : job(of), inner(std::move(whole)), on(device) {}
    ~Runner() override { job.note(on); }
    void prepare() override { inner->prepare(); }
    void run(TileRange range, std::span<std::int64_t> sums, std::span<TileDigest> digests) override {
      job.note(on);
      inner->run(range, sums, digests);
      if (!is_gpu(on) || range.end() <= job.lost_from) return;
      job.is_lost = true;
      throw kernels::DeviceLost("GPU 0: an illegal memory access was encountered (test); wait");
    }
    std::uint64_t preferred_tiles() const override { return inner->preferred_tiles(); }
    LosingJob const& job;
    std::unique_ptr<jobs::TileRunner> inner;
    jobs::Device on;
  };
  std::unique_ptr<jobs::TileRunner> make_runner(jobs::Device device) const override {
    return std::make_unique<Runner>(*this, MockJob::make_runner(device), device);
  }
  void note(jobs::Device device) const { calls_when_lost += is_lost && is_gpu(device); }
  std::uint64_t lost_from = 4;
  mutable std::atomic<bool> is_lost = false;
  mutable std::atomic<int> calls_when_lost = 0;
};

TEST(LostDevice, ItsRangeIsComputedAgainOnTheCpuAndNothingOfItIsCalled) {
  LosingJob job;
  test::FakeMemory memory;
  memory.bytes = std::uint64_t{1} << 30;
  {
    auto const pool = test::fake_pool(memory, {}, memory.bytes);
    void* const held = pool->take(4096);
    EXPECT_NE(held, nullptr);
    jobs::Device device{jobs::Device::Kind::cuda, 0};
    device.pool = pool.get();
    std::counting_semaphore<> news{0};
    Consumers consumers(job, {.accelerators = {device}, .threads = 0, .threads_instead = 2}, [&] { news.release(); });
    std::vector<Lease> const leases{{1, {0, 3}}, {2, {3, 6}}, {3, {9, 3}}};
    consumers.push(leases);
    std::map<std::uint64_t, Result> results;
    while (results.size() < leases.size()) {
      ASSERT_TRUE(news.try_acquire_for(std::chrono::seconds{60}));
      for (ConsumerEvent event; consumers.take(event);)
        if (auto* const result = std::get_if<Result>(&event)) results[result->lease] = std::move(*result);
    }
    for (auto const& lease : leases) expect_tiles(results.at(lease.id), lease.range);
    EXPECT_TRUE(job.is_lost);
    EXPECT_EQ(consumers.device_use().at(0).moves_to_cpu, 1u);
    pool->give(held);
    EXPECT_THROW(pool->take(16), kernels::DeviceLost);
  }
  EXPECT_EQ(job.calls_when_lost, 0);
  EXPECT_GT(memory.held, 0u) << "what it held is not given back to it";
}

TEST(LostDevice, AJobOfOneKindOfDeviceFailsThereAndMayGoOnElsewhere) {
  LosingJob job;
  job.bits = jobs::SameBits::on_one_kind;
  job.lost_from = 0;
  Bench bench(job);
  bench.await<Started>();
  std::vector<Lease> const leases{{1, {0, 2}}, {2, {2, 2}}};
  bench.consumers.push(leases);
  auto const first = bench.await<Failure>(), second = bench.await<Failure>();
  EXPECT_EQ(first.lease, 1u);
  EXPECT_EQ(first.retry, Retry::may_help);
  EXPECT_EQ(first.code, Exit::environment);
  EXPECT_THAT(first.message, HasSubstr("a GPU of unknown UUID: GPU 0: an illegal memory access was encountered (test); wait (a mock job has the "
                                       "same bits on one kind of device only, so it cannot go on here on the CPU); the next start goes on "
                                       "from the last save"));
  EXPECT_EQ(second.lease, 2u) << "others get what it held";
  EXPECT_EQ(second.retry, Retry::may_help);
  EXPECT_EQ(job.calls_when_lost, 0);
}

}  // namespace
}  // namespace muster::worker
