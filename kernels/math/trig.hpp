// Sine and cosine: sincos, sin, cos, sincospi.
#pragma once

#include "kernels/math/base.hpp"

MUSTER_KERNELS_BEGIN

namespace detail {

/// x = q pi/2 + (hi + lo), |hi| <= pi/4; the low bits of `quadrant` hold q.
template <class T>
struct Quarter {
  T hi, lo;
  typename Ieee<T>::Bits quadrant;
};

MUSTER_FN Quarter<double> reduce_quarter(double x) {
  // pi/2 = p1 + p2 + p3 with 53, 31 and 53 bits. x - q p1 is exact; so is q p2 for |q| < 2^22, and
  // then the rounding error of r2 is found exactly.
  double const t = fma(x, 0x1.45f306dc9c883p-1, Ieee<double>::magic);
  double const q = t - Ieee<double>::magic;
  double const r1 = fma(-q, 0x1.921fb54442d18p0, x);
  double const r2 = fma(-q, 0x1.1a62633p-54, r1);
  double const lo = fma(-q, 0x1.45c06e0e68948p-86, fma(-q, 0x1.1a62633p-54, r1 - r2));
  return {abs(x) <= 0x1p32 ? r2 : Ieee<double>::nan, lo, to_bits(t)};
}

MUSTER_FN Quarter<float> reduce_quarter(float x) {
  // As above with 24, 11, 10 and 24 bits, exact for |q| < 2^13.
  float const t = fma(x, 0x1.45f306p-1f, Ieee<float>::magic);
  float const q = t - Ieee<float>::magic;
  float const r1 = fma(-q, 0x1.921fb6p0f, x);
  float const r2 = fma(-q, -0x1.778p-25f, r1);
  float const lo = fma(-q, -0x1.778p-25f, r1 - r2);
  float const r3 = fma(-q, 0x1.68cp-39f, lo);
  return {abs(x) <= 0x1p19f ? r2 : Ieee<float>::nan, fma(-q, 0x1.1a6264p-54f, r3), to_bits(t)};
}

/// (sin(x) / x - 1) / x^2 from z = x^2, |x| <= pi/4; minimax error of sin 2^-57.8, single 2^-32.2.
MUSTER_FN double sin_quotient(double z) {
  return horner(z, -0x1.5555555555548p-3, 0x1.111111110f75dp-7, -0x1.a01a019bf222ep-13,
                0x1.71de355f05599p-19, -0x1.ae5e5471f55p-26, 0x1.5d8e3511cda67p-33);
}
MUSTER_FN float sin_quotient(float z) {
  return horner(z, -0x1.555556p-3f, 0x1.111164p-7f, -0x1.a04864p-13f, 0x1.77e104p-19f);
}

/// (cos(x) - 1 + x^2 / 2) / x^4 from z = x^2, |x| <= pi/4; minimax error of cos 2^-64, single
/// 2^-33.
MUSTER_FN double cos_quotient(double z) {
  return horner(z, 0x1.555555555554cp-5, -0x1.6c16c16c15221p-10, 0x1.a01a019cbfa2cp-16,
                -0x1.27e4f812e395ep-22, 0x1.1ee9f16cc7818p-29, -0x1.8fb13b550fc5cp-37);
}
MUSTER_FN float cos_quotient(float z) {
  return horner(z, 0x1.55554ap-5f, -0x1.6c0c2ep-10f, 0x1.99eac8p-16f);
}

template <class T>
struct SinCos {
  T s, c;
};

/// sin and cos of hi + lo, |hi| <= pi/4.
template <class T>
MUSTER_FN SinCos<T> sincos_quarter(T hi, T lo) {
  T const z = hi * hi, half = T(0.5) * z, w = T(1) - half;
  T const s = hi + fma(z * hi, sin_quotient(z), fma(-half, lo, lo));
  T const c = w + (((T(1) - w) - half) + fma(z * z, cos_quotient(z), -hi * lo));
  return {s, c};
}

/// The sine and cosine of the whole angle from those of its last quarter turn.
template <class T>
MUSTER_FN void place_quadrant(T x, SinCos<T> r, typename Ieee<T>::Bits q, T& s, T& c) {
  constexpr int to_sign = sizeof(T) * 8 - 2;
  bool const swap = (q & 1) != 0;
  T const sine = from_bits(to_bits(swap ? r.c : r.s) ^ ((q << to_sign) & Ieee<T>::sign));
  c = from_bits(to_bits(swap ? r.s : r.c) ^ (((q + 1) << to_sign) & Ieee<T>::sign));
  s = x == T(0) ? x : sine;
}

/// sin(pi r), cos(pi r) for |r| <= 1/4; minimax error 2^-57.9 and 2^-61.
MUSTER_FN SinCos<double> sincospi_quarter(double r) {
  double const z = r * r, a = r * 0x1.921fb54442d18p1;
  double const a_lo = fma(r, 0x1.1a62633145c07p-53, fma(r, 0x1.921fb54442d18p1, -a));
  double const p = horner(z, -0x1.4abbce625be46p2, 0x1.466bc67758c6ap1, -0x1.32d2cce31fa29p-1,
                          0x1.5078300841253p-4, -0x1.e3009539b8259p-8, 0x1.e3fe157a22716p-12);
  double const h = z * -0x1.3bd3cc9be45dep2, w = 1.0 + h;
  double const h_lo = fma(z, -0x1.3bd3cc9be45dep2, -h);
  double const q = horner(z, 0x1.03c1f081b5a67p2, -0x1.55d3c7e3c325cp0, 0x1.e1f5067b90e22p-3,
                          -0x1.a6d1e7297d362p-6, 0x1.f9c89cce8e2d6p-10, -0x1.b1673f09c727ap-14);
  return {a + fma(z * r, p, a_lo), w + (((1.0 - w) + h) + fma(z * z, q, h_lo))};
}

/// As above; minimax error 2^-27.9 and 2^-30.9.
MUSTER_FN SinCos<float> sincospi_quarter(float r) {
  float const z = r * r, a = r * 0x1.921fb6p1f;
  float const a_lo = fma(r, -0x1.777a5cp-24f, fma(r, 0x1.921fb6p1f, -a));
  float const p = horner(z, -0x1.4abbbep2f, 0x1.465fc4p1f, -0x1.2dbd92p-1f);
  float const h = z * -0x1.3bd3ccp2f, w = 1.0f + h;
  float const h_lo = fma(z, -0x1.3bd3ccp2f, -h);
  float const q = horner(z, 0x1.03c1b8p2f, -0x1.55b7cep0f, 0x1.d684aap-3f);
  return {a + fma(z * r, p, a_lo), w + (((1.0f - w) + h) + fma(z * z, q, h_lo))};
}

template <class T>
MUSTER_FN void sincos_all(T x, T& s, T& c) {
  Quarter<T> const r = reduce_quarter(x);
  place_quadrant(x, sincos_quarter(r.hi, r.lo), r.quadrant, s, c);
}

template <class T>
MUSTER_FN void sincospi_all(T x, T limit, T& s, T& c) {
  T const t = fma(T(2), x, Ieee<T>::magic);
  T const r = fma(T(-0.5), t - Ieee<T>::magic, x);
  place_quadrant(x, sincospi_quarter(abs(x) <= limit ? r : Ieee<T>::nan), to_bits(t), s, c);
}

}  // namespace detail

