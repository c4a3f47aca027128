// Evolve jobs on a GPU end with the bits of the CPU.
#include <gtest/gtest.h>

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

class OnGpu : public ::testing::TestWithParam<std::string_view> {};

TEST_P(OnGpu, evolves_to_the_same_bits) {
  std::string const text = "kind = \"evolve\"\n[market]\nbars = \"synthetic:symbols=7,days=500,seed=3\"\n"
                           "[search]\npopulation = 96\nislands = 4\ngenerations = 5\ntile_slots = 8\n"
                           "[honesty]\nnull_markets = 2\ntrials = 5\n";
  auto const job = make_evolve_job(parse_params(text, "test.toml", {.overrides = {std::string(GetParam())}}), "");
  worker::Consumption gpu;
  gpu.threads = 0;
  gpu.accelerators = {{Device::Kind::cuda, 0}};
  EXPECT_EQ(sums_on(*job, gpu), sums_on(*job, {.accelerators = {}, .threads = 2}));
}

INSTANTIATE_TEST_SUITE_P(Objectives, OnGpu,
                         ::testing::Values("objective=\"rules\"", "precision=\"double\"", "objective=\"crossover\"",
                                           "spans.scheme=\"walk_forward\""));

}  // namespace
}  // namespace muster::jobs::evolve
