// Trials of differential evolution for a run of slots on a CPU.
#pragma once

#include <cstdint>

#include "kernels/evolve/batch.hpp"
#include "kernels/evolve/differential.hpp"

MUSTER_KERNELS_BEGIN

/// Trials of slot_lanes slots at a time.
class TrialBatch {
 public:
  explicit TrialBatch(SearchView const& s) : s_(s), draws_(trial_words), genes_(s.genes) {}

  void run(std::uint64_t first, std::uint64_t count, double* out) {
    LaneSlots const at(s_, first, count);
    draws_.draw(s_, first, stream_trial);
    genes_.draw(s_, first, stream_genes);
    for (int l = 0; l < slot_lanes; ++l) choose(at, l);
    for (std::uint32_t g = 0; g < s_.genes; ++g) {
      LaneGene trial;
      make_gene(g, trial);
      store(at, trial, s_.genes, g, out);
    }
  }

 private:
  double const* genome(std::uint64_t slot) const { return s_.genomes + slot * s_.genes; }

  void choose(LaneSlots const& at, int l) {
    std::uint32_t const who[4] = {draws_.word(0, l), draws_.word(1, l), draws_.word(2, l), 0};
    std::uint32_t const fresh[4] = {draws_.word(4, l), draws_.word(5, l), draws_.word(6, l), draws_.word(7, l)};
    Three const three = with_base(s_, at.start[l], draw_three(s_.island_size, at.own[l], who));
    x_[l] = genome(at.slot[l]);
    base_[l] = genome(at.start[l] + three.base);
    plus_[l] = genome(at.start[l] + three.plus);
    minus_[l] = genome(at.start[l] + three.minus);
    Control const control = trial_control(s_, {s_.scale[at.slot[l]], s_.cross[at.slot[l]]}, fresh);
    scale_[l] = control.scale;
    cross_[l] = control.cross;
    segment_[l] = {below(draws_.word(3, l), s_.genes), 1};
    if (s_.trial_crossover == TrialCrossover::exponential) {
      segment_[l].length = exponential_length(genes_.word(0, l), log(control.cross), s_.genes);
      cross_[l] = 0;
    }
  }

  void make_gene(std::uint32_t g, LaneGene& trial) const {
    LaneGene x, base, plus, minus;
    gather(x_, g, x);
    gather(base_, g, base);
    gather(plus_, g, plus);
    gather(minus_, g, minus);
    GeneRange const gene = s_.ranges[g];
    std::uint32_t const* const words = genes_.lanes(g);
    std::uint32_t const genes = s_.genes;
    MUSTER_LANES
    for (int l = 0; l < slot_lanes; ++l) {
      double const y =
          snap(gene, mutant_gene(gene, x.value[l], base.value[l], plus.value[l], minus.value[l], scale_[l]));
      bool const taken = (unit(words[l]) < cross_[l]) | in_segment(segment_[l], g, genes);
      trial.value[l] = taken ? y : x.value[l];
    }
  }

  SearchView const& s_;
  LaneWords draws_, genes_;
  double const* x_[slot_lanes] = {};
  double const* base_[slot_lanes] = {};
  double const* plus_[slot_lanes] = {};
  double const* minus_[slot_lanes] = {};
  double scale_[slot_lanes] = {};
  double cross_[slot_lanes] = {};
  Segment segment_[slot_lanes] = {};
};

MUSTER_KERNELS_END
