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
  double target;    ///< sqrt(2 pi) b, or of e^(x/2) - b where b is beyond half its maximum
  double slack;     ///< the relative rounding error of target, to be added to its logarithm
  double maximum;   ///< e^(x/2), the supremum of b
  double is_upper;  ///< 1 where target is the complement
  double years;
  double status;    ///< an ImpliedStatus
};

/// Normalises one quote; `side` is 1 for a call, -1 for a put. Time value and complement are formed with
/// the rounding errors of D (F - K) and D min(F, K) kept, so that they hold every digit of the price.
MUSTER_FN ImpliedProblem implied_problem(double price, double forward, double strike, double years,
                                         double discount, double side) {
  bool const good = (abs(price) < 1e150) & (forward > 1e-150) & (forward < 1e150) &
                    (strike > 1e-150) & (strike < 1e150) & (years > 1e-150) & (years < 1e150) &
                    (discount > 1e-150) & (discount < 1e150);
  // Bad rows run along as whatever they are: replacing them here would keep the loop from vectorising.
  double const f = forward, k = strike, d = discount, p = price;
  // f - k = gap + slip exactly (Knuth's two-sum).
  double const gap = f - k, part = f - gap;
  double const slip = (f - (gap + part)) + (part - k);
  double const in_the_money = side * gap > 0.0 ? side : 0.0;
  double const intrinsic = in_the_money * (d * gap);
  double const rest = in_the_money * (fma(d, gap, -(d * gap)) + d * slip);
  double const above = p - intrinsic;
  double const time_value = above - rest;
  double const time_lost = (above - time_value) - rest;
  double const low = f < k ? f : k, high = f < k ? k : f;
  double const most = d * low;
  double const below = most - time_value, most_lost = fma(d, low, -most) - time_lost;
  double const complement = below + most_lost;
  double const complement_lost = (below - complement) + most_lost;

  // sqrt(2 pi) / (d sqrt(f k)) times the price, every rounding error followed to first order.
  double const product = f * k, middle = sqrt(product);
  double const middle_lost = (fma(-middle, middle, product) + fma(f, k, -product)) / (2.0 * middle);
  double const scale = d * middle;
  double const scale_lost = fma(d, middle, -scale) + d * middle_lost;
  bool const is_upper = time_value > 0.5 * most;
  double const amount = is_upper ? complement : time_value;
  double const amount_lost = is_upper ? complement_lost : time_lost;
  constexpr double sqrt_2pi = 0x1.40d931ff62706p+1, sqrt_2pi_lost = -0x1.a6a0d6f814637p-53;
  double const grown = amount * sqrt_2pi;
  double const target = grown / scale;
  double const slack =
      (fma(-target, scale, grown) - target * scale_lost + fma(amount, sqrt_2pi, -grown) +
       (amount * sqrt_2pi_lost + amount_lost * sqrt_2pi)) /
      grown;
  // Near the money (low - high) is exact, and so the logarithm keeps its relative digits.
  double const near = (low - high) / high, quotient = low / high;
  double const u = 1.0 + near;
  double const lost = (near - (u - 1.0)) + fma(-near, high, low - high) / high;
  bool const is_near = quotient > 0.5;
  double const width = -(log_bounded(is_near ? u : quotient) + (is_near ? lost / u : 0.0));

  // 2^-52 of the price: below it the time value is what rounding left behind.
  double const grain = 0x1p-52 * abs(p), inside = in_the_money * in_the_money * grain;
  double status = d > 1.0 ? 1.0 : 0.0;
  status = (target < 1e-305) | (complement < 0.5 * grain) ? 4.0 : status;
  status = time_value <= inside ? 4.0 : status;
  status = time_value < -inside ? 2.0 : status;
  status = complement <= 0.0 ? 3.0 : status;
  status = good ? status : 5.0;
  return {width, target, slack, sqrt(quotient), is_upper ? 1.0 : 0.0, years, status};
}

