// Sine and cosine.
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
  // pi/2 = p1 + p2 + p3 with 53, 31 and 53 bits. x - q p1 is exact; so is q p2 for |q| < 2^22, and then
  // the rounding error of r2 is found exactly.
  double const t = fma(x, 0x1.45f306dc9c883p-1, Ieee<double>::magic);
  double const q = t - Ieee<double>::magic;
  double const r1 = fma(-q, 0x1.921fb54442d18p0, x);
  double const r2 = fma(-q, 0x1.1a62633p-54, r1);
  double const lo = fma(-q, 0x1.45c06e0e68948p-86, fma(-q, 0x1.1a62633p-54, r1 - r2));
  double const far = abs(x) <= 0x1p48 ? r2 : Ieee<double>::nan;
  return {far, lo, to_bits(t)};
}

/// sin(hi + lo) on |hi| <= pi/4; minimax error 2^-57.8.
MUSTER_FN double sin_quarter(double hi, double lo) {
  double const z = hi * hi;
  double const p = horner(z, -0x1.5555555555548p-3, 0x1.111111110f75dp-7, -0x1.a01a019bf222ep-13,
                          0x1.71de355f05599p-19, -0x1.ae5e5471f55p-26, 0x1.5d8e3511cda67p-33);
  // cos(hi) ~ 1 - z/2 carries the low part.
  return hi + fma(z * hi, p, fma(-0.5 * z, lo, lo));
}

/// cos(hi + lo) on |hi| <= pi/4; minimax error 2^-64.
MUSTER_FN double cos_quarter(double hi, double lo) {
  double const z = hi * hi, half = 0.5 * z, w = 1.0 - half;
  double const p = horner(z, 0x1.555555555554cp-5, -0x1.6c16c16c15221p-10, 0x1.a01a019cbfa2cp-16,
                          -0x1.27e4f812e395ep-22, 0x1.1ee9f16cc7818p-29, -0x1.8fb13b550fc5cp-37);
  return w + (((1.0 - w) - half) + fma(z * z, p, -hi * lo));
}

}  // namespace detail

/// s = sin x, c = cos x. Domain: |x| <= 2^22 within 0.9 ulp; to 2^48 within 2^-52 absolute, relative
/// accuracy near the zeros being lost; NaN beyond, for infinities and NaN. sin(-0) = -0.
/// Cody-Waite reduction by fma in three parts, minimax polynomials in x^2.
MUSTER_FN void sincos(double x, double& s, double& c) {
  detail::Quarter<double> const r = detail::reduce_quarter(x);
  double const sine = detail::sin_quarter(r.hi, r.lo), cosine = detail::cos_quarter(r.hi, r.lo);
  bool const swap = (r.quadrant & 1) != 0;
  std::uint64_t const sign_s = (r.quadrant << 62) & Ieee<double>::sign;
  std::uint64_t const sign_c = ((r.quadrant + 1) << 62) & Ieee<double>::sign;
  double const signed_s = from_bits(to_bits(swap ? cosine : sine) ^ sign_s);
  s = x == 0.0 ? x : signed_s;
  c = from_bits(to_bits(swap ? sine : cosine) ^ sign_c);
}

MUSTER_FN double sin(double x) {
  double s, c;
  sincos(x, s, c);
  return s;
}

MUSTER_FN double cos(double x) {
  double s, c;
  sincos(x, s, c);
  return c;
}

MUSTER_KERNELS_END
