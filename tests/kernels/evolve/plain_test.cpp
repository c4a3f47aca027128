// The plain body makes the candidates that the batches make, to the bit.
#include <gtest/gtest.h>

#include "kernels/evolve/child.hpp"
#include "kernels/evolve/plan.hpp"
#include "tests/kernels/evolve/scene.hpp"

namespace {

using namespace muster::test;

std::vector<double> plainly_proposed(SearchSettings const& settings, Population const& population) {
  SearchPlan plan(settings);
  point_to(plan.view, population);
  std::vector<std::uint64_t> chances;
  for (std::int32_t level : population.rate) chances.push_back(mutation_chance(settings, level));
  plan.view.mutation_chance = chances.data();
  std::size_t const genes = settings.genes.size();
  std::vector<double> out(settings.slots() * genes);
  for (std::uint64_t slot = 0; slot < settings.slots(); ++slot)
    settings.algorithm == Algorithm::jde ? make_trial(plan.view, slot, out.data() + slot * genes)
                                         : make_child(plan.view, slot, out.data() + slot * genes);
  return out;
}

TEST(Plain, BatchesMakeTheSameCandidates) {
  for (int i = 0; i < varied; ++i) {
    SearchSettings s = varied_settings(i);
    s.mutation_rate = i % 3 == 0 ? 0.4 : 0;
    Population const population = evolved(s, begun(s), 4);
    EXPECT_EQ(proposed(s, population), plainly_proposed(s, population)) << i;
  }
}

}  // namespace
