#include "topology/cost.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"
#include "topology/machine_text.hpp"

namespace muster::topology {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

constexpr std::uint64_t mib = 1ULL << 20;

Cost cost_of(std::vector<std::uint64_t> stages) {
  Cost cost;
  cost.stages = std::move(stages);
  cost.tile_core_s = 2;
  cost.tile_gpu_s = 0.01;
  return cost;
}

Plan plan_on(char const* words) { return make_plan(machines_in_words(words), {}); }

double tiles_s(Expected const& expected) { return expected.most_s - expected.start_s - expected.end_s; }

TEST(TimeOfTiles, IsThatOfWholeTiles) {
  EXPECT_NEAR(time_of_tiles({{"a", 2, 1.0, ""}}, 3), 2, 1e-9);
  EXPECT_NEAR(time_of_tiles({{"a", 2, 1.0, ""}}, 4), 2, 1e-9);
  // Ten by the fast one and one by the slow one.
  EXPECT_NEAR(time_of_tiles({{"fast", 1, 0.1, ""}, {"slow", 1, 1.0, ""}}, 11), 1, 1e-9);
  EXPECT_NEAR(time_of_tiles({{"a", 10'000, 0.5, ""}}, 1'000'001), 50.5, 1e-6);
  EXPECT_EQ(time_of_tiles({{"a", 2, 1.0, ""}}, 0), 0);
  EXPECT_EQ(time_of_tiles({}, 5), 0);
  EXPECT_EQ(time_of_tiles({{"unknown", 1, 0, ""}}, 5), 0);
}

TEST(ExpectedTime, GoesByTheRatingOfACardThatIsNotThere) {
  auto const on_h200 = expected_time(plan_on("H200"), cost_of({1000}), {});
  EXPECT_NEAR(tiles_s(on_h200), 10, 1e-6);
  EXPECT_EQ(on_h200.least_s, on_h200.most_s);
  ASSERT_EQ(on_h200.devices.size(), 1u);
  EXPECT_THAT(on_h200.devices[0].reason, HasSubstr("rating, 320x"));
  EXPECT_NEAR(tiles_s(expected_time(plan_on("8x A100-80GB"), cost_of({1000}), {})), 10 * 3.2 / 8, 1e-6);
  EXPECT_NEAR(tiles_s(expected_time(plan_on("2 nodes x 4x H200"), cost_of({1000}), {})), 10.0 / 8, 1e-6);
  EXPECT_NEAR(tiles_s(expected_time(plan_on("10 cores"), cost_of({1000}), {})), 200, 1e-6);
}

TEST(ExpectedTime, KnowsCardsWithFewDoublePrecisionUnits) {
  auto cost = cost_of({1000});
  double const single = tiles_s(expected_time(plan_on("RTX 4090"), cost, {}));
  cost.double_share = 1;
  EXPECT_NEAR(tiles_s(expected_time(plan_on("RTX 4090"), cost, {})), 32 * single, 1e-6);
  EXPECT_NEAR(tiles_s(expected_time(plan_on("H200"), cost, {})), 10, 1e-6);
}

TEST(ExpectedTime, PrefersWhatWasTimed) {
  auto const plan = plan_on("2x H200");
  auto const name = plan.nodes.front().machine.gpus.front().name;
  TileTimes timed;
  timed.gpus = {{name, {0.4, 0.02}}};
  auto const expected = expected_time(plan, cost_of({1000}), timed);
  EXPECT_NEAR(tiles_s(expected), 10, 1e-6);
  EXPECT_GT(expected.start_s, 0.8);  // a context for each GPU of the rank
  EXPECT_EQ(expected.devices[0].reason, "timed here");
  EXPECT_EQ(expected.devices[0].count, 2);
}

TEST(ExpectedTime, OfMoreThreadsThanCoresIsThatOfTheCores) {
  auto plan = plan_on("4 cores");
  TileTimes timed{plan.nodes.front().machine.cpu.model, 4, {0, 3}, {}};
  EXPECT_NEAR(tiles_s(expected_time(plan, cost_of({400}), timed)), 300, 1e-6);
  plan.nodes.front().ranks.front().threads = 8;
  EXPECT_NEAR(tiles_s(expected_time(plan, cost_of({400}), timed)), 300, 1e-6);
  EXPECT_NEAR(tiles_s(expected_time(plan, cost_of({400}), {})), 200, 1e-6);
}

TEST(ExpectedTime, OfAStopRuleIsARange) {
  auto const expected = expected_time(plan_on("H200"), cost_of({100, 200, 400}), {});
  EXPECT_NEAR(tiles_s(expected), 4, 1e-6);
  EXPECT_NEAR(expected.most_s - expected.least_s, 3, 1e-6);
}

TEST(ExpectedTime, OfAJobWithoutAGpuFormIsTheCpus) {
  auto cost = cost_of({1});
  cost.has_gpu_form = false;
  auto const expected = expected_time(plan_on("8x H100"), cost, {});
  EXPECT_NEAR(tiles_s(expected), 2, 1e-6);
  EXPECT_THAT(expected.devices[0].reason, HasSubstr("no GPU form"));
}

std::string refusal(std::uint64_t memory_bytes, Cost const& cost, int threads) {
  auto plan = plan_on("16 cores");
  plan.nodes.front().machine.memory = {memory_bytes, 0, memory_bytes};
  plan.nodes.front().ranks.front().threads = threads;
  try {
    check_memory(plan, cost);
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), Exit::user);
    return error.what();
  }
  return "";
}

TEST(CheckMemory, RefusesWithTheNearestChange) {
  auto cost = cost_of({10});
  cost.job_bytes = 10 * mib;
  cost.thread_bytes = 60 * mib;
  cost.sums_bytes = 10 * mib;
  ASSERT_EQ(host_bytes(cost, 2), (48 + 10 + 60 + 2 * 100) * mib);
  EXPECT_EQ(refusal(318 * mib, cost, 2), "");
  EXPECT_EQ(refusal(0, cost, 2), "") << "a machine whose memory is not known";
  auto const threads = refusal(500 * mib, cost, 16);
  EXPECT_THAT(threads, HasSubstr("needs 1.68 GiB of memory on a machine, which has 500 MiB"));
  EXPECT_THAT(threads, HasSubstr("; use --threads 3"));
  EXPECT_THAT(refusal(128 * mib, cost, 1), HasSubstr("split the job into 3, by instruments or outputs, or use a machine with 218 MiB"));
  EXPECT_THAT(refusal(40 * mib, cost, 1), HasSubstr("; use a machine with 218 MiB"));
}

TEST(CheckMemory, ObeysALimitBelowTheMachines) {
  auto plan = plan_on("1 core");
  plan.nodes.front().machine.memory = {1 << 30, 60 * mib, 60 * mib};
  auto cost = cost_of({10});
  cost.sums_bytes = 10 * mib;
  EXPECT_THROW(check_memory(plan, cost), Error);
  plan.nodes.front().machine.memory.limit_bytes = 0;
  EXPECT_NO_THROW(check_memory(plan, cost));
}

TEST(CheckMemory, HoldsTheJobToWhatItMayTake) {
  auto cost = cost_of({10});
  cost.sums_bytes = 10 * mib;
  Demand demand;
  demand.memory_bytes = 60 * mib;
  Facts facts;
  facts.memory = {1 << 30, 0, 1 << 30};
  auto const plan = make_plan(facts, demand);
  ASSERT_GT(host_bytes(plan.nodes.front(), cost), 60 * mib);
  try {
    check_memory(plan, cost);
    FAIL() << "was not refused";
  } catch (Error const& error) {
    EXPECT_THAT(error.what(), HasSubstr("which has 60.0 MiB for it"));
  }
  demand.memory_bytes = 600 * mib;
  EXPECT_NO_THROW(check_memory(make_plan(facts, demand), cost));
}

}  // namespace
}  // namespace muster::topology
