// Differential evolution with self-adapting F and CR (jDE), for one slot or one of its genes.
//
// Brest, Greiner, Boskovic, Mernik, Zumer, "Self-adapting control parameters in differential evolution", IEEE
// Transactions on Evolutionary Computation 10 (2006). The base of a difference is the best of the three that are
// drawn: Kaelo and Ali, "A numerical study of some modified differential evolution algorithms", European Journal of
// Operational Research 169 (2006).
#pragma once

#include <cstdint>

#include "kernels/config.hpp"
#include "kernels/evolve/genes.hpp"
#include "kernels/evolve/genetic.hpp"
#include "kernels/evolve/view.hpp"

MUSTER_KERNELS_BEGIN

/// F and CR of a slot.
struct Control {
  double scale, cross;
};

/// Words of stream_trial: 0 to 2 draw the three, 3 the gene that always comes from the mutant, 4 to 7 the controls.
inline constexpr std::uint32_t trial_words = 8;

/// F and CR of generation 0.
MUSTER_FN Control first_control(std::uint32_t scale, std::uint32_t cross) {
  return {0.1 + 0.9 * unit(scale), unit(cross)};
}

/// The controls of a trial, from those of its slot and the words 4 to 7.
MUSTER_FN Control trial_control(SearchView const& s, Control old, std::uint32_t const (&words)[4]) {
  Control const fresh = first_control(words[1], words[3]);
  return {unit(words[0]) < s.new_scale ? fresh.scale : old.scale,
          unit(words[2]) < s.new_cross ? fresh.cross : old.cross};
}

/// Three slots of an island, none of them `own` (its index there): the base and the ends of the difference.
struct Three {
  std::uint32_t base, plus, minus;
};

MUSTER_FN void order_pair(std::uint32_t& a, std::uint32_t& b) {
  std::uint32_t const low = a < b ? a : b;
  b = a < b ? b : a;
  a = low;
}

/// Different indices from words: each skips those drawn before, in rising order.
MUSTER_FN Three draw_three(std::uint32_t size, std::uint32_t own, std::uint32_t const (&words)[4]) {
  std::uint32_t const first = draw_index(words[0], size, own);
  std::uint32_t low = own, high = first;
  order_pair(low, high);
  std::uint32_t second = below(words[1], size - 2);
  second += second >= low ? 1 : 0;
  second += second >= high ? 1 : 0;
  std::uint32_t middle = second;
  order_pair(middle, high);
  order_pair(low, middle);
  std::uint32_t third = below(words[2], size - 3);
  third += third >= low ? 1 : 0;
  third += third >= middle ? 1 : 0;
  third += third >= high ? 1 : 0;
  return {first, second, third};
}

/// The same three, the best of those that compete for it first.
MUSTER_FN Three with_base(SearchView const& s, std::uint64_t start, Three t) {
  if (s.base == TrialBase::random) return t;
  if (slot_is_better(s, start + t.plus, start + t.base)) t = {t.plus, t.base, t.minus};
  if (s.base == TrialBase::best_of_two) return t;
  if (slot_is_better(s, start + t.minus, start + t.base)) t = {t.minus, t.plus, t.base};
  return t;
}

/// One gene of a mutant: base + F (plus - minus); outside the range, half the way from x to its end.
MUSTER_FN double mutant_gene(GeneRange const& gene, double x, double base, double plus, double minus, double scale) {
  double const y = base + scale * (plus - minus);
  double const up = y < gene.low ? 0.5 * (x + gene.low) : y;
  return up > gene.high ? 0.5 * (x + gene.high) : up;
}

MUSTER_KERNELS_END
