// A fixed grid of inputs for every closed form, and the bits of all outputs folded into one number a
// family: what every instruction set and every GPU must agree on. Usable from .cu files.
#pragma once

#include "kernels/closed/black_scholes.hpp"
#include "kernels/closed/double_barrier.hpp"
#include "kernels/closed/geometric.hpp"
#include "kernels/closed/heston.hpp"
#include "kernels/closed/implied.hpp"
#include "kernels/closed/lookback.hpp"
#include "kernels/closed/two_asset.hpp"

MUSTER_KERNELS_BEGIN

enum ClosedFamily : int {
  golden_black_scholes, golden_implied, golden_vanilla, golden_geometric, golden_barrier,
  golden_double_barrier, golden_lookback, golden_two_asset, golden_heston, golden_families,
};
inline constexpr int golden_cases = 96;

/// Order-dependent fold of doubles by their bits (FNV-1a on words).
struct GoldenFold {
  std::uint64_t state = 0xcbf29ce484222325;
  MUSTER_COLD_FN void add(double x) { state = (state ^ to_bits(x)) * 0x100000001b3; }
  MUSTER_COLD_FN void add(Greeks const& g) {
    double const all[] = {g.price, g.delta, g.gamma, g.vega, g.vanna, g.volga, g.rho, g.theta};
    for (double x : all) add(x);
  }
};

/// The grid: value `part` of case `i` in [0, 1), multiples of 1/64 in a scrambled order.
MUSTER_COLD_FN double golden_unit(int i, int part) {
  unsigned const mixed = (unsigned(i) * 2654435761u + unsigned(part) * 40503u + 12345u) * 2246822519u;
  return double(mixed >> 26) * 0x1p-6;
}

MUSTER_COLD_FN TermValue golden_rate(double rate, double years) { return {rate * years, 0, 0, years, -rate}; }
MUSTER_COLD_FN TermValue golden_variance(double vol, double years) {
  return {vol * vol * years, 2 * vol * years, 2 * years, 0, -vol * vol};
}

struct GoldenMarket {
  double strike, years, rate, dividend, vol;
  int is_call;
  MUSTER_COLD_FN explicit GoldenMarket(int i)
      : strike(60 + 80 * golden_unit(i, 0)), years(0.0625 + 2 * golden_unit(i, 1)),
        rate(0.125 * golden_unit(i, 2) - 0.015625), dividend(0.0625 * golden_unit(i, 3)),
        vol(0.0625 + 0.5 * golden_unit(i, 4)), is_call(i & 1) {}
  MUSTER_COLD_FN Flat flat() const { return {100, years, rate, dividend, vol}; }
  MUSTER_COLD_FN Underlying asset(double spot, double v) const {
    return {spot, {dividend * years, 0, 0, 0, -dividend}, golden_variance(v, years), nullptr, 0};
  }
};

MUSTER_COLD_FN void golden_flat(GoldenFold& f, int family, int i) {
  GoldenMarket const m(i);
  RebateTime const time = i & 8 ? RebateTime::expiry : RebateTime::hit;
  if (family == golden_barrier)
    f.add(barrier_greeks({m.flat(), m.is_call, i >> 1 & 1, i >> 2 & 1, m.strike, i & 2 ? 112. : 89., 2, time}));
  if (family == golden_double_barrier)
    f.add(double_barrier_greeks({m.flat(), m.is_call, i >> 1 & 1, m.strike, 75, 130, 2, time}));
  if (family == golden_lookback)
    f.add(lookback_greeks({m.flat(), m.is_call, i >> 1 & 1, m.strike, m.is_call == (i >> 1 & 1) ? 90. : 115.}));
  if (family == golden_geometric) {
    GeometricInput in;
    in.is_call = m.is_call;
    in.is_floating = i >> 1 & 1;
    in.spot = 100;
    in.strike = m.strike;
    in.mean = {(m.rate - m.dividend - m.vol * m.vol / 2) * m.years / 2, -m.vol * m.years / 2, -m.years / 2,
               m.years / 2, 0};
    in.variance = golden_variance(m.vol, m.years / 3);
    in.covariance = golden_variance(m.vol, m.years / 2);
    in.rate = golden_rate(m.rate, m.years);
    in.dividend = {m.dividend * m.years, 0, 0, 0, -m.dividend};
    in.asset_variance = golden_variance(m.vol, m.years);
    f.add(geometric_greeks(in));
  }
}

