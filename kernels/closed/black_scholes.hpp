// Black-Scholes price and Greeks of one option, branch-free: the loop over options vectorises.
#pragma once

#include "kernels/closed/mills.hpp"
#include "kernels/closed_forms.hpp"
#include "kernels/math/math.hpp"

MUSTER_KERNELS_BEGIN

/// Price and Greeks of one European option; `side` is 1 for a call, -1 for a put. Domain and
/// units: kernels/closed_forms.hpp.
///
/// Both normal probabilities come from one exponential: with A = S e^(-qT) and B = K e^(-rT),
/// A n(d1) = B n(d2), and N(-d) = n(d) M(d) with Mills' ratio M. The tails keep their relative digits.
MUSTER_FN BsOutput black_scholes_one(double spot, double strike, double years, double rate,
                                     double dividend, double volatility, double side) {
  // One subtraction finds every NaN and infinity: x - x is 0 for finite numbers only.
  double const sum = (spot - spot) + (strike - strike) + (years - years) + (rate - rate) +
                     (dividend - dividend) + (volatility - volatility);
  bool const good =
      (sum == 0.0) & (spot > 0.0) & (strike >= 0.0) & (years >= 0.0) & (volatility >= 0.0);
  double const fault = good ? 0.0 : __builtin_nan("");

  double const root = sqrt(years);
  double const deviation = volatility * root;
  bool const is_random = deviation > 1e-150;
  double const steep = 1.0 / (is_random ? deviation : 1e-150);
  double const inverse = is_random ? steep : 0.0;
  double const growth = exp(-dividend * years);
  double const asset = spot * growth;
  double const cash = strike * exp(-rate * years);
  double const floor = strike > 1e-300 ? strike : 1e-300;
  double const moneyness = log(spot / floor) + (rate - dividend) * years;
  // Beyond 1000 deviations every term is zero or one; the bound keeps infinities out.
  double h = moneyness * steep;
  h = h > 1000.0 ? 1000.0 : h;
  h = h < -1000.0 ? -1000.0 : h;
  double const d1 = h + 0.5 * deviation;
  double const d2 = h - 0.5 * deviation;
  double const density = exp(-0.5 * d1 * d1) * 0x1.9884533d43651p-2;  // 1 / sqrt(2 pi)
  double const weight = asset * density;
  double const z1 = d1 > 0.0 ? d1 : -d1;
  double const z2 = d2 > 0.0 ? d2 : -d2;
  double const tail1 = weight * mills_ratio(z1);
  double const tail2 = weight * mills_ratio(z2);
  double const asset_part = side * d1 > 0.0 ? asset - tail1 : tail1;
  double const cash_part = side * d2 > 0.0 ? cash - tail2 : tail2;

  double const per_spot = 1.0 / spot;
  double const carry = rate * cash_part - dividend * asset_part;
  BsOutput out;
  out.price = side * (asset_part - cash_part) + fault;
  out.delta = side * asset_part * per_spot + fault;
  out.gamma = weight * inverse * per_spot * per_spot + fault;
  out.vega = weight * root + fault;
  out.theta = fault - 0.5 * weight * volatility * volatility * inverse - side * carry;
  out.rho = side * years * cash_part + fault;
  out.vanna = fault - weight * per_spot * d2 * root * inverse;
  out.volga = weight * d1 * d2 * years * inverse + fault;
  return out;
}

MUSTER_KERNELS_END
