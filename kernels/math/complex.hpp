// Complex numbers for closed forms: muster's own, since std::complex goes through libm and
// compilers differ in what its operators return.
#pragma once

#include "kernels/math/atan2.hpp"
#include "kernels/math/exp.hpp"
#include "kernels/math/log.hpp"
#include "kernels/math/trig.hpp"

MUSTER_KERNELS_BEGIN

struct Complex {
  double re, im;
};

namespace detail {

/// a b + c d with the rounding error of c d kept (Kahan): within 2 ulp of itself for finite
/// products.
MUSTER_FN double sum_of_products(double a, double b, double c, double d) {
  double const p = c * d;
  return fma(a, b, p) + fma(c, d, -p);
}

/// 2^k for the larger of two magnitudes, kept where its inverse is a normal number; and that
/// inverse.
struct Scale {
  double up, down;
};
MUSTER_FN Scale scale_of(double x, double y) {
  double const ax = abs(x), ay = abs(y), m = ax > ay ? ax : ay;
  double const low = m < 0x1p-1000 ? 0x1p-1000 : m, clamped = low > 0x1p1000 ? 0x1p1000 : low;
  std::uint64_t const k = to_bits(clamped) & 0x7ff0000000000000;
  return {from_bits(k), from_bits(0x7fe0000000000000 - k)};
}

/// a + b = sum + rest exactly.
struct Sum {
  double sum, rest;
};
MUSTER_FN Sum two_sum(double a, double b) {
  double const sum = a + b, part = sum - a;
  return {sum, (a - (sum - part)) + (b - part)};
}

/// log(a^2 + b^2) for 0 <= b <= a < 2^2, a not small; no cancellation near the unit circle.
MUSTER_FN double log_square_sum(double a, double b) {
  double const aa = a * a, bb = b * b;
  Sum const p = two_sum(aa, -1.0), q = two_sum(p.sum, bb);
  Sum const low = two_sum(fma(a, a, -aa), fma(b, b, -bb)), all = two_sum(q.sum, low.sum);
  double const rest = all.rest + (low.rest + (p.rest + q.rest));
  double const f = all.sum + rest;
  return log1p_finite(f, (all.sum - f) + rest);
}

}  // namespace detail

MUSTER_FN Complex operator+(Complex a, Complex b) { return {a.re + b.re, a.im + b.im}; }
MUSTER_FN Complex operator-(Complex a, Complex b) { return {a.re - b.re, a.im - b.im}; }
MUSTER_FN Complex operator-(Complex a) { return {-a.re, -a.im}; }
MUSTER_FN Complex operator*(double a, Complex b) { return {a * b.re, a * b.im}; }
MUSTER_FN Complex operator*(Complex a, double b) { return b * a; }
MUSTER_FN Complex operator+(Complex a, double b) { return {a.re + b, a.im}; }
MUSTER_FN Complex operator+(double a, Complex b) { return {a + b.re, b.im}; }
MUSTER_FN Complex operator-(Complex a, double b) { return {a.re - b, a.im}; }
MUSTER_FN Complex operator-(double a, Complex b) { return {a - b.re, -b.im}; }

/// Product, each part within 2 ulp of itself (no loss by cancellation) while no term overflows.
MUSTER_FN Complex operator*(Complex a, Complex b) {
  return {detail::sum_of_products(a.re, b.re, -a.im, b.im),
          detail::sum_of_products(a.re, b.im, a.im, b.re)};
}

/// Quotient, each part within 5 ulp of itself, scaled by powers of two so that nothing over- or
/// underflows on the way (parts of a below 2^1023). Division by zero gives NaN in both parts.
MUSTER_FN Complex operator/(Complex a, Complex b) {
  detail::Scale const sa = detail::scale_of(a.re, a.im), sb = detail::scale_of(b.re, b.im);
  double const x = a.re * sa.down, y = a.im * sa.down, u = b.re * sb.down, v = b.im * sb.down;
  double const den = fma(u, u, v * v);
  // The larger factor first, lest a subnormal number lose bits on the way.
  double const first = sa.up > sb.down ? sa.up : sb.down,
               second = sa.up > sb.down ? sb.down : sa.up;
  return {detail::sum_of_products(x, u, y, v) / den * first * second,
          detail::sum_of_products(y, u, -x, v) / den * first * second};
}

