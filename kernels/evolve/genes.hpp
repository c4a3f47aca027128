// One gene: drawing it, keeping it in its range and on its grid.
#pragma once

#include <cstdint>

#include "kernels/config.hpp"
#include "kernels/evolve/view.hpp"
#include "kernels/math/base.hpp"

MUSTER_KERNELS_BEGIN

/// Uniform in (0, 1): (word + 1/2) / 2^32.
MUSTER_FN double unit(std::uint32_t word) {
  return from_bits((std::uint64_t{word} << 20) | 0x3ff0000000080000u) - 1.0;
}

/// Uniform over 0 .. count - 1.
MUSTER_FN std::uint32_t below(std::uint32_t word, std::uint32_t count) {
  return static_cast<std::uint32_t>((std::uint64_t{word} * count) >> 32);
}

/// The integer nearest to x, ties to even, |x| < 2^51.
MUSTER_FN double nearest(double x) { return (x + Ieee<double>::magic) - Ieee<double>::magic; }

/// The largest integer that is at most x, |x| < 2^51.
MUSTER_FN double whole(double x) {
  double const near = nearest(x);
  return near > x ? near - 1.0 : near;
}

MUSTER_FN double clamp(double x, double low, double high) {
  double const below_high = x < high ? x : high;
  return below_high > low ? below_high : low;
}

/// The step of a gridded gene that is nearest to x.
MUSTER_FN double step_of(GeneRange const& gene, double x) {
  return clamp(nearest((x - gene.low) / gene.step), 0.0, gene.steps);
}

/// x, or what a gridded gene has nearest to it; x lies in the range.
MUSTER_FN double snap(GeneRange const& gene, double x) {
  return gene.steps > 0.0 ? gene.low + gene.step * step_of(gene, x) : x;
}

/// x in the range, mirrored at its ends; what is farther out than the range is wide goes to the end.
MUSTER_FN double reflect(GeneRange const& gene, double x) {
  double const up = x < gene.low ? gene.low + (gene.low - x) : x;
  double const down = up > gene.high ? gene.high - (up - gene.high) : up;
  return clamp(down, gene.low, gene.high);
}

/// A gene drawn evenly over its range or its grid, from a number in (0, 1).
MUSTER_FN double draw_gene(GeneRange const& gene, double u) {
  bool const gridded = gene.steps > 0.0;
  double const step = clamp(whole(u * (gene.steps + 1.0)), 0.0, gene.steps);
  return gridded ? gene.low + gene.step * step : clamp(gene.low + gene.width * u, gene.low, gene.high);
}

MUSTER_KERNELS_END
