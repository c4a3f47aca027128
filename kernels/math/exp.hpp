// Exponentials: exp, expm1.
#pragma once

#include "kernels/math/base.hpp"

MUSTER_KERNELS_BEGIN

namespace detail {

/// A value (m + rest) * s1 * s2, |rest| at most half an ulp of m, where s1 and s2 are powers of two
/// whose product may lie outside the range of T. Multiplying in this order rounds once, subnormal
/// results included.
template <class T>
struct Scaled {
  T m, rest, s1, s2;
  MUSTER_FN T value() const { return m * s1 * s2; }
};

/// n = round(x / ln 2) and two factors of 2^n.
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

/// x - n ln 2 = high - n * (the rest of ln 2): high is exact, being a short multiple of x's or ln
/// 2's last place.
MUSTER_FN double reduce_high(double x, double n) { return fma(-n, 0x1.62e42fefa39efp-1, x); }
MUSTER_FN double reduce_low(double n, double low) { return fma(-n, 0x1.abc9e3b39803fp-56, low); }
MUSTER_FN float reduce_high(float x, float n) { return fma(-n, 0x1.62e43p-1f, x); }
MUSTER_FN float reduce_low(float n, float low) { return fma(-n, -0x1.05c61p-29f, low); }

/// (exp(r) - 1 - r) / r^2 for |r| <= 0.347; minimax, error of exp 2^-57.9.
MUSTER_FN double exp_quotient(double r) {
  return horner(r, 0x1.000000000000ap-1, 0x1.55555555554fcp-3, 0x1.555555555067bp-5,
                0x1.1111111127257p-7, 0x1.6c16c1848d831p-10, 0x1.a01a012dd5481p-13,
                0x1.a01999128ca8fp-16, 0x1.71df1ce6681ccp-19, 0x1.28ae4e475fcb6p-22,
                0x1.ad8dcc540e8c5p-26);
}

/// As above, error of exp 2^-28.2.
MUSTER_FN float exp_quotient(float r) {
  return horner(r, 0x1.fffffcp-2f, 0x1.55549p-3f, 0x1.5558a2p-5f, 0x1.123adp-7f, 0x1.6a5e34p-10f);
}

/// exp(hi + lo), |lo| far below |hi|, its rest included within 0.05 ulp; 2^n is left to the caller,
/// so that a product with it rounds once. Domain of hi: |hi| <= 1400, in single precision 170.
template <class T>
MUSTER_FN Scaled<T> exp_scaled(T hi, T lo) {
  PowerOfTwo<T> const two = nearest_power(hi);
  T const high = reduce_high(hi, two.n), low = reduce_low(two.n, lo);
  T const r = high + low, one = T(1) + r;
  T const lost = (r - (one - T(1))) + ((high - r) + low);
  T const more = fma(exp_quotient(r), r * r, lost), m = one + more;
  return {m, (one - m) + more, two.s1, two.s2};
}

/// exp(c) for c already clamped to where it is neither 0 nor infinite by a wide margin.
template <class T>
MUSTER_FN T exp_clamped(T c) {
  PowerOfTwo<T> const two = nearest_power(c);
  T const r = reduce_low(two.n, reduce_high(c, two.n));
  return (T(1) + fma(exp_quotient(r), r * r, r)) * two.s1 * two.s2;
}

/// (exp(r) - 1 - r - r^2 / 2) / r^3 for |r| <= 0.347; minimax, error of exp 2^-63.5.
MUSTER_FN double exp_cubic_quotient(double r) {
  return horner(r, 0x1.555555555555cp-3, 0x1.5555555555543p-5, 0x1.111111110e9f3p-7,
                0x1.6c16c16c1ec9dp-10, 0x1.a01a01b44a47p-13, 0x1.a01a017b3e6c2p-16,
                0x1.71ddee5f2cc7ep-19, 0x1.27e537a878cf4p-22, 0x1.af6eab63f137ep-26,
                0x1.1ee75bd064f4cp-29);
}

/// As above, error of exp 2^-32.8.
MUSTER_FN float exp_cubic_quotient(float r) {
  return horner(r, 0x1.555552p-3f, 0x1.5554e4p-5f, 0x1.1115b6p-7f, 0x1.6d5166p-10f,
                0x1.9a94e6p-13f);
}

/// 2^n exp(r) - 1 for c = n ln 2 + r and s = 2^(n-1): twice the sum of s - 1/2, s r, s r^2 / 2 and
/// s times the rest, the first three added without loss.
template <class T>
MUSTER_FN T expm1_clamped(T c, T n, T s) {
  T const high = reduce_high(c, n), low = reduce_low(n, T(0));
  T const r = high + low, lost = (high - r) + low;
  T const whole = s - T(0.5), part = s * r, sum = whole + part;
  T const half = T(0.5) * r, square = half * r, part2 = s * square, sum2 = sum + part2;
  T const rest = fma(square + square, r * exp_cubic_quotient(r), fma(half, r, -square) + lost);
  T const left = ((s - whole) - T(0.5)) + (part - (sum - whole)) + (part2 - (sum2 - sum));
  return T(2) * (sum2 + fma(s, rest, left));
}

}  // namespace detail

/// e^x. Domain: all x; exp(-inf) = 0, overflow gives +inf, NaN gives NaN, subnormal results are
/// rounded once. Error < 1 ulp. Cody and Waite's reduction, minimax polynomial of degree 11.
MUSTER_FN double exp(double x) {
  double const low = x < -746.0 ? -746.0 : x;
  return detail::exp_clamped(low > 710.0 ? 710.0 : low);
}

/// e^x in single precision, as above. Error < 1.02 ulp. Polynomial of degree 6.
MUSTER_FN float exp(float x) {
  float const low = x < -104.0f ? -104.0f : x;
  return detail::exp_clamped(low > 89.0f ? 89.0f : low);
}

/// e^x - 1 without cancellation near zero. Domain: all x; expm1(-inf) = -1, expm1(-0) = -0.
/// Error < 0.9 ulp. The reduction of exp and a polynomial of degree 12.
MUSTER_FN double expm1(double x) {
  double const low = x < -40.0 ? -40.0 : x;
  double const c = low > 710.0 ? 710.0 : low;
  constexpr double bias =
      0x1.8p52 + 1022;  // the low bits of t hold n + 1022, the exponent of 2^(n-1)
  double const t = fma(c, 0x1.71547652b82fep0, bias);
  double const y = detail::expm1_clamped(c, t - bias, from_bits(to_bits(t) << 52));
  return abs(x) < 0x1p-54 ? x : y;
}

/// e^x - 1 in single precision, as above. Error < 0.9 ulp.
MUSTER_FN float expm1(float x) {
  float const low = x < -20.0f ? -20.0f : x;
  float const c = low > 89.0f ? 89.0f : low;
  constexpr float bias = 0x1.8p23f + 126;
  float const t = fma(c, 0x1.715476p0f, bias);
  float const y = detail::expm1_clamped(c, t - bias, from_bits(to_bits(t) << 23));
  return abs(x) < 0x1p-25f ? x : y;
}

MUSTER_KERNELS_END
