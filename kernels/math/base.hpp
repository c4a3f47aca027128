// The primitives under muster's math functions: fma, sqrt, bit casts, polynomials.
//
// Everything in kernels/math is built from + - * /, sqrt, fma, integer operations and selects, each
// of which IEEE 754 defines to the last bit, so every compiler, instruction set and GPU returns the
// same bits. The sign and payload of a NaN are the exception: hardware chooses them.
#pragma once

#include <cstdint>

#include "kernels/config.hpp"

MUSTER_KERNELS_BEGIN

/// x * y + z with one rounding.
MUSTER_FN double fma(double x, double y, double z) {
#if defined(__CUDA_ARCH__)
  return __fma_rn(x, y, z);
#else
  return __builtin_fma(x, y, z);
#endif
}
MUSTER_FN float fma(float x, float y, float z) {
#if defined(__CUDA_ARCH__)
  return __fmaf_rn(x, y, z);
#else
  return __builtin_fmaf(x, y, z);
#endif
}

/// Square root, correctly rounded; NaN below zero.
MUSTER_FN double sqrt(double x) {
#if defined(__CUDA_ARCH__)
  return __dsqrt_rn(x);
#else
  return __builtin_sqrt(x);
#endif
}
MUSTER_FN float sqrt(float x) {
#if defined(__CUDA_ARCH__)
  return __fsqrt_rn(x);
#else
  return __builtin_sqrtf(x);
#endif
}

MUSTER_FN std::uint64_t to_bits(double x) { return __builtin_bit_cast(std::uint64_t, x); }
MUSTER_FN std::uint32_t to_bits(float x) { return __builtin_bit_cast(std::uint32_t, x); }
MUSTER_FN double from_bits(std::uint64_t b) { return __builtin_bit_cast(double, b); }
MUSTER_FN float from_bits(std::uint32_t b) { return __builtin_bit_cast(float, b); }

/// What differs between the two formats.
template <class T>
struct Ieee;

template <>
struct Ieee<double> {
  using Bits = std::uint64_t;
  static constexpr Bits sign = 0x8000000000000000;
  static constexpr double infinity = __builtin_bit_cast(double, Bits{0x7ff0000000000000});
  static constexpr double nan = __builtin_bit_cast(double, Bits{0x7ff8000000000000});
  /// 1.5 * 2^52: t = x + magic holds the integer nearest to x in its low bits, and t - magic is it.
  static constexpr double magic = 0x1.8p52;
};

template <>
struct Ieee<float> {
  using Bits = std::uint32_t;
  static constexpr Bits sign = 0x80000000;
  static constexpr float infinity = __builtin_bit_cast(float, Bits{0x7f800000});
  static constexpr float nan = __builtin_bit_cast(float, Bits{0x7fc00000});
  static constexpr float magic = 0x1.8p23f;
};

/// |x|, by clearing the sign bit.
template <class T>
MUSTER_FN T abs(T x) {
  return from_bits(to_bits(x) & ~Ieee<T>::sign);
}

/// |x| with the sign of y.
template <class T>
MUSTER_FN T copysign(T x, T y) {
  return from_bits((to_bits(x) & ~Ieee<T>::sign) | (to_bits(y) & Ieee<T>::sign));
}

/// c0 + x (c1 + x (c2 + ...)), one fma a coefficient.
template <class T>
MUSTER_FN T horner(T, T c0) {
  return c0;
}
template <class T, class... C>
MUSTER_FN T horner(T x, T c0, C... c) {
  return fma(horner(x, c...), x, c0);
}

/// The sum of every other coefficient's term: c0 + c2 x + c4 x^2 + ...
template <class T>
MUSTER_FN T horner_alternate(T, T c0) {
  return c0;
}
template <class T>
MUSTER_FN T horner_alternate(T, T c0, T) {
  return c0;
}
template <class T, class... C>
MUSTER_FN T horner_alternate(T x, T c0, T, C... c) {
  return fma(horner_alternate(x, c...), x, c0);
}
/// As horner, in two chains for the even and the odd powers: half the latency of a long polynomial,
/// at the price of rounding where the chains cancel (atan2's do, so it stays with horner).
template <class T, class... C>
MUSTER_FN T horner_split(T x, T c0, C... c) {
  T const square = x * x;
  return fma(horner_alternate(square, c...), x, horner_alternate(square, c0, c...));
}

MUSTER_KERNELS_END
