// Error functions: erf, erfc, erfcx.
#pragma once

#include "kernels/math/exp.hpp"

MUSTER_KERNELS_BEGIN

namespace detail {

template <class T>
struct Quotient {
  T num, den;
};

/// exp(a^2) erfc(a) = num / den for 0 <= a, error 2^-58: (d + 1.125 a) exp(a^2) erfc(a) is a
/// polynomial in (a - 4.5) / (a + 4.5), flat at a = 0; d was chosen so that the leading coefficient
/// is short.
MUSTER_FN Quotient<double> erfcx_quotient(double a) {
  double const t = (a - 4.5) / (a + 4.5);
  return {horner(t, 0x1.7c315d77ef186p-1, -0x1.6f476e58dc984p-3, 0x1.baf73f4aba62cp-4,
                 -0x1.7e5f5951438bdp-5, 0x1.1941e48226dd3p-8, 0x1.1cb77576ef934p-6,
                 -0x1.756f1b7dfcddep-6, 0x1.36e72acc5e5a5p-6, -0x1.9002075e210a1p-7,
                 0x1.9ca14da376f52p-8, -0x1.4f48d5a699ba8p-9, 0x1.89a5857b46d1ep-11,
                 -0x1.c5693425b09d4p-14, -0x1.e051131765b11p-16, 0x1.724e3d7e17058p-16,
                 -0x1.2dc16674b2a4cp-18, -0x1.28a090561e81dp-20, 0x1.c4a7e094a4bcap-21,
                 -0x1.469c553dd6fe3p-24, -0x1.81658c6ceb751p-24, 0x1.c9b8891443ee8p-26,
                 0x1.e87c62bdbbe36p-28, -0x1.102019ef8bc7ep-28, -0x1.83379617ab7e8p-32,
                 0x1.5a384fb15c609p-32),
          fma(1.125, a, 0x1.0000000000022p0)};
}

/// As above in (a - 2.5) / (a + 2.5), error 2^-27.
MUSTER_FN Quotient<float> erfcx_quotient(float a) {
  float const t = (a - 2.5f) / (a + 2.5f);
  return {horner(t, 0x1.9b7e9ap-1f, -0x1.da08e8p-3f, 0x1.bdd89cp-5f, 0x1.163dbcp-5f, -0x1.4b682p-5f,
                 0x1.113558p-6f, -0x1.45c332p-11f, -0x1.0e792ap-9f, 0x1.7457dcp-12f,
                 0x1.19806ap-12f, -0x1.768e52p-15f, -0x1.e0ca7cp-16f),
          fma(1.125f, a, 0x1.00005p0f)};
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
  T const a = magnitude > limit ? limit : magnitude;
  Scaled<T> const e = exp_square(a, T(-1));
  Quotient<T> const q = erfcx_quotient(a);
  return e.m * (q.num / q.den) * e.s1 * e.s2;
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
  T const magnitude = abs(x), a = magnitude > far ? far : magnitude;
  Quotient<T> const q = erfcx_quotient(a);
  bool const beyond = magnitude > far;
  T const tail = (beyond ? T(0x1.20dd750429b6dp-1) : q.num) / (beyond ? magnitude : q.den);
  T const b = magnitude > limit ? limit : magnitude;
  Scaled<T> const e = exp_square(b, T(1));
  return x < T(0) ? (T(2) * e.m) * e.s1 * e.s2 - tail : tail;
}

}  // namespace detail

/// 1 - erf(x). Domain: all x; relative accuracy is kept to underflow at x = 26.55, which is
/// gradual. Error < 3.2 ulp. exp(-x^2) with the rounding error of x^2 kept, times a minimax
/// quotient.
MUSTER_FN double erfc(double x) {
  double const tail = detail::erfc_positive(abs(x), 28.0);
  return x < 0.0 ? 2.0 - tail : tail;
}

/// In single precision, as above; underflow at x = 10.06. Error < 3.2 ulp.
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
/// Error < 2.8 ulp. The quotient of erfc.
MUSTER_FN double erfcx(double x) { return detail::erfcx_all(x, 26.7, 0x1p60); }

/// In single precision, as above; overflows below x = -9.4. Error < 2.8 ulp.
MUSTER_FN float erfcx(float x) { return detail::erfcx_all(x, 9.43f, 0x1p40f); }

MUSTER_KERNELS_END
