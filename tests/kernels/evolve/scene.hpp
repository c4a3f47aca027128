// A small search on a test function, a generation at a time.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/evolve/objectives.hpp"
#include "kernels/evolve/search.hpp"

namespace muster::test {

using namespace muster::kernels;

/// Four continuous genes and two on a grid; six islands of twelve.
inline SearchSettings small_settings() {
  SearchSettings s;
  s.genes = {{-5, 5, 0}, {-5, 5, 0}, {-5.12, 5.12, 0}, {0, 3, 0}, {-4, 4, 0.5}, {2, 200, 1}};
  s.seed = 7;
  s.islands = 6;
  s.island_size = 12;
  s.migration_every = 5;
  s.migrants = 2;
  return s;
}

/// All candidates of the next generation.
inline std::vector<double> proposed(SearchSettings const& s, Population const& population) {
  std::vector<double> out(s.slots() * s.genes.size());
  propose(s, population, 0, s.slots(), out);
  return out;
}

inline std::vector<std::int64_t> scored(SearchSettings const& s, std::vector<double> const& genomes,
                                        Objective objective = Objective::rastrigin) {
  std::vector<std::int64_t> fitness(s.slots());
  objective_fitness(objective, genomes, fitness);
  return fitness;
}

inline Population begun(SearchSettings const& s, Objective objective = Objective::rastrigin) {
  std::vector<double> candidates(s.slots() * s.genes.size());
  first_candidates(s, 0, s.slots(), candidates);
  auto fitness = scored(s, candidates, objective);
  return first_population(s, std::move(candidates), std::move(fitness));
}

inline Population evolved(SearchSettings const& s, Population population, int generations, int threads = 1,
                          Objective objective = Objective::rastrigin) {
  for (int i = 0; i < generations; ++i) {
    auto const candidates = proposed(s, population);
    auto const fitness = scored(s, candidates, objective);
    population = select(s, std::move(population), candidates, fitness, threads);
  }
  return population;
}

inline bool operator==(Population const& a, Population const& b) {
  return a.generation == b.generation && a.genomes == b.genomes && a.fitness == b.fitness && a.scale == b.scale &&
         a.cross == b.cross && a.rate == b.rate;
}

/// Settings i of a set that goes through every policy of both algorithms.
inline SearchSettings varied_settings(int i) {
  SearchSettings s = small_settings();
  s.algorithm = i % 5 == 4 ? Algorithm::jde : Algorithm::genetic;
  s.crossover = static_cast<Crossover>(i % 6);
  s.mutation = static_cast<Mutation>(i / 2 % 3);
  s.adaptation = static_cast<Adaptation>(i / 3 % 3);
  s.replacement = static_cast<Replacement>(i / 4 % 2);
  s.trial_base = static_cast<TrialBase>(i / 5 % 3);
  s.trial_crossover = static_cast<TrialCrossover>(i / 10 % 2);
  s.topology = static_cast<Topology>(i % 5);
  s.edges = {{0, 1}, {1, 5}, {5, 2}, {4, 2}, {3, 0}};
  s.migrant_choice = static_cast<MigrantChoice>(i / 7 % 2);
  s.tournament = 1 + static_cast<std::uint32_t>(i % 4);
  return s;
}
inline constexpr int varied = 60;

}  // namespace muster::test
