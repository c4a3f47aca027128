// Every Greek of every closed form against central differences of its price.
#include <gtest/gtest.h>

#include <cmath>
#include <functional>

#include "tests/kernels/closed/market.hpp"

namespace muster::kernels {
namespace {

using Price = std::function<double(double spot, double vol, double rate, double passed)>;

void expect_greeks(Greeks const& g, Price const& price, char const* name) {
  SCOPED_TRACE(name);
  ASSERT_EQ(g.status, ClosedStatus::ok);
  double const s = .02, v = 1e-3, r = 1e-4, t = 1e-5, base = price(0, 0, 0, 0);
  auto const near = [](double value, double difference, double scale, char const* what) {
    EXPECT_NEAR(value, difference, 2e-5 * scale) << what;
  };
  double const up = price(s, 0, 0, 0), down = price(-s, 0, 0, 0);
  near(g.price, base, 1e-9, "price");
  near(g.delta, (up - down) / (2 * s), 1, "delta");
  near(g.gamma, (up + down - 2 * base) / (s * s), 1, "gamma");
  near(g.vega, (price(0, v, 0, 0) - price(0, -v, 0, 0)) / (2 * v), 100, "vega");
  near(g.volga, (price(0, v, 0, 0) + price(0, -v, 0, 0) - 2 * base) / (v * v), 1000, "volga");
  near(g.vanna, (price(s, v, 0, 0) - price(s, -v, 0, 0) - price(-s, v, 0, 0) + price(-s, -v, 0, 0)) / (4 * s * v),
       20, "vanna");
  near(g.rho, (price(0, 0, r, 0) - price(0, 0, -r, 0)) / (2 * r), 100, "rho");
  near(g.theta, (price(0, 0, 0, t) - price(0, 0, 0, -t)) / (2 * t), 50, "theta");
}

template <class In>
void expect_flat_greeks(In const& in, Greeks (*form)(In const&), char const* name) {
  expect_greeks(form(in), [&](double ds, double dv, double dr, double dt) {
    In moved = in;
    moved.flat.spot += ds;
    moved.flat.volatility += dv;
    moved.flat.rate += dr;
    moved.flat.years -= dt;
    return form(moved).price;
  }, name);
}

TEST(ClosedGreeks, VanillaDigitalAndJumps) {
  for (Payoff payoff : {Payoff::vanilla, Payoff::cash, Payoff::asset}) {
    for (double intensity : {0., 2.}) {
      auto const make = [&](double ds, double dv, double dr, double dt) {
        auto in = test::european(0, 100 + ds, 105, .05 + dr, .02, .25 + dv, .7 - dt);
        in.payoff = payoff;
        in.payout = 50;
        if (intensity > 0) in.jumps = {intensity, -.05, .1};
        return in;
      };
      expect_greeks(vanilla(make(0, 0, 0, 0)), [&](double a, double b, double c, double d) {
        return vanilla(make(a, b, c, d)).price;
      }, "vanilla");
    }
  }
}

TEST(ClosedGreeks, EscrowedDividends) {
  auto const price = [](double ds, double dv, double dr, double dt) {
    CashFlow const cash[] = {{2, test::rate_over(.05 + dr, .2 - dt)}, {3, test::rate_over(.05 + dr, .6 - dt)}};
    auto in = test::european(1, 100 + ds, 100, .05 + dr, 0, .2 + dv, 1 - dt);
    in.asset.cash = cash;
    in.asset.cash_count = 2;
    return vanilla(in);
  };
  expect_greeks(price(0, 0, 0, 0), [&](double a, double b, double c, double d) { return price(a, b, c, d).price; },
                "escrowed");
}

TEST(ClosedGreeks, Barriers) {
  for (int bits = 0; bits < 16; ++bits) {
    int const is_up = bits >> 1 & 1;
    expect_flat_greeks<BarrierInput>({{100, .5, .08, .04, .25}, bits & 1, is_up, bits >> 2 & 1, 101,
                                      is_up ? 112. : 91., 3, bits >> 3 ? RebateTime::hit : RebateTime::expiry},
                                     barrier, "barrier");
  }
}

TEST(ClosedGreeks, DoubleBarriersShortAndLong) {
  for (double years : {.1, .4, 1., 3.})
    for (int bits = 0; bits < 8; ++bits)
      expect_flat_greeks<DoubleBarrierInput>({{100, years, .06, .01, .25}, bits & 1, bits >> 1 & 1, 98, 78, 125, 3,
                                              bits >> 2 ? RebateTime::hit : RebateTime::expiry},
                                             double_barrier, "double barrier");
}

TEST(ClosedGreeks, LookbacksThroughZeroCarry) {
  for (double rate : {.01, .04999, .05, .05001, .2})
    for (int bits = 0; bits < 4; ++bits) {
      int const is_call = bits & 1, is_floating = bits >> 1;
      expect_flat_greeks<LookbackInput>({{100, .5, rate, .05, .3}, is_call, is_floating, 104,
                                         is_call == is_floating ? 93. : 110.},
                                        lookback, "lookback");
    }
}

TEST(ClosedGreeks, HestonParameters) {
  for (int is_call : {0, 1}) {
    for (Payoff payoff : {Payoff::vanilla, Payoff::cash, Payoff::asset}) {
      auto const make = [&](int which, double by) {
        double p[] = {.05, .09, 1.5, .06, .6, -.6, .8, 100};
        p[which] += by;
        auto in = test::heston_option({p[0], .02, p[1], p[2], p[3], p[4], p[5], p[6]}, is_call, 95);
        in.asset.spot = p[7];
        in.payoff = payoff;
        in.payout = 40;
        return heston(in);
      };
      auto const g = make(0, 0);
      auto const slope = [&](int which, double h) {
        return (make(which, h).price - make(which, -h).price) / (2 * h);
      };
      EXPECT_NEAR(g.rate_rho, slope(0, 1e-4), 1e-4);
      EXPECT_NEAR(g.by_v0, slope(1, 1e-4), 1e-3);
      EXPECT_NEAR(g.by_kappa, slope(2, 1e-3), 1e-5);
      EXPECT_NEAR(g.by_theta, slope(3, 1e-4), 1e-3);
      EXPECT_NEAR(g.by_xi, slope(4, 1e-3), 1e-4);
      EXPECT_NEAR(g.by_rho, slope(5, 1e-3), 1e-4);
      EXPECT_NEAR(g.time_theta, -slope(6, 1e-4), 1e-4);
      EXPECT_NEAR(g.delta, slope(7, .02), 1e-5);
      EXPECT_NEAR(g.gamma, (make(7, .1).delta - make(7, -.1).delta) / .2, 1e-5);
    }
  }
}

TEST(ClosedGreeks, PairsOfAssets) {
  for (TwoAssetPayoff payoff : {TwoAssetPayoff::best_of, TwoAssetPayoff::worst_of, TwoAssetPayoff::exchange}) {
    for (int is_call : {0, 1}) {
      auto const make = [&](int i, double di, int j, double dj) {
        double p[] = {100, 95, .25, .2, .4, .05, 1};
        p[i] += di;
        p[j] += dj;
        return two_asset(test::pair(payoff, is_call, test::asset(p[0], .02, p[2], p[6]),
                                    test::asset(p[1], .01, p[3], p[6]), 98, p[4], p[5], p[6]));
      };
      auto const g = make(0, 0, 1, 0);
      auto const slope = [&](int i, double h) { return (make(i, h, 0, 0).price - make(i, -h, 0, 0).price) / (2 * h); };
      auto const mixed = [&](int i, double hi, int j, double hj) {
        return (make(i, hi, j, hj).price - make(i, hi, j, -hj).price - make(i, -hi, j, hj).price +
                make(i, -hi, j, -hj).price) / (4 * hi * hj);
      };
      for (int a = 0; a < 2; ++a) {
        EXPECT_NEAR(g.delta[a], slope(a, .02), 1e-6);
        EXPECT_NEAR(g.vega[a], slope(2 + a, 1e-3), 1e-3);
        EXPECT_NEAR(g.vanna[a], mixed(a, .05, 2 + a, 1e-3), 1e-4);
        EXPECT_NEAR(g.gamma[a], (make(a, .05, 0, 0).delta[a] - make(a, -.05, 0, 0).delta[a]) / .1, 1e-6);
        EXPECT_NEAR(g.volga[a], (make(2 + a, 1e-3, 0, 0).vega[a] - make(2 + a, -1e-3, 0, 0).vega[a]) / 2e-3, 2e-2);
      }
      EXPECT_NEAR(g.cross_gamma, mixed(0, .05, 1, .05), 1e-5);
      EXPECT_NEAR(g.correlation_vega, slope(4, 1e-3), 1e-3);
      EXPECT_NEAR(g.rho, slope(5, 1e-4), 1e-4);
      EXPECT_NEAR(g.theta, -slope(6, 1e-4), 1e-4);
    }
  }
}

}  // namespace
}  // namespace muster::kernels
