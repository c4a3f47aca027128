// The normal distribution: density, distribution function and its inverse.
#pragma once

#include "kernels/math/erf.hpp"
#include "kernels/math/log.hpp"

MUSTER_KERNELS_BEGIN

namespace detail {

/// As ErfcxFit, for exp(a^2 / 2) Phi(-a), a to 45 and, in single precision, 22.
template <class T>
struct NormFit;

template <>
struct NormFit<double> {
  static constexpr double k = 5.0, d = 0x1.4000000000033p+0, c = 0x1.ec4896da77b29p-2;
  /// Minimax, error 2^-57.9.
  MUSTER_FN static double q(double t) {
    return horner_split(t, -0x1.04f3080b418f2p-3, 0x1.ebe8e26b6721ap-5, -0x1.4ed7f8c39be58p-7,
                        -0x1.d9140d6f7510dp-7, 0x1.321c3a9d66d84p-6, -0x1.a77265b3f1767p-7,
                        0x1.84736ae081969p-8, -0x1.a8fbdc63ad1bap-10, 0x1.5af5b9176785ap-15,
                        0x1.5eb3772f953b3p-13, -0x1.bfad970301574p-15, -0x1.1452c4501a8a2p-17,
                        0x1.255af4fadd7c5p-17, -0x1.006aec75ba74ep-22, -0x1.4eccbd113e2p-20,
                        0x1.3a97a7ee27b95p-23, 0x1.91be5a3a940b6p-23, -0x1.e47301c28bf78p-26,
                        -0x1.ff6377e110375p-26, 0x1.e1a4919d060e1p-29, 0x1.210cc6aa13b9fp-28,
                        -0x1.761f7de364d7dp-33, -0x1.64789485f459ep-32);
  }
};

template <>
struct NormFit<float> {
  static constexpr float k = 4.0f, d = 0x1.40002ap+0f, c = 0x1.fb8d46p-2f;
  /// Minimax, error 2^-29.1.
  MUSTER_FN static float q(float t) {
    return horner_split(t, -0x1.1d4b1p-3f, 0x1.716a8cp-5f, 0x1.5dbbecp-7f, -0x1.911a12p-6f,
                        0x1.0321c4p-6f, -0x1.3f9768p-8f, -0x1.24a1fcp-13f, 0x1.5384d6p-11f,
                        -0x1.48ee4cp-14f, -0x1.2b6bd6p-14f);
  }
};

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
  return fma(e.m, c, fma(e.rest, c, e.m * c_lo)) * e.s1 * e.s2;
}

template <class T>
MUSTER_FN T norm_cdf_all(T x, T limit) {
  using Fit = NormFit<T>;
  T const magnitude = abs(x), a = magnitude > limit ? limit : magnitude;
  T const r = T(1) / (a + Fit::d);
  T const tail = scaled_product(exp_half_square(a), tail_ratio<Fit>(a, r));
  return x > T(0) ? T(1) - tail : tail;
}

template <class T>
struct Quotient {
  T num, den;
};

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
/// at 38.6. Error < 0.9 ulp. exp with the rounding error of x^2 kept.
MUSTER_FN double norm_pdf(double x) {
  return detail::norm_pdf_all(x, 40.0, 0x1.9884533d43651p-2, -0x1.cbc0d30ebfd15p-56);
}

/// In single precision, as above; underflow at 14.3. Error < 0.9 ulp.
MUSTER_FN float norm_pdf(float x) {
  return detail::norm_pdf_all(x, 14.5f, 0x1.988454p-2f, -0x1.857936p-27f);
}

/// Standard normal distribution function. Domain: all x; relative accuracy is kept in the lower
/// tail to underflow at x = -38.5, which is gradual. Error < 1.8 ulp. exp(-x^2 / 2) with the
/// rounding error of x^2 kept, times a polynomial in (x - 5) / (x + 5) over a linear term.
MUSTER_FN double norm_cdf(double x) { return detail::norm_cdf_all(x, 40.0); }

/// In single precision, as above; underflow at x = -14.2. Error < 1.8 ulp.
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
