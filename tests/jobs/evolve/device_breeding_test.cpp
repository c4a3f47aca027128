// A population that stays on a device, here one that tests make, is that of the CPU.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "jobs/evolve/evolve_job.hpp"
#include "jobs/evolve/parse.hpp"
#include "orchestrator/run.hpp"
#include "tests/jobs/run_ahead.hpp"
#include "tests/kernels/memory/fake_accelerator.hpp"

namespace muster::jobs::evolve {
namespace {

std::string const traded = "lineage = 0\n[market]\nbars = \"synthetic:symbols=3,days=1500,seed=3\"\n[honesty]\nnull_markets = 1\ntrials = 40\n";

class DeviceBreedings : public ::testing::Test {
 protected:
  std::unique_ptr<Job> job(std::vector<std::string> const& overrides) {
    bool const is_traded = overrides.front().find("crossover") != std::string::npos;
    std::string const text = "kind = \"evolve\"\n" + (is_traded ? traded : std::string()) +
                             "[search]\npopulation = 60\nislands = 4\ngenerations = 23\ntile_slots = 8\nmigration_every = 3\n";
    return make_evolve_job(parse_params(text, "test.toml", {.overrides = overrides}), "");
  }
  test::Laps compare(std::vector<std::string> const& overrides) {
    test::Laps laps;
    auto const one = job(overrides);
    test::expect_same_ahead(*one, *one->make_runner({}), *one->make_runner({Device::Kind::cuda, 0, UINT64_MAX, &pool_}), laps);
    return laps;
  }

  test::FakeMemory memory_{.bytes = std::uint64_t{1} << 30, .host_bytes = std::uint64_t{1} << 30};
  kernels::DevicePool pool_{[this] { return kernels::Opened{std::make_unique<test::FakeAccelerator>(memory_, kernels::Width{}), memory_.bytes}; }};
};

TEST_F(DeviceBreedings, breed_the_same_generations) {
  for (auto const& overrides : {std::vector<std::string>{"objective=\"crossover\""},
                                {"objective=\"sphere\"", "lineage=0", "search.algorithm=\"jde\""},
                                {"objective=\"rastrigin\"", "lineage=0", "search.replacement=\"generational\"", "search.adaptation=\"success\""},
                                {"objective=\"crossover\"", "spans.scheme=\"walk_forward\"", "spans.folds=3"}}) {
    auto const laps = compare(overrides);
    EXPECT_GT(laps.laps, 3) << overrides.front();
    EXPECT_GT(laps.stages, 2 * laps.laps);
  }
}

TEST_F(DeviceBreedings, are_the_same_run_with_the_same_work) {
  auto const one = job({"objective=\"crossover\""});
  auto const run = [&](worker::Consumption const& consumption) {
    orchestrator::DriverOptions options;
    options.consumption = consumption;
    orchestrator::MemoryPersistence persistence;
    orchestrator::SilentProgress progress;
    return orchestrator::run_ranks_in_process(1, *one, options, persistence, progress);
  };
  auto const there = run({.accelerators = {{Device::Kind::cuda, 0, UINT64_MAX, &pool_}}, .threads = 0}), here = run({.accelerators = {}, .threads = 2});
  EXPECT_EQ(there.sums, here.sums);
  EXPECT_DOUBLE_EQ(there.units, here.units);
  auto const leases = [](orchestrator::RunOutcome const& of) {
    auto const at = std::ranges::find(of.counters, "leases_issued", [](auto const& counter) { return counter.first; });
    return at == of.counters.end() ? 0 : at->second;
  };
  EXPECT_LT(leases(there), leases(here) / 4) << "most generations were bred ahead";
}

TEST_F(DeviceBreedings, look_at_all_where_too_many_may_be_among_the_best) {
  memory_.most_finalists = 2;
  EXPECT_GT(compare({"objective=\"crossover\""}).laps, 3);
}

TEST_F(DeviceBreedings, are_left_where_a_device_has_no_room_for_them) {
  memory_.bytes = 1 << 20;
  EXPECT_EQ(compare({"objective=\"sphere\"", "lineage=0"}).laps, 0);
}

TEST_F(DeviceBreedings, are_left_where_it_is_kept_who_was_born_of_whom) { EXPECT_EQ(compare({"objective=\"sphere\"", "lineage=5"}).laps, 0); }

}  // namespace
}  // namespace muster::jobs::evolve
