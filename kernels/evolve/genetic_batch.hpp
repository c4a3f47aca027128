// Children of the genetic algorithm for a run of slots on a CPU.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/evolve/batch.hpp"
#include "kernels/evolve/genetic.hpp"

MUSTER_KERNELS_BEGIN

/// Children of slot_lanes slots at a time.
class GeneticBatch {
 public:
  explicit GeneticBatch(SearchView const& s)
      : s_(s), parents_(2 * s.tournament), child_(4), genes_(s.genes), mutation_(s.genes), mutant_(4),
        mutants_(std::size_t{s.genes} * slot_lanes + slot_lanes + 1) {}

  void run(std::uint64_t first, std::uint64_t count, double* out) {
    LaneSlots const at(s_, first, count);
    draw_words(first);
    for (int l = 0; l < slot_lanes; ++l) choose_parents(at, l);
    cross(at, out);
    choose_mutants(at, out);
    mutate_all(at, out);
  }

 private:
  struct Mutant {
    std::uint32_t lane, gene;
  };
  /// Mutants that are computed side by side; a batch has about slot_lanes.
  static constexpr int mutant_lanes = 8;
  struct MutantValue {
    double value[mutant_lanes];
  };

  void draw_words(std::uint64_t first) {
    parents_.draw(s_, first, stream_parents);
    child_.draw(s_, first, stream_child);
    genes_.draw(s_, first, stream_genes);
    mutation_.draw(s_, first, stream_mutation);
    mutant_.draw(s_, first, stream_mutant);
  }

  void choose_parents(LaneSlots const& at, int l) {
    auto const words = [&](std::uint32_t from) {
      return [this, from, l](std::uint32_t i) { return parents_.word(from + i, l); };
    };
    std::uint32_t const a = tournament_winner(s_, at.start[l], s_.island_size, words(0));
    std::uint32_t const b = tournament_winner(s_, at.start[l], a, words(s_.tournament));
    bool const two = child_.word(0, l) < s_.crossover_chance;
    a_[l] = s_.genomes + (at.start[l] + a) * s_.genes;
    b_[l] = two ? s_.genomes + (at.start[l] + b) * s_.genes : a_[l];
    if (s_.cuts) segment_[l] = draw_segment(s_, child_.word(1, l), child_.word(2, l));
  }

  void cross(LaneSlots const& at, double* out) {
    LaneGene a, b, child;
    for (std::uint32_t g = 0; g < s_.genes; ++g) {
      gather(a_, g, a);
      gather(b_, g, b);
      cross_gene(g, a, b, child);
      settle(s_.ranges[g], a, b, child);
      store(at, child, s_.genes, g, out);
    }
  }

  void cross_gene(std::uint32_t g, LaneGene const& a, LaneGene const& b, LaneGene& child) const {
    switch (s_.crossover) {
      case Crossover::uniform: return cross_uniform(genes_.lanes(g), a, b, child);
      case Crossover::blend: return cross_blend(genes_.lanes(g), s_.spread, a, b, child);
      case Crossover::sbx: return cross_sbx(genes_.lanes(g), s_.spread, a, b, child);
      case Crossover::one_point:
      case Crossover::two_point:
      case Crossover::exponential: return cross_segment(g, a, b, child);
    }
  }

  static void cross_uniform(std::uint32_t const* words, LaneGene const& a, LaneGene const& b, LaneGene& child) {
    MUSTER_LANES
    for (int l = 0; l < slot_lanes; ++l) child.value[l] = (words[l] >> 31) != 0 ? b.value[l] : a.value[l];
  }

  static void cross_blend(std::uint32_t const* words, double alpha, LaneGene const& a, LaneGene const& b,
                          LaneGene& child) {
    MUSTER_LANES
    for (int l = 0; l < slot_lanes; ++l) child.value[l] = blend(a.value[l], b.value[l], alpha, unit(words[l]));
  }

  // Two loops, or gcc leaves the power to a branch.
  static void cross_sbx(std::uint32_t const* words, double power, LaneGene const& a, LaneGene const& b,
                        LaneGene& child) {
    LaneGene factor;
    MUSTER_LANES
    for (int l = 0; l < slot_lanes; ++l) factor.value[l] = spread_factor(power, words[l]);
    MUSTER_LANES
    for (int l = 0; l < slot_lanes; ++l)
      child.value[l] = simulate_binary(a.value[l], b.value[l], factor.value[l], words[l]);
  }

  void cross_segment(std::uint32_t g, LaneGene const& a, LaneGene const& b, LaneGene& child) const {
    for (int l = 0; l < slot_lanes; ++l)
      child.value[l] = in_segment(segment_[l], g, s_.genes) ? b.value[l] : a.value[l];
  }

