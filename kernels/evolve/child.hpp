// A slot's candidate, plainly: what the batches of genetic_batch.hpp and trial_batch.hpp make faster, for any device.
#pragma once

#include <cstdint>

#include "kernels/config.hpp"
#include "kernels/evolve/differential.hpp"
#include "kernels/evolve/genes.hpp"
#include "kernels/evolve/genetic.hpp"
#include "kernels/evolve/view.hpp"
#include "kernels/rng/philox.hpp"

MUSTER_KERNELS_BEGIN

/// The random words of one slot under one stream, drawn as they are asked for, in rising order at best.
class SlotWords {
 public:
  MUSTER_FN SlotWords(SearchView const& s, std::uint64_t slot, std::uint32_t stream)
      : s_(s), item_(item_of(s, slot)), stream_(stream) {}

  MUSTER_FN std::uint32_t operator()(std::uint32_t i) {
    if (i / 4 != block_) {
      block_ = i / 4;
      philox(s_.keys, item_, block_, stream_, words_);
    }
    std::uint32_t const low = i % 2 == 0 ? words_[0] : words_[1], high = i % 2 == 0 ? words_[2] : words_[3];
    return i % 4 < 2 ? low : high;
  }

 private:
  SearchView const& s_;
  std::uint64_t item_;
  std::uint32_t stream_, block_ = ~0u;
  std::uint32_t words_[4] = {};
};

/// The genomes of a child's parents, the same one twice where there is no crossover, and what comes from the second.
struct Parents {
  double const* a;
  double const* b;
  Segment segment;
};

MUSTER_FN Parents choose_parents(SearchView const& s, std::uint64_t slot, SlotWords& choices) {
  std::uint64_t const start = slot - slot % s.island_size;
  SlotWords words(s, slot, stream_parents);
  auto const second = [&](std::uint32_t i) { return words(s.tournament + i); };
  std::uint32_t const a = tournament_winner(s, start, s.island_size, [&](std::uint32_t i) { return words(i); });
  std::uint32_t const b = tournament_winner(s, start, a, second);
  bool const two = choices(0) < s.crossover_chance;
  Segment const segment = s.cuts ? draw_segment(s, choices(1), choices(2)) : Segment{0, 0};
  return {s.genomes + (start + a) * s.genes, s.genomes + (start + (two ? b : a)) * s.genes, segment};
}

/// One gene of two parents that differ there, before it is put back into its range.
MUSTER_FN double cross_gene(SearchView const& s, double a, double b, std::uint32_t word, bool in_segment) {
  switch (s.crossover) {
    case Crossover::uniform: return (word >> 31) != 0 ? b : a;
    case Crossover::blend: return blend(a, b, s.spread, unit(word));
    case Crossover::sbx: return simulate_binary(a, b, spread_factor(s.spread, word), word);
    case Crossover::one_point:
    case Crossover::two_point:
    case Crossover::exponential: break;
  }
  return in_segment ? b : a;
}

MUSTER_FN double mutation_change(SearchView const& s, std::uint32_t const (&words)[4]) {
  double const u = uniform_double(words[0], words[1]);
  if (s.mutation == Mutation::reset) return u;
  if (s.mutation == Mutation::gaussian) return s.mutation_size * normal_of(words);
  double const size = polynomial_size(u, s.mutation_power);
  return u < 0.5 ? -size : size;
}

/// Mutates gene g, as the child's mutation number `before`.
MUSTER_FN void mutate_gene(SearchView const& s, std::uint64_t slot, std::uint32_t g, std::uint32_t before,
                           double* child) {
  std::uint32_t words[4];
  philox(s.keys, item_of(s, slot), before, stream_mutant, words);
  child[g] = mutated(s, s.ranges[g], child[g], mutation_change(s, words));
}

/// The child of a slot; out: its genes.
MUSTER_FN void make_child(SearchView const& s, std::uint64_t slot, double* out) {
  SlotWords choices(s, slot, stream_child), genes(s, slot, stream_genes), mutation(s, slot, stream_mutation);
  Parents const parents = choose_parents(s, slot, choices);
  bool is_copy = true;
  for (std::uint32_t g = 0; g < s.genes; ++g) {
    double const a = parents.a[g], b = parents.b[g];
    double const crossed = cross_gene(s, a, b, genes(g), in_segment(parents.segment, g, s.genes));
    out[g] = a == b ? a : snap(s.ranges[g], reflect(s.ranges[g], crossed));
    is_copy = is_copy && out[g] == a;
  }
  std::uint64_t const chance = s.mutation_chance[slot / s.island_size - s.first_island];
  std::uint32_t mutations = 0;
  for (std::uint32_t g = 0; g < s.genes; ++g)
    if (mutation(g) < chance) mutate_gene(s, slot, g, mutations++, out);
  if (mutations == 0 && is_copy) mutate_gene(s, slot, below(choices(3), s.genes), 0, out);
}

/// The trial of a slot; out: its genes.
MUSTER_FN void make_trial(SearchView const& s, std::uint64_t slot, double* out) {
  std::uint32_t who[4], fresh[4];
  philox(s.keys, item_of(s, slot), 0, stream_trial, who);
  philox(s.keys, item_of(s, slot), 1, stream_trial, fresh);
  std::uint64_t const own = slot % s.island_size, start = slot - own;
  Three const three = with_base(s, start, draw_three(s.island_size, static_cast<std::uint32_t>(own), who));
  Control const control = trial_control(s, {s.scale[slot], s.cross[slot]}, fresh);
  SlotWords genes(s, slot, stream_genes);
  bool const runs = s.trial_crossover == TrialCrossover::exponential;
  Segment const segment{below(who[3], s.genes), runs ? exponential_length(genes(0), log(control.cross), s.genes) : 1};
  for (std::uint32_t g = 0; g < s.genes; ++g) {
    auto const gene = [&](std::uint64_t index) { return s.genomes[(start + index) * s.genes + g]; };
    double const x = gene(own);
    double const y = snap(
        s.ranges[g], mutant_gene(s.ranges[g], x, gene(three.base), gene(three.plus), gene(three.minus), control.scale));
    bool const taken = (!runs && unit(genes(g)) < control.cross) || in_segment(segment, g, s.genes);
    out[g] = taken ? y : x;
  }
}

MUSTER_KERNELS_END
