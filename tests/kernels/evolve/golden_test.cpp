// Fifty generations of every algorithm, crossover and topology end in the committed bits.
#include <gtest/gtest.h>

#include <cstdio>

#include "tests/kernels/evolve/goldens.hpp"
#include "tests/kernels/evolve/scene.hpp"

namespace {

using namespace muster::test;

struct Digest {
  std::uint64_t value = 0xcbf29ce484222325;
  void add(std::uint64_t bits) { value = (value ^ bits) * 0x100000001b3, value ^= value >> 29; }
  void add(std::vector<double> const& all) {
    for (double x : all) add(__builtin_bit_cast(std::uint64_t, x));
  }
};

std::uint64_t digest_of(Population const& p) {
  Digest digest;
  digest.add(p.generation);
  digest.add(p.genomes);
  for (std::int64_t fitness : p.fitness) digest.add(static_cast<std::uint64_t>(fitness));
  digest.add(p.scale);
  digest.add(p.cross);
  for (std::int32_t rate : p.rate) digest.add(static_cast<std::uint64_t>(rate));
  return digest.value;
}

/// Eight ways to vary (six crossovers, two kinds of trial) x five topologies.
SearchSettings golden_settings(int way, int topology) {
  SearchSettings s = varied_settings(3 * way + topology);
  s.algorithm = way < 6 ? Algorithm::genetic : Algorithm::jde;
  s.crossover = static_cast<Crossover>(way % 6);
  s.trial_crossover = static_cast<TrialCrossover>(way % 2);
  s.topology = static_cast<Topology>(topology);
  return s;
}

TEST(EvolveGolden, EverySearchEndsInTheCommittedBits) {
  for (int i = 0; i < 40; ++i) {
    SearchSettings const s = golden_settings(i / 5, i % 5);
    std::uint64_t const digest = digest_of(evolved(s, begun(s), 50));
    EXPECT_EQ(digest, evolve_goldens[i]) << i;
    // The line for goldens.hpp, should a change of bits be meant (and arithmetic_version with it).
    if (digest != evolve_goldens[i]) std::printf("    0x%016llx,\n", static_cast<unsigned long long>(digest));
  }
}

}  // namespace
