// Every message about settings and populations, read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "tests/kernels/evolve/scene.hpp"

namespace {

using namespace muster::test;
using testing::HasSubstr;

/// The fault of small settings after a change.
template <class Change>
std::string fault_after(Change change) {
  SearchSettings s = small_settings();
  change(s);
  return fault_in(s);
}

template <class Change>
std::string population_fault_after(Change change) {
  SearchSettings s = small_settings();
  s.algorithm = Algorithm::jde;
  Population p = begun(s);
  change(p);
  return fault_in(s, p);
}

TEST(Faults, TheDefaultsHaveNone) {
  EXPECT_EQ(fault_after([](SearchSettings&) {}), "");
  for (int i = 0; i < varied; ++i) EXPECT_EQ(fault_in(varied_settings(i)), "") << i;
  EXPECT_EQ(population_fault_after([](Population&) {}), "");
}

TEST(Faults, OfGenes) {
  double const inf = std::numeric_limits<double>::infinity(), nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THAT(fault_after([](auto& s) { s.genes.clear(); }),
              HasSubstr("genes: 0 (a genome has 1 to 256); change their number"));
  EXPECT_THAT(fault_after([](auto& s) { s.genes.resize(257); }), HasSubstr("genes: 257"));
  EXPECT_THAT(fault_after([&](auto& s) { s.genes[1].high = inf; }),
              HasSubstr("genes[1] = [-5, inf] (has no finite width)"));
  EXPECT_THAT(fault_after([&](auto& s) { s.genes[1].low = nan; }), HasSubstr("has no finite width"));
  EXPECT_THAT(fault_after([&](auto& s) { s.genes[1] = {-1.7e308, 1.7e308, 0}; }), HasSubstr("has no finite width"));
  EXPECT_THAT(fault_after([](auto& s) {
                s.genes[2] = {2, 1, 0};
              }),
              HasSubstr("genes[2] = [2, 1] (the low end is above the high one); exchange them"));
  EXPECT_THAT(fault_after([](auto& s) { s.genes[0].step = -1; }),
              HasSubstr("genes[0] has the step -1 (must be 0 for any value, or positive)"));
  EXPECT_THAT(fault_after([&](auto& s) { s.genes[0].step = nan; }), HasSubstr("must be 0 for any value, or positive"));
  EXPECT_THAT(fault_after([](auto& s) { s.genes[0].step = 1e-12; }), HasSubstr("too small for its range"));
}

TEST(Faults, OfSizes) {
  EXPECT_THAT(fault_after([](auto& s) { s.islands = 0; }),
              HasSubstr("islands = 0 (must be from 1 to 16777216); change it"));
  EXPECT_THAT(fault_after([](auto& s) { s.island_size = 1; }), HasSubstr("island_size = 1 (must be from 2 to"));
  EXPECT_THAT(fault_after([](auto& s) {
                s.algorithm = Algorithm::jde;
                s.island_size = 3;
              }),
              HasSubstr("island_size = 3 (must be from 4 to"));
  EXPECT_THAT(fault_after([](auto& s) {
                s.islands = 1 << 20;
                s.island_size = 1 << 20;
              }),
              HasSubstr("islands x island_size = 1099511627776"));
}

TEST(Faults, OfOperators) {
  EXPECT_THAT(fault_after([](auto& s) { s.tournament = 17; }), HasSubstr("tournament = 17 (must be from 1 to 16)"));
  EXPECT_THAT(fault_after([](auto& s) { s.crossover_rate = 1.5; }),
              HasSubstr("crossover_rate = 1.5 (must be from 0 to 1)"));
  EXPECT_THAT(fault_after([](auto& s) { s.crossover_spread = -1; }),
              HasSubstr("crossover_spread = -1 (must be from 0 to 1000)"));
  EXPECT_THAT(fault_after([](auto& s) {
                s.crossover = Crossover::exponential;
                s.crossover_spread = 1;
              }),
              HasSubstr("crossover_spread = 1 (must be from 0 to 0.9999"));
  EXPECT_THAT(fault_after([](auto& s) { s.mutation_rate = 2; }), HasSubstr("mutation_rate = 2 (must be from 0 to 1)"));
  EXPECT_THAT(fault_after([](auto& s) { s.mutation_spread = -2; }),
              HasSubstr("mutation_spread = -2 (must be from 0 to 1000)"));
  EXPECT_THAT(fault_after([](auto& s) {
                s.replacement = Replacement::generational;
                s.elites = 12;
              }),
              HasSubstr("elites = 12 (must be from 0 to 11)"));
  EXPECT_THAT(fault_after([](auto& s) {
                s.algorithm = Algorithm::jde;
                s.new_scale = -0.5;
              }),
              HasSubstr("new_scale = -0.5 (must be from 0 to 1)"));
  EXPECT_THAT(fault_after([](auto& s) {
                s.algorithm = Algorithm::jde;
                s.new_cross = 7;
              }),
              HasSubstr("new_cross = 7 (must be from 0 to 1)"));
}

TEST(Faults, OfMigration) {
  EXPECT_THAT(fault_after([](auto& s) { s.migrants = 12; }), HasSubstr("migrants = 12 (must be from 0 to 11)"));
  auto const with_edges = [](std::vector<Edge> edges) {
    return fault_after([&](auto& s) { s.topology = Topology::custom; s.edges = edges; });
  };
  EXPECT_EQ(with_edges({{0, 1}}), "");
  EXPECT_THAT(with_edges({{0, 6}}), HasSubstr("edges: 0 -> 6 (the islands are 0 to 5); correct it"));
  EXPECT_THAT(with_edges({{2, 2}}), HasSubstr("edges: 2 -> 2 (an island cannot send migrants to itself); remove it"));
  EXPECT_THAT(with_edges({{0, 1}, {0, 1}}), HasSubstr("edges: 0 -> 1 (is there twice); remove one"));
  EXPECT_THAT(with_edges(std::vector<Edge>(65537)), HasSubstr("edges: 65537 (at most 65536); use full"));
}

TEST(Faults, OfPopulations) {
  EXPECT_THAT(population_fault_after([](auto& p) { p.genomes.pop_back(); }),
              HasSubstr("population: 431 genes (these settings need 432); it belongs to another job"));
  EXPECT_THAT(population_fault_after([](auto& p) { p.fitness.push_back(0); }), HasSubstr("73 fitness values"));
  EXPECT_THAT(population_fault_after([](auto& p) { p.scale.clear(); }), HasSubstr("0 values of F"));
  EXPECT_THAT(population_fault_after([](auto& p) { p.cross.clear(); }), HasSubstr("0 values of CR"));
  EXPECT_THAT(population_fault_after([](auto& p) { p.rate.clear(); }), HasSubstr("0 mutation rate levels"));
  EXPECT_THAT(population_fault_after([](auto& p) { p.generation = 1ull << 32; }),
              HasSubstr("generation 4294967296 (at most 2^32 - 1)"));
  EXPECT_THAT(population_fault_after([](auto& p) { p.genomes[6] = 5.5; }),
              HasSubstr("gene 0 of slot 1 = 5.5 (off its range or grid)"));
  EXPECT_THAT(population_fault_after([](auto& p) { p.genomes[5] = 7.25; }),
              HasSubstr("gene 5 of slot 0 = 7.25 (off its range or grid)"));
  EXPECT_THAT(population_fault_after([](auto& p) { p.genomes[0] = std::numeric_limits<double>::quiet_NaN(); }),
              HasSubstr("gene 0 of slot 0"));
  EXPECT_THAT(population_fault_after([](auto& p) { p.scale[3] = 2; }),
              HasSubstr("F or CR of slot 3 (must be from 0 to 1)"));
  EXPECT_THAT(population_fault_after([](auto& p) { p.rate[1] = 25; }),
              HasSubstr("mutation rate level 25 of island 1 (must be from -24 to 24)"));
}

}  // namespace
