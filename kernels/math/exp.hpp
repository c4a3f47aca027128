// Exponentials: exp.
#pragma once

#include "kernels/math/base.hpp"

MUSTER_KERNELS_BEGIN

namespace detail {

/// A value m * s1 * s2 where s1 and s2 are powers of two whose product may lie outside the range of T.
/// Multiplying in this order rounds once, subnormal results included.
template <class T>
struct Scaled {
  T m, s1, s2;
  MUSTER_FN T value() const { return m * s1 * s2; }
};

/// n = round(x / ln 2), both as a number and split into the factors of 2^n.
template <class T>
struct PowerOfTwo {
  T n, s1, s2;
};

MUSTER_FN PowerOfTwo<double> nearest_power(double x) {
  // The low bits of t hold n + 2046 = k1 + k2, two biased exponents.
  constexpr double bias = 0x1.8p52 + 2046;
  double const t = fma(x, 0x1.71547652b82fep0, bias);
  std::uint64_t const k = to_bits(t), half = k >> 1;
  return {t - bias, from_bits(half << 52), from_bits((k - half) << 52)};
}

MUSTER_FN PowerOfTwo<float> nearest_power(float x) {
  constexpr float bias = 0x1.8p23f + 254;
  float const t = fma(x, 0x1.715476p0f, bias);
  std::uint32_t const k = to_bits(t), half = k >> 1;
  return {t - bias, from_bits(half << 23), from_bits((k - half) << 23)};
}

/// exp(r) for |r| <= 0.347; minimax error 2^-57.9.
MUSTER_FN double exp_reduced(double r) {
  double const q =
      horner(r, 0x1.000000000000ap-1, 0x1.55555555554fcp-3, 0x1.555555555067bp-5, 0x1.1111111127257p-7,
             0x1.6c16c1848d831p-10, 0x1.a01a012dd5481p-13, 0x1.a01999128ca8fp-16,
             0x1.71df1ce6681ccp-19, 0x1.28ae4e475fcb6p-22, 0x1.ad8dcc540e8c5p-26);
  return 1.0 + fma(q, r * r, r);
}

/// exp(r) for |r| <= 0.347; minimax error 2^-28.2.
MUSTER_FN float exp_reduced(float r) {
  float const q = horner(r, 0x1.fffffcp-2f, 0x1.55549p-3f, 0x1.5558a2p-5f, 0x1.123adp-7f, 0x1.6a5e34p-10f);
  return 1.0f + fma(q, r * r, r);
}

/// exp(hi + lo) for -1400 < hi < 710 and |lo| far below |hi|; 2^n is left to the caller, so that a
/// product with it rounds once.
MUSTER_FN Scaled<double> exp_scaled(double hi, double lo) {
  PowerOfTwo<double> const two = nearest_power(hi);
  double const r = fma(-two.n, 0x1.62e42fefa39efp-1, hi) + fma(-two.n, 0x1.abc9e3b39803fp-56, lo);
  return {exp_reduced(r), two.s1, two.s2};
}

}  // namespace detail

/// e^x. Domain: all x; exp(-inf) = 0, overflow gives +inf, NaN gives NaN, subnormal results are rounded
/// once. Error < 1 ulp. Cody-Waite reduction, minimax polynomial of degree 11.
MUSTER_FN double exp(double x) {
  double const low = x < -746.0 ? -746.0 : x;
  double const c = low > 710.0 ? 710.0 : low;
  detail::PowerOfTwo<double> const two = detail::nearest_power(c);
  double const r =
      fma(-two.n, 0x1.abc9e3b39803fp-56, fma(-two.n, 0x1.62e42fefa39efp-1, c));
  return detail::exp_reduced(r) * two.s1 * two.s2;
}

/// e^x in single precision, as above. Polynomial of degree 6.
MUSTER_FN float exp(float x) {
  float const low = x < -104.0f ? -104.0f : x;
  float const c = low > 89.0f ? 89.0f : low;
  detail::PowerOfTwo<float> const two = detail::nearest_power(c);
  float const r = fma(-two.n, -0x1.05c61p-29f, fma(-two.n, 0x1.62e43p-1f, c));
  return detail::exp_reduced(r) * two.s1 * two.s2;
}

MUSTER_KERNELS_END
