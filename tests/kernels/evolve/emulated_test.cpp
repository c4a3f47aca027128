// Selection and statistics of a GPU, without one: their text, run by an emulated block.
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

#include "tests/kernels/emulated_block.hpp"
// What a search stands on, with the words above.
#include "kernels/evolve/cuda_statistics.hpp"
#include "kernels/evolve/herd_digest.hpp"
#include "kernels/evolve/plan.hpp"
#include "kernels/evolve/survival.hpp"
#include "tests/kernels/evolve/scene.hpp"

namespace muster::test {
namespace {

using testing::EmulatedBlock;

constexpr std::uint32_t threads = 64;

/// `work(crew)` on every thread of a block by itself.
template <class Work>
void run_block(Work work) {
  auto const memory = std::make_unique<CrewMemory>();
  auto const scratch = std::make_unique<CrewScratch>();
  EmulatedBlock block(threads / 32);
  ASSERT_TRUE(block.run([&](int thread) { work(Crew{static_cast<std::uint32_t>(thread), threads, 0, 1, memory.get(), *scratch}); }));
}

/// Individuals of few values, many of them the same.
Population crowd(std::uint32_t size, std::uint32_t genes, int kinds, unsigned seed) {
  std::mt19937 engine(seed);
  auto const draw = [&](int below) { return std::uniform_int_distribution<int>(0, below - 1)(engine); };
  Population people;
  for (std::uint32_t i = 0; i < size; ++i) {
    for (std::uint32_t g = 0; g < genes; ++g) people.genomes.push_back(draw(kinds));
    auto const value = draw(kinds);
    people.fitness.push_back(value == 0 ? infeasible(Infeasible::no_trades) : fitness_of(value - kinds / 2));
    people.scale.push_back(i);
    people.cross.push_back(-1.0 - i);
  }
  return people;
}

DevicePeople people_of(Population& of) { return {of.genomes.data(), of.fitness.data(), of.scale.data(), of.cross.data()}; }

void expect_same(Population const& a, Population const& b) {
  EXPECT_EQ(a.genomes, b.genomes);
  EXPECT_EQ(a.fitness, b.fitness);
  EXPECT_EQ(a.scale, b.scale);
  EXPECT_EQ(a.cross, b.cross);
}

class EmulatedSelections : public ::testing::TestWithParam<int> {};  // values that there are

TEST_P(EmulatedSelections, keep_the_best) {
  constexpr std::uint32_t genes = 3;
  for (std::uint32_t const size : {1u, 5u, 64u, 300u})
    for (std::uint32_t const arrivals : {1u, 7u, size, 2 * size + 1}) {
      auto expected = crowd(size, genes, GetParam(), size), found = expected, newcomers = crowd(arrivals, genes, GetParam(), arrivals + 99);
      Survival(genes).keep_best(expected, 0, size, {newcomers.genomes, newcomers.fitness, newcomers.scale, newcomers.cross, {}});
      std::vector<std::uint32_t> stayers(size);
      std::vector<std::uint8_t> stays(size + arrivals);
      run_block([&](Crew const& crew) {
        keep_best(crew, {people_of(found), people_of(newcomers), nullptr, size, arrivals, genes}, {stayers.data(), stays.data()});
      });
      expect_same(expected, found);
    }
}

TEST_P(EmulatedSelections, take_newcomers_by_their_rows) {
  constexpr std::uint32_t genes = 2, size = 40;
  std::vector<std::uint32_t> const rows{7, 3, 3, 0, 9};
  auto expected = crowd(size, genes, GetParam(), 1), found = expected, newcomers = crowd(10, genes, GetParam(), 2);
  Population in_order;
  for (auto const row : rows) {
    in_order.genomes.insert(in_order.genomes.end(), newcomers.genomes.begin() + row * genes, newcomers.genomes.begin() + (row + 1) * genes);
    in_order.fitness.push_back(newcomers.fitness[row]);
    in_order.scale.push_back(newcomers.scale[row]);
    in_order.cross.push_back(newcomers.cross[row]);
  }
  Survival(genes).keep_best(expected, 0, size, {in_order.genomes, in_order.fitness, in_order.scale, in_order.cross, {}});
  std::vector<std::uint32_t> stayers(size);
  std::vector<std::uint8_t> stays(size + rows.size());
  run_block([&](Crew const& crew) {
    keep_best(crew, {people_of(found), people_of(newcomers), rows.data(), size, 5, genes}, {stayers.data(), stays.data()});
  });
  expect_same(expected, found);
}

TEST_P(EmulatedSelections, copy_the_best) {
  constexpr std::uint32_t genes = 2, size = 130;
  auto island = crowd(size, genes, GetParam(), 4);
  for (std::uint32_t const count : {1u, 2u, 65u, size}) {
    auto const expected = Survival(genes).best(island.genomes.data(), island.fitness.data(), size, count);
    auto found = crowd(count, genes, 2, 5);
    run_block([&](Crew const& crew) { copy_best(crew, {people_of(island), {}, nullptr, size, 0, genes}, count, people_of(found)); });
    std::vector<double> indices(expected.begin(), expected.end());
    EXPECT_EQ(found.scale, indices) << "the scale of each is its index";
  }
}

INSTANTIATE_TEST_SUITE_P(OfValues, EmulatedSelections, ::testing::Values(1, 2, 5, 1000));

SearchSettings settings_for(std::uint32_t size) {
  auto settings = small_settings();
  settings.islands = 1;
  settings.island_size = size;
  return settings;
}

Population random_population(SearchSettings const& settings, bool has_feasible) {
  std::vector<double> genomes(settings.slots() * settings.genes.size());
  first_candidates(settings, 0, settings.slots(), genomes);
  auto fitness = scored(settings, genomes);
  for (std::size_t i = 0; i < fitness.size(); ++i)
    if (!has_feasible || i % 3 == 1) fitness[i] = infeasible(static_cast<Infeasible>(i % infeasible_reasons));
  return first_population(settings, std::move(genomes), std::move(fitness));
}

TEST(EmulatedStatistics, are_those_of_the_cpu) {
  for (std::uint32_t const size : {1u, 2u, 64u, 65u, 1000u, 5000u})
    for (bool const has_feasible : {true, false}) {
      auto const settings = settings_for(size);
      auto population = random_population(settings, has_feasible);
      SearchPlan const plan(settings);
      auto const genes = static_cast<std::uint32_t>(settings.genes.size());
      DeviceStats found{};
      std::vector<Leader> leaders(threads / 32);
      std::vector<double> sums(size / mean_group * 2 + 8);
      GenerationView const view{plan.view.ranges, genes, size, population.genomes.data(), population.fitness.data()};
      run_block([&](Crew const& crew) { describe(crew, view, {leaders.data(), sums.data()}, found); });
      auto const expected = statistics_of(settings, population);
      EXPECT_EQ(found.champion, expected.champion);
      for (int reason = 0; reason < infeasible_reasons; ++reason) EXPECT_EQ(found.infeasible[reason], expected.infeasible[reason]);
      EXPECT_EQ(static_cast<double>(spread_millionths(found.deviation, genes, size)) * 1e-6, expected.diversity);
      if (expected.feasible == 0) continue;
      EXPECT_EQ(fitness_value(found.best), expected.best);
      EXPECT_EQ(fitness_value(found.median), expected.median);
      EXPECT_EQ(found.mean, expected.mean);
      EXPECT_EQ(fitness_value(found.worst), expected.worst);
    }
}

TEST(EmulatedHerds, tell_digests_and_who_may_be_among_the_best) {
  constexpr std::uint32_t size = 200, genes = 2;
  auto herd = crowd(size, genes, 9, 3);
  auto const hall_of = crowd(4, genes, 9, 8);
  std::vector<std::int64_t> hall_fitness{herd.fitness[5], fitness_of(1), fitness_of(0), fitness_of(-1)};
  std::vector<double> hall_genomes = hall_of.genomes;
  std::copy_n(herd.genomes.begin() + 5 * genes, genes, hall_genomes.begin());
  for (bool const is_full : {true, false}) {
    unsigned long long count = 0;
    std::vector<std::uint64_t> slots(size);
    std::vector<std::int64_t> fitness(size);
    std::vector<double> genomes(size * genes);
    HerdSums sums;
    DeviceHall const hall{hall_fitness.data(), hall_genomes.data(), 4, is_full};
    GenerationView const view{nullptr, genes, size, herd.genomes.data(), herd.fitness.data()};
    constexpr std::uint64_t first = 30, last = 190;
    run_block([&](Crew const& crew) {
      tell_tile(crew, view, first, last, hall, {&count, slots.data(), fitness.data(), genomes.data(), size}, sums);
    });
    std::span const all(herd.genomes);
    EXPECT_EQ(herd_digest(17, sums), herd_digest(17, all.subspan(first * genes, (last - first) * genes), std::span(herd.fitness).subspan(first, last - first)));
    std::vector<std::uint64_t> expected;
    for (std::uint64_t slot = first; slot < last; ++slot) {
      bool is_known = false;
      for (std::size_t i = 0; i < 4; ++i)
        is_known = is_known || (hall_fitness[i] == herd.fitness[slot] && std::ranges::equal(all.subspan(slot * genes, genes), std::span(hall_genomes).subspan(i * genes, genes)));
      if (is_feasible(herd.fitness[slot]) && !is_known && (!is_full || herd.fitness[slot] > hall_fitness.back())) expected.push_back(slot);
    }
    slots.resize(count);
    std::ranges::sort(slots);
    EXPECT_EQ(slots, expected);
    EXPECT_GT(count, 10u);
  }
}

}  // namespace
}  // namespace muster::test