MUSTER_COLD_FN void golden_bulk(GoldenFold& f, int family, int i) {
  GoldenMarket const m(i);
  double const side = m.is_call ? 1.0 : -1.0;
  if (family == golden_black_scholes) {
    BlackScholes const b{100, m.strike, m.years, m.rate, m.dividend, m.vol, side};
    BsOutput const o = b.all();
    double const all[] = {o.price, o.delta, o.gamma, o.vega, o.theta, o.rho, o.vanna, o.volga};
    for (double x : all) f.add(x);
  } else {
    // Prices from the bottom of the range to near the top, at and away from the money.
    double const forward = 100, strike = i % 7 == 0 ? 100 : m.strike;
    double const low = forward < strike ? forward : strike, gap = side * (forward - strike);
    double const share = golden_unit(i, 5) * golden_unit(i, 6) + 0x1p-40;
    double const price = 0.96875 * (low * share + (gap > 0 ? gap : 0));
    ImpliedProblem const q = implied_problem(price, forward, strike, m.years, 0.96875, side);
    double s = implied_guess(q);
    for (int step = 1; step < implied_steps; ++step) s += implied_step(q, s);
    f.add(implied_volatility_of(q, s, implied_step(q, s)));
    f.add(q.status);
  }
}

MUSTER_COLD_FN void golden_vanilla_case(GoldenFold& f, int i) {
  GoldenMarket const m(i);
  CashFlow const cash[1] = {{1.5, golden_rate(m.rate, m.years / 2)}};
  VanillaInput in;
  in.payoff = Payoff(i % 3);
  in.is_call = m.is_call;
  in.asset = m.asset(100, m.vol);
  in.asset.cash = cash;
  in.asset.cash_count = i & 4 ? 1 : 0;
  in.strike = m.strike;
  in.years = m.years;
  in.rate = golden_rate(m.rate, m.years);
  if (i & 2) in.jumps = {0.5 + 4 * golden_unit(i, 7), -0.0625, 0.125};
  f.add(vanilla_greeks(in));
}

MUSTER_COLD_FN void golden_pair(GoldenFold& f, int i) {
  GoldenMarket const m(i);
  TwoAssetGreeks const g = two_asset_greeks({TwoAssetPayoff(i % 3), m.is_call, m.asset(100, m.vol), m.asset(95, 0.25),
                                             m.strike, 1.75 * golden_unit(i, 8) - 0.875,
                                             golden_rate(m.rate, m.years)});
  double const all[] = {g.price,   g.delta[0], g.delta[1], g.gamma[0], g.gamma[1],    g.vega[0],
                        g.vega[1], g.vanna[0], g.vanna[1], g.volga[0], g.volga[1],    g.rho,
                        g.theta,   g.cross_gamma, g.correlation_vega};
  for (double x : all) f.add(x);
}

MUSTER_COLD_FN void golden_heston_case(GoldenFold& f, int i) {
  GoldenMarket const m(i);
  HestonInput in;
  in.payoff = Payoff(i % 3);
  in.is_call = m.is_call;
  in.asset = m.asset(100, 0);
  in.strike = m.strike;
  in.years = m.years;
  in.rate = golden_rate(m.rate, m.years);
  in.v0 = 0.015625 + 0.125 * golden_unit(i, 5);
  in.kappa = 0.5 + 4 * golden_unit(i, 6);
  in.theta = 0.015625 + 0.125 * golden_unit(i, 7);
  in.xi = 0.125 + golden_unit(i, 8);
  in.rho = 1.5 * golden_unit(i, 9) - 0.875;
  HestonGreeks const g = heston_greeks(in);
  double const all[] = {g.price, g.delta,    g.gamma,    g.rate_rho, g.time_theta,
                        g.by_v0, g.by_kappa, g.by_theta, g.by_xi,    g.by_rho};
  for (double x : all) f.add(x);
}

/// The folded bits of one case of one family.
MUSTER_COLD_FN std::uint64_t closed_golden(int family, int i) {
  GoldenFold f;
  if (family == golden_black_scholes || family == golden_implied) golden_bulk(f, family, i);
  else if (family == golden_vanilla) golden_vanilla_case(f, i);
  else if (family == golden_two_asset) golden_pair(f, i);
  else if (family == golden_heston) golden_heston_case(f, i);
  else golden_flat(f, family, i);
  return f.state;
}

MUSTER_KERNELS_END
