// The normal distribution: density, distribution function and its inverse.
#pragma once

#include "kernels/math/erf.hpp"
#include "kernels/math/log.hpp"

MUSTER_KERNELS_BEGIN

namespace detail {

/// exp(a^2 / 2) Phi(-a) = num / den for 0 <= a <= 45, error 2^-58: (d + 0.8125 a) exp(a^2 / 2)
/// Phi(-a) is a polynomial in (a - 5) / (a + 5), flat at a = 0; d was chosen so that the leading
/// coefficient is short.
MUSTER_FN Quotient<double> tail_quotient(double a) {
  double const t = (a - 5.0) / (a + 5.0);
  return {horner(t, 0x1.8ebfead4cc78fp-2, -0x1.9edc84793c3d5p-4, 0x1.80d1e033b25abp-5,
                 -0x1.cd4bbb1f5ef78p-8, -0x1.98e0ca148de4bp-7, 0x1.fd6ac7618125cp-7,
                 -0x1.5ca776f72d0eap-7, 0x1.3e0d60616aff5p-8, -0x1.5a32da41246bap-10,
                 0x1.084e1097ca791p-15, 0x1.1eecb73909c19p-13, -0x1.6bdd4a5aef356p-15,
                 -0x1.c7fdcb7112bafp-18, 0x1.de089b42d1983p-18, -0x1.8a1e8b034fbbbp-23,
                 -0x1.110b149d9ec68p-20, 0x1.fa570b2ae558dp-24, 0x1.47bc059ab7084p-23,
                 -0x1.87eaba202b654p-26, -0x1.a14917a0cd2a8p-26, 0x1.89682fa885daep-29,
                 0x1.d90de6a3ff1a6p-29, -0x1.4124be9b9c55p-33, -0x1.27abf63e3b897p-32),
          fma(0.8125, a, 0x1.0000000000007p0)};
}

/// As above in (a - 4) / (a + 4), to a = 22, error 2^-29.
MUSTER_FN Quotient<float> tail_quotient(float a) {
  float const t = (a - 4.0f) / (a + 4.0f);
  return {horner(t, 0x1.9ae02ap-2f, -0x1.c4b2ccp-4f, 0x1.1c3bdp-5f, 0x1.40dd78p-7f, -0x1.4dcb94p-6f,
                 0x1.a96f94p-7f, -0x1.042e5p-8f, -0x1.029a4cp-13f, 0x1.15465ap-11f,
                 -0x1.089beep-14f, -0x1.e88c2cp-15f),
          fma(0.8125f, a, 0x1.00005cp0f)};
}

/// exp(-a^2 / 2) with the rounding error of a^2 kept.
template <class T>
MUSTER_FN Scaled<T> exp_half_square(T a) {
  T const square = a * a;
  return exp_scaled(T(-0.5) * square, T(-0.5) * fma(a, a, -square));
}

template <class T>
MUSTER_FN T norm_pdf_all(T x, T limit, T c, T c_lo) {
  T const magnitude = abs(x);
  Scaled<T> const e = exp_half_square(magnitude > limit ? limit : magnitude);
  return fma(e.m, c, e.m * c_lo) * e.s1 * e.s2;
}

template <class T>
MUSTER_FN T norm_cdf_all(T x, T limit) {
  T const magnitude = abs(x), a = magnitude > limit ? limit : magnitude;
  Scaled<T> const e = exp_half_square(a);
  Quotient<T> const q = tail_quotient(a);
  T const tail = e.m * (q.num / q.den) * e.s1 * e.s2;
  return x > T(0) ? T(1) - tail : tail;
}

/// A quantile is q (c + q^2 R) in the middle and the sign of q times (base + R) in the tails, R =
/// num / den.
template <class T>
struct QuantilePart {
  T base, num, den;
};

/// R for |q| <= 0.4, v = 0.16 - q^2; minimax error of the quantile 2^-58.
MUSTER_FN Quotient<double> quantile_middle(double v) {
  return {horner(v, 0x1.16e677283409cp+2, 0x1.fa6b740a12717p+6, 0x1.54dace45fcb27p+10,
                 0x1.a403fe2b65746p+12, 0x1.d8ca4e68dfdd9p+13, 0x1.a3dc238cd21d7p+13,
                 0x1.7c54f56097df8p+11),
          horner(v, 1.0, 0x1.0fd9217874267p+5, 0x1.beff1d37aca39p+8, 0x1.6723123abeb47p+11,
                 0x1.2521c8718ea42p+13, 0x1.cab27e5a08990p+13, 0x1.21038b9494da4p+13,
                 0x1.7356cec5f5519p+10)};
}

/// As above, error 2^-26.
MUSTER_FN Quotient<float> quantile_middle(float v) {
  return {horner(v, 0x1.16e676p+2f, 0x1.4c6e4ap+5f, 0x1.04fd76p+6f),
          horner(v, 1.0f, 0x1.ced9a6p+3f, 0x1.a7564cp+5f, 0x1.395f9ap+5f)};
}

/// The quantile of p = exp(-r^2) <= 0.1, negated: r in [1.5, 5], then to 27.4; error 2^-57.7 and
/// 2^-56.1.
MUSTER_FN QuantilePart<double> quantile_tail(double r) {
  double const m = r - 1.5, f = r - 5.0;
  double const mn = horner(m, 0x1.0b3f3dacca311p-5, 0x1.ed13dcf272f7dp-3, 0x1.1f7510513ba2fp-2,
                           0x1.a3f2b2ed26b02p-4, -0x1.4fefd3c31608fp-9, -0x1.4ba429982d294p-7,
                           -0x1.4bbb462062f5cp-9, -0x1.efb884b2699c0p-13, -0x1.afdecca4fe0efp-18);
  double const md = horner(m, 1.0, 0x1.0f28eb44348eep+1, 0x1.cc3e7f0c4facbp+0, 0x1.958b06bfe64cbp-1,
                           0x1.91d16d4739c51p-3, 0x1.bcf7ef725ed0dp-6, 0x1.e663c6bfac87ep-10,
                           0x1.6c31e1fb9b951p-15);
  double const fn = horner(f, -0x1.a7143ee02599ep-2, -0x1.92a33e45e14e1p-3, -0x1.14ca1b3796ebbp-5,
                           -0x1.53ee697cdb763p-9, -0x1.77e50e49b1a55p-14, -0x1.4d1939212f148p-20,
                           -0x1.52352dd8b9010p-28, -0x1.bdfd7429d3b06p-41);
  double const fd = horner(f, 1.0, 0x1.38f5cefde54fbp-1, 0x1.25ec8d528c44ep-3, 0x1.0b23723e68fc7p-6,
                           0x1.e8851051325a9p-11, 0x1.aa502d39561b4p-16, 0x1.30187ef097224p-22,
                           0x1.df7046da18f5dp-31);
  bool const far = r > 5.0;
  return {far ? 0x1.6a09e667f3bcdp0 * r : fma(1.5625, r, -1.125), far ? fn : mn, far ? fd : md};
}

/// As above with r in [1.5, 10.2]; error 2^-26.
MUSTER_FN QuantilePart<float> quantile_tail(float r) {
  float const m = r - 1.5f;
  return {
      fma(1.5f, r, -1.0f),
      horner(m, 0x1.67e8f4p-10f, 0x1.e27bccp-3f, 0x1.aa7322p-4f, -0x1.b2d6e6p-8f, -0x1.0da408p-9f),
      horner(m, 1.0f, 0x1.0c1dbcp+0f, 0x1.421ab2p-2f, 0x1.8a5a0ap-6f)};
}

template <class T>
MUSTER_FN T norm_inv_all(T p, T c, T c_lo) {
  T const q = p - T(0.5), side = q > T(0) ? T(1) - p : p;
  T const v = fma(-q, q, T(0.16));
  bool const middle = v >= T(0);
  Quotient<T> const near = quantile_middle(v);
  QuantilePart<T> const far = quantile_tail(sqrt(-log(side)));
  T const r = (middle ? near.num : far.num) / (middle ? near.den : far.den);
  T const x = middle ? fma(q, c, q * fma(q * q, r, c_lo)) : copysign(far.base + r, q);
  T const inside = side > T(0) ? x : copysign(Ieee<T>::infinity, q);
  return side >= T(0) ? inside : Ieee<T>::nan;
}

}  // namespace detail

