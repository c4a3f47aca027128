// What contracts make of a path: observations on the way, a payoff at expiry. Scalar code about one path.
#pragma once

#include "kernels/config.hpp"
#include "kernels/math/base.hpp"
#include "kernels/math/exp.hpp"
#include "kernels/math/log.hpp"
#include "kernels/price/path_plan.hpp"

MUSTER_KERNELS_BEGIN

template <class T>
MUSTER_FN T larger(T a, T b) {
  return a > b ? a : b;
}
template <class T>
MUSTER_FN T smaller(T a, T b) {
  return a < b ? a : b;
}

/// max(right (spot - strike), 0); right is +1 for a call, -1 for a put.
MUSTER_FN double vanilla(double right, double spot, double strike) {
  return larger(right * (spot - strike), 0.0);
}

/// 1 where an option of this right ends in the money.
MUSTER_FN double in_the_money(double right, double spot, double strike) {
  return right * (spot - strike) > 0.0 ? 1.0 : 0.0;
}

/// Probability that a Brownian bridge from `from` to `to` (logs, distances above a lower barrier are
/// positive) stays above the barrier: 1 - exp(-2 from to / variance), 0 when an end is not above.
/// Broadie, Glasserman, Kou 1997; Glasserman 2004, section 6.4.
template <class Real>
MUSTER_FN Real bridge_survival(Real from, Real to, Real minus_two_over_variance) {
  Real const inside = Real(1) - exp(minus_two_over_variance * from * to);
  Real const apart = smaller(from, to);
  return apart > Real(0) ? inside : Real(0);
}

/// Probability that a Brownian bridge stays between two barriers: `below` and `above` are the distances of
/// its ends from the lower barrier, `width` the distance of the barriers. Images to the third order
/// (Anderson 1960); exact to double precision while variance < width^2.
template <class Real>
MUSTER_FN Real double_bridge_survival(Real from, Real to, Real width, Real two_over_variance) {
  Real sum = Real(1) - exp(-two_over_variance * from * to);
  Real const w = width;
  MUSTER_UNROLL
  for (int k = 1; k <= 3; ++k) {
    Real const kw = Real(k) * w;
    Real const shift = to - from;
    sum = sum + exp(-two_over_variance * kw * (kw - shift)) + exp(-two_over_variance * kw * (kw + shift));
    sum = sum - exp(-two_over_variance * (kw + from) * (kw + to));
    sum = sum - exp(-two_over_variance * (kw - from) * (kw - to));
  }
  Real const apart = smaller(smaller(from, to), smaller(w - from, w - to));
  Real const inside = larger(smaller(sum, Real(1)), Real(0));
  return apart > Real(0) ? inside : Real(0);
}

/// Maximum of a Brownian bridge from x to y, drawn with the uniform u; for a minimum pass -x, -y, negate.
/// (x + y + sqrt((x - y)^2 - 2 variance ln u)) / 2.
template <class Real>
MUSTER_FN Real bridge_maximum(Real x, Real y, Real variance, Real minus_two_log_u) {
  Real const gap = y - x;
  return Real(0.5) * (x + y + sqrt(fma(gap, gap, variance * minus_two_log_u)));
}

MUSTER_KERNELS_END
