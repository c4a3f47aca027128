// Instruments and markets as the job file gives them, through to a number or a reason.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "jobs/price/closed.hpp"

namespace muster::jobs::price {
namespace {

using testing::HasSubstr;

Curve flat(double value) { return {{0}, {value}}; }

Market one_asset() {
  Market market;
  market.rate = flat(.05);
  Asset asset;
  asset.name = "A";
  asset.spot = 100;
  asset.dividend = flat(.02);
  asset.volatility = flat(.2);
  market.assets = {asset};
  return market;
}

Instrument option(InstrumentKind kind, double strike = 100, double years = 1) {
  Instrument i;
  i.kind = kind;
  i.strike = strike;
  i.expiry_years = years;
  return i;
}

double priced(Market const& market, Instrument const& instrument) {
  auto const value = closed_form(market, instrument);
  EXPECT_TRUE(value.available) << value.why_not;
  return value.price;
}

std::string why_not(Market const& market, Instrument const& instrument) {
  auto const value = closed_form(market, instrument);
  EXPECT_FALSE(value.available);
  EXPECT_FALSE(value.output(Output::price).has_value());
  return value.why_not;
}

TEST(ClosedInstruments, EuropeanWithEveryOutput) {
  auto const value = closed_form(one_asset(), option(InstrumentKind::european));
  EXPECT_EQ(value.method, "Black-Scholes");
  EXPECT_NEAR(*value.output(Output::price), 9.2270055081540475, 1e-12);
  EXPECT_NEAR(*value.output(Output::vanna), -.094752893775043573, 1e-13);
  EXPECT_NEAR(*value.output(Output::theta), -5.0893189139983325, 1e-12);
  EXPECT_FALSE(value.output(Output::cross_gamma).has_value());
  EXPECT_FALSE(value.output(Output::price, 1).has_value());
}

TEST(ClosedInstruments, TermStructuresEnterByTheirIntegrals) {
  Market market = one_asset();
  market.rate = {{.5, 2}, {.03, .06}};
  market.assets[0].volatility = {{.25, 1.5}, {.3, .2}};
  double const r = .03 * .5 + (.06 * 2 - .03 * .5) * .5 / 1.5;
  double const w = .09 * .25 + (.04 * 1.5 - .09 * .25) * .75 / 1.25;
  Market plain = one_asset();
  plain.rate = flat(r);
  plain.assets[0].volatility = flat(std::sqrt(w));
  auto const i = option(InstrumentKind::european);
  EXPECT_NEAR(priced(market, i), priced(plain, i), 1e-12);

  // Greeks by parallel shifts of the pillars; theta by the dates' moving closer.
  auto const moved = [&](double rate, double vol, double time) {
    Market m = market;
    for (double& x : m.rate.values) x += rate;
    for (double& x : m.assets[0].volatility.values) x += vol;
    // Forward rates and variances stay where they are on the calendar.
    Instrument near = i;
    near.expiry_years -= time;
    auto const shift = [&](Curve& c, double front) {
      for (std::size_t k = 0; k < c.years.size(); ++k) {
        double const total = (&c == &m.rate ? c.values[k] : c.values[k] * c.values[k]) * c.years[k] - front * time;
        c.years[k] -= time;
        c.values[k] = &c == &m.rate ? total / c.years[k] : std::sqrt(total / c.years[k]);
      }
    };
    shift(m.rate, m.rate.values[0]);
    shift(m.assets[0].volatility, m.assets[0].volatility.values[0] * m.assets[0].volatility.values[0]);
    return closed_form(m, near).price;
  };
  auto const value = closed_form(market, i);
  EXPECT_NEAR(value.rho, (moved(1e-4, 0, 0) - moved(-1e-4, 0, 0)) / 2e-4, 1e-5);
  EXPECT_NEAR(value.assets[0].vega, (moved(0, 1e-4, 0) - moved(0, -1e-4, 0)) / 2e-4, 1e-5);
  EXPECT_NEAR(value.assets[0].volga, (moved(0, 1e-3, 0) + moved(0, -1e-3, 0) - 2 * moved(0, 0, 0)) / 1e-6, 1e-2);
  EXPECT_NEAR(value.theta, (moved(0, 0, 1e-5) - moved(0, 0, -1e-5)) / 2e-5, 1e-5);
}

TEST(ClosedInstruments, DividendsAreEscrowedAndSaidSo) {
  Market market = one_asset();
  market.assets[0].cash_dividends = {{.25, 2}, {2, 5}};
  auto const value = closed_form(market, option(InstrumentKind::european));
  EXPECT_THAT(value.method, HasSubstr("escrowed"));
  Market plain = one_asset();
  plain.assets[0].spot -= 2 * std::exp(-.05 * .25);  // the second goes ex after expiry
  EXPECT_NEAR(value.price, priced(plain, option(InstrumentKind::european)), 1e-12);
  EXPECT_THAT(why_not(market, option(InstrumentKind::lookback)), HasSubstr("cash dividends"));
}

TEST(ClosedInstruments, AStockLegIsTheForward) {
  for (ModelKind model : {ModelKind::black_scholes, ModelKind::merton, ModelKind::heston}) {
    Market market = one_asset();
    market.model = model;
    market.assets[0].merton = {1, -.1, .2};
    auto const value = closed_form(market, option(InstrumentKind::european, 0));
    ASSERT_TRUE(value.available);
    EXPECT_NEAR(value.price, 100 * std::exp(-.02), 1e-11);
    EXPECT_NEAR(value.assets[0].delta, std::exp(-.02), 1e-13);
    EXPECT_NEAR(value.assets[0].gamma, 0, 1e-15);
  }
}

TEST(ClosedInstruments, GeometricAsianKnowsItsPast) {
  Instrument i = option(InstrumentKind::asian);
  EXPECT_THAT(why_not(one_asset(), [&] { auto a = i; a.fixing_years = {.5, 1}; return a; }()), HasSubstr("arithmetic"));
  i.averaging = Averaging::geometric;
  for (int k = 1; k <= 10; ++k) i.fixing_years.push_back(k / 10.);
  Market market = one_asset();
  market.rate = flat(.06);
  market.assets[0].dividend = flat(.03);
  EXPECT_NEAR(priced(market, i), 5.342560663499, 1e-11);

  // All but the last date fixed: a European on spot^(1/4) times what is known.
  Instrument last = option(InstrumentKind::asian);
  last.averaging = Averaging::geometric;
  last.past_fixings = {90, 110, 105};
  last.fixing_years = {1};
  double const known = std::pow(90. * 110 * 105, .25), v = .2 / 4;
  double const forward = known * std::pow(100, .25) * std::exp(.25 * (.06 - .03 - .02) + v * v / 2);
  double const d1 = std::log(forward / 100) / v + v / 2;
  auto const cdf = [](double z) { return std::erfc(-z / std::sqrt(2)) / 2; };
  EXPECT_NEAR(priced(market, last), std::exp(-.06) * (forward * cdf(d1) - 100 * cdf(d1 - v)), 1e-12);

  // With the only fixing at expiry the average is the price: the floating strike is worth nothing.
  last.past_fixings.clear();
  last.strike_kind = StrikeKind::floating;
  EXPECT_NEAR(priced(market, last), 0, 1e-12);
}

TEST(ClosedInstruments, PathDependentForms) {
  Market const market = one_asset();
  Instrument knock = option(InstrumentKind::barrier);
  knock.barrier = 80;
  double const out = priced(market, knock);
  knock.barrier_kind = BarrierKind::down_in;
  EXPECT_NEAR(out + priced(market, knock), 9.2270055081540475, 1e-11);
  knock.monitoring = Monitoring::discrete;
  EXPECT_THAT(why_not(market, knock), HasSubstr("discrete"));
  Instrument corridor = option(InstrumentKind::double_barrier);
  corridor.barrier = 70;
  corridor.upper_barrier = 140;
  double const inside = priced(market, corridor);
  corridor.double_barrier_kind = DoubleBarrierKind::knock_in;
  EXPECT_NEAR(inside + priced(market, corridor), 9.2270055081540475, 1e-11);
  Instrument look = option(InstrumentKind::lookback);
  look.extremum = 120;
  EXPECT_GT(priced(market, look), 20 * std::exp(-.05));
  Market curved = market;
  curved.rate = {{.5, 1}, {.03, .04}};
  EXPECT_THAT(why_not(curved, look), HasSubstr("not flat"));
}

TEST(ClosedInstruments, TwoAssets) {
  Market market = one_asset();
  market.assets.push_back(market.assets[0]);
  market.assets[0].volatility = flat(.25);
  market.assets[1].name = "B";
  market.assets[1].spot = 95;
  market.assets[1].dividend = flat(.01);
  market.correlation = {1, .5, .5, 1};
  Instrument spread = option(InstrumentKind::spread, 0);
  spread.assets = {0, 1};
  spread.weights = {1, -1};
  auto const value = closed_form(market, spread);
  EXPECT_EQ(value.method, "Margrabe");
  EXPECT_NEAR(value.price, 10.8833108307926492, 1e-12);
  EXPECT_NEAR(*value.output(Output::delta, 1), -.5209379654860217, 1e-13);
  EXPECT_NEAR(*value.output(Output::cross_gamma), -.01720091138064292, 1e-14);
  EXPECT_NEAR(*value.output(Output::correlation_vega), -8.170432905805388, 1e-11);
  spread.strike = 4;
  EXPECT_THAT(why_not(market, spread), HasSubstr("strike 0"));
  Instrument best = option(InstrumentKind::best_of);
  best.assets = {1, 0};  // the order of the assets is the instrument's
  auto const swapped = closed_form(market, best);
  best.assets = {0, 1};
  auto const straight = closed_form(market, best);
  EXPECT_NEAR(swapped.price, straight.price, 1e-12);
  EXPECT_NEAR(swapped.assets[0].vega, straight.assets[1].vega, 1e-10);
  best.assets = {0, 1, 1};
  EXPECT_THAT(why_not(market, best), HasSubstr("two assets"));
  best.assets = {0, 1};
  market.correlation = {1, 1, 1, 1};
  EXPECT_THAT(why_not(market, best), HasSubstr("correlation"));
  EXPECT_THAT(why_not(market, option(InstrumentKind::basket)), HasSubstr("basket"));
}

TEST(ClosedInstruments, HestonAndMerton) {
  Market market = one_asset();
  market.rate = flat(.01);
  market.model = ModelKind::heston;
  market.assets[0].heston = {.04, 4, .25, 1, -.5};
  auto const value = closed_form(market, option(InstrumentKind::european));
  EXPECT_NEAR(value.price, 16.070154917028834278, 1e-11);
  ASSERT_TRUE(value.heston.has_value());
  EXPECT_NEAR(value.heston->xi, -1.113171498217, 1e-10);
  EXPECT_FALSE(value.output(Output::vega).has_value());
  EXPECT_THAT(why_not(market, option(InstrumentKind::barrier)), HasSubstr("European"));
  market = one_asset();
  market.model = ModelKind::merton;
  EXPECT_NEAR(priced(market, option(InstrumentKind::european)), 9.2270055081540475, 1e-11);  // no jumps yet
  market.assets[0].merton = {1, 0, .1};
  EXPECT_EQ(closed_form(market, option(InstrumentKind::european)).method, "Merton series");
}

}  // namespace
}  // namespace muster::jobs::price
