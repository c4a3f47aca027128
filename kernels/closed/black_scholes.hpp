// Black-Scholes price and Greeks of one option, branch-free: the loop over options vectorises.
#pragma once

#include "kernels/closed/bounded.hpp"
#include "kernels/closed/mills.hpp"
#include "kernels/closed_forms.hpp"
#include "kernels/math/math.hpp"

MUSTER_KERNELS_BEGIN

/// One European option in short stages, each of which a block of lanes runs as a loop of its own: a CPU
/// core's window then holds several iterations, where one long body would wait for itself. `side` is 1
/// for a call, -1 for a put.
///
/// Both normal probabilities come from one exponential: with A = S e^(-qT) and B = K e^(-rT),
/// A n(d1) = B n(d2), and N(-d) = n(d) M(d) with Mills' ratio M. The tails keep their relative digits.
struct BlackScholes {
  double spot, strike, years, rate, dividend, volatility, side;

  /// `amount` e^rest, the exponential still to be taken.
  struct Pending {
    double amount, rest;
    MUSTER_FN double value() const {
      double const whole = 1.0 + exp_rise(rest);
      return amount * whole;
    }
  };

  struct Start {
    Pending asset, cash;     ///< A and B
    double root, steep;      ///< root of years; 1 / (spot deviation)
    RatioReduced moneyness;  ///< of spot and strike
  };
  MUSTER_FN Start start() const {
    double const carry = dividend * years, discount = rate * years;
    bool const good = (spot >= 1e-150) & (spot <= 1e150) & (strike >= 0.0) & (strike <= 1e150) &
                      (years >= 0.0) & (volatility >= 0.0) & (abs(carry) < 700.0) &
                      (abs(discount) < 700.0);
    ExpReduced const a = exp_reduce(-carry), b = exp_reduce(-discount);
    double const root = sqrt(years);
    // Every output holds A, so a NaN there marks the whole row.
    return {{good ? spot * a.scale : __builtin_nan(""), a.rest},
            {strike * b.scale, b.rest},
            root,
            1.0 / (spot * at_least(volatility * root)),
            log_ratio_reduce(spot, strike > 1e-150 ? strike : 1e-150)};
  }

  struct Moments {
    double d1, d2;
  };
  MUSTER_FN Moments moments(RatioReduced const& moneyness, double root, double steep) const {
    double const deviation = volatility * root;
    double const h = (log_ratio(moneyness) + (rate - dividend) * years) * (steep * spot);
    return {h + 0.5 * deviation, h - 0.5 * deviation};
  }

  /// A n(d1). Below the smallest normal number it counts as zero.
  MUSTER_FN static Pending weight(double asset, double d1) {
    double const z = abs(d1) > 37.5 ? 37.5 : d1;
    ExpReduced const density = exp_reduce(-0.5 * z * z);
    double const scale = abs(d1) > 37.5 ? 0.0 : density.scale * 0x1.9884533d43651p-2;  // 1 / sqrt(2 pi)
    return {asset * scale, density.rest};
  }

  /// N(-|d1|) = n(d1) first / under, N(-|d2|) = n(d2) second / under: one division for both.
  struct Tails {
    double first, second, under;
  };
  MUSTER_FN static Tails tails(Moments const& at) {
    MillsQuotient const m1 = mills_quotient(abs(at.d1)), m2 = mills_quotient(abs(at.d2));
    return {m1.over * m2.under, m2.over * m1.under, m1.under * m2.under};
  }

  /// What the last two stages take from those before.
  struct Parts {
    double asset, cash, root, steep, d1, d2, weight;
  };

  struct First {
    double price, delta, gamma, vega, theta, rho;
  };
  MUSTER_FN First first(Parts const& of, Tails const& tails) const {
    double const shared = of.weight / tails.under;
    double const tail1 = shared * tails.first, tail2 = shared * tails.second;
    double const asset_part = side * (side * of.d1 > 0.0 ? of.asset - tail1 : tail1);
    double const cash_part = side * (side * of.d2 > 0.0 ? of.cash - tail2 : tail2);
    double const per_spot = of.steep * at_least(volatility * of.root);
    double const steep = random_only(of);
    double const decay = 0.5 * of.weight * volatility * (volatility * (steep * spot));
    return {asset_part - cash_part,
            asset_part * per_spot,
            of.weight * steep * per_spot,
            of.weight * of.root,
            (dividend * asset_part - rate * cash_part) - decay,
            years * cash_part};
  }

  struct Second {
    double vanna, volga;
  };
  MUSTER_FN Second second(Parts const& of) const {
    double const vega = of.weight * of.root, steep = random_only(of);
    return {-vega * steep * of.d2, vega * of.d1 * of.d2 * (of.root * (steep * spot))};
  }

  /// All stages, for one option alone.
  MUSTER_FN BsOutput all() const {
    Start const s = start();
    Moments const at = moments(s.moneyness, s.root, s.steep);
    double const asset = s.asset.value(), cash = s.cash.value();
    Parts const parts{asset, cash, s.root, s.steep, at.d1, at.d2, weight(asset, at.d1).value()};
    First const f = first(parts, tails(at));
    Second const g = second(parts);
    return {f.price, f.delta, f.gamma, f.vega, f.theta, f.rho, g.vanna, g.volga};
  }

 private:
  static constexpr double no_deviation = 1e-150;
  MUSTER_FN static double at_least(double deviation) {
    return deviation > no_deviation ? deviation : no_deviation;
  }
  /// `steep`, but zero where nothing is random any more.
  MUSTER_FN double random_only(Parts const& of) const {
    return volatility * of.root > no_deviation ? of.steep : 0.0;
  }
};

MUSTER_KERNELS_END
