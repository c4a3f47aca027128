// What the bodies read of the settings and a population: plain numbers and pointers, ready for any device.
#pragma once

#include <cstdint>

#include "kernels/evolve/search.hpp"
#include "kernels/rng/philox_keys.hpp"

namespace muster::kernels {

/// A gene's range as the bodies want it. high is on the grid; steps: 0 for a continuous gene, else the steps above low.
struct GeneRange {
  double low = 0, high = 0, width = 0, step = 1, steps = 0;
};

/// Streams of the random numbers (docs/formats/random.md): the item is generation 2^32 + slot.
enum EvolveStream : std::uint32_t {
  stream_first = 16, stream_parents, stream_child, stream_genes, stream_mutation, stream_mutant, stream_trial,
  stream_migrants
};

struct SearchView {
  Algorithm algorithm = Algorithm::genetic;
  GeneRange const* ranges = nullptr;
  PhiloxKeys keys{};
  std::uint32_t genes = 0, island_size = 0, tournament = 0;
  std::uint64_t generation = 0;  ///< of the children

  Crossover crossover = Crossover::sbx;
  Mutation mutation = Mutation::polynomial;
  std::uint64_t crossover_chance = 0;  ///< a word below it: the child has two parents
  bool cuts = false;            ///< the crossover takes a segment from the second parent
  double spread = 0;            ///< blend: alpha; sbx: 1 / (index + 1)
  double log_go_on = -1;        ///< exponential: ln of the chance to go on
  double mutation_power = 0;    ///< polynomial: 1 / (index + 1)
  double mutation_size = 0;     ///< gaussian: share of the range
  std::uint32_t first_island = 0;
  std::uint64_t const* mutation_chance =
      nullptr;  ///< of each island from first_island on: a word below it mutates a gene

  TrialBase base = TrialBase::best_of_two;
  TrialCrossover trial_crossover = TrialCrossover::binomial;
  double new_scale = 0, new_cross = 0;

  double const* genomes = nullptr;
  std::int64_t const* fitness = nullptr;
  double const* scale = nullptr;
  double const* cross = nullptr;
};

/// The item of a slot's random numbers.
MUSTER_HD std::uint64_t item_of(SearchView const& s, std::uint64_t slot) { return s.generation << 32 | slot; }

/// Blocks of four words that `words` words take.
MUSTER_HD constexpr std::uint32_t blocks_of(std::uint32_t words) { return (words + 3) / 4; }

}  // namespace muster::kernels