/// Standard normal density exp(-x^2 / 2) / sqrt(2 pi). Domain: all x, the tails to underflow
/// at 38.6. Error < 1.5 ulp. exp with the rounding error of x^2 kept.
MUSTER_FN double norm_pdf(double x) {
  return detail::norm_pdf_all(x, 40.0, 0x1.9884533d43651p-2, -0x1.cbc0d30ebfd15p-56);
}

/// In single precision, as above; underflow at 14.3. Error < 1.5 ulp.
MUSTER_FN float norm_pdf(float x) {
  return detail::norm_pdf_all(x, 14.5f, 0x1.988454p-2f, -0x1.857936p-27f);
}

/// Standard normal distribution function. Domain: all x; relative accuracy is kept in the lower
/// tail to underflow at x = -38.5, which is gradual. Error < 3.2 ulp. exp(-x^2 / 2) with the
/// rounding error of x^2 kept, times a minimax quotient.
MUSTER_FN double norm_cdf(double x) { return detail::norm_cdf_all(x, 40.0); }

/// In single precision, as above; underflow at x = -14.2. Error < 3.2 ulp.
MUSTER_FN float norm_cdf(float x) { return detail::norm_cdf_all(x, 14.5f); }

/// x such that norm_cdf(x) = p. Domain: 0 <= p <= 1 (ends give -inf and +inf; NaN outside);
/// relative accuracy holds to the smallest p. Error < 2.5 ulp. Wichura's three regions and
/// variables (AS 241, 1988) with minimax quotients of muster's own for what is left of a line.
MUSTER_FN double norm_inv(double p) {
  return detail::norm_inv_all(p, 0x1.40d931ff62706p1, -0x1.a6a0d6f814637p-53);
}

/// In single precision, as above with two regions. Error < 2.8 ulp.
MUSTER_FN float norm_inv(float p) {
  return detail::norm_inv_all(p, 0x1.40d932p1f, -0x1.3b1f4ep-32f);
}

/// x such that 1 - norm_cdf(x) = p: the quantile from an upper-tail probability, which a p near one
/// could not hold. Domain and error as norm_inv.
template <class T>
MUSTER_FN T norm_inv_upper(T p) {
  return -norm_inv(p);
}

MUSTER_KERNELS_END
