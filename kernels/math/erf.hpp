// Error functions: erf, erfc, erfcx.
#pragma once

#include "kernels/math/exp.hpp"

MUSTER_KERNELS_BEGIN

namespace detail {

/// A number as the sum of two, |lo| at most about an ulp of hi.
template <class T>
struct Parts {
  T hi, lo;
};

/// a + b for |a| >= |b|, without loss.
template <class T>
MUSTER_FN Parts<T> quick_two_sum(T a, T b) {
  T const sum = a + b;
  return {sum, b - (sum - a)};
}

/// A Gaussian tail without its exponential is P(t) / (a + d), t = (a - k) / (a + k), a >= 0:
/// smooth, positive and nearly flat at a = 0. P(t) = c + t Q(t). d is such that c is a short
/// number.
template <class T>
struct ErfcxFit;  // exp(a^2) erfc(a), any a

template <>
struct ErfcxFit<double> {
  static constexpr double k = 4.5, d = 0x1.c80000000002p-1, c = 0x1.520edd01bc2f3p-1;
  /// Minimax, error 2^-58.5.
  MUSTER_FN static double q(double t) {
    return horner_split(t, -0x1.474d81716e0cbp-3, 0x1.8b3348a22408cp-4, -0x1.563273415264ep-5,
                        0x1.07595783a38a8p-8, 0x1.f5d0b7ec80f3cp-7, -0x1.4aac536f37587p-6,
                        0x1.13b4518e47ce7p-6, -0x1.62fa9a9fbea81p-7, 0x1.6e58e9d7b9eb7p-8,
                        -0x1.29c7b15a8f598p-9, 0x1.5dbbaa4db12b4p-11, -0x1.93202251a3e58p-14,
                        -0x1.aa50c1ae2a4d1p-16, 0x1.48faef350f43fp-16, -0x1.0c4144bdf9ae3p-18,
                        -0x1.07559ef0eda22p-20, 0x1.9237eff15b781p-21, -0x1.22ab48e921456p-24,
                        -0x1.566520b3a6934p-24, 0x1.96e729fe3bd95p-26, 0x1.b1fe5c92a07c5p-28,
                        -0x1.e3c67c3fce3c1p-29, -0x1.583638866754ap-32, 0x1.33c7bf3c6752cp-32);
  }
};

template <>
struct ErfcxFit<float> {
  static constexpr float k = 2.5f, d = 0x1.c8005cp-1f, c = 0x1.6df5ccp-1f;
  /// Minimax, error 2^-27.3.
  MUSTER_FN static float q(float t) {
    return horner_split(t, -0x1.a6af52p-3f, 0x1.8fe26ep-5f, 0x1.eb18dap-6f, -0x1.260434p-5f,
                        0x1.e57b0ap-7f, -0x1.23f8c4p-11f, -0x1.e0812ep-10f, 0x1.4b5fb8p-12f,
                        0x1.f46f1ap-13f, -0x1.4d3f56p-15f, -0x1.ac2a38p-16f);
  }
};

/// P(t) / (a + d) from by_d = 1 / (a + d), corrected by the remainder of the division.
template <class Fit, class T>
MUSTER_FN Parts<T> tail_ratio(T a, T by_d) {
  T const t = (a - Fit::k) / (a + Fit::k);
  Parts<T> const p = quick_two_sum(T(Fit::c), t * Fit::q(t));
  T const y = p.hi * by_d;
  return {y, by_d * (fma(-y, a, fma(-y, Fit::d, p.hi)) + p.lo)};
}

/// The product of an exponential and a ratio, rounded once before the powers of two.
template <class T>
MUSTER_FN T scaled_product(Scaled<T> e, Parts<T> y) {
  return fma(e.m, y.hi, fma(e.rest, y.hi, e.m * y.lo)) * e.s1 * e.s2;
}

/// exp(a^2) or exp(-a^2) with the rounding error of a^2 kept.
template <class T>
MUSTER_FN Scaled<T> exp_square(T a, T sign) {
  T const square = a * a;
  return exp_scaled(sign * square, sign * fma(a, a, -square));
}

/// erfc(a) for 0 <= a <= limit, beyond which it is 0.
template <class T>
MUSTER_FN T erfc_positive(T magnitude, T limit) {
  using Fit = ErfcxFit<T>;
  T const a = magnitude > limit ? limit : magnitude;
  return scaled_product(exp_square(a, T(-1)), tail_ratio<Fit>(a, T(1) / (a + Fit::d)));
}

/// erf(a) for 0 <= a <= 1: c a + a^3 P(a^2), c = 2 / sqrt(pi) in two parts; minimax error 2^-56.8.
MUSTER_FN double erf_small(double a) {
  double const z = a * a;
  double const p = horner(z, -0x1.812746b0379cbp-2, 0x1.ce2f21a0412ffp-4, -0x1.b82ce3120c723p-6,
                          0x1.565bccfb0853p-8, -0x1.c02db07a7b4fbp-11, 0x1.f9a2bf9a6c06cp-14,
                          -0x1.f4ca9101d4105p-17, 0x1.b9822df656eb5p-20, -0x1.5c144f98054f7p-23,
                          0x1.d76efe0434676p-27, -0x1.ac97155203159p-31);
  return fma(a, 0x1.20dd750429b6dp0, a * fma(z, p, 0x1.1ae3a914fed8p-56));
}

/// As above, error 2^-29.3.
MUSTER_FN float erf_small(float a) {
  float const z = a * a;
  float const p = horner(z, -0x1.81274p-2f, 0x1.ce2d34p-4f, -0x1.b7fc22p-6f, 0x1.541988p-8f,
                         -0x1.a472e2p-11f, 0x1.4a95b2p-14f);
  return fma(a, 0x1.20dd76p0f, a * fma(z, p, -0x1.f7ac92p-25f));
}

/// exp(x^2) erfc(x); beyond `far` the tail is 1 / (sqrt(pi) x) to the last bit.
template <class T>
MUSTER_FN T erfcx_all(T x, T limit, T far) {
  using Fit = ErfcxFit<T>;
  T const magnitude = abs(x), a = magnitude > far ? far : magnitude;
  bool const beyond = magnitude > far;
  T const r = T(1) / (beyond ? magnitude : a + Fit::d);
  Parts<T> const y = tail_ratio<Fit>(a, r);
  T const tail = beyond ? T(0x1.20dd750429b6dp-1) * r : y.hi + y.lo;
  T const b = magnitude > limit ? limit : magnitude;
  Scaled<T> const e = exp_square(b, T(1));
  return x < T(0) ? (T(2) * e.m) * e.s1 * e.s2 - tail : tail;
}

}  // namespace detail

