#include <gtest/gtest.h>

#include <algorithm>
#include <set>

#include "tests/kernels/evolve/scene.hpp"

namespace muster::kernels {
bool operator==(Edge a, Edge b) { return a.from == b.from && a.to == b.to; }
void PrintTo(Edge e, std::ostream* out) { *out << e.from << "->" << e.to; }
}  // namespace muster::kernels

namespace {

using namespace muster::test;
using Edges = std::vector<Edge>;

SearchSettings linked(Topology topology, std::uint32_t islands) {
  SearchSettings s = small_settings();
  s.topology = topology;
  s.islands = islands;
  s.migration_every = 1;
  return s;
}

TEST(Migration, NoneHasNoEdges) { EXPECT_TRUE(migration_edges(linked(Topology::none, 5)).empty()); }

TEST(Migration, RingLeadsFromEachIslandToTheNext) {
  EXPECT_EQ(migration_edges(linked(Topology::ring, 3)), (Edges{{2, 0}, {0, 1}, {1, 2}}));
  EXPECT_TRUE(migration_edges(linked(Topology::ring, 1)).empty());
}

TEST(Migration, FullLeadsFromAllToAll) {
  EXPECT_EQ(migration_edges(linked(Topology::full, 3)), (Edges{{1, 0}, {2, 0}, {0, 1}, {2, 1}, {0, 2}, {1, 2}}));
}

TEST(Migration, TorusHasFourNeighboursOrFewerOnSmallGrids) {
  Edges const edges = migration_edges(linked(Topology::torus, 12));  // 3 rows of 4
  EXPECT_EQ(edges.size(), 48u);
  EXPECT_EQ(Edges(edges.begin(), edges.begin() + 4), (Edges{{1, 0}, {3, 0}, {4, 0}, {8, 0}}));
  EXPECT_EQ(migration_edges(linked(Topology::torus, 4)).size(), 8u);  // 2 x 2: two neighbours each
  EXPECT_EQ(migration_edges(linked(Topology::torus, 5)).size(), 10u);  // 1 x 5: a ring both ways
  EXPECT_TRUE(migration_edges(linked(Topology::torus, 1)).empty());
}

TEST(Migration, CustomEdgesAreGroupedByWhereTheyLead) {
  SearchSettings s = linked(Topology::custom, 4);
  s.edges = {{3, 1}, {0, 2}, {2, 1}, {1, 0}};
  EXPECT_EQ(migration_edges(s), (Edges{{1, 0}, {3, 1}, {2, 1}, {0, 2}}));
}

std::multiset<std::int64_t> island_fitness(SearchSettings const& s, Population const& p, std::uint32_t island) {
  auto const begin = p.fitness.begin() + static_cast<long>(island * s.island_size);
  return {begin, begin + static_cast<long>(s.island_size)};
}

TEST(Migration, TheBestArriveInPlaceOfTheWorst) {
  SearchSettings const s = linked(Topology::ring, 4);
  Population const before = begun(s);
  Population after = before;
  finish_generation(s, after);
  for (std::uint32_t to = 0; to < 4; ++to) {
    auto expected = island_fitness(s, before, to), from = island_fitness(s, before, (to + 3) % 4);
    expected.insert(*from.rbegin());
    expected.insert(*std::next(from.rbegin()));
    expected.erase(expected.begin(), std::next(expected.begin(), 2));
    EXPECT_EQ(island_fitness(s, after, to), expected) << to;
  }
}

// In a chain 0 -> 1 -> 2 the champion of 0 must not reach 2 at once: all leave before any arrives.
TEST(Migration, MigrantsLeaveBeforeAnyArrive) {
  SearchSettings s = linked(Topology::custom, 3);
  s.edges = {{0, 1}, {1, 2}};
  s.migrants = 1;
  Population population = begun(s);
  population.fitness[3] = fitness_of(1e6);
  finish_generation(s, population);
  EXPECT_EQ(island_fitness(s, population, 1).count(fitness_of(1e6)), 1u);
  EXPECT_EQ(island_fitness(s, population, 2).count(fitness_of(1e6)), 0u);
  finish_generation(s, population);
  EXPECT_EQ(island_fitness(s, population, 2).count(fitness_of(1e6)), 1u);
}

TEST(Migration, HappensWhenItIsDue) {
  SearchSettings s = linked(Topology::ring, 3);
  s.migration_every = 4;
  Population population = begun(s);
  auto const first = population.fitness;
  for (int generation = 1; generation <= 4; ++generation) {
    finish_generation(s, population);
    EXPECT_EQ(population.generation, static_cast<std::uint64_t>(generation));
    EXPECT_EQ(population.fitness == first, generation < 4);
  }
}

TEST(Migration, RandomMigrantsAreDifferentResidentsOfTheirIsland) {
  SearchSettings s = linked(Topology::custom, 2);
  s.edges = {{0, 1}};
  s.migrants = 8;
  s.migrant_choice = MigrantChoice::random;
  std::set<std::multiset<std::int64_t>> seen;
  for (s.seed = 1; s.seed <= 20; ++s.seed) {
    Population population = begun(s);
    for (std::uint32_t i = 0; i < 12; ++i)
      population.fitness[i] = fitness_of(100 + i), population.fitness[12 + i] = fitness_of(i);
    finish_generation(s, population);
    auto arrived = island_fitness(s, population, 1);
    arrived.erase(arrived.begin(), arrived.lower_bound(fitness_of(100)));
    EXPECT_EQ(arrived.size(), 8u);
    EXPECT_EQ(std::set<std::int64_t>(arrived.begin(), arrived.end()).size(), 8u);
    seen.insert(arrived);
  }
  EXPECT_GT(seen.size(), 10u);
}

TEST(Migration, ControlsTravelWithTheirGenomes) {
  SearchSettings s = linked(Topology::ring, 2);
  s.algorithm = Algorithm::jde;
  Population const before = begun(s);
  Population after = before;
  finish_generation(s, after);
  for (std::uint64_t slot = 0; slot < s.slots(); ++slot) {
    auto const found =
        std::find(before.fitness.begin(), before.fitness.end(), after.fitness[slot]) - before.fitness.begin();
    EXPECT_EQ(after.scale[slot], before.scale[static_cast<std::size_t>(found)]);
    EXPECT_EQ(after.cross[slot], before.cross[static_cast<std::size_t>(found)]);
  }
  EXPECT_NE(after.scale, before.scale);
}

}  // namespace
