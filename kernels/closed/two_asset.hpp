// Two assets: the better or worse of them (Stulz 1982; Johnson 1987) and the exchange of one for the other
// (Margrabe 1978), with every first and second derivative.
#pragma once

#include "kernels/closed/european.hpp"

MUSTER_KERNELS_BEGIN

/// Both spots and volatilities (second derivatives too), then correlation, rate, time.
using PairDual = Dual<7, 4>;
enum PairVariable : int { pair_spot = 0, pair_volatility = 2, pair_rho = 4, pair_rate = 5, pair_time = 6 };

/// P(X <= x, Y <= y) with the correlation a variable.
MUSTER_COLD_FN PairDual bivariate(PairDual const& a, PairDual const& b, PairDual const& rho) {
  double const r = rho.v, free = (1.0 - r) * (1.0 + r), root = sqrt(free);
  double const x = a.v, y = b.v;
  double const joint = exp(-0.5 * (x * x - 2.0 * r * x * y + y * y) / free) * 0x1.45f306dc9c883p-3 / root;
  double const first[3] = {norm_pdf(x) * norm_cdf((y - r * x) / root),
                           norm_pdf(y) * norm_cdf((x - r * y) / root), joint};
  double const mixed = ((1.0 + r * r) * (x * y) - r * (x * x + y * y)) / (free * free);
  double const second[6] = {-x * first[0] - r * joint,          // aa
                            joint,                              // ab
                            -y * first[1] - r * joint,          // bb
                            joint * (r * y - x) / free,         // a rho
                            joint * (r * x - y) / free,         // b rho
                            joint * (r / free + mixed)};        // rho rho
  PairDual const* z[3] = {&a, &b, &rho};
  PairDual out(bivariate_norm_cdf(x, y, r));
  for (int k = 0; k < 3; ++k) {
    for (int i = 0; i < 7; ++i) out.g[i] += first[k] * z[k]->g[i];
    for (int i = 0; i < PairDual::pairs; ++i) out.h[i] += first[k] * z[k]->h[i];
  }
  for (int j = 0, at = 0; j < 4; ++j)
    for (int i = 0; i <= j; ++i, ++at)
      for (int m = 0, pq = 0; m < 3; ++m)
        for (int l = 0; l <= m; ++l, ++pq) {
          double const both = l == m ? z[l]->g[i] * z[m]->g[j]
                                     : z[l]->g[i] * z[m]->g[j] + z[m]->g[i] * z[l]->g[j];
          out.h[at] += second[pq] * both;
        }
  return out;
}

/// A market quantity of asset `which`; -1 for those of neither.
MUSTER_COLD_FN PairDual pair_dual(TermValue const& t, int which) {
  PairDual d(t.value);
  if (which >= 0) {
    int const v = pair_volatility + which;
    d.g[v] = t.by_volatility;
    d.h[PairDual::pair(v, v)] = t.by_volatility2;
  }
  d.g[pair_rate] = t.by_rate;
  d.g[pair_time] = t.by_time;
  return d;
}

MUSTER_COLD_FN PairDual pair_asset(Underlying const& u, int which) {
  PairDual spot = PairDual::variable(u.spot, pair_spot + which);
  for (decltype(u.cash_count) i = 0; i < u.cash_count; ++i)
    spot = spot - u.cash[i].amount * exp(-pair_dual(u.cash[i].rate, -1));
  return spot * exp(-pair_dual(u.dividend, -1));
}

/// Present values, variances and correlation of both assets, and what follows from them.
struct Pair {
  PairDual a[2], w[2], rho, total, deviation;  ///< total: variance of the ratio

