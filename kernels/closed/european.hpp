// European payoffs from the law of one terminal price: Black's formula, digitals, Merton's jumps.
// Black (1976); Rubinstein and Reiner (1991) for digitals; Merton (1976).
#pragma once

#include "kernels/closed/dual.hpp"

MUSTER_KERNELS_BEGIN

/// Black's formula on present values: `asset` of the forward, `cash` of the strike; `variance` total.
/// side = 1 pays asset against cash, -1 the reverse. Without variance or strike: the intrinsic value.
template <class T>
MUSTER_COLD_FN T black_value(T const& asset, T const& cash, T const& variance, double side) {
  if (!(value_of(variance) > 0.0) || !(value_of(cash) > 0.0)) {
    T const gain = side * (asset - cash);
    return value_of(gain) > 0.0 ? gain : T(0.0);
  }
  T const deviation = sqrt(variance);
  T const d1 = log(asset / cash) / deviation + 0.5 * deviation;
  T const d2 = d1 - deviation;
  return side * (asset * norm_cdf(side * d1) - cash * norm_cdf(side * d2));
}

/// Present value of one unit of cash (`pays_asset` false: `unit` is the discount factor) or of the asset
/// (`unit` is its present value), paid when the asset ends on the right side of the strike.
template <class T>
MUSTER_COLD_FN T digital_value(T const& asset, T const& cash, T const& variance, double side,
                               bool pays_asset, T const& unit) {
  if (!(value_of(variance) > 0.0) || !(value_of(cash) > 0.0))
    return side * (value_of(asset) - value_of(cash)) > 0.0 ? unit : T(0.0);
  T const deviation = sqrt(variance);
  T const middle = log(asset / cash) / deviation;
  T const half = 0.5 * deviation;
  return unit * norm_cdf(side * (pays_asset ? middle + half : middle - half));
}

/// Spot less the present value of cash dividends (escrowed), as a dual.
MUSTER_COLD_FN AssetDual escrowed_spot(Underlying const& u) {
  AssetDual spot = AssetDual::variable(u.spot, by_spot);
  for (decltype(u.cash_count) i = 0; i < u.cash_count; ++i)
    spot = spot - u.cash[i].amount * exp(-asset_dual(u.cash[i].rate));
  return spot;
}

/// One payoff under one terminal law.
MUSTER_COLD_FN AssetDual european_value(VanillaInput const& in, AssetDual const& asset,
                                        AssetDual const& discount, AssetDual const& variance) {
  double const side = in.is_call ? 1.0 : -1.0;
  AssetDual const cash = in.strike * discount;
  if (in.payoff == Payoff::vanilla) return black_value(asset, cash, variance, side);
  bool const pays_asset = in.payoff == Payoff::asset;
  AssetDual const unit = pays_asset ? asset : in.payout * discount;
  return digital_value(asset, cash, variance, side, pays_asset, unit);
}

/// At most this many jumps are summed; beyond an expected count of 100 there is no closed form here.
inline constexpr int merton_terms = 320;

/// Sum over the number of jumps, Poisson-weighted; terms beyond 1e-22 of weight are left out.
MUSTER_COLD_FN AssetDual merton_value(VanillaInput const& in, AssetDual const& asset,
                                      AssetDual const& discount, AssetDual const& variance) {
  Jumps const& j = in.jumps;
  double const jump_variance = j.volatility * j.volatility;
  double const growth = exp(j.mean + 0.5 * jump_variance);  // E[e^jump]
  AssetDual count(j.intensity * in.years);
  count.g[by_time] = -j.intensity;
  AssetDual weight = exp(-count);
  AssetDual forward = asset * exp((1.0 - growth) * count);
  AssetDual sum = weight * european_value(in, forward, discount, variance);
  double const most = count.v * (growth > 1.0 ? growth : 1.0);
  double grown = weight.v;  // the weight of the asset leg, which decays last
  for (int n = 1; n < merton_terms; ++n) {
    weight = weight * count / double(n);
    forward = growth * forward;
    sum = sum + weight * european_value(in, forward, discount, variance + n * jump_variance);
    grown *= count.v * (growth > 1.0 ? growth : 1.0) / n;
    if (n > most && grown < 1e-22) break;
  }
  return sum;
}

MUSTER_COLD_FN bool is_positive(double x) { return x > 0.0 && x <= 1e150; }
MUSTER_COLD_FN bool is_not_negative(double x) { return x >= 0.0 && x <= 1e150; }
MUSTER_COLD_FN bool is_bounded(double x, double most) { return x >= -most && x <= most; }

/// European payoff with term structures, escrowed dividends and jumps.
MUSTER_COLD_FN Greeks vanilla_greeks(VanillaInput const& in) {
  AssetDual const spot = escrowed_spot(in.asset);
  bool const good = is_positive(spot.v) && is_not_negative(in.strike) &&
                    is_not_negative(in.asset.variance.value) && is_bounded(in.rate.value, 700.0) &&
                    is_bounded(in.asset.dividend.value, 700.0) && is_bounded(in.payout, 1e150);
  if (!good) return no_greeks(ClosedStatus::invalid_input);
  AssetDual const discount = exp(-asset_dual(in.rate));
  AssetDual const asset = spot * exp(-asset_dual(in.asset.dividend));
  AssetDual const variance = asset_dual(in.asset.variance);
  if (!(in.jumps.intensity != 0.0))
    return to_greeks(european_value(in, asset, discount, variance));
  Jumps const& j = in.jumps;
  bool const fits = is_positive(j.intensity) && is_not_negative(j.volatility) &&
                    is_bounded(j.mean + 0.5 * j.volatility * j.volatility, 100.0) &&
                    is_not_negative(in.years);
  if (!fits) return no_greeks(ClosedStatus::invalid_input);
  double const growth = exp(j.mean + 0.5 * j.volatility * j.volatility);
  if (!(j.intensity * in.years * (growth > 1.0 ? growth : 1.0) <= 100.0))
    return no_greeks(ClosedStatus::no_real_form);
  return to_greeks(merton_value(in, asset, discount, variance));
}

MUSTER_KERNELS_END
