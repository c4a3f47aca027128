// Evolutionary search as pure functions of (settings, population, fitness): what a generation tries and who survives.
//
// Every rank holds the whole population. A generation is one candidate a slot; their fitness is computed elsewhere
// and comes back as one integer a slot, after which selection, migration and the next candidates are derived again
// by everybody, to the same bits (docs/methods/evolution.md).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "kernels/evolve/fitness.hpp"

namespace muster::kernels {

/// Most genes of a genome.
inline constexpr std::uint32_t max_genes = 256;

/// The values a gene may take: [low, high], or low + step k up to high where step is above 0.
struct Gene {
  double low = 0;
  double high = 1;
  double step = 0;
};

enum class Algorithm : std::uint8_t { genetic, jde };
enum class Crossover : std::uint8_t { uniform, one_point, two_point, exponential, blend, sbx };
enum class Mutation : std::uint8_t { polynomial, gaussian, reset };
/// What the mutation rate of an island follows: nothing, the share of children that succeed, or its diversity.
enum class Adaptation : std::uint8_t { none, success, diversity };
/// plus: the best of parents and children. generational: the children, but for the elites.
enum class Replacement : std::uint8_t { plus, generational };
/// What a difference is added to: the best of the three that are drawn, the first, or the better of the first two.
enum class TrialBase : std::uint8_t { best_of_three, random, best_of_two };
/// Which genes a trial takes from the mutant: each by chance CR, or a run of them.
enum class TrialCrossover : std::uint8_t { binomial, exponential };
enum class Topology : std::uint8_t { none, ring, full, torus, custom };
enum class MigrantChoice : std::uint8_t { best, random };

/// Migrants go from island `from` to island `to`.
struct Edge {
  std::uint32_t from = 0;
  std::uint32_t to = 0;
};

/// Everything a search depends on but the fitness. The defaults are those of docs/methods/evolution.md.
struct SearchSettings {
  std::vector<Gene> genes{};
  Algorithm algorithm = Algorithm::genetic;
  std::uint64_t seed = 1;
  std::uint32_t islands = 1;
  std::uint32_t island_size = 128;

  // Genetic algorithm.
  std::uint32_t tournament = 2;      ///< individuals a parent is the best of, 1 to 16
  Crossover crossover = Crossover::sbx;
  double crossover_rate = 0.9;       ///< share of children with two parents
  double crossover_spread = 0;       ///< sbx: index; blend: alpha; exponential: chance to go on; 0: 1, 0.5, 0.9
  Mutation mutation = Mutation::polynomial;
  double mutation_rate = 0;          ///< a gene's chance; 0: one gene a child
  double mutation_spread = 0;        ///< polynomial: index; gaussian: share of the range; 0: 20, 0.1
  Adaptation adaptation = Adaptation::none;
  Replacement replacement = Replacement::plus;
  std::uint32_t elites = 1;          ///< generational: the best that stay, below island_size

  // Differential evolution.
  TrialBase trial_base = TrialBase::best_of_two;
  TrialCrossover trial_crossover = TrialCrossover::binomial;
  double new_scale = 0.2;            ///< a trial's chance of a new F (Brest et al. 2006 have 0.1)
  double new_cross = 0.2;            ///< and of a new CR

  // Islands.
  Topology topology = Topology::ring;
  std::vector<Edge> edges{};         ///< custom: in this order
  std::uint32_t migration_every = 10;  ///< generations; 0: never
  std::uint32_t migrants = 1;        ///< an edge
  MigrantChoice migrant_choice = MigrantChoice::best;

  std::uint64_t slots() const { return std::uint64_t{islands} * island_size; }
};

/// Individuals in slots, island after island. The arrays have the length that is said.
struct Population {
  std::uint64_t generation = 0;         ///< of the last selection; 0: the first candidates
  std::vector<double> genomes{};        ///< slots x genes
  std::vector<std::int64_t> fitness{};  ///< slots
  std::vector<double> scale{};          ///< jde: F of each slot; else empty
  std::vector<double> cross{};          ///< jde: CR of each slot; else empty
  std::vector<std::int32_t> rate{};     ///< islands: the mutation rate's level, in quarters of a doubling
  std::vector<std::uint32_t> tags{};    ///< slots: each goes where its individual goes; empty: nobody asks
};

/// With its slot, the tag of a candidate that came in.
inline constexpr std::uint32_t new_tag = 0x80000000;

/// What is wrong with the settings as "key: problem (why); what to do", or nothing.
std::string fault_in(SearchSettings const& settings);

/// What is wrong with a population from outside (a snapshot) under these settings, or nothing: lengths, genes off
/// their ranges, F and CR off theirs.
std::string fault_in(SearchSettings const& settings, Population const& population);

/// The candidates of generation 0 for `count` slots from `first` on, drawn over the ranges; out: count x genes.
void first_candidates(SearchSettings const& settings, std::uint64_t first, std::uint64_t count, std::span<double> out);

/// Generation 0 from its candidates and their fitness.
Population first_population(SearchSettings const& settings, std::vector<double> candidates,
                            std::vector<std::int64_t> fitness);

/// The candidates of generation population.generation + 1 for `count` slots from `first` on; out: count x genes.
/// A slot's candidate depends on its island alone; slots may be proposed in any pieces, from any threads.
void propose(SearchSettings const& settings, Population const& population, std::uint64_t first, std::uint64_t count,
             std::span<double> out);

/// Whose genes a candidate has: slots of the population that it was proposed from. A child begins as the first of one or two; a trial
/// as the one it may replace, and the difference of the last two is added to the second.
struct Origin {
  std::uint32_t count = 0;
  std::uint64_t slots[4] = {};
};
/// Of the candidates of these slots, of generation population.generation + 1.
std::vector<Origin> origins_of(SearchSettings const& settings, Population const& population, std::span<std::uint32_t const> slots);

/// Selection of `count` islands from `first` on, in place. candidates and fitness are those of the whole population.
/// Islands are independent: disjoint pieces may run on several threads. Call finish() when all are done.
void select_islands(SearchSettings const& settings, Population& population, std::span<double const> candidates,
                    std::span<std::int64_t const> fitness, std::uint32_t first, std::uint32_t count);

/// Counts the generation and, when it is due, migrates.
void finish_generation(SearchSettings const& settings, Population& population);

/// The whole step from a generation to the next: select_islands on `threads` threads, then finish_generation.
Population select(SearchSettings const& settings, Population&& population, std::span<double const> candidates,
                  std::span<std::int64_t const> fitness, int threads = 1);

/// Migrants go along these, grouped by the island they go to, in rising order.
std::vector<Edge> migration_edges(SearchSettings const& settings);

/// What a generation looks like.
struct GenerationStats {
  std::uint64_t feasible = 0;
  std::uint64_t infeasible[infeasible_reasons] = {};  ///< by Infeasible
  std::uint64_t champion = 0;  ///< slot of the best by the total order
  double best = 0, median = 0, mean = 0, worst = 0;  ///< of the feasible (NaN where there is none); the lower median
  /// 4 x the mean absolute deviation of the genes, as shares of their ranges: 1 for evenly spread, 0 for all equal.
  double diversity = 0;
};
GenerationStats statistics_of(SearchSettings const& settings, Population const& population, int threads = 1);

/// Slots of the `count` best by the total order, the best first.
std::vector<std::uint64_t> best_slots(SearchSettings const& settings, Population const& population, std::size_t count);

/// The 64-bit hash that breaks ties of fitness.
std::uint64_t genome_hash(std::span<double const> genome);

}  // namespace muster::kernels
