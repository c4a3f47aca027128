// The genetic algorithm's operators, for one slot or one of its genes.
#pragma once

#include <cstdint>

#include "kernels/config.hpp"
#include "kernels/evolve/genes.hpp"
#include "kernels/evolve/order.hpp"
#include "kernels/evolve/view.hpp"
#include "kernels/math/log.hpp"
#include "kernels/math/pow.hpp"
#include "kernels/rng/normal.hpp"
#include "kernels/rng/philox.hpp"

MUSTER_KERNELS_BEGIN

/// The index within its island of one of `size`, or of `size` - 1 where `skip` is below size and is left out.
MUSTER_FN std::uint32_t draw_index(std::uint32_t word, std::uint32_t size, std::uint32_t skip) {
  std::uint32_t const index = below(word, size - (skip < size ? 1 : 0));
  return index + (index >= skip ? 1 : 0);
}

MUSTER_FN bool slot_is_better(SearchView const& s, std::uint64_t a, std::uint64_t b) {
  if (s.fitness[a] != s.fitness[b]) return s.fitness[a] > s.fitness[b];
  return wins_tie({s.fitness[a], s.genomes + a * s.genes, a}, {s.fitness[b], s.genomes + b * s.genes, b}, s.genes);
}

/// The best of a tournament in the island that begins at slot `start`. word(i) is its i-th random word.
template <class Word>
MUSTER_FN std::uint32_t tournament_winner(SearchView const& s, std::uint64_t start, std::uint32_t skip, Word word) {
  std::uint32_t best = draw_index(word(0), s.island_size, skip);
  for (std::uint32_t i = 1; i < s.tournament; ++i) {
    std::uint32_t const rival = draw_index(word(i), s.island_size, skip);
    best = slot_is_better(s, start + rival, start + best) ? rival : best;
  }
  return best;
}

/// The genes that a child takes from its second parent: `length` from `start` on, around the end.
struct Segment {
  std::uint32_t start, length;
};

/// Genes the exponential crossover takes: one, and one more as long as a chance succeeds.
MUSTER_FN std::uint32_t exponential_length(std::uint32_t word, double log_go_on, std::uint32_t genes) {
  double const more = log(unit(word)) / log_go_on;
  double const most = static_cast<double>(genes) - 1.0;
  return 1 + static_cast<std::uint32_t>(more < most ? more : most);
}

MUSTER_FN Segment draw_segment(SearchView const& s, std::uint32_t where, std::uint32_t how_far) {
  std::uint32_t const cut = 1 + below(where, s.genes - 1);
  if (s.crossover == Crossover::one_point) return {cut, s.genes - cut};
  std::uint32_t const start = below(where, s.genes);
  if (s.crossover == Crossover::two_point) return {start, 1 + below(how_far, s.genes - 1)};
  return {start, exponential_length(how_far, s.log_go_on, s.genes)};
}

MUSTER_FN bool in_segment(Segment segment, std::uint32_t gene, std::uint32_t genes) {
  std::uint32_t const distance = gene >= segment.start ? gene - segment.start : gene + genes - segment.start;
  return distance < segment.length;
}

/// Evenly between the parents and `alpha` of their distance beyond (Eshelman and Schaffer 1993).
MUSTER_FN double blend(double a, double b, double alpha, double u) {
  double const low = a < b ? a : b, distance = abs(a - b);
  return (low - alpha * distance) + u * (distance + 2.0 * alpha * distance);
}

/// The spread of simulated binary crossover (Deb and Agrawal 1995), (2 u)^power up to one half and its inverse beyond,
/// to single precision; the power is 1 / (index + 1).
MUSTER_FN double spread_factor(double power, std::uint32_t word) {
  double const u = unit(word | 3u), less = 1.0 - u;
  auto const twice = static_cast<float>(2.0 * (u < less ? u : less));
  return static_cast<double>(detail::pow_positive(twice, static_cast<float>(power)));
}

/// A child's gene, around one parent or the other by bit 1. Half of the genes, by bit 0, are copied.
MUSTER_FN double simulate_binary(double a, double b, double factor, std::uint64_t word) {
  double const inverse = 1.0 / factor;
  double const size = (word & 0x80000000u) != 0 ? inverse : factor;
  double const side = from_bits(to_bits(size) ^ (word & 2u) << 62);
  double const child = 0.5 * ((a + b) + side * (a - b));
  return (word & 1u) != 0 ? child : a;
}

/// x^y for x in (2^-60, 1] and y in (0, 1], the same bits as pow: without its limits, on which gcc would branch.
MUSTER_FN double power_of_share(double x, double y) {
  detail::HighLow const log = detail::log_high_low(x);
  double const product = y * log.hi;
  return detail::exp_scaled(product, fma(y, log.hi, -product) + y * log.lo).value();
}

/// The size of a polynomial mutation as a share of the range, mostly small (Deb and Goyal 1996); u below one half
/// leads down.
MUSTER_FN double polynomial_size(double u, double power) {
  double const less = 1.0 - u;
  return 1.0 - power_of_share(2.0 * (u < less ? u : less), power);
}

MUSTER_FN double normal_of(std::uint32_t const (&words)[4]) {
  double z[4];
  block_normals(words[0], words[1], words[2], words[3], z);
  return z[0];
}

/// The neighbour of x on the grid, up or down, or the other one where that ends.
MUSTER_FN double neighbour(GeneRange const& gene, double x, bool up) {
  double const step = step_of(gene, x);
  bool const can = (up || step == 0.0) && step < gene.steps;
  return gene.low + gene.step * (can ? step + 1.0 : step - 1.0);
}

/// A mutated gene: moved by a share of the range or, by reset, drawn anew from a number in (0, 1). On a grid it
/// always moves.
MUSTER_FN double mutated(SearchView const& s, GeneRange const& gene, double x, double change) {
  bool const reset = s.mutation == Mutation::reset;
  double const y = reset ? draw_gene(gene, change) : snap(gene, reflect(gene, x + gene.width * change));
  return gene.steps > 0.0 && y == x ? neighbour(gene, x, reset ? change > 0.5 : change > 0.0) : y;
}

MUSTER_KERNELS_END
