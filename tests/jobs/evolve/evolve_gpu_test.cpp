// Evolve jobs on a GPU end with the bits of the CPU.
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "jobs/evolve/evolve_job.hpp"
#include "jobs/evolve/parse.hpp"
#include "orchestrator/run.hpp"

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

using Settings = std::vector<std::string>;
INSTANTIATE_TEST_SUITE_P(Objectives, OnGpu,
                         ::testing::Values(Settings{"objective=\"rules\""}, Settings{"precision=\"double\""},
                                           Settings{"objective=\"crossover\""},
                                           Settings{"spans.scheme=\"walk_forward\"", "spans.folds=3", "rules.windows=[5, 10]",
                                                    "rules.indicators=[\"sma\", \"rsi\"]", "rules.longest_hold=20"}));

}  // namespace
}  // namespace muster::jobs::evolve
