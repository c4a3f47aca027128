#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstring>

#include "kernels/sums/slots.hpp"
#include "tests/kernels/evolve/scene.hpp"

namespace {

using namespace muster::test;

SearchSettings one_gene(std::uint32_t size) {
  SearchSettings s;
  s.genes = {{0, 1, 0}};
  s.island_size = size;
  return s;
}

Population with(std::vector<double> genomes, std::vector<std::int64_t> fitness) {
  Population p;
  p.genomes = std::move(genomes);
  p.fitness = std::move(fitness);
  p.rate = {0};
  return p;
}

TEST(Statistics, DescribeTheFeasible) {
  auto const p = with({0, 0.25, 0.5, 0.75, 1, 1}, {fitness_of(3), infeasible(Infeasible::ruin), fitness_of(-1),
                                                   fitness_of(4), infeasible(Infeasible::no_trades), fitness_of(10)});
  GenerationStats const stats = statistics_of(one_gene(6), p);
  EXPECT_EQ(stats.feasible, 4u);
  EXPECT_EQ(stats.best, 10);
  EXPECT_EQ(stats.worst, -1);
  EXPECT_EQ(stats.mean, 4);
  EXPECT_EQ(stats.median, 3);  // the lower of 3 and 4
  EXPECT_EQ(stats.champion, 5u);
  EXPECT_EQ(stats.infeasible[static_cast<int>(Infeasible::ruin)], 1u);
  EXPECT_EQ(stats.infeasible[static_cast<int>(Infeasible::no_trades)], 1u);
  EXPECT_EQ(stats.infeasible[static_cast<int>(Infeasible::zero_variance)], 0u);
}

TEST(Statistics, OfManySlotsAreThePlainOnesOnAnyNumberOfThreads) {
  // Ties, both signs, one in five without a value.
  constexpr std::uint32_t slots = 70'001;
  std::vector<double> genomes;
  std::vector<std::int64_t> fitness, feasible;
  for (std::uint32_t i = 0; i < slots; ++i) {
    std::uint64_t const draw = mix64(i);
    genomes.push_back(static_cast<double>(draw >> 11) * 0x1p-53);
    fitness.push_back(i % 5 == 0 ? infeasible(static_cast<Infeasible>(i % 3)) : fitness_of(static_cast<double>(draw % 2'000) - 900));
    if (is_feasible(fitness.back())) feasible.push_back(fitness.back());
  }
  std::sort(feasible.begin(), feasible.end());
  double sum = 0;
  for (std::int64_t const one : feasible) sum += fitness_value(one);
  auto const p = with(genomes, fitness);
  GenerationStats const one = statistics_of(one_gene(slots), p);
  EXPECT_EQ(one.feasible, feasible.size());
  EXPECT_EQ(one.median, fitness_value(feasible[(feasible.size() - 1) / 2]));
  EXPECT_EQ(one.best, fitness_value(feasible.back()));
  EXPECT_EQ(one.worst, fitness_value(feasible.front()));
  EXPECT_NEAR(one.mean, sum / static_cast<double>(feasible.size()), 1e-9);
  EXPECT_EQ(one.champion, best_slots(one_gene(slots), p, 1).front());
  EXPECT_NEAR(one.diversity, 1, 1e-2);
  for (int const threads : {2, 3, 16}) {
    GenerationStats const many = statistics_of(one_gene(slots), p, threads);
    EXPECT_EQ(std::memcmp(&many, &one, sizeof one), 0) << threads;
  }
}

TEST(Statistics, WithoutAFeasibleOneThereIsNoValue) {
  GenerationStats const stats =
      statistics_of(one_gene(2), with({0, 1}, {infeasible(Infeasible::ruin), infeasible(Infeasible::no_trades)}));
  EXPECT_EQ(stats.feasible, 0u);
  EXPECT_TRUE(std::isnan(stats.best) && std::isnan(stats.median) && std::isnan(stats.mean) && std::isnan(stats.worst));
  EXPECT_EQ(stats.champion, 0u);
}

TEST(Statistics, TheMeanOfHugeValuesIsFinite) {
  EXPECT_NEAR(statistics_of(one_gene(2), with({0, 1}, {fitness_of(1.7e308), fitness_of(1.7e308)})).mean, 1.7e308,
              1e293);
}

TEST(Statistics, DiversityIsZeroForCopiesAndOneForAnEvenSpread) {
  std::vector<double> spread;
  for (int i = 0; i < 1001; ++i) spread.push_back(i / 1000.0);
  std::vector<std::int64_t> const fitness(1001, fitness_of(0));
  EXPECT_NEAR(statistics_of(one_gene(1001), with(spread, fitness)).diversity, 1.0, 2e-3);
  EXPECT_EQ(statistics_of(one_gene(1001), with(std::vector<double>(1001, 0.3), fitness)).diversity, 0);
  EXPECT_NEAR(statistics_of(one_gene(4), with({0, 1, 0, 1}, {4, 3, 2, 1})).diversity, 2.0,
              1e-5);  // two heaps at the ends
}

TEST(Statistics, BestSlotsComeInTheTotalOrder) {
  SearchSettings const s = small_settings();
  Population const p = begun(s);
  auto const slots = best_slots(s, p, 10);
  ASSERT_EQ(slots.size(), 10u);
  EXPECT_EQ(slots[0], statistics_of(s, p).champion);
  for (std::size_t i = 1; i < slots.size(); ++i) EXPECT_GE(p.fitness[slots[i - 1]], p.fitness[slots[i]]);
  EXPECT_EQ(best_slots(s, p, 1000).size(), 72u);
}

}  // namespace