  /// Puts a crossed gene back into its range and on its grid; parents that agree pass theirs on as it is.
  static void settle(GeneRange const gene, LaneGene const& a, LaneGene const& b, LaneGene& child) {
    MUSTER_LANES
    for (int l = 0; l < slot_lanes; ++l)
      child.value[l] = a.value[l] == b.value[l] ? a.value[l] : reflect(gene, child.value[l]);
    if (gene.steps == 0.0) return;
    MUSTER_LANES
    for (int l = 0; l < slot_lanes; ++l) child.value[l] = snap(gene, child.value[l]);
  }

  /// Each gene by its chance; of a child that would be its first parent's copy, one for certain.
  void choose_mutants(LaneSlots const& at, double const* out) {
    std::uint64_t chance[slot_lanes];
    for (int l = 0; l < slot_lanes; ++l)
      chance[l] = l < at.used ? s_.mutation_chance[at.slot[l] / s_.island_size - s_.first_island] : 0;
    mutant_count_ = 0;
    for (std::uint32_t g = 0; g < s_.genes; ++g) {
      std::uint32_t const* const words = mutation_.lanes(g);
      for (int l = 0; l < slot_lanes; ++l) add_mutant(l, g, words[l] < chance[l]);
    }
    bool is_mutated[slot_lanes] = {};
    for (std::size_t i = 0; i < mutant_count_; ++i) is_mutated[mutants_[i].lane] = true;
    for (int l = 0; l < at.used; ++l)
      if (!is_mutated[l] && is_copy(l, out)) add_mutant(l, below(child_.word(3, l), s_.genes), true);
  }

  bool is_copy(int l, double const* out) const {
    double const* const child = out + static_cast<std::uint32_t>(l) * s_.genes;
    return std::equal(child, child + s_.genes, a_[l]);
  }

  /// Without a branch: which gene mutates, no processor can guess.
  void add_mutant(int lane, std::uint32_t gene, bool mutates) {
    mutants_[mutant_count_] = {static_cast<std::uint32_t>(lane), gene};
    mutant_count_ += mutates ? 1 : 0;
  }

  void mutate_all(LaneSlots const& at, double* out) {
    std::uint32_t done[slot_lanes] = {};
    for (std::size_t i = 0; i < mutant_count_; i += mutant_lanes) mutate_some(at, i, done, out);
  }

  /// The words of a child's mutant, of which `before` came before it: the first's come with those of its batch.
  void mutant_words(LaneSlots const& at, std::uint32_t lane, std::uint32_t before, std::uint32_t (&words)[4]) const {
    if (before != 0) return philox(s_.keys, item_of(s_, at.slot[lane]), before, stream_mutant, words);
    for (std::uint32_t w = 0; w < 4; ++w) words[w] = mutant_.word(w, static_cast<int>(lane));
  }

  /// Up to mutant_lanes mutants from the `first` on; done counts those of each lane.
  void mutate_some(LaneSlots const& at, std::size_t first, std::uint32_t (&done)[slot_lanes], double* out) {
    auto const some = static_cast<int>(std::min<std::size_t>(mutant_count_ - first, mutant_lanes));
    std::uint32_t words[mutant_lanes][4];
    MutantValue u{}, change;
    for (int i = 0; i < some; ++i) {
      std::uint32_t const lane = mutants_[first + i].lane;
      mutant_words(at, lane, done[lane]++, words[i]);
      u.value[i] = uniform_double(words[i][0], words[i][1]);
    }
    change_of(u, words, some, change);
    for (int i = 0; i < some; ++i) {
      auto const [lane, gene] = mutants_[first + i];
      double& x = out[lane * s_.genes + gene];
      x = mutated(s_, s_.ranges[gene], x, change.value[i]);
    }
  }

  void change_of(MutantValue const& u, std::uint32_t const (&words)[mutant_lanes][4], int some,
                 MutantValue& change) const {
    if (s_.mutation == Mutation::reset) change = u;
    if (s_.mutation == Mutation::gaussian)
      for (int i = 0; i < some; ++i) change.value[i] = s_.mutation_size * normal_of(words[i]);
    if (s_.mutation == Mutation::polynomial) polynomial_changes(u, s_.mutation_power, change);
  }

  static void polynomial_changes(MutantValue const& u, double power, MutantValue& change) {
    MutantValue size;
    MUSTER_LANES
    for (int i = 0; i < mutant_lanes; ++i) size.value[i] = polynomial_size(u.value[i], power);
    for (int i = 0; i < mutant_lanes; ++i) change.value[i] = u.value[i] < 0.5 ? -size.value[i] : size.value[i];
  }

  SearchView const& s_;
  LaneWords parents_, child_, genes_, mutation_, mutant_;
  double const* a_[slot_lanes] = {};
  double const* b_[slot_lanes] = {};
  Segment segment_[slot_lanes] = {};
  std::vector<Mutant> mutants_;
  std::size_t mutant_count_ = 0;
};

MUSTER_KERNELS_END
