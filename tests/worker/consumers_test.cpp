#include "worker/consumers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sched.h>

#include <cfenv>
#include <map>
#include <semaphore>
#include <thread>

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include "tests/orchestrator/mock_job.hpp"
#include "topology/cpu_sets.hpp"
#include "worker/fp_environment.hpp"

namespace muster::worker {
namespace {

using test::MockJob;
using ::testing::HasSubstr;

/// Consumers with a wait for their next event.
struct Bench {
  explicit Bench(MockJob const& job, Consumption consumption = {{}, 1})
      : consumers(job, consumption, [this] { news.release(); }) {}
  ConsumerEvent next() {
    ConsumerEvent event;
    while (!consumers.take(event))
      if (!news.try_acquire_for(std::chrono::seconds{60}))
        throw std::runtime_error("no event came within 60 s");
    return event;
  }
  Failure failure_of(TileRange range) {
    Lease const lease{9, range};
    consumers.push({&lease, 1});
    return std::get<Failure>(next());
  }
  std::counting_semaphore<> news{0};
  Consumers consumers;
};

TEST(FpEnvironment, the_default_is_set_and_changes_are_seen) {
  std::jthread([] {
    set_default_fp_environment();
    EXPECT_TRUE(is_default_fp_environment());
    std::feraiseexcept(FE_INEXACT | FE_OVERFLOW);
    EXPECT_TRUE(is_default_fp_environment()) << "flags that tiles raise do not matter";
    std::fesetround(FE_UPWARD);
    EXPECT_FALSE(is_default_fp_environment());
    set_default_fp_environment();
    EXPECT_TRUE(is_default_fp_environment());
    EXPECT_EQ(std::fegetround(), FE_TONEAREST);
#if defined(__x86_64__)
    for (unsigned bit : {0x8000u, 0x0040u}) {  // flush to zero; denormals are zeros
      _mm_setcsr(_mm_getcsr() | bit);
      EXPECT_FALSE(is_default_fp_environment());
      set_default_fp_environment();
    }
#endif
  });
}

TEST(Consumers, report_ready_then_compute_sums_and_digests) {
  MockJob job;
  job.preferred = 12;
  Bench bench(job);
  EXPECT_EQ(std::get<Started>(bench.next()).preferred_tiles, 12u);
  Lease const lease{3, {10, 5}};
  bench.consumers.push({&lease, 1});
  EXPECT_EQ(bench.consumers.held(), 1u);
  Result const result = std::get<Result>(bench.next());
  EXPECT_EQ(bench.consumers.held(), 0u);
  EXPECT_EQ(result.lease, 3u);
  EXPECT_EQ(result.range, (TileRange{10, 5}));
  Slots expected = test::direct_sums(15, 4), before = test::direct_sums(10, 4);
  for (std::size_t slot = 0; slot < 4; ++slot)
    EXPECT_EQ(result.sums[slot], expected[slot] - before[slot]);
  ASSERT_EQ(result.digests.size(), 5u);
  EXPECT_EQ(result.digests[4], test::mock_digest(14));
  EXPECT_GE(result.seconds, 0);
}

TEST(Consumers, used_memory_starts_from_zero) {
  MockJob job;
  Bench bench(job);
  bench.next();
  for (std::uint64_t tile = 0; tile < 50; ++tile) {
    Lease const lease{tile + 1, {tile, 1}};
    bench.consumers.push({&lease, 1});
    Result result = std::get<Result>(bench.next());
    ASSERT_EQ(result.sums[0], test::mock_value(tile, 0));
    bench.consumers.recycle(std::move(result));
  }
}

TEST(Consumers, several_threads_share_the_leases) {
  MockJob job;
  Bench bench(job, {{{jobs::Device::Kind::cuda, 1}}, 3});
  EXPECT_EQ(bench.consumers.count(), 4u);
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(std::holds_alternative<Started>(bench.next()));
  std::vector<Lease> leases;
  for (std::uint64_t id = 1; id <= 200; ++id) leases.push_back({id, {id * 10, 10}});
  bench.consumers.push(leases);
  std::map<std::uint64_t, int> seen;
  for (int i = 0; i < 200; ++i) ++seen[std::get<Result>(bench.next()).lease];
  EXPECT_EQ(seen.size(), 200u);
}

TEST(Consumers, threads_run_on_their_cpus) {
  auto const all = topology::widest_binding();
  if (all.empty()) GTEST_SKIP() << "the system binds no threads";
  std::atomic<int> cpus = 0, cpu = -1;
  MockJob job;
  job.before_range = [&](TileRange, jobs::Device) {
    cpu_set_t set;
    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0) cpus = CPU_COUNT(&set);
    cpu = sched_getcpu();
  };
  Bench bench(job, {{}, 1, {all.back()}});
  bench.next();
  Lease const lease{1, {0, 1}};
  bench.consumers.push({&lease, 1});
  EXPECT_TRUE(std::holds_alternative<Result>(bench.next()));
  EXPECT_EQ(cpus, 1);
  EXPECT_EQ(cpu, all.back());
}

TEST(Consumers, compute_all_the_same_where_binding_is_refused) {
  MockJob job;
  Bench bench(job, {{}, 1, {60'000}});  // no machine has it
  EXPECT_TRUE(std::holds_alternative<Started>(bench.next()));
  Lease const lease{1, {0, 1}};
  bench.consumers.push({&lease, 1});
  EXPECT_TRUE(std::holds_alternative<Result>(bench.next()));
}

TEST(Consumers, may_be_idle_on_purpose) {
  MockJob job;
  EXPECT_EQ(Bench(job, {{}, 0, {}, true}).consumers.count(), 0u);
  EXPECT_EQ(describe(Consumption{{}, 0, {}, true}), "nothing");
}

TEST(Consumers, failures_keep_their_code_and_say_where) {
  MockJob job;
  job.before_range = [](TileRange range, jobs::Device) {
    if (range.first == 0) throw Error(Exit::job_failed, "NaN at item 5 of tile 0", Retry::useless);
    if (range.first == 1) throw Error(Exit::environment, "the device is gone", Retry::may_help);
    if (range.first == 2) throw std::bad_alloc();
    if (range.first == 3) throw std::out_of_range("vector::at");
  };
  Bench bench(job);
  bench.next();
  Failure failure = bench.failure_of({0, 1});
  EXPECT_EQ(failure.lease, 9u);
  EXPECT_EQ(failure.code, Exit::job_failed);
  EXPECT_EQ(failure.retry, Retry::useless);
  EXPECT_EQ(failure.device, "CPU");
  EXPECT_EQ(failure.message, "NaN at item 5 of tile 0");
  failure = bench.failure_of({1, 1});
  EXPECT_EQ(failure.code, Exit::environment);
  EXPECT_EQ(failure.retry, Retry::may_help);
  failure = bench.failure_of({2, 1});
  EXPECT_EQ(failure.code, Exit::environment);
  EXPECT_THAT(failure.message, HasSubstr("out of memory"));
  failure = bench.failure_of({3, 1});
  EXPECT_EQ(failure.code, Exit::bug);
  EXPECT_THAT(failure.message, HasSubstr("vector::at (not foreseen"));
}

TEST(Consumers, a_changed_fp_environment_fails_the_lease_and_is_repaired) {
  MockJob job;
  job.before_range = [](TileRange range, jobs::Device) {
    if (range.first == 0) std::fesetround(FE_TOWARDZERO);
  };
  Bench bench(job);
  bench.next();
  Failure const failure = bench.failure_of({0, 2});
  EXPECT_EQ(failure.code, Exit::environment);
  EXPECT_THAT(failure.message,
              HasSubstr("the floating-point environment changed during tiles 0 to 1"));
  EXPECT_THAT(failure.message, HasSubstr("-ffast-math"));
  Lease const lease{10, {1, 1}};
  bench.consumers.push({&lease, 1});
  EXPECT_TRUE(std::holds_alternative<Result>(bench.next()));
}

TEST(Consumers, a_device_that_cannot_start_is_a_failure_of_lease_0) {
  MockJob job;
  job.on_runner = [](jobs::Device device) {
    if (device.kind == jobs::Device::Kind::cuda)
      throw_error(Exit::environment, "no GPU {}", device.ordinal);
  };
  Bench bench(job, {{{jobs::Device::Kind::cuda, 4}}, 0});
  Failure const failure = std::get<Failure>(bench.next());
  EXPECT_EQ(failure.lease, 0u);
  EXPECT_EQ(failure.device, "cuda:4");
  EXPECT_EQ(failure.message, "no GPU 4");
}

TEST(Consumers, queued_leases_can_be_dropped) {
  MockJob job;
  std::binary_semaphore begun{0}, may_end{0};
  job.before_range = [&](TileRange, jobs::Device) {
    begun.release();
    may_end.acquire();
  };
  Bench bench(job);
  bench.next();
  std::vector<Lease> const leases{{1, {0, 1}}, {2, {1, 1}}, {3, {2, 1}}};
  bench.consumers.push(leases);
  begun.acquire();
  bench.consumers.drop_queued();
  EXPECT_EQ(bench.consumers.held(), 1u);
  may_end.release();
  EXPECT_EQ(std::get<Result>(bench.next()).lease, 1u);
  EXPECT_EQ(bench.consumers.held(), 0u);
}

TEST(Consumers, a_lease_begun_is_dropped_with_the_tile_being_computed_and_one_queued_at_once) {
  MockJob job;
  job.preferred = 1;
  std::binary_semaphore begun{0}, may_end{0};
  std::atomic<int> calls = 0;
  job.before_range = [&](TileRange, jobs::Device) {
    if (++calls > 1) return;
    begun.release();
    may_end.acquire();
  };
  Bench bench(job);
  bench.next();
  std::vector<Lease> const leases{{1, {0, 1000}}, {2, {1000, 1}}, {3, {1001, 1}}};
  bench.consumers.push(leases);
  begun.acquire();
  bench.consumers.drop(std::vector<std::uint64_t>{1, 3, 99});
  Dropped const queued = std::get<Dropped>(bench.next());
  EXPECT_EQ(queued.lease, 3u);
  EXPECT_EQ(queued.tiles, 0u);
  EXPECT_EQ(bench.consumers.held(), 2u);
  may_end.release();
  Dropped const running = std::get<Dropped>(bench.next());
  EXPECT_EQ(running.lease, 1u);
  EXPECT_EQ(running.tiles, 1u);
  EXPECT_GT(running.seconds, 0);
  Result const next = std::get<Result>(bench.next());
  EXPECT_EQ(next.lease, 2u);
  EXPECT_EQ(next.sums[0], test::mock_value(1000, 0));
  EXPECT_EQ(bench.consumers.held(), 0u);
}

TEST(Consumers, a_lease_in_pieces_has_the_sums_and_digests_of_the_whole) {
  MockJob job;
  job.preferred = 3;
  std::vector<TileRange> pieces;
  job.before_range = [&](TileRange range, jobs::Device) {
    pieces.push_back(range);
    std::this_thread::sleep_for(std::chrono::milliseconds{1});
  };
  Bench bench(job);
  bench.next();
  Lease const lease{1, {0, 100}};
  bench.consumers.push({&lease, 1});
  Result const result = std::get<Result>(bench.next());
  EXPECT_EQ(result.sums, test::direct_sums(100, 4));
  for (std::uint64_t tile = 0; tile < 100; ++tile) EXPECT_EQ(result.digests[tile], test::mock_digest(tile));
  ASSERT_GE(pieces.size(), 2u);
  EXPECT_EQ(pieces[0], (TileRange{0, 3}));
  for (std::size_t i = 0; i + 1 < pieces.size(); ++i) EXPECT_EQ(pieces[i].count % 3, 0u) << "whole batches of the device";
}

TEST(Consumers, are_described_for_people_and_never_none) {
  EXPECT_EQ(describe(Consumption{{}, 1}), "1 CPU thread");
  EXPECT_EQ(
      describe(Consumption{{{jobs::Device::Kind::cuda, 0}, {jobs::Device::Kind::cuda, 1}}, 0}),
      "cuda:0 cuda:1");
  EXPECT_EQ(describe(Consumption{{{jobs::Device::Kind::cuda, 0}}, 2}), "cuda:0 + 2 CPU threads");
  MockJob job;
  try {
    Consumers none(job, {{}, 0}, [] {});
    FAIL();
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), Exit::user);
    EXPECT_THAT(error.what(), HasSubstr("0 compute threads and 0 accelerators"));
  }
}

}  // namespace
}  // namespace muster::worker
