// Evolve jobs on a GPU end with the bits of the CPU.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "jobs/evolve/evolve_job.hpp"
#include "jobs/evolve/parse.hpp"
#include "kernels/device_pool.hpp"
#include "orchestrator/run.hpp"
#include "tests/jobs/run_ahead.hpp"

namespace muster::jobs::evolve {
namespace {

Slots sums_on(Job const& job, worker::Consumption const& consumption) {
  orchestrator::DriverOptions options;
  options.consumption = consumption;
  orchestrator::MemoryPersistence persistence;
  orchestrator::SilentProgress progress;
  return orchestrator::run_ranks_in_process(1, job, options, persistence, progress).sums;
}

class OnGpu : public ::testing::TestWithParam<std::vector<std::string>> {};

TEST_P(OnGpu, evolves_to_the_same_bits) {
  std::string const text = "kind = \"evolve\"\n[market]\nbars = \"synthetic:symbols=7,days=500,seed=3\"\n"
                           "[search]\npopulation = 96\nislands = 4\ngenerations = 5\ntile_slots = 8\n"
                           "[honesty]\nnull_markets = 2\ntrials = 5\n";
  auto const job = make_evolve_job(parse_params(text, "test.toml", {.overrides = GetParam()}), "");
  worker::Consumption gpu;
  gpu.threads = 0;
  gpu.accelerators = {{Device::Kind::cuda, 0}};
  EXPECT_EQ(sums_on(*job, gpu), sums_on(*job, {.accelerators = {}, .threads = 2}));
}

/// Populations that stay on the card.
class AheadOnGpu : public ::testing::TestWithParam<std::vector<std::string>> {};

TEST_P(AheadOnGpu, breeds_the_same_generations) {
  std::string const text = "kind = \"evolve\"\nlineage = 0\n[market]\nbars = \"synthetic:symbols=5,days=1500,seed=3\"\n"
                           "[search]\npopulation = 4096\nislands = 4\ngenerations = 23\ntile_slots = 100\nmigration_every = 3\n"
                           "[honesty]\nnull_markets = 1\ntrials = 50\n";
  auto const job = make_evolve_job(parse_params(text, "test.toml", {.overrides = GetParam()}), "");
  kernels::DevicePool pool([] { return kernels::Opened{kernels::open_cuda(0), UINT64_MAX}; });
  test::Laps laps;
  test::expect_same_ahead(*job, *job->make_runner({}), *job->make_runner({Device::Kind::cuda, 0, UINT64_MAX, &pool}), laps);
  EXPECT_GT(laps.laps, 3);
}

using Settings = std::vector<std::string>;
INSTANTIATE_TEST_SUITE_P(Objectives, AheadOnGpu,
                         ::testing::Values(Settings{"objective=\"crossover\""}, Settings{"objective=\"rules\"", "search.population=512"},
                                           Settings{"objective=\"crossover\"", "fitness.metric=\"calmar\"", "search.algorithm=\"jde\""},
                                           Settings{"objective=\"crossover\"", "fitness.metric=\"total_return\"", "search.replacement=\"generational\"",
                                                    "search.adaptation=\"diversity\"", "search.migrant_choice=\"random\""},
                                           Settings{"objective=\"crossover\"", "spans.scheme=\"walk_forward\"", "spans.folds=3"}));

INSTANTIATE_TEST_SUITE_P(Objectives, OnGpu,
                         ::testing::Values(Settings{"objective=\"rules\""}, Settings{"precision=\"double\""},
                                           Settings{"objective=\"crossover\""},
                                           Settings{"spans.scheme=\"walk_forward\"", "spans.folds=3", "rules.windows=[5, 10]",
                                                    "rules.indicators=[\"sma\", \"rsi\"]", "rules.longest_hold=20"}));

}  // namespace
}  // namespace muster::jobs::evolve