/// First value of s, within a third of the root over the whole domain and mostly within 1 %.
///
/// Lower half: the normal model's b = s [n(a) - a N(-a)] inverted by a rational fit of a(b / |x|), error
/// 0.8 %; far from the money with a^2 + t^2 in place of a^2. Upper half: both terms of the complement taken as equal, the
/// normal quantile after Hastings (Abramowitz and Stegun 26.2.23).
MUSTER_FN double implied_guess(ImpliedProblem const& q) {
  bool const is_upper = q.is_upper > 0.0;
  double const flat = q.target;  // the answer at the money
  double const ratio = q.width / flat;
  double const bounded = ratio < 1e300 ? ratio : 1e300;
  double const half = 0.19947114020071635 * q.target / q.maximum;
  double const l = log_bounded(is_upper ? half : 1.0 + bounded);

  double const square =
      l * l * fma(0.3595397875363295, l, 1.0) /
      fma(fma(0.18011608357996658, l, 1.9405660121787667), l, 1.0);  // a^2
  double const excess = square * square - q.width * q.width;
  double const root = sqrt(excess > 0.0 ? excess : 0.0);
  double const both = q.width > 3.0 ? 0.5 * (square + root) : square;
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

/// M(a - t) - M(a + t) over 2t, less `slope`, for a t < 1 and t <= 3/4, by the odd derivatives of M: thirteen terms, error
/// below 1e-17. `slope` is -M'(a) = 1 - a M(a).
///
/// The derivatives obey M_(n+2) = (a^2 + 2n + 1) M_n - n (n - 1) M_(n-2), and M_3 = (a^2 + 3) M_1 + 1.
MUSTER_FN double mills_difference(double slope, double at2, double t2) {
  // term_k = -M_(2k+1) t^(2k) / (2k+1)!
  double before = slope, term = fma(fma(3.0, t2, at2), slope, -t2) * (1.0 / 6.0);
  double sum = term;
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
  MUSTER_MILLS_TERM(21)
  MUSTER_MILLS_TERM(23)
#undef MUSTER_MILLS_TERM
  return sum;
}

/// What one Householder step of order four on ln b(s) = ln target (or of the complement) adds to s.
MUSTER_FN double implied_step(ImpliedProblem const& q, double s) {
  bool const is_upper = q.is_upper > 0.0;
  double const a = q.width / s, t = 0.5 * s, at = 0.5 * q.width;
  bool const is_small = !is_upper & (q.width < 2.0) & (t <= 0.75);
  double const z = is_upper ? t - a : a - t;
  double const m = mills_ratio(is_small ? a : (z > -1.0 ? z : -1.0));
  double const far = mills_ratio(a + t);
  // The price over b' (or its complement) as value + value_lost.
  double const am = a * m, slope = 1.0 - am;
  double const slope_lost = ((1.0 - slope) - am) - fma(a, m, -am);
  double const bend = mills_difference(slope, at * at, t * t);
  double const mean = slope + bend;
  double const mean_lost = ((slope - mean) + bend) + slope_lost;
  double const series = s * mean, series_lost = fma(s, mean, -series) + s * mean_lost;
  double const other = is_upper ? far : -far;
  double const direct = m + other, direct_lost = (m - direct) + other;
  double const value = is_small ? series : direct;
  double const value_lost = is_small ? series_lost : direct_lost;

  // (a^2 + t^2) / 2 and its rounding error, that of a included: in the wings it is what counts.
  double const a2 = a * a, t2 = t * t, both = a2 + t2;
  double const a2_lost = fma(a, a, -a2) + 2.0 * a * (fma(-a, s, q.width) / s);
  double const big = a2 > t2 ? a2 : t2, little = a2 > t2 ? t2 : a2;
  double const lost = ((big - both) + little) + (a2_lost + fma(t, t, -t2));
  ExpParts const density = exp_parts(-0.5 * (both < 1414.0 ? both : 1414.0));
  double const model = density.mantissa * value;
  double const model_lost = fma(density.mantissa, value, -model) + density.lost * value +
                            density.mantissa * value_lost;
  double const target = q.target / density.scale;
  double const ratio = target / model;
  double const miss = log_bounded(ratio) + (fma(-ratio, model, target) - model_lost) / model +
                      (q.slack + 0.5 * lost);

  // Newton's step and the ratios f''/f', f'''/f', all relative to s: nothing over- or underflows.
  double const e = (is_upper ? -s : s) / value;  // s f'
  double const k = a2 - t2;                      // s b'' / b'
  double const newton = miss / e;
  double const h2 = k - e;
  double const h3 = fma(k, k, -fma(3.0, a2, t2)) + e * fma(-3.0, k, 2.0 * e);
  double const step = s * (newton * fma(0.5 * h2, newton, 1.0) /
                           fma(fma(h3, newton * (1.0 / 6.0), h2), newton, 1.0));
  // The bounds matter only far from the root.
  return step > -0.5 * s ? (step < s ? step : s) : -0.5 * s;
}

/// The volatility after the last step: (s + step) / sqrt(years), rounded about once.
MUSTER_FN double implied_volatility_of(ImpliedProblem const& q, double s, double step) {
  double const sum = s + step, lost = step - (sum - s);
  double const root = sqrt(q.years);
  double const root_lost = fma(-root, root, q.years) / (2.0 * root);
  double const whole = sum / root;
  return whole + (fma(-whole, root, sum) + (lost - whole * root_lost)) / root;
}

/// Householder steps after the guess. Two bring every x and price in range to 2e-10 of the root and
/// |x| < 5 to the last digit; the third does the rest.
inline constexpr int implied_steps = 3;

MUSTER_KERNELS_END
