// What must hold whatever the digits: parities, limits, monotonicity, no NaN for sane extremes.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "tests/kernels/closed/market.hpp"

namespace muster::kernels {
namespace {

using namespace test;

bool all_finite(Greeks const& g) {
  for (double x : {g.price, g.delta, g.gamma, g.vega, g.vanna, g.volga, g.rho, g.theta})
    if (!std::isfinite(x)) return false;
  return g.status == ClosedStatus::ok;
}

TEST(ClosedProperty, PutCallParity) {
  for (double strike : {20., 80., 100., 130., 400.}) {
    for (double intensity : {0., 3.}) {
      auto call = european(1, 100, strike, .04, .01, .3, 2), put = european(0, 100, strike, .04, .01, .3, 2);
      call.jumps = put.jumps = {intensity, -.1, .2};
      double const gap = 100 * std::exp(-.02) - strike * std::exp(-.08);
      EXPECT_NEAR(vanilla(call).price - vanilla(put).price, gap, 1e-12 * 400);
    }
    HestonModel const m{.04, .01, .05, 2, .06, .7, -.6, 2};
    auto const call = heston(heston_option(m, 1, strike)), put = heston(heston_option(m, 0, strike));
    EXPECT_NEAR(call.price - put.price, 100 * std::exp(-.02) - strike * std::exp(-.08), 1e-11);
    EXPECT_NEAR(call.delta - put.delta, std::exp(-.02), 1e-13);
    EXPECT_NEAR(call.gamma, put.gamma, 1e-14);
  }
}

TEST(ClosedProperty, DigitalsMakeUpTheVanilla) {
  auto in = european(1, 100, 95, .03, .01, .25, .5);
  double const whole = vanilla(in).price;
  in.payoff = Payoff::asset;
  double const asset_leg = vanilla(in).price;
  in.payoff = Payoff::cash;
  in.payout = 95;
  EXPECT_NEAR(asset_leg - vanilla(in).price, whole, 1e-13);
  auto h = heston_option({.03, .01, .04, 2, .05, .6, -.5, .5}, 1, 95);
  double const heston_whole = heston(h).price;
  h.payoff = Payoff::asset;
  double const heston_asset = heston(h).price;
  h.payoff = Payoff::cash;
  h.payout = 95;
  EXPECT_NEAR(heston_asset - heston(h).price, heston_whole, 1e-11);
}

TEST(ClosedProperty, InPlusOutIsVanilla) {
  for (int is_call : {0, 1}) {
    double const whole = vanilla(european(is_call, 100, 102, .05, .02, .3, .8)).price;
    for (int is_up : {0, 1}) {
      BarrierInput in{{100, .8, .05, .02, .3}, is_call, is_up, 0, 102, is_up ? 120. : 85., 0, RebateTime::hit};
      double const out = barrier(in).price;
      in.is_in = 1;
      EXPECT_NEAR(out + barrier(in).price, whole, 1e-12);
    }
    DoubleBarrierInput in{{100, .8, .05, .02, .3}, is_call, 0, 102, 80, 130, 0, RebateTime::hit};
    double const out = double_barrier(in).price;
    in.is_in = 1;
    EXPECT_NEAR(out + double_barrier(in).price, whole, 1e-12);
    EXPECT_GT(out, 0);
  }
}

TEST(ClosedProperty, DoubleBarrierIsContinuousWhereTheSeriesChange) {
  double const width = std::log(125. / 80), switch_years = width * width / .09;
  for (int is_in : {0, 1})
    for (RebateTime time : {RebateTime::hit, RebateTime::expiry}) {
      auto const at = [&](double years) {
        return double_barrier({{100, years, .05, .02, .3}, 1, is_in, 97, 80, 125, 3, time});
      };
      auto const before = at(switch_years * (1 - 1e-13)), after = at(switch_years * (1 + 1e-13));
      EXPECT_NEAR(before.price, after.price, 1e-11);
      EXPECT_NEAR(before.volga, after.volga, 1e-8);
      EXPECT_NEAR(before.theta, after.theta, 1e-9);
    }
}

TEST(ClosedProperty, FarBarriersDoNotMatter) {
  double const whole = vanilla(european(1, 100, 100, .05, .02, .2, .5)).price;
  EXPECT_NEAR(barrier({{100, .5, .05, .02, .2}, 1, 0, 0, 100, 20, 0, RebateTime::hit}).price, whole, 1e-12);
  EXPECT_NEAR(double_barrier({{100, .5, .05, .02, .2}, 1, 0, 100, 20, 600, 0, RebateTime::hit}).price, whole, 1e-11);
  EXPECT_NEAR(double_barrier({{100, .5, .05, .02, .2}, 1, 0, 100, 80, 6e4, 0, RebateTime::hit}).price,
              barrier({{100, .5, .05, .02, .2}, 1, 0, 0, 100, 80, 0, RebateTime::hit}).price, 1e-11);
}

TEST(ClosedProperty, OneTouchNearTheBarrierIsWorthItsRebate) {
  EXPECT_NEAR(barrier({{100, 1, .05, 0, .2}, 1, 0, 0, 500, 99.9999, 7, RebateTime::hit}).price, 7, 1e-3);
  EXPECT_NEAR(double_barrier({{100, 1, .05, 0, .2}, 1, 0, 119, 99.9999, 120, 7, RebateTime::hit}).price, 7, 1e-3);
}

TEST(ClosedProperty, LookbackFixedAndFloatingAgree) {
  // A floating put is a forward and a fixed call struck at the maximum.
  Flat const flat{100, .7, .06, .02, .35};
  double const floating = lookback({flat, 0, 1, 0, 108}).price, fixed = lookback({flat, 1, 0, 108, 108}).price;
  EXPECT_NEAR(floating, fixed + 108 * std::exp(-.042) - 100 * std::exp(-.014), 1e-12);
  EXPECT_GT(fixed, vanilla(european(1, 100, 108, .06, .02, .35, .7)).price);
}

TEST(ClosedProperty, HestonWithoutVolatilityOfVarianceIsBlackScholes) {
  double const mean = .06, v0 = .04, kappa = 2, years = 1.5;
  double const total = mean * years + (v0 - mean) * (1 - std::exp(-kappa * years)) / kappa;
  for (double strike : {70., 100., 150.}) {
    auto bs = european(1, 100, strike, .03, .01, std::sqrt(total / years), years);
    double const whole = vanilla(bs).price;
    for (double xi : {0., 1e-6, 1e-4})
      EXPECT_NEAR(heston(heston_option({.03, .01, v0, kappa, mean, xi, -.5, years}, 1, strike)).price, whole,
                  1e-12 + 3 * xi);
  }
}

TEST(ClosedProperty, HestonPricesFallAndBendWithTheStrike) {
  for (double years : {1 / 365., .1, 1., 10.}) {
    for (double rho : {-.95, 0., .8}) {
      HestonModel const m{.02, .01, .03, 1.2, .05, .9, rho, years};
      std::vector<double> calls;
      for (double strike = 60; strike <= 140; strike += 2.5) calls.push_back(heston(heston_option(m, 1, strike)).price);
      for (std::size_t i = 1; i + 1 < calls.size(); ++i) {
        if (calls[i - 1] < 1e-250) continue;  // a day out, some strikes are beyond the range of double
        EXPECT_LT(calls[i], calls[i - 1]);
        EXPECT_GT(calls[i - 1] + calls[i + 1] - 2 * calls[i], -2e-13) << years << " " << rho << " " << i;
        EXPECT_GE(calls[i], 0);
      }
    }
  }
}

TEST(ClosedProperty, BulkRowsAreIndependentAndFlagFaults) {
  std::vector<BsInput> in;
  double const nan = std::nan("");
  for (int i = 0; i < 300; ++i) in.push_back({100, 50. + i, 1, .02, .01, .3, i & 1});
  std::vector<BsInput> const faults = {{nan, 100, 1, 0, 0, .2, 1}, {-1, 100, 1, 0, 0, .2, 1}, {100, -1, 1, 0, 0, .2, 1},
                                       {100, 100, -1, 0, 0, .2, 1}, {100, 100, 1, nan, 0, .2, 1},
                                       {100, 100, 1, 0, nan, .2, 1}, {100, 100, 1, 0, 0, -.1, 1}};
  std::vector<BsOutput> clean(in.size()), mixed(in.size());
  black_scholes(in, clean);
  auto dirty = in;
  for (std::size_t i = 0; i < faults.size(); ++i) dirty[i * 37] = faults[i];
  black_scholes(dirty, mixed);
  for (std::size_t i = 0; i < in.size(); ++i) {
    if (i % 37 == 0 && i / 37 < faults.size()) EXPECT_TRUE(std::isnan(mixed[i].price)) << i;
    else EXPECT_EQ(mixed[i].price, clean[i].price) << i;
  }
}

TEST(ClosedProperty, ColumnsAreTheSameBitsAsRows) {
  for (std::size_t count : {1u, 127u, 128u, 129u, 300u}) {
    std::vector<BsInput> rows;
    std::vector<std::vector<double>> c(15, std::vector<double>(count));
    for (std::size_t i = 0; i < count; ++i) {
      rows.push_back({100, 50. + i, .1 + .01 * i, .02, .01, .3, int(i & 1)});
      double const values[] = {100, rows[i].strike, rows[i].years, .02, .01, .3, i & 1 ? 1. : -1.};
      for (int k = 0; k < 7; ++k) c[k][i] = values[k];
    }
    std::vector<BsOutput> out(count);
    black_scholes(rows, out);
    black_scholes({c[0].data(), c[1].data(), c[2].data(), c[3].data(), c[4].data(), c[5].data(), c[6].data()},
                  {c[7].data(), c[8].data(), c[9].data(), c[10].data(), c[11].data(), c[12].data(),
                   c[13].data(), c[14].data()},
                  count);
    for (std::size_t i = 0; i < count; ++i) {
      double const row[] = {out[i].price, out[i].delta, out[i].gamma, out[i].vega,
                            out[i].theta, out[i].rho,   out[i].vanna, out[i].volga};
      for (int k = 0; k < 8; ++k) EXPECT_EQ(row[k], c[7 + k][i]) << count << " " << i << " " << k;
    }
  }
}

TEST(ClosedProperty, ColumnsWithoutVannaAreTheSameOtherwise) {
  constexpr std::size_t count = 200;  // whole blocks and a rest
  std::vector<std::vector<double>> c(7, std::vector<double>(count)), all(8, c[0]), six(6, c[0]);
  for (std::size_t i = 0; i < count; ++i) {
    double const values[] = {100, 50. + i, .1 + .01 * i, .02, .01, .3, i & 1 ? 1. : -1.};
    for (int k = 0; k < 7; ++k) c[k][i] = values[k];
  }
  BsColumns const in{c[0].data(), c[1].data(), c[2].data(), c[3].data(), c[4].data(), c[5].data(), c[6].data()};
  black_scholes(in, {all[0].data(), all[1].data(), all[2].data(), all[3].data(), all[4].data(), all[5].data(),
                     all[6].data(), all[7].data()}, count);
  black_scholes(in, {six[0].data(), six[1].data(), six[2].data(), six[3].data(), six[4].data(), six[5].data(),
                     nullptr, nullptr}, count);
  for (int k = 0; k < 6; ++k) EXPECT_EQ(all[k], six[k]) << k;
}

TEST(ClosedProperty, BulkLimits) {
  BsInput const in[] = {{100, 0, 1, .05, .02, .2, 1}, {100, 90, 1, .05, .02, 0, 1}, {100, 90, 0, .05, .02, .3, 0},
                        {100, 100, 1, 0, 0, 50, 1},   {1e-100, 1e100, 1, 0, 0, .2, 1}};
  BsOutput out[5];
  black_scholes(in, out);
  EXPECT_NEAR(out[0].price, 100 * std::exp(-.02), 1e-12);
  EXPECT_NEAR(out[1].price, 100 * std::exp(-.02) - 90 * std::exp(-.05), 1e-12);
  EXPECT_EQ(out[2].price, 0);
  EXPECT_NEAR(out[3].price, 100, 1e-10);
  EXPECT_EQ(out[4].price, 0);
  for (auto const& o : out)
    for (double x : {o.price, o.delta, o.gamma, o.vega, o.theta, o.rho, o.vanna, o.volga}) EXPECT_TRUE(std::isfinite(x));
}

TEST(ClosedProperty, NoNaNAtTheEdges) {
  for (double vol : {.001, .05, 1., 4.})
    for (double years : {1e-4, 1., 30.})
      for (double strike : {1e-3, 99., 1e4}) {
        Flat const flat{100, years, .05, .02, vol};
        EXPECT_TRUE(all_finite(vanilla(european(1, 100, strike, .05, .02, vol, years))));
        for (int bits = 0; bits < 8; ++bits) {
          int const is_call = bits & 1, other = bits >> 1 & 1, third = bits >> 2;
          EXPECT_TRUE(all_finite(barrier({flat, is_call, other, third, strike, other ? 110. : 90., 3, RebateTime::hit})))
              << vol << " " << years << " " << strike << " " << bits;
          EXPECT_TRUE(all_finite(double_barrier({flat, is_call, other, strike, 80, 120, 3,
                                                 third ? RebateTime::hit : RebateTime::expiry})))
              << vol << " " << years << " " << strike << " " << bits;
          EXPECT_TRUE(all_finite(lookback({flat, is_call, other, strike, is_call == other ? 95. : 105.})))
              << vol << " " << years << " " << strike << " " << bits;
        }
      }
}

TEST(ClosedProperty, FaultsAreNamed) {
  EXPECT_EQ(vanilla(european(1, -1, 100, 0, 0, .2, 1)).status, ClosedStatus::invalid_input);
  EXPECT_TRUE(std::isnan(vanilla(european(1, -1, 100, 0, 0, .2, 1)).price));
  EXPECT_EQ(lookback({{100, 1, 0, 0, .2}, 1, 1, 0, 101}).status, ClosedStatus::invalid_input);
  EXPECT_EQ(barrier({{100, 1, -.5, -.5, .2}, 1, 0, 0, 100, 90, 3, RebateTime::hit}).status, ClosedStatus::no_real_form);
  auto const a = asset(100, 0, .2, 1);
  EXPECT_EQ(two_asset(pair(TwoAssetPayoff::best_of, 1, a, a, 100, 1, 0, 1)).status, ClosedStatus::no_real_form);
  EXPECT_EQ(heston(heston_option({0, 0, .04, 1, .04, .5, -1.5, 1}, 1, 100)).status, ClosedStatus::invalid_input);
}

}  // namespace
}  // namespace muster::kernels
