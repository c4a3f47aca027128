// Single barriers watched continuously. Merton (1973); Reiner and Rubinstein (1991); in the notation of
// Haug, "The Complete Guide to Option Pricing Formulas" (2007), 4.17.1.
#pragma once

#include "kernels/closed/european.hpp"

MUSTER_KERNELS_BEGIN

/// Flat parameters as duals. Only the spot, volatility, rate and calendar time vary.
struct FlatDual {
  AssetDual spot, volatility, rate, years;
  double dividend;

  explicit MUSTER_COLD_FN FlatDual(Flat const& f)
      : spot(AssetDual::variable(f.spot, by_spot)),
        volatility(AssetDual::variable(f.volatility, by_volatility)),
        rate(AssetDual::variable(f.rate, by_rate)),
        years(f.years),
        dividend(f.dividend) {
    years.g[by_time] = -1.0;
  }
  MUSTER_COLD_FN AssetDual variance() const { return volatility * volatility * years; }
  MUSTER_COLD_FN AssetDual discount() const { return exp(-(rate * years)); }
  MUSTER_COLD_FN AssetDual asset() const { return spot * exp(-dividend * years); }
};

MUSTER_COLD_FN bool is_good(Flat const& f) {
  return is_positive(f.spot) && is_positive(f.years) && is_positive(f.volatility) &&
         f.volatility * f.volatility * f.years > 1e-18 && is_bounded(f.rate * f.years, 700.0) &&
         is_bounded(f.dividend * f.years, 700.0);
}

/// e^exponent N(z), zero where the tail is; the power alone may overflow there.
MUSTER_COLD_FN AssetDual weighted_tail(AssetDual const& exponent, AssetDual const& z) {
  AssetDual const tail = norm_cdf(z);
  return tail.v > 0.0 ? exp(exponent) * tail : AssetDual(0.0);
}

/// The blocks A to F of Haug's table for one contract.
struct BarrierBlocks {
  AssetDual asset, cash, deviation, mu, to_barrier;  ///< to_barrier = ln(H / S)
  AssetDual variance, rate;
  double phi, eta;  ///< 1 call, -1 put; 1 down, -1 up

  MUSTER_COLD_FN AssetDual shift() const { return (1.0 + mu) * deviation; }
  /// A and B: the vanilla payoff beyond the level whose standardised distance is x.
  MUSTER_COLD_FN AssetDual plain(AssetDual const& x) const {
    return phi * (asset * norm_cdf(phi * x) - cash * norm_cdf(phi * (x - deviation)));
  }
  /// C and D: its reflection in the barrier.
  MUSTER_COLD_FN AssetDual reflected(AssetDual const& y) const {
    return phi * (asset * weighted_tail(2.0 * (mu + 1.0) * to_barrier, eta * y) -
                  cash * weighted_tail(2.0 * mu * to_barrier, eta * (y - deviation)));
  }
  /// E / rebate / discount: the probability of never touching.
  MUSTER_COLD_FN AssetDual survival() const {
    AssetDual const x2 = shift() - to_barrier / deviation, y2 = shift() + to_barrier / deviation;
    return norm_cdf(eta * (x2 - deviation)) -
           weighted_tail(2.0 * mu * to_barrier, eta * (y2 - deviation));
  }
  /// mu^2 + 2 r / sigma^2; its root is real unless the rate is very negative.
  MUSTER_COLD_FN AssetDual lambda2(AssetDual const& years) const {
    return mu * mu + 2.0 * rate * years / variance;
  }
  /// F / rebate: present value of one unit paid when the barrier is touched.
  MUSTER_COLD_FN AssetDual touch(AssetDual const& years) const {
    AssetDual const lambda = sqrt(lambda2(years));
    AssetDual const z = to_barrier / deviation + lambda * deviation;
    return weighted_tail((mu + lambda) * to_barrier, eta * z) +
           weighted_tail((mu - lambda) * to_barrier, eta * (z - 2.0 * lambda * deviation));
  }
};

/// The payoff alone, without rebate: a knock-in or knock-out vanilla not yet touched.
MUSTER_COLD_FN AssetDual barrier_payoff(BarrierBlocks const& q, BarrierInput const& in,
                                        AssetDual const& moneyness) {
  AssetDual const x1 = moneyness / q.deviation + q.shift();
  AssetDual const x2 = q.shift() - q.to_barrier / q.deviation;
  AssetDual const y1 = (2.0 * q.to_barrier + moneyness) / q.deviation + q.shift();
  AssetDual const y2 = q.to_barrier / q.deviation + q.shift();
  bool const is_above = in.strike > in.barrier;
  // Seen from the side the barrier is on, a call on a down barrier is a put on an up barrier.
  bool const is_regular = (in.is_call != 0) == (in.is_up == 0);
  bool const is_far = in.is_up ? !is_above : is_above;  // the strike lies on the spot's side
  AssetDual const a = q.plain(x1);
  if (is_regular && is_far) {
    AssetDual const c = q.reflected(y1);
    return in.is_in ? c : a - c;
  }
  AssetDual const b = q.plain(x2), d = q.reflected(y2);
  if (is_regular) return in.is_in ? a - b + d : b - d;
  if (!is_far) return in.is_in ? a : AssetDual(0.0);
  AssetDual const c = q.reflected(y1);
  return in.is_in ? b - c + d : a - b + c - d;
}

/// Continuous barrier with rebate.
MUSTER_COLD_FN Greeks barrier_greeks(BarrierInput const& in) {
  bool const good = is_good(in.flat) && is_not_negative(in.strike) && is_positive(in.barrier) &&
                    is_not_negative(in.rebate);
  if (!good) return no_greeks(ClosedStatus::invalid_input);
  FlatDual const f(in.flat);
  AssetDual const discount = f.discount();
  double const strike = in.strike > 1e-150 ? in.strike : 1e-150;
  BarrierBlocks q;
  q.asset = f.asset();
  q.cash = strike * discount;
  q.variance = f.variance();
  q.deviation = sqrt(q.variance);
  q.rate = f.rate;
  q.mu = (f.rate - f.dividend) / (f.volatility * f.volatility) - 0.5;
  q.to_barrier = log(in.barrier / f.spot);
  q.phi = in.is_call ? 1.0 : -1.0;
  q.eta = in.is_up ? -1.0 : 1.0;

  bool const touched = in.is_up ? in.flat.spot >= in.barrier : in.flat.spot <= in.barrier;
  bool const at_hit = in.rebate_time == RebateTime::hit;
  if (touched) {
    if (in.is_in) return to_greeks(black_value(q.asset, q.cash, q.variance, q.phi));
    return to_greeks(in.rebate * (at_hit ? AssetDual(1.0) : discount));
  }
  AssetDual value = barrier_payoff(q, in, log(f.spot / strike));
  if (in.rebate > 0.0) {
    if (!in.is_in && at_hit && !(q.lambda2(f.years).v > 0.0))
      return no_greeks(ClosedStatus::no_real_form);
    AssetDual const survival = q.survival();
    if (in.is_in) value = value + in.rebate * (discount * survival);
    else if (at_hit) value = value + in.rebate * q.touch(f.years);
    else value = value + in.rebate * (discount * (1.0 - survival));
  }
  return to_greeks(value);
}

MUSTER_KERNELS_END
