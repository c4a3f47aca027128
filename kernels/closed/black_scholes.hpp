// Black-Scholes price and Greeks of one option, branch-free: the loop over options vectorises.
#pragma once

#include "kernels/closed/bounded.hpp"
#include "kernels/closed/mills.hpp"
#include "kernels/closed_forms.hpp"
#include "kernels/math/math.hpp"

MUSTER_KERNELS_BEGIN

/// One European option in three stages, so that a block of lanes runs each stage as a short loop (a CPU
/// core keeps several iterations of a short loop in flight). `side` is 1 for a call, -1 for a put.
///
/// Both normal probabilities come from one exponential: with A = S e^(-qT) and B = K e^(-rT),
/// A n(d1) = B n(d2), and N(-d) = n(d) M(d) with Mills' ratio M. The tails keep their relative digits.
struct BlackScholes {
  double spot, strike, years, rate, dividend, volatility, side;

  struct Present {
    double asset, cash;  ///< A and B
  };
  MUSTER_FN Present present() const {
    double const carry = dividend * years, discount = rate * years;
    bool const good = (spot >= 1e-150) & (spot <= 1e150) & (strike >= 0.0) & (strike <= 1e150) &
                      (years >= 0.0) & (volatility >= 0.0) & (abs(carry) < 700.0) &
                      (abs(discount) < 700.0);
    // Every output holds A, so a NaN there marks the whole row.
    return {good ? spot * exp_bounded(-carry) : __builtin_nan(""), strike * exp_bounded(-discount)};
  }

  struct Moments {
    double d1, d2, root, steep;  ///< root of years; steep = 1 / (spot deviation)
  };
  MUSTER_FN Moments moments() const {
    double const root = sqrt(years);
    double const deviation = volatility * root;
    double const steep = 1.0 / (spot * (deviation > no_deviation ? deviation : no_deviation));
    double const floor = strike > 1e-150 ? strike : 1e-150;
    double const moneyness = log_bounded(spot / floor) + (rate - dividend) * years;
    double const h = moneyness * (steep * spot);
    return {h + 0.5 * deviation, h - 0.5 * deviation, root, steep};
  }

  /// A n(d1). Below the smallest normal number it counts as zero.
  MUSTER_FN double weight(Present const& value, Moments const& at) const {
    double const z = abs(at.d1) > 37.5 ? 37.5 : at.d1;
    double const density = exp_bounded(-0.5 * z * z) * 0x1.9884533d43651p-2;  // 1 / sqrt(2 pi)
    return value.asset * (abs(at.d1) > 37.5 ? 0.0 : density);
  }

  MUSTER_FN BsOutput finish(Present const& value, Moments const& at, double weight) const {
    MillsQuotient const m1 = mills_quotient(abs(at.d1)), m2 = mills_quotient(abs(at.d2));
    double const shared = weight / (m1.under * m2.under);
    double const tail1 = shared * (m1.over * m2.under);
    double const tail2 = shared * (m2.over * m1.under);
    double const asset_part = side * (side * at.d1 > 0.0 ? value.asset - tail1 : tail1);
    double const cash_part = side * (side * at.d2 > 0.0 ? value.cash - tail2 : tail2);
    double const deviation = volatility * at.root;
    bool const is_random = deviation > no_deviation;
    double const per_spot = at.steep * (is_random ? deviation : no_deviation);
    double const steep = is_random ? at.steep : 0.0;
    double const vega = weight * at.root, per_deviation = steep * spot;
    BsOutput out;
    out.price = asset_part - cash_part;
    out.delta = asset_part * per_spot;
    out.gamma = weight * steep * per_spot;
    out.vega = vega;
    out.theta = (dividend * asset_part - rate * cash_part) -
                0.5 * weight * volatility * (volatility * per_deviation);
    out.rho = years * cash_part;
    out.vanna = -vega * steep * at.d2;
    out.volga = vega * at.d1 * at.d2 * (at.root * per_deviation);
    return out;
  }

  static constexpr double no_deviation = 1e-150;
};

MUSTER_KERNELS_END
