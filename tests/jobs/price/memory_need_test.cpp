// What a price job takes of a device, and that it has the same bits with less of it.
#include "jobs/price/memory_need.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <stdexcept>

#include "jobs/price/price_job.hpp"
#include "tests/jobs/price/digest_matrix.hpp"
#include "tests/kernels/memory/fake_accelerator.hpp"
#include "topology/budget.hpp"
#include "topology/machine_text.hpp"

namespace muster::jobs::price {
namespace {

using test::FakeMemory;
using ::testing::HasSubstr;

constexpr std::uint64_t tiles = 7;
constexpr kernels::Width small_card{4, 1024};

struct Answer {
  Slots sums;
  std::vector<TileDigest> digests;
  bool operator==(Answer const&) const = default;
};

Answer answer_of(Job const& job, TileRunner& runner) {
  Answer answer{Slots(job.slots()), std::vector<TileDigest>(tiles)};
  runner.run({0, tiles}, answer.sums, answer.digests);
  return answer;
}

/// As the worker does: down a step and again from zeros.
Answer answer_with_steps(Job const& job, TileRunner& runner, std::vector<std::string>& steps) {
  for (;;) {
    try {
      return answer_of(job, runner);
    } catch (kernels::OutOfMemory const&) {
      auto const step = runner.step_down();
      if (!step) throw;
      EXPECT_EQ(step->step, MemoryStep::smaller_batch);
      steps.push_back(step->now);
    }
  }
}

/// A job with several groups, derivatives and much path memory.
Params params_named(std::string const& name) {
  for (auto const& row : digest_matrix())
    if (row.name == name) return row.params;
  throw std::runtime_error("no such row");
}

class MemoryNeed : public testing::TestWithParam<std::string> {
 protected:
  Params params = params_named(GetParam());
  std::unique_ptr<Job> job = make_price_job(params);
  Answer const on_cpu = answer_of(*job, *job->make_runner({}));
  FakeMemory memory{.bytes = std::uint64_t{1} << 40, .host_bytes = std::uint64_t{1} << 40};
};

TEST_P(MemoryNeed, IsWhatTheDeviceHolds) {
  SimulationPlan const plan(params);
  auto const need = kernels::memory_of(plans_of(plan));
  auto const pool = test::fake_pool(memory, small_card, UINT64_MAX);
  auto const runner = job->make_runner({Device::Kind::cuda, 0, UINT64_MAX, pool.get()});
  EXPECT_EQ(pool->use().held_bytes, 0U) << "nothing is taken before it is asked for";
  runner->prepare();
  auto const shape = kernels::full_shape(need, small_card, plan.tile_items());
  EXPECT_EQ(shape.columns, 4U * 2048);
  EXPECT_EQ(pool->use().high_water_bytes, kernels::pool_bytes(need, shape));
  EXPECT_EQ(answer_of(*job, *runner), on_cpu);
  EXPECT_EQ(pool->use().high_water_bytes, kernels::pool_bytes(need, shape)) << "a run takes no more";
}

TEST_P(MemoryNeed, FewerPathsAtOnceGiveTheSameBits) {
  SimulationPlan const plan(params);
  auto const need = kernels::memory_of(plans_of(plan));
  auto const least = kernels::pool_bytes(need, kernels::half_shape(need, {512, 1}, plan.tile_items())) +
                     kernels::stack_bytes(need, small_card);
  auto const pool = test::fake_pool(memory, small_card, least);
  auto const runner = job->make_runner({Device::Kind::cuda, 0, UINT64_MAX, pool.get()});
  std::vector<std::string> steps;
  EXPECT_EQ(answer_with_steps(*job, *runner, steps), on_cpu);
  ASSERT_EQ(steps.size(), 5U) << "8192 to 256 columns by halves";
  EXPECT_EQ(steps.back(), "256 paths at once instead of 8 192");
  EXPECT_EQ(memory.least_columns_seen, 256U);
  EXPECT_LE(memory.held_high, least);
  auto const one_less = test::fake_pool(memory, small_card, least - 1);
  auto const refused = job->make_runner({Device::Kind::cuda, 0, UINT64_MAX, one_less.get()});
  try {
    answer_with_steps(*job, *refused, steps);
    FAIL();
  } catch (kernels::OutOfMemory const& error) {
    EXPECT_THAT(error.what(), HasSubstr("256 paths at once need "));
    EXPECT_THAT(error.what(), HasSubstr("); raise --device-memory, or use --device cpu"));
  }
}

TEST_P(MemoryNeed, AFailedLaunchOrAllocationStepsDownToo) {
  SimulationPlan const plan(params);
  auto const need = kernels::memory_of(plans_of(plan));
  auto const full = kernels::pool_bytes(need, kernels::full_shape(need, small_card, plan.tile_items()));
  auto const pool = test::fake_pool(memory, small_card, UINT64_MAX);
  auto const runner = job->make_runner({Device::Kind::cuda, 0, UINT64_MAX, pool.get()});
  runner->prepare();
  memory.launches_to_fail = 2;
  std::vector<std::string> steps;
  EXPECT_EQ(answer_with_steps(*job, *runner, steps), on_cpu);
  EXPECT_EQ(steps.size(), 2U);
  // No limit says so, but another process holds the rest.
  FakeMemory taken{.bytes = full - 1, .host_bytes = std::uint64_t{1} << 40};
  auto const other = test::fake_pool(taken, small_card, UINT64_MAX);
  auto const second = job->make_runner({Device::Kind::cuda, 0, UINT64_MAX, other.get()});
  steps.clear();
  EXPECT_EQ(answer_with_steps(*job, *second, steps), on_cpu);
  EXPECT_EQ(steps.size(), 1U);
  FakeMemory no_host{.bytes = std::uint64_t{1} << 40};
  auto const third = test::fake_pool(no_host, small_card, UINT64_MAX);
  auto const without = job->make_runner({Device::Kind::cuda, 0, UINT64_MAX, third.get()});
  try {
    answer_with_steps(*job, *without, steps);
    FAIL();
  } catch (kernels::OutOfMemory const& error) {
    EXPECT_THAT(error.what(), HasSubstr("for a device to copy to (its sums arrive there); use a machine"));
  }
  EXPECT_EQ(no_host.held, 0U) << "what was taken before goes back";
}

INSTANTIATE_TEST_SUITE_P(Jobs, MemoryNeed,
                         testing::Values("european.single", "asian_arithmetic.double_antithetic",
                                         "greeks.single", "greeks_heston.double", "greeks_spread.single"),
                         [](auto const& row) {
                           auto name = row.param;
                           std::replace(name.begin(), name.end(), '.', '_');
                           return name;
                         });

TEST(MemoryNeedOnACard, FillsItWhereItCanAndShrinksWhereItCannot) {
  auto const job = make_price_job(params_named("greeks.single"));
  auto const card = topology::machines_in_words("1x H200").nodes.front().machine.gpus.front();
  auto const all = job->device_need(card, topology::device_budget(card, 0).bytes).value();
  EXPECT_TRUE(all.fits);
  EXPECT_EQ(all.note, "");
  EXPECT_EQ(all.bytes(), all.full_bytes);
  EXPECT_EQ(all.pool_bytes % kernels::pool_step, 0U);
  auto const half = job->device_need(card, all.bytes() - kernels::pool_step).value();
  EXPECT_TRUE(half.fits);
  EXPECT_LT(half.pool_bytes, all.pool_bytes);
  EXPECT_EQ(half.context_bytes, all.context_bytes);
  EXPECT_EQ(half.note, "135 168 paths at once instead of 270 336");
  EXPECT_FALSE(job->device_need(card, all.context_bytes).value().fits);
}

/// Pool and driver's share of the process, in MiB, as NVML gave them on an H200 with driver 580.
struct Seen {
  std::uint32_t instruments;
  Precision precision;
  bool with_derivatives;
  double pool_mib, context_mib;
};

Params averages(Seen const& seen) {
  Params params = params_named("european.single_plain");
  params.market.assets.resize(1);
  params.market.assets.front().cash_dividends.clear();
  params.simulation.tile_paths = 65536;
  params.simulation.steps_per_year = 52;
  params.simulation.precision = seen.precision;
  if (seen.with_derivatives)
    params.outputs = {Output::price, Output::delta, Output::gamma, Output::vega, Output::rho, Output::theta};
  auto instrument = params_named("asian_arithmetic.single").instruments.front();
  instrument.past_fixings.clear();
  instrument.fixing_years.clear();
  for (int month = 1; month <= 12; ++month) instrument.fixing_years.push_back(month / 12.0);
  instrument.expiry_years = 1;
  params.instruments.assign(seen.instruments, instrument);
  return params;
}

TEST(MemoryNeedOnACard, IsWithinATenthOfWhatAnH200Showed) {
  auto const card = topology::machines_in_words("1x H200").nodes.front().machine.gpus.front();
  auto const budget = topology::device_budget(card, 0).bytes;
  for (Seen const& seen : {Seen{20, Precision::single_precision, true, 576, 524},
                           Seen{20, Precision::double_precision, true, 1120, 792},
                           Seen{60, Precision::double_precision, false, 256, 518},
                           Seen{400, Precision::single_precision, true, 10784, 524},
                           Seen{2000, Precision::single_precision, true, 53760, 524}}) {
    SCOPED_TRACE(seen.instruments);
    auto const need = make_price_job(averages(seen))->device_need(card, budget).value();
    auto const shown = (seen.pool_mib + seen.context_mib) * (1 << 20);
    EXPECT_NEAR(static_cast<double>(need.bytes()), shown, 0.1 * shown);
    EXPECT_NEAR(static_cast<double>(need.context_bytes), seen.context_mib * (1 << 20), 0.02 * seen.context_mib * (1 << 20));
  }
}

TEST(MemoryNeedOnACard, AJobWithoutPathsOnTheCardHasNone) {
  topology::Gpu const card;
  auto small = params_named("european.single");
  small.simulation.tile_paths = 128;
  EXPECT_EQ(make_price_job(small)->device_need(card, UINT64_MAX), std::nullopt) << "such tiles are the CPU's";
  auto closed = params_named("european.single");
  closed.method = Method::closed_form;
  EXPECT_EQ(make_price_job(closed)->device_need(card, UINT64_MAX), std::nullopt);
}

}  // namespace
}  // namespace muster::jobs::price
