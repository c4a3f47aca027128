// What every search promises, whatever its operators.
#include "kernels/evolve/search.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "tests/kernels/evolve/scene.hpp"

namespace {

using namespace muster::test;

TEST(Search, CandidatesDoNotDependOnHowSlotsAreSplit) {
  for (int i = 0; i < varied; ++i) {
    SearchSettings const s = varied_settings(i);
    Population const population = evolved(s, begun(s), 3);
    auto const whole = proposed(s, population);
    std::size_t const genes = s.genes.size();
    std::vector<double> pieces(whole.size());
    std::uint64_t const cuts[] = {0, 1, 17, 18, 40, 71, 72};
    for (int c = 5; c >= 0; --c)
      propose(s, population, cuts[c], cuts[c + 1] - cuts[c],
              std::span(pieces).subspan(cuts[c] * genes, (cuts[c + 1] - cuts[c]) * genes));
    EXPECT_EQ(pieces, whole) << i;
  }
}

TEST(Search, FirstCandidatesDoNotDependOnHowSlotsAreSplit) {
  SearchSettings const s = small_settings();
  std::vector<double> whole(s.slots() * 6), pieces(s.slots() * 6);
  first_candidates(s, 0, 72, whole);
  first_candidates(s, 0, 5, pieces);
  first_candidates(s, 5, 67, std::span(pieces).subspan(30));
  EXPECT_EQ(pieces, whole);
}

TEST(Search, SelectionDoesNotDependOnThreads) {
  for (int i = 0; i < varied; i += 3) {
    SearchSettings const s = varied_settings(i);
    Population const one = evolved(s, begun(s), 12, 1);
    for (int threads : {2, 5, 100}) EXPECT_TRUE(evolved(s, begun(s), 12, threads) == one) << i;
  }
}

TEST(Search, IslandsAreIndependentBetweenMigrations) {
  for (int i = 0; i < varied; ++i) {
    SearchSettings s = varied_settings(i);
    s.migration_every = 0;
    Population const start = begun(s);
    Population changed = start;
    std::fill_n(changed.fitness.begin(), s.island_size, fitness_of(-1000));
    std::size_t const others = std::size_t{s.island_size} * s.genes.size();
    Population const a = evolved(s, start, 6), b = evolved(s, changed, 6);
    EXPECT_TRUE(std::equal(a.genomes.begin() + static_cast<long>(others), a.genomes.end(),
                           b.genomes.begin() + static_cast<long>(others)));
    EXPECT_FALSE(std::equal(a.genomes.begin(), a.genomes.begin() + static_cast<long>(others), b.genomes.begin())) << i;
  }
}

TEST(Search, AnotherSeedIsAnotherSearch) {
  for (int i = 0; i < varied; i += 4) {
    SearchSettings s = varied_settings(i);
    Population const one = evolved(s, begun(s), 4);
    s.seed += 1;
    EXPECT_NE(evolved(s, begun(s), 4).genomes, one.genomes) << i;
  }
}

TEST(Search, GenesStayInTheirRangesAndOnTheirGrids) {
  for (int i = 0; i < varied; ++i) {
    SearchSettings const s = varied_settings(i);
    Population const population = evolved(s, begun(s), 20);
    EXPECT_EQ(fault_in(s, population), "") << i;
    for (std::size_t g = 5; g < population.genomes.size(); g += 6) {
      double const window = population.genomes[g], half = population.genomes[g - 1];
      EXPECT_EQ(window, std::round(window));
      EXPECT_EQ(2 * half, std::round(2 * half));
      EXPECT_TRUE(window >= 2 && window <= 200 && half >= -4 && half <= 4);
    }
  }
}

TEST(Search, FirstCandidatesCoverEveryValueOfAGridEvenly) {
  SearchSettings s = small_settings();
  s.genes = {{0, 0.9, 0.1}};
  s.island_size = 10000;
  std::vector<double> candidates(s.slots());
  first_candidates(s, 0, s.slots(), candidates);
  for (int k = 0; k < 10; ++k) {
    auto const count = std::count(candidates.begin(), candidates.end(), 0.0 + 0.1 * k);
    EXPECT_NEAR(static_cast<double>(count), 6000.0, 5 * std::sqrt(6000 * 0.9)) << k;
  }
}

TEST(Search, TheBestNeverGetsWorse) {
  for (int i = 0; i < varied; ++i) {
    SearchSettings const s = varied_settings(i);
    Population population = begun(s);
    for (int g = 0; g < 15; ++g) {
      std::int64_t const before = *std::max_element(population.fitness.begin(), population.fitness.end());
      population = evolved(s, std::move(population), 1);
      EXPECT_GE(*std::max_element(population.fitness.begin(), population.fitness.end()), before) << i;
    }
  }
}

TEST(Search, WithoutElitesTheBestIsLost) {
  SearchSettings s = small_settings();
  s.replacement = Replacement::generational;
  s.elites = 0;
  s.topology = Topology::none;
  Population const before = begun(s);
  auto const candidates = proposed(s, before);
  auto const fitness = scored(s, candidates);
  Population const after = select(s, Population(before), candidates, fitness);
  EXPECT_EQ(after.genomes, candidates);
  EXPECT_EQ(after.fitness, fitness);
}

TEST(Search, ElitesTakeThePlacesOfTheWorstChildren) {
  SearchSettings s = small_settings();
  s.replacement = Replacement::generational;
  s.elites = 3;
  s.islands = 1;
  Population const before = begun(s);
  auto const candidates = proposed(s, before);
  std::vector<std::int64_t> const poor(s.slots(), infeasible(Infeasible::ruin));
  Population const after = select(s, Population(before), candidates, poor);
  auto expected = before.fitness;
  std::sort(expected.rbegin(), expected.rend());
  auto kept = after.fitness;
  std::sort(kept.rbegin(), kept.rend());
  EXPECT_TRUE(std::equal(kept.begin(), kept.begin() + 3, expected.begin()));
  EXPECT_EQ(std::count(kept.begin(), kept.end(), infeasible(Infeasible::ruin)), 9);
}

// Fitness is below every feasible one for all reasons, so no operator can prefer an infeasible genome.
TEST(Search, InfeasibleNeverReplacesFeasible) {
  for (int i = 0; i < varied; ++i) {
    SearchSettings s = varied_settings(i);
    s.elites = s.island_size - 1;
    Population const before = begun(s);
    std::vector<std::int64_t> const poor(s.slots(), infeasible(Infeasible::ruin));
    Population const after = select(s, Population(before), proposed(s, before), poor);
    std::size_t const most =
        s.algorithm == Algorithm::genetic && s.replacement == Replacement::generational ? s.islands : 0;
    EXPECT_LE(static_cast<std::size_t>(std::count(after.fitness.begin(), after.fitness.end(), poor[0])), most) << i;
  }
}

TEST(Search, FeasibleReplacesInfeasible) {
  for (int i = 0; i < varied; ++i) {
    SearchSettings const s = varied_settings(i);
    Population before = begun(s);
    std::fill(before.fitness.begin(), before.fitness.end(), infeasible(Infeasible::no_trades));
    std::vector<std::int64_t> const fair(s.slots(), fitness_of(-1e300));
    Population const after = select(s, Population(before), proposed(s, before), fair);
    EXPECT_TRUE(std::all_of(after.fitness.begin(), after.fitness.end(), is_feasible)) << i;
  }
}

// Ties of fitness: the greater hash stays, whatever the slots.
TEST(Search, TiesAreBrokenByTheGenomesHash) {
  SearchSettings s = small_settings();
  s.islands = 1;
  Population before = begun(s);
  std::fill(before.fitness.begin(), before.fitness.end(), fitness_of(1));
  auto const candidates = proposed(s, before);
  Population const after = select(s, Population(before), candidates, before.fitness);
  std::vector<std::uint64_t> hashes;
  for (auto const* all : {&std::as_const(before.genomes), &candidates})
    for (std::size_t i = 0; i < all->size(); i += 6) hashes.push_back(genome_hash(std::span(*all).subspan(i, 6)));
  std::sort(hashes.rbegin(), hashes.rend());
  std::multiset<std::uint64_t> const expected(hashes.begin(), hashes.begin() + 12);
  std::multiset<std::uint64_t> kept;
  for (std::size_t i = 0; i < after.genomes.size(); i += 6)
    kept.insert(genome_hash(std::span(after.genomes).subspan(i, 6)));
  EXPECT_EQ(kept, expected);
}

TEST(Search, AChildIsNoCopyOfItsParents) {
  SearchSettings s = small_settings();
  s.crossover_rate = 0;
  s.mutation_rate = 1e-9;
  s.genes = {{0, 1, 0}, {0, 1, 0.5}, {0, 9, 1}};
  for (Mutation mutation : {Mutation::polynomial, Mutation::gaussian, Mutation::reset}) {
    s.mutation = mutation;
    Population const population = begun(s);
    std::set<std::vector<double>> parents;
    for (std::size_t i = 0; i < population.genomes.size(); i += 3)
      parents.insert(
          {population.genomes.begin() + static_cast<long>(i), population.genomes.begin() + static_cast<long>(i + 3)});
    auto const children = proposed(s, population);
    int copies = 0;
    for (std::size_t i = 0; i < children.size(); i += 3)
      copies += static_cast<int>(
          parents.count({children.begin() + static_cast<long>(i), children.begin() + static_cast<long>(i + 3)}));
    EXPECT_LE(copies, 2);  // a gridded gene may become another parent's
  }
}

TEST(Search, TheMutationRateIsTheShareOfGenesThatChange) {
  SearchSettings s = small_settings();
  s.genes.assign(20, {0, 1, 0});
  s.islands = 1;
  s.island_size = 20000;
  s.crossover_rate = 0;
  s.tournament = 1;
  s.mutation_rate = 0.3;
  Population population = begun(s);
  std::fill(population.genomes.begin(), population.genomes.end(), 0.5);
  auto const children = proposed(s, population);
  auto const changed = children.size() - static_cast<std::size_t>(std::count(children.begin(), children.end(), 0.5));
  double const genes = static_cast<double>(children.size());
  // A child of which nothing changed has one gene changed all the same: 0.7^20 of them.
  EXPECT_NEAR(static_cast<double>(changed) / genes, 0.3 + std::pow(0.7, 20) / 20, 5 * std::sqrt(0.21 / genes));
}

TEST(Search, ADoublingOfTheRateLevelDoublesTheRate) {
  SearchSettings s = small_settings();
  s.genes.assign(20, {0, 1, 0});
  s.islands = 1;
  s.island_size = 20000;
  s.crossover_rate = 0;
  s.mutation_rate = 0.2;
  Population population = begun(s);
  std::fill(population.genomes.begin(), population.genomes.end(), 0.5);
  for (auto const& [level, rate] :
       {std::pair(4, 0.4), {-4, 0.1}, {1, 0.2 * std::pow(2, 0.25)}, {-3, 0.2 * std::pow(2, -0.75)}, {24, 0.5}}) {
    population.rate[0] = level;
    auto const children = proposed(s, population);
    auto const changed = children.size() - static_cast<std::size_t>(std::count(children.begin(), children.end(), 0.5));
    EXPECT_NEAR(static_cast<double>(changed) / static_cast<double>(children.size()), rate + std::pow(1 - rate, 20) / 20,
                0.005)
        << level;
  }
}

TEST(Search, RateFollowsSuccess) {
  SearchSettings s = small_settings();
  s.adaptation = Adaptation::success;
  Population const population = begun(s);
  auto const candidates = proposed(s, population);
  auto const level = [&](std::int64_t fitness) {
    return select(s, Population(population), candidates, std::vector<std::int64_t>(s.slots(), fitness)).rate[2];
  };
  EXPECT_EQ(level(fitness_of(1e9)), 1);
  EXPECT_EQ(level(fitness_of(-1e9)), -1);
}

TEST(Search, RateFollowsDiversity) {
  SearchSettings s = small_settings();
  s.adaptation = Adaptation::diversity;
  s.replacement = Replacement::generational;
  s.elites = 0;
  s.topology = Topology::none;
  Population const population = begun(s);
  auto const level = [&](std::vector<double> const& genomes) {
    return select(s, Population(population), genomes, population.fitness).rate[2];
  };
  EXPECT_EQ(level(population.genomes), -1);
  std::vector<double> same;
  for (std::uint64_t i = 0; i < s.slots(); ++i) same.insert(same.end(), {1, 1, 1, 1, 1, 2});
  EXPECT_EQ(level(same), 1);
}

TEST(Search, TrialControlsStayInTheirRangesAndChange) {
  SearchSettings s = small_settings();
  s.algorithm = Algorithm::jde;
  Population const first = begun(s);
  Population const later = evolved(s, first, 30);
  EXPECT_NE(later.scale, first.scale);
  EXPECT_NE(later.cross, first.cross);
  for (std::size_t i = 0; i < later.scale.size(); ++i) {
    EXPECT_TRUE(later.scale[i] > 0.1 && later.scale[i] < 1);
    EXPECT_TRUE(later.cross[i] > 0 && later.cross[i] < 1);
  }
}

// Both algorithms must find the optimum of an easy function: the operators point the right way.
TEST(Search, ConvergesOnTheSphere) {
  for (Algorithm algorithm : {Algorithm::genetic, Algorithm::jde}) {
    SearchSettings s;
    s.algorithm = algorithm;
    s.genes.assign(5, objective_range(Objective::sphere));
    s.island_size = 40;
    Population const last = evolved(s, begun(s, Objective::sphere), 300, 1, Objective::sphere);
    EXPECT_GT(statistics_of(s, last).best, -1e-8);
  }
}

}  // namespace