/// 1 - erf(x). Domain: all x; relative accuracy is kept to underflow at x = 26.55, which is
/// gradual. Error < 1.8 ulp. exp(-x^2) with the rounding error of x^2 kept, times a polynomial in
/// (x - 4.5) / (x + 4.5) over a linear term.
MUSTER_FN double erfc(double x) {
  double const tail = detail::erfc_positive(abs(x), 28.0);
  return x < 0.0 ? 2.0 - tail : tail;
}

/// In single precision, as above; underflow at x = 10.06. Error < 1.8 ulp.
MUSTER_FN float erfc(float x) {
  float const tail = detail::erfc_positive(abs(x), 10.5f);
  return x < 0.0f ? 2.0f - tail : tail;
}

/// 2 / sqrt(pi) times the integral of exp(-t^2) from 0 to x. Domain: all x; erf(-0) = -0.
/// Error < 1.5 ulp. Minimax polynomial below one, 1 - erfc above.
MUSTER_FN double erf(double x) {
  double const a = abs(x), tail = 1.0 - detail::erfc_positive(a, 28.0);
  return copysign(a < 1.0 ? detail::erf_small(a) : tail, x);
}

/// In single precision, as above. Error < 1.5 ulp.
MUSTER_FN float erf(float x) {
  float const a = abs(x), tail = 1.0f - detail::erfc_positive(a, 10.5f);
  return copysign(a < 1.0f ? detail::erf_small(a) : tail, x);
}

/// exp(x^2) erfc(x), which does not underflow. Domain: all x; overflows to +inf below x = -26.6.
/// Error < 2.2 ulp. The ratio of erfc.
MUSTER_FN double erfcx(double x) { return detail::erfcx_all(x, 26.7, 0x1p60); }

/// In single precision, as above; overflows below x = -9.4. Error < 2.2 ulp.
MUSTER_FN float erfcx(float x) { return detail::erfcx_all(x, 9.43f, 0x1p40f); }

MUSTER_KERNELS_END