/// s = sin x, c = cos x. Domain: |x| <= 2^22 within 0.8 ulp; to 2^32 within 2^-52 absolute,
/// relative accuracy near the zeros being lost; NaN beyond, for infinities and NaN. sin(-0) = -0.
/// Cody and Waite's reduction by fma in three parts, minimax polynomials in x^2.
MUSTER_FN void sincos(double x, double& s, double& c) { detail::sincos_all(x, s, c); }

/// In single precision: |x| <= 2^13 within 0.8 ulp; to 2^19 within 2^-23 absolute; NaN beyond.
MUSTER_FN void sincos(float x, float& s, float& c) { detail::sincos_all(x, s, c); }

/// s = sin(pi x), c = cos(pi x), exact at multiples of 1/2. Domain: |x| <= 2^48, NaN beyond.
/// Error < 0.8 ulp (1 for subnormal results). Exact reduction, minimax polynomials in x^2.
MUSTER_FN void sincospi(double x, double& s, double& c) { detail::sincospi_all(x, 0x1p48, s, c); }

/// In single precision: |x| <= 2^19, NaN beyond. Error < 0.8 ulp (1 for subnormal
/// results).
MUSTER_FN void sincospi(float x, float& s, float& c) { detail::sincospi_all(x, 0x1p19f, s, c); }

/// The sine alone, as sincos.
template <class T>
MUSTER_FN T sin(T x) {
  T s, c;
  sincos(x, s, c);
  return s;
}

/// The cosine alone, as sincos.
template <class T>
MUSTER_FN T cos(T x) {
  T s, c;
  sincos(x, s, c);
  return c;
}

MUSTER_KERNELS_END
