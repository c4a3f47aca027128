// From a double sample to integers: one rounding to nearest even, after which everything is exact.
#pragma once

#include <cstdint>

#include "kernels/config.hpp"
#include "kernels/math/base.hpp"
#include "kernels/sums/slots.hpp"

MUSTER_KERNELS_BEGIN

/// Adding it to |x| < 2^51 leaves round-to-nearest-even(x) in the low mantissa bits: no conversion needed.
inline constexpr double rounding_magic = 0x1.8p52;
inline constexpr std::int64_t rounding_magic_bits = 0x4338000000000000;

/// The bits of a double as a signed integer, to be summed.
MUSTER_FN std::int64_t to_integer_bits(double x) { return static_cast<std::int64_t>(to_bits(x)); }

/// The integer that rounding_magic + x holds.
MUSTER_FN std::int64_t magic_integer(double sum) { return to_integer_bits(sum) - rounding_magic_bits; }

/// A sample on its grid: q = high 2^split_bits + low, all integer-valued doubles.
struct Quantum {
  double q;
  double high;
  double low;
};

/// `scaled` = sample times its power-of-two scale.
MUSTER_FN Quantum quantize(double scaled) {
  double const q = (scaled + rounding_magic) - rounding_magic;
  double const high = (q * 0x1p-22 + rounding_magic) - rounding_magic;
  double const low = q - high * 0x1p22;
  return {q, high, low};
}

/// True for a sample that the grid holds; false for NaN, infinities and everything too large.
MUSTER_FN bool on_grid(double scaled) { return scaled < 0x1p44 && scaled > -0x1p44; }

/// The integer value of an exact integer-valued double, |x| < 2^51.
MUSTER_FN std::int64_t to_integer(double x) { return magic_integer(x + rounding_magic); }

MUSTER_KERNELS_END