  MUSTER_COLD_FN explicit Pair(TwoAssetInput const& in)
      : a{pair_asset(in.first, 0), pair_asset(in.second, 1)},
        w{pair_dual(in.first.variance, 0), pair_dual(in.second.variance, 1)},
        rho(PairDual::variable(in.correlation, pair_rho)) {
    total = w[0] + w[1] - 2.0 * (rho * sqrt(w[0] * w[1]));
    deviation = sqrt(total);
  }
  /// Present value of the worse asset.
  MUSTER_COLD_FN PairDual worse() const {
    PairDual const gap = log(a[0] / a[1]) / deviation, half = 0.5 * deviation;
    return a[0] * norm_cdf(-gap - half) + a[1] * norm_cdf(gap - half);
  }
  /// Call on the worse of both.
  MUSTER_COLD_FN PairDual worse_call(PairDual const& cash) const {
    PairDual sum(0.0), d2[2];
    for (int i = 0; i < 2; ++i) {
      PairDual const own = sqrt(w[i]), other = sqrt(w[1 - i]);
      PairDual const d1 = log(a[i] / cash) / own + 0.5 * own;
      PairDual const behind = log(a[1 - i] / a[i]) / deviation - 0.5 * deviation;
      d2[i] = d1 - own;
      sum = sum + a[i] * bivariate(d1, behind, (rho * other - own) / deviation);
    }
    return sum - cash * bivariate(d2[0], d2[1], rho);
  }
};

MUSTER_COLD_FN TwoAssetGreeks to_pair_greeks(PairDual const& d) {
  TwoAssetGreeks out;
  out.price = d.v;
  for (int i = 0; i < 2; ++i) {
    int const s = pair_spot + i, v = pair_volatility + i;
    out.delta[i] = d.g[s];
    out.gamma[i] = d.second(s, s);
    out.vega[i] = d.g[v];
    out.vanna[i] = d.second(s, v);
    out.volga[i] = d.second(v, v);
  }
  out.rho = d.g[pair_rate];
  out.theta = d.g[pair_time];
  out.cross_gamma = d.second(pair_spot, pair_spot + 1);
  out.correlation_vega = d.g[pair_rho];
  return out;
}

MUSTER_COLD_FN TwoAssetGreeks no_pair_greeks(ClosedStatus status) {
  PairDual d(__builtin_nan(""));
  for (double& g : d.g) g = d.v;
  for (double& h : d.h) h = d.v;
  TwoAssetGreeks out = to_pair_greeks(d);
  out.status = status;
  return out;
}

/// Best-of, worst-of and exchange. No real form where the two assets move as one (the derivative by the
/// correlation does not exist there).
MUSTER_COLD_FN TwoAssetGreeks two_asset_greeks(TwoAssetInput const& in) {
  bool good = is_not_negative(in.strike) && is_bounded(in.correlation, 1.0) &&
              is_bounded(in.rate.value, 700.0);
  Underlying const* const both[2] = {&in.first, &in.second};
  for (Underlying const* u : both)
    good = good && is_positive(u->spot) && is_positive(u->variance.value) &&
           u->variance.value > 1e-18 && is_bounded(u->dividend.value, 700.0);
  if (!good) return no_pair_greeks(ClosedStatus::invalid_input);
  Pair const q(in);
  if (!(q.a[0].v > 0.0) || !(q.a[1].v > 0.0)) return no_pair_greeks(ClosedStatus::invalid_input);
  bool const is_exchange = in.payoff == TwoAssetPayoff::exchange;
  double const spread = 1e-12 * (q.w[0].v + q.w[1].v);
  if (!(q.total.v > spread) || !(abs(in.correlation) < 1.0 - 1e-12))
    return no_pair_greeks(ClosedStatus::no_real_form);
  if (is_exchange)
    return to_pair_greeks(black_value(q.a[0], q.a[1], q.total, in.is_call ? 1.0 : -1.0));

  PairDual const cash = in.strike * exp(-pair_dual(in.rate, -1));
  bool const is_worst = in.payoff == TwoAssetPayoff::worst_of;
  PairDual const worse = q.worse();
  PairDual const chosen = is_worst ? worse : q.a[0] + q.a[1] - worse;
  if (!(in.strike > 0.0)) return to_pair_greeks(in.is_call ? chosen : PairDual(0.0));
  PairDual call = q.worse_call(cash);
  if (!is_worst)
    call = black_value(q.a[0], cash, q.w[0], 1.0) + black_value(q.a[1], cash, q.w[1], 1.0) - call;
  return to_pair_greeks(in.is_call ? call : call - chosen + cash);
}

MUSTER_KERNELS_END
