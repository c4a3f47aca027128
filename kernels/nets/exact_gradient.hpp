// Gradients as integers: what a block of samples contributes is rounded once, to nearest even; all additions are exact.
#pragma once

#include "kernels/math/base.hpp"
#include "kernels/nets/config.hpp"
#include "kernels/sums/quantize.hpp"

MUSTER_NETS_BEGIN

/// x * scale to the nearest integer, for |x * scale| < 2^60, through two halves of 24 bits and more that doubles hold.
MUSTER_FN std::int64_t to_grid(float x, double scale) {
  constexpr std::uint64_t magic = static_cast<std::uint64_t>(rounding_magic_bits);
  double const exact = static_cast<double>(x) * scale;
  double const high = fma(exact, 0x1p-24, rounding_magic);
  double const low = fma(high - rounding_magic, -0x1p24, exact) + rounding_magic;
  return static_cast<std::int64_t>(((to_bits(high) - magic) << 24) + (to_bits(low) - magic));
}

/// The nearest double, by parts of 32 bits: AVX2 converts no 64-bit integers.
MUSTER_FN double to_double(std::int64_t x) {
  std::uint64_t const bits = static_cast<std::uint64_t>(x);
  double const high = from_bits((bits >> 32) ^ 0x4530000080000000u), low = from_bits((bits & 0xffffffffu) | 0x4330000000000000u);
  return (high - (0x1p84 + 0x1p63 + 0x1p52)) + low;
}

/// sums[i] += x[i] on the grid; `most` becomes the largest magnitude's bits, which are above all numbers' for NaN.
MUSTER_FN void fold(float const* x, std::uint32_t count, double scale, std::int64_t* sums, std::uint32_t& most) {
  std::uint32_t largest = most;
  MUSTER_LANES
  for (std::uint32_t i = 0; i < count; ++i) {
    std::uint32_t const magnitude = to_bits(x[i]) & 0x7fffffffu;
    largest = magnitude > largest ? magnitude : largest;
  }
  most = largest;
  MUSTER_LANES
  for (std::uint32_t i = 0; i < count; ++i)
    sums[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(sums[i]) + static_cast<std::uint64_t>(to_grid(x[i], scale)));
}

MUSTER_NETS_END
