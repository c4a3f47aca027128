// Black implied volatility of one quote, branch-free with a fixed number of steps, to the digits that the
// price holds. After Jaeckel, "Let's be rational" (2015): normalised out-of-the-money price, fourth-order
// Householder steps on logarithms. New here: everything is expressed by Mills' ratio.
#pragma once

#include "kernels/closed/bounded.hpp"
#include "kernels/closed/mills.hpp"
#include "kernels/closed_forms.hpp"
#include "kernels/math/math.hpp"

MUSTER_KERNELS_BEGIN

/// The quote as an out-of-the-money option with x = ln(F / K) <= 0 and price b(s), s = volatility sqrt(T):
/// with a = |x| / s and t = s / 2, b'(s) = n(a) e^(-t^2 / 2) and
///   b = b' [M(a - t) - M(a + t)],   e^(x/2) - b = b' [M(t - a) + M(t + a)].
struct ImpliedProblem {
  double width;     ///< |x|
  double target;    ///< b, or e^(x/2) - b where b is beyond half its maximum
  double maximum;   ///< e^(x/2), the supremum of b
  double is_upper;  ///< 1 where target is the complement
  double root;      ///< sqrt(years)
  double status;    ///< an ImpliedStatus
};

/// Normalises one quote; `side` is 1 for a call, -1 for a put. Time value and complement are formed with
/// the rounding errors of D (F - K) and D min(F, K) kept, so that they hold every digit of the price.
MUSTER_FN ImpliedProblem implied_problem(double price, double forward, double strike, double years,
                                         double discount, double side) {
  bool const good = (abs(price) < 1e150) & (forward > 1e-150) & (forward < 1e150) &
                    (strike > 1e-150) & (strike < 1e150) & (years > 1e-150) & (years < 1e150) &
                    (discount > 1e-150) & (discount < 1e150);
  double const f = good ? forward : 1.0, k = good ? strike : 1.0;
  double const d = good ? discount : 1.0, p = good ? price : 0.1;
  // f - k = gap + slip exactly (Knuth's two-sum).
  double const gap = f - k, part = f - gap;
  double const slip = (f - (gap + part)) + (part - k);
  double const in_the_money = side * gap > 0.0 ? side : 0.0;
  double const intrinsic = in_the_money * (d * gap);
  double const rest = in_the_money * (fma(d, gap, -(d * gap)) + d * slip);
  double const time_value = (p - intrinsic) - rest;
  double const low = f < k ? f : k, high = f < k ? k : f;
  double const most = d * low;
  double const complement = (most - time_value) + fma(d, low, -most);

  double const scale = d * sqrt(f * k);
  double const is_upper = time_value > 0.5 * most ? 1.0 : 0.0;
  double const target = (is_upper > 0.0 ? complement : time_value) / scale;
  // Near the money (low - high) is exact, and so the logarithm keeps its relative digits.
  double const near = (low - high) / high, quotient = low / high;
  double const u = 1.0 + near, lost = near - (u - 1.0);
  bool const is_near = quotient > 0.5;
  double const width = -(log_bounded(is_near ? u : quotient) + (is_near ? lost / u : 0.0));

  // 2^-52 of the price: below it the time value is what rounding left behind.
  double const grain = 0x1p-52 * abs(p);
  double status = d > 1.0 ? 1.0 : 0.0;
  status = (target < 1e-305) | (complement < 0.5 * grain) ? 4.0 : status;
  status = (in_the_money != 0.0) & (time_value <= grain) ? 4.0 : status;
  status = time_value < -(in_the_money != 0.0 ? grain : 0.0) ? 2.0 : status;
  status = complement <= 0.0 ? 3.0 : status;
  status = good ? status : 5.0;
  return {width, target, sqrt(quotient), is_upper, sqrt(years), status};
}

