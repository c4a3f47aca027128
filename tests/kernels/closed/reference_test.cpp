// Published and independently computed values: 60-digit Black-Scholes, Haug's barrier and jump tables as
// QuantLib prints them, geometric Asians, Heston by 30-digit quadrature, Stulz and Margrabe.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/kernels/closed/market.hpp"

namespace muster::kernels {
namespace {

using namespace test;

void expect_close(double value, double reference, double tolerance = 1e-10) {
  EXPECT_NEAR(value, reference, tolerance * std::abs(reference));
}

TEST(ClosedReference, BlackScholes) {
  BsInput const in[] = {{100, 100, 1, .05, .02, .2, 1},
                        {100, 100, 1, .05, .02, .2, 0},
                        {36, 40, 1, .06, 0, .2, 0},
                        {100, 400, .25, .03, 0, .3, 1},
                        {100, 150, 1, 0, 0, .04, 1},
                        {100, 150, 1, 0, 0, .01, 1}};
  BsOutput out[6];
  black_scholes(in, out);
  expect_close(out[0].price, 9.2270055081540475442);
  expect_close(out[0].delta, .58685114613476399314);
  expect_close(out[0].gamma, .018950578755008714515);
  expect_close(out[0].vega, 37.901157510017429029);
  expect_close(out[0].theta, -5.0893189139983325051);
  expect_close(out[0].rho, 49.45810910532235177);
  expect_close(out[0].vanna, -.094752893775043572573);
  expect_close(out[0].volga, 2.3688223443760893143);
  expect_close(out[1].price, 6.3300806275499182313);
  expect_close(out[1].delta, -.39334752717199130908);
  expect_close(out[1].theta, -2.2935691381082730641);
  expect_close(out[1].rho, -45.66483334474904914);
  expect_close(out[2].price, 3.8443077915968413115);
  expect_close(out[2].delta, -.55045167248338491518);
  expect_close(out[2].vega, 14.246923067632345339);
  expect_close(out[3].price, 6.1139656245316419105e-20);
  expect_close(out[4].price, 9.0100203092428457323e-25);
  expect_close(out[4].vega, 2.3808095290320970047e-21);
  EXPECT_EQ(out[5].price, 0);  // 3.0e-361
}

TEST(ClosedReference, VanillaAgreesWithTheBulkForm) {
  auto const g = vanilla(european(1, 100, 100, .05, .02, .2, 1));
  expect_close(g.price, 9.2270055081540475442);
  expect_close(g.delta, .58685114613476399314);
  expect_close(g.gamma, .018950578755008714515);
  expect_close(g.vega, 37.901157510017429029);
  expect_close(g.theta, -5.0893189139983325051);
  expect_close(g.rho, 49.45810910532235177);
  expect_close(g.vanna, -.094752893775043572573);
  expect_close(g.volga, 2.3688223443760893143);
}

// S=100 r=8% q=4% T=.5 sigma=25% rebate 3; knock-outs pay it at hit. Rows K = 90, 100, 110.
TEST(ClosedReference, HaugBarriers) {
  struct Row {
    int is_up, is_in;
    double call[3], put[3];
  } const rows[] = {
      {0, 0, {9.0245676950, 6.7924365750, 4.8758577401}, {2.2798379672, 2.2947496333, 2.6252135845}},
      {1, 0, {2.6789125048, 2.3580197908, 2.3453489464}, {3.7759551322, 5.4932276724, 7.5187220821}},
      {0, 1, {7.7626702099, 4.0109418504, 2.0576127527}, {2.9585821307, 6.5677053767, 11.9752278844}},
      {1, 1, {14.1111731196, 8.4482063543, 4.5909692661}, {1.4653126853, 3.3720750573, 7.0845671065}}};
  for (auto const& row : rows) {
    for (int k = 0; k < 3; ++k) {
      BarrierInput in{{100, .5, .08, .04, .25}, 1, row.is_up, row.is_in, 90. + 10 * k, row.is_up ? 105. : 95.,
                      3, RebateTime::hit};
      EXPECT_NEAR(barrier(in).price, row.call[k], 1e-10);
      in.is_call = 0;
      EXPECT_NEAR(barrier(in).price, row.put[k], 1e-10);
    }
  }
}

TEST(ClosedReference, GeometricAsians) {
  double const v = .2;
  GeometricInput continuous;
  continuous.is_call = 0;
  continuous.spot = 80;
  continuous.strike = 85;
  continuous.mean.value = (.05 + .03 - v * v / 2) * .25 / 2;
  continuous.variance.value = v * v * .25 / 3;
  continuous.rate = rate_over(.05, .25);
  EXPECT_NEAR(geometric_asian(continuous).price, 4.6922213122, 1e-10);

  GeometricInput discrete;
  discrete.spot = discrete.strike = 100;
  for (int i = 1; i <= 10; ++i) {
    discrete.mean.value += (.06 - .03 - v * v / 2) * i / 100;
    for (int j = 1; j <= 10; ++j) discrete.variance.value += v * v * std::min(i, j) / 1000.0;
  }
  discrete.rate = rate_over(.06, 1);
  expect_close(geometric_asian(discrete).price, 5.342560663499, 1e-12);
}

TEST(ClosedReference, HestonPrices) {
  struct Row {
    HestonModel model;
    double strike, call;
  };
  HestonModel const andersen{0, 0, .04, .5, .04, 1, -.9, 10};
  HestonModel const broadie_kaya{.0319, 0, .010201, 6.21, .019, .61, -.7, 1};
  HestonModel const lewis{.01, .02, .04, 4, .25, 1, -.5, 1};
  Row const rows[] = {{andersen, 60, 44.329975070174},
                      {andersen, 70, 35.849769703838},
                      {andersen, 100, 13.084670136992},
                      {andersen, 140, .29577443579803},
                      {broadie_kaya, 60, 41.913859983601},
                      {broadie_kaya, 70, 32.323670847583},
                      {broadie_kaya, 100, 6.806113313462},
                      {broadie_kaya, 140, .0014225192569},
                      {lewis, 80, 26.774758743998854221},
                      {lewis, 90, 20.933349000596710388},
                      {lewis, 100, 16.070154917028834278},
                      {lewis, 110, 12.132211516709844868},
                      {lewis, 120, 9.024913483457835637}};
  for (auto const& row : rows) expect_close(heston(heston_option(row.model, 1, row.strike)).price, row.call, 1e-11);
  double const puts[] = {7.958878113256768285, 12.017966707346304988, 17.055270961270109414,
                         23.017825898442800539, 29.811026202682471843};
  for (int i = 0; i < 5; ++i) expect_close(heston(heston_option(lewis, 0, 80 + 10 * i)).price, puts[i], 1e-12);
}

TEST(ClosedReference, HestonGreeks) {
  auto const g = heston(heston_option({.01, .02, .04, 4, .25, 1, -.5, 1}, 1, 100));
  expect_close(g.delta, .59947132575003);
  expect_close(g.gamma, .0092875373838326);
  expect_close(g.by_v0, 10.17926540448);
  expect_close(g.by_theta, 32.56013347411);
  expect_close(g.by_kappa, .68985417669116);
  expect_close(g.by_xi, -1.113171498217);
  expect_close(g.by_rho, .94983273947924);
  expect_close(g.rate_rho, 43.876977657974);
  expect_close(g.time_theta, -9.4332763183339);
}

// Haug p. 9: total volatility 25 %, a share gamma of its variance from jumps of mean size zero.
TEST(ClosedReference, MertonJumps) {
  struct Row {
    double strike, years, intensity, gamma, value;
  } const rows[] = {{80, .1, 1, .25, 20.667642668272},   {90, .25, 5, .25, 12.753373077174},
                    {100, .1, 1, .25, 3.4245508730748},  {100, .25, 1, .25, 5.8753140277672},
                    {100, .5, 1, .25, 8.9541950687138},  {100, .5, 10, .25, 9.0312765970807},
                    {110, .5, 5, .25, 4.7316661490481},  {120, .5, 10, .25, 2.253041180121},
                    {80, .1, 1, .5, 20.72421236189}};
  for (auto const& row : rows) {
    double const jump_variance = row.gamma * .0625 / row.intensity;
    auto in = european(1, 100, row.strike, .08, 0, std::sqrt(.0625 * (1 - row.gamma)), row.years);
    in.jumps = {row.intensity, -jump_variance / 2, std::sqrt(jump_variance)};
    expect_close(vanilla(in).price, row.value, 1e-12);
  }
}

TEST(ClosedReference, BestAndWorstOfTwo) {
  struct Row {
    double rho, min_call, max_call, min_put, max_put;
  } const rows[] = {{.9, 10.898, 17.565, 11.369, 7.339}, {.7, 8.483, 19.980, 12.856, 5.853},
                    {.5, 6.844, 21.619, 13.890, 4.818},  {.3, 5.531, 22.932, 14.741, 3.967},
                    {.1, 4.413, 24.049, 15.485, 3.223}};
  auto const one = asset(100, 0, .3, 1);
  for (auto const& row : rows) {  // the table's own tolerance is 1e-3
    auto const price = [&](TwoAssetPayoff payoff, int is_call) {
      return two_asset(pair(payoff, is_call, one, one, 100, row.rho, .05, 1)).price;
    };
    EXPECT_NEAR(price(TwoAssetPayoff::worst_of, 1), row.min_call, 1.2e-3);
    EXPECT_NEAR(price(TwoAssetPayoff::best_of, 1), row.max_call, 1.2e-3);
    EXPECT_NEAR(price(TwoAssetPayoff::worst_of, 0), row.min_put, 1.2e-3);
    EXPECT_NEAR(price(TwoAssetPayoff::best_of, 0), row.max_put, 1.2e-3);
  }
  // Haug prints 2.9340 for the first of the second row; one-dimensional quadrature gives 2.9339407358.
  double const haug[2][4] = {{4.8177, 2.0376, 11.6323, .5731}, {2.933941, 3.5224, 8.0701, 1.2181}};
  for (int q = 0; q < 2; ++q) {
    auto const a = asset(100, q ? .06 : 0, .11, .5), b = asset(105, q ? .09 : 0, .16, .5);
    int at = 0;
    for (auto payoff : {TwoAssetPayoff::worst_of, TwoAssetPayoff::best_of})
      for (int is_call : {1, 0})
        EXPECT_NEAR(two_asset(pair(payoff, is_call, a, b, 98, .63, .05, .5)).price, haug[q][at++], 5.1e-5);
  }
  double const spots[] = {90, 100, 110}, european_max[] = {6.65509800, 11.19568103, 16.92856557};
  for (int i = 0; i < 3; ++i) {
    auto const a = asset(spots[i], .1, .2, 3);
    EXPECT_NEAR(two_asset(pair(TwoAssetPayoff::best_of, 1, a, a, 100, 0, .05, 3)).price, european_max[i], 5.1e-9);
  }
}

TEST(ClosedReference, MargrabeWithEveryGreek) {
  auto const g = two_asset(pair(TwoAssetPayoff::exchange, 1, asset(100, .02, .25, 1), asset(95, .01, .2, 1), 0,
                                .5, .05, 1));
  expect_close(g.price, 10.8833108307926492, 1e-13);
  expect_close(g.delta[0], .6037241755196471, 1e-13);
  expect_close(g.delta[1], -.5209379654860217, 1e-13);
  expect_close(g.gamma[0], .01634086581161078, 1e-12);
  expect_close(g.gamma[1], .01810622250593992, 1e-12);
  expect_close(g.cross_gamma, -.01720091138064292, 1e-12);
  expect_close(g.vega[0], 24.51129871741616, 1e-12);
  expect_close(g.vega[1], 12.25564935870808, 1e-12);
  expect_close(g.correlation_vega, -8.170432905805388, 1e-12);
  expect_close(g.theta, -3.576919991720255, 1e-12);
}

}  // namespace
}  // namespace muster::kernels
