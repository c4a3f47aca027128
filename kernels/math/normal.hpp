// The normal distribution: density, distribution function and its inverse.
#pragma once

#include "kernels/math/exp.hpp"
#include "kernels/math/log.hpp"

MUSTER_KERNELS_BEGIN

namespace detail {

/// (1 + 1.375 a) exp(a^2 / 2) Phi(-a) for 0 <= a < 50, a polynomial in (a - 5.625) / (a + 5.625);
/// error 2^-54.
MUSTER_FN double mills_numerator(double a) {
  double const t = (a - 5.625) / (a + 5.625);
  return horner(t, 0x1.33f8641619acep-1, -0x1.24f6fe3171f46p-4, 0x1.491a644122a22p-7, 0x1.016edda86f759p-5,
             -0x1.890388ddbd669p-5, 0x1.6e171b43f7e88p-5, -0x1.024cb711c54c4p-5, 0x1.1f2a34ab111f6p-6,
             -0x1.ed5759a8a1d23p-8, 0x1.29b5ab8c9f2a2p-9, -0x1.409462e25357p-12, -0x1.c3c20f3718e96p-14,
             0x1.2628d5a2d3203p-14, -0x1.35ffefacc7f5ap-17, -0x1.8cfbd8ee7c2e4p-18,
             0x1.54613550ef00dp-19, 0x1.23ce749d8ee6ep-22, -0x1.a3dee33734dabp-22,
             0x1.cf9963d688a8bp-27, 0x1.cf35b649753c7p-25, -0x1.513af4a580328p-28,
             -0x1.c6133e4da3001p-28, 0x1.d03b64b4fec49p-32, 0x1.0bac2c4b78c93p-31);
}

/// exp(-a^2 / 2) with the rounding error of a^2 kept, for 0 <= a <= 40.
MUSTER_FN Scaled<double> exp_half_square(double a) {
  double const square = a * a;
  return exp_scaled(-0.5 * square, -0.5 * fma(a, a, -square));
}

}  // namespace detail

/// Standard normal density exp(-x^2 / 2) / sqrt(2 pi). Domain: all x; error < 2 ulp, the tails included.
MUSTER_FN double norm_pdf(double x) {
  double const magnitude = abs(x);
  double const a = magnitude > 40.0 ? 40.0 : magnitude;
  detail::Scaled<double> const e = detail::exp_half_square(a);
  return e.m * 0x1.9884533d43651p-2 * e.s1 * e.s2;
}

/// Standard normal distribution function. Domain: all x; relative accuracy is kept in the lower tail to
/// underflow at x = -38.5, which is gradual. Error < 5 ulp. exp(-x^2 / 2) with the rounding error of x^2
/// kept, times a polynomial in (|x| - 5.625) / (|x| + 5.625).
MUSTER_FN double norm_cdf(double x) {
  double const magnitude = abs(x);
  double const a = magnitude > 40.0 ? 40.0 : magnitude;
  detail::Scaled<double> const e = detail::exp_half_square(a);
  double const m = e.m * (detail::mills_numerator(a) / fma(1.375, a, 1.0));
  double const tail = m * e.s1 * e.s2;
  return x > 0.0 ? 1.0 - tail : tail;
}

/// x such that norm_cdf(x) = p. Domain: 0 <= p <= 1 (ends give -inf and +inf; NaN outside); relative
/// accuracy holds to the smallest p. Error < 5 ulp. Wichura's three regions (AS 241, 1988) with minimax
/// coefficients of muster's own.
MUSTER_FN double norm_inv(double p) {
  double const q = p - 0.5, side = q > 0.0 ? 1.0 - p : p;
  double const v = fma(-q, q, 0.16);
  double const cn = horner(v, 0x1.9a18b449b087fp+1, 0x1.947e67b4f0084p+6, 0x1.2f4eef9bf33e7p+10,
                           0x1.b0d6265960dbap+12, 0x1.2cf848190622ap+14, 0x1.756b5eec8f21cp+14,
                           0x1.415c36119c18fp+13, 0x1.567aee9d67977p+9);
  double const cd = horner(v, 1.0, 0x1.0ff6f889e4405p+5, 0x1.bf6b09fcc73f0p+8, 0x1.67b308fd25ba2p+11,
                           0x1.25d045d81d6a1p+13, 0x1.cc30a6f8d7c9dp+13, 0x1.22483d4c36b71p+13,
                           0x1.757a0f8dd5ddep+10);
  double const r = sqrt(-log(side));
  double const m = r - 1.5;
  double const mn = horner(m, 0x1.4059f9ed66519p+0, 0x1.18a58e45239edp+2, 0x1.720a53881d107p+2,
                           0x1.f040c4e77f9fdp+1, 0x1.79638d01e42dfp+0, 0x1.51735ed019f19p-2,
                           0x1.596c4b8120b5fp-5, 0x1.63f1de2842c6dp-9, 0x1.01890bc241ab8p-14);
  double const md = horner(m, 1.0, 0x1.0f28eb44348eep+1, 0x1.cc3e7f0c4facbp+0, 0x1.958b06bfe64cbp-1,
                           0x1.91d16d4739c51p-3, 0x1.bcf7ef725ed0dp-6, 0x1.e663c6bfac87ep-10,
                           0x1.6c31e1fb9b951p-15);
  double const f = r - 5.0;
  double const fn = horner(f, 0x1.aa1b1c13ee526p+2, 0x1.6395deaef27a7p+2, 0x1.dbbe55c0302c7p+0,
                           0x1.4762c1cd4e865p-2, 0x1.eebb5be3c250ap-6, 0x1.9628f63743266p-10,
                           0x1.511e588195b2ep-15, 0x1.e24577995a283p-22, 0x1.982e329263667p-30);
  double const fd = horner(f, 1.0, 0x1.3a350e147b3eap-1, 0x1.28ca60916aa92p-3, 0x1.101739e009344p-6,
                           0x1.f87d216e7636dp-11, 0x1.c2a006a89e15ap-16, 0x1.4f618a8ff5ddap-22,
                           0x1.20a086fabf5f2p-30);
  bool const central = v >= 0.0, far = r > 5.0;
  double const tail = copysign(far ? fn : mn, q);
  double const x = (central ? q * cn : tail) / (central ? cd : (far ? fd : md));
  double const inside = side > 0.0 ? x : copysign(Ieee<double>::infinity, q);
  return side >= 0.0 ? inside : Ieee<double>::nan;
}

/// x such that 1 - norm_cdf(x) = p: the quantile from an upper-tail probability, which a p near one
/// could not hold. Domain and error as norm_inv.
MUSTER_FN double norm_inv_upper(double p) { return -norm_inv(p); }

MUSTER_KERNELS_END