/// First value of s, within a third of the root over the whole domain and mostly within 1 %.
///
/// Lower half: the normal model's b = s [n(a) - a N(-a)] inverted by a rational fit of a(b / |x|), error
/// 0.8 %; then a^2 + t^2 in place of a^2. Upper half: both terms of the complement taken as equal, the
/// normal quantile after Hastings (Abramowitz and Stegun 26.2.23).
MUSTER_FN double implied_guess(ImpliedProblem const& q) {
  bool const is_upper = q.is_upper > 0.0;
  double const flat = 0x1.40d931ff62706p+1 * q.target;  // sqrt(2 pi) b, the answer at the money
  double const ratio = q.width / flat;
  double const bounded = ratio < 1e300 ? ratio : 1e300;
  double const half = 0.5 * q.target / q.maximum;
  double const l = log_bounded(is_upper ? half : 1.0 + bounded);

  double const square =
      l * l * fma(0.3595397875363295, l, 1.0) /
      fma(fma(0.18011608357996658, l, 1.9405660121787667), l, 1.0);  // a^2
  double const excess = square * square - q.width * q.width;
  double const both = square > q.width ? 0.5 * (square + sqrt(excess > 0.0 ? excess : 0.0)) : square;
  double const safe = both > 1e-300 ? both : 1e-300;
  // Close to the money |x| / a loses its digits; there s = sqrt(2 pi) (b + |x| / 2).
  double const lower =
      bounded < 1e-3 ? fma(0x1.40d931ff62706p+0, q.width, flat) : q.width / sqrt(safe);

  double const r = sqrt(-2.0 * (is_upper ? l : -1.0));
  double const quantile = r - fma(fma(0.010328, r, 0.802853), r, 2.515517) /
                                  fma(fma(fma(0.001308, r, 0.189269), r, 1.432788), r, 1.0);
  double const upper = quantile + sqrt(fma(quantile, quantile, 2.0 * q.width));
  return is_upper ? upper : lower;
}

/// M(a - t) - M(a + t) over 2t for a t < 1 and t <= 1/2, by the odd derivatives of M: eleven terms, error
/// below 1e-17. `slope` is -M'(a) = 1 - a M(a).
///
/// The derivatives obey M_(n+2) = (a^2 + 2n + 1) M_n - n (n - 1) M_(n-2), and M_3 = (a^2 + 3) M_1 + 1.
MUSTER_FN double mills_difference(double slope, double at2, double t2) {
  // term_k = -M_(2k+1) t^(2k) / (2k+1)!
  double before = slope, term = fma(fma(3.0, t2, at2), slope, -t2) * (1.0 / 6.0);
  double sum = before + term;
#define MUSTER_MILLS_TERM(n)                                                      \
  {                                                                               \
    constexpr double scale = 1.0 / (((n) + 1.0) * ((n) + 2.0));                   \
    double const next =                                                           \
        fma(fma(2.0 * (n) + 1.0, t2, at2) * scale, term, -(t2 * t2 * scale) * before); \
    before = term;                                                                \
    term = next;                                                                  \
    sum += term;                                                                  \
  }
  MUSTER_MILLS_TERM(3)
  MUSTER_MILLS_TERM(5)
  MUSTER_MILLS_TERM(7)
  MUSTER_MILLS_TERM(9)
  MUSTER_MILLS_TERM(11)
  MUSTER_MILLS_TERM(13)
  MUSTER_MILLS_TERM(15)
  MUSTER_MILLS_TERM(17)
  MUSTER_MILLS_TERM(19)
#undef MUSTER_MILLS_TERM
  return sum;
}

/// One Householder step of order four on ln b(s) = ln target, or on the logarithm of the complement.
MUSTER_FN double implied_step(ImpliedProblem const& q, double s) {
  bool const is_upper = q.is_upper > 0.0;
  double const a = q.width / s, t = 0.5 * s, at = 0.5 * q.width;
  bool const is_small = !is_upper & (q.width < 2.0) & (t <= 0.5);
  double const z = is_upper ? t - a : a - t;
  double const m = mills_ratio(is_small ? a : (z > -1.0 ? z : -1.0));
  double const far = mills_ratio(a + t);
  double const series = 2.0 * t * mills_difference(fma(-a, m, 1.0), at * at, t * t);
  double const value = is_small ? series : (is_upper ? m + far : m - far);  // of b or complement, over b'

  double const square = 0.5 * (a * a + t * t);
  double const derivative = exp_bounded(-(square < 707.0 ? square : 707.0)) * 0x1.9884533d43651p-2;
  double const miss = log_bounded(q.target / derivative / value);

  double const v = (is_upper ? -1.0 : 1.0) / value;       // f'
  double const k = (a * a - t * t) / s;                   // b'' / b'
  double const k1 = -(3.0 * (a * a) + t * t) / (s * s);   // and its derivative
  double const newton = miss / v;
  double const h2 = k - v;
  double const h3 = k1 + k * k - 3.0 * v * k + 2.0 * v * v;
  double const step =
      newton * fma(0.5 * h2, newton, 1.0) / fma(fma(h3, newton * (1.0 / 6.0), h2), newton, 1.0);
  // The bound matters only far from the root.
  double const next = s + step;
  double const most = 2.0 * s, least = 0.5 * s;
  return next > least ? (next < most ? next : most) : least;
}

MUSTER_KERNELS_END