MUSTER_FN Complex operator/(Complex a, double b) { return {a.re / b, a.im / b}; }

MUSTER_FN Complex conj(Complex z) { return {z.re, -z.im}; }

/// |z|^2, which may over- or underflow.
MUSTER_FN double norm(Complex z) { return fma(z.re, z.re, z.im * z.im); }

/// |z| for finite z, without over- or underflow on the way. Error < 1.2 ulp.
MUSTER_FN double abs(Complex z) {
  detail::Scale const s = detail::scale_of(z.re, z.im);
  double const x = z.re * s.down, y = z.im * s.down;
  return sqrt(fma(x, x, y * y)) * s.up;
}

/// The angle of z in [-pi, pi], as atan2.
MUSTER_FN double arg(Complex z) { return atan2(z.im, z.re); }

/// e^z. Domain: |im| <= 2^22 (see sincos); each part within 2.5 ulp of itself, also where e^re
/// alone would overflow or underflow.
MUSTER_FN Complex exp(Complex z) {
  double s, c;
  sincos(z.im, s, c);
  double const low = z.re < -1400.0 ? -1400.0 : z.re, x = low > 1400.0 ? 1400.0 : low;
  detail::Scaled<double> const e = detail::exp_scaled(x, 0.0);
  return {e.m * c * e.s1 * e.s2, e.m * s * e.s1 * e.s2};
}

/// Principal logarithm: log|z| + i arg z, |im| <= pi. log(0) = -inf + i arg. Error < 2 ulp in each
/// part, near the unit circle too.
MUSTER_FN Complex log(Complex z) {
  double const ax = abs(z.re), ay = abs(z.im);
  double const a = ax > ay ? ax : ay, b = ax > ay ? ay : ax;
  double const lift = a < 0x1p-900 ? 0x1p200 : (a > 0x1p900 ? 0x1p-200 : 1.0);
  double const lifted = a < 0x1p-900 ? -200.0 : (a > 0x1p900 ? 200.0 : 0.0);
  // Around one no scale: the parts of k ln 2 + log(...) / 2 would cancel.
  bool const ordinary = (a > 0x1p-16) & (a < 0x1p16);
  std::uint64_t const own = to_bits(a * lift) & 0x7ff0000000000000;
  std::uint64_t const scale = ordinary ? 0x3ff0000000000000 : own;
  double const down = from_bits(0x7fe0000000000000 - scale);
  double const k = from_bits((scale >> 52) | 0x4330000000000000) - (0x1p52 + 1023) + lifted;
  double const half = 0.5 * detail::log_square_sum(a * lift * down, b * lift * down);
  double const size = fma(k, 0x1.62e42feep-1, fma(k, 0x1.a39ef35793c76p-33, half));
  double const finite = (a < Ieee<double>::infinity) & (b <= a) ? size : a + b;
  return {(a == 0.0) & (b == 0.0) ? -Ieee<double>::infinity : finite, arg(z)};
}

/// Principal square root, re >= 0, for finite z; on the negative axis the sign of im chooses the
/// side. Error < 3 ulp in each part.
MUSTER_FN Complex sqrt(Complex z) {
  double const ax = abs(z.re), ay = abs(z.im), m = ax > ay ? ax : ay;
  double const lift = m < 0x1p-500 ? 0x1p600 : (m > 0x1p500 ? 0x1p-600 : 1.0);
  double const back = m < 0x1p-500 ? 0x1p-300 : (m > 0x1p500 ? 0x1p300 : 1.0);
  double const x = ax * lift, y = ay * lift;
  double const t = sqrt(0.5 * (x + sqrt(fma(x, x, y * y)))) * back;
  double const d = m == 0.0 ? 0.0 : ay / (t + t);
  bool const left = z.re < 0.0;
  return {left ? d : t, copysign(left ? t : d, z.im)};
}

MUSTER_KERNELS_END
