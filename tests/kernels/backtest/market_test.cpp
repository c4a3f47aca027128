// Markets, rules and costs that are at fault end in one message that says where.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <limits>

#include "core/error.hpp"
#include "kernels/backtest/crossover.hpp"
#include "tests/kernels/backtest/random_market.hpp"
#include "tests/kernels/backtest/scene.hpp"

namespace muster::testing {
namespace {

using ::testing::HasSubstr;

std::string fault_of(std::function<void()> const& act) {
  try {
    act();
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), Exit::user);
    return error.what();
  }
  return "no error";
}

/// A sound market of two symbols and four bars after `spoil`.
std::string seal_fault(std::function<void(Market&)> const& spoil) {
  Scene scene({{flat(10), flat(11), flat(12), flat(13)}, {flat(10), flat(11), halt, flat(13)}});
  spoil(scene.market);
  return fault_of([&] { seal(scene.market); });
}

TEST(BacktestMarket, SealsWhatIsSound) {
  EXPECT_EQ(seal_fault([](Market&) {}), "no error");
}

TEST(BacktestMarket, RefusesPricesThatAreNone) {
  for (double bad : {0.0, -1.0, 1e10, std::numeric_limits<double>::quiet_NaN(), std::numeric_limits<double>::infinity()})
    EXPECT_THAT(seal_fault([&](Market& m) { m.close[m.at(2, 0)] = bad; }), HasSubstr("symbol 0, bar 2: a price of "));
  EXPECT_THAT(seal_fault([](Market& m) { m.low[m.at(1, 1)] = 11.5; }),
              HasSubstr("symbol 1, bar 1: open 11, high 11, low 11.5, close 11 (low must be the least"));
  EXPECT_THAT(seal_fault([](Market& m) { m.high[m.at(1, 1)] = 10.5; }), HasSubstr("high the most)"));
}

TEST(BacktestMarket, DoesNotReadUntradedCells) {
  EXPECT_EQ(seal_fault([](Market& m) { m.close[m.at(2, 1)] = std::numeric_limits<double>::quiet_NaN(); }), "no error");
}

TEST(BacktestMarket, RefusesVolumesFactorsAndStatesOutOfRange) {
  EXPECT_THAT(seal_fault([](Market& m) { m.volume[m.at(3, 0)] = -1; }), HasSubstr("symbol 0, bar 3: a volume of -1"));
  EXPECT_THAT(seal_fault([](Market& m) { m.factor[m.at(3, 0)] = 0; }), HasSubstr("symbol 0, bar 3: a price factor of 0"));
  EXPECT_THAT(seal_fault([](Market& m) { m.status[m.at(3, 0)] = static_cast<Status>(9); }), HasSubstr("status 9"));
  EXPECT_THAT(seal_fault([](Market& m) { m.status[m.at(3, 0)] = Status::unlisted; }), HasSubstr("not listed after it was"));
  EXPECT_THAT(seal_fault([](Market& m) { m.status[m.at(2, 0)] = Status::delisted; }), HasSubstr("symbol 0, bar 3: trades after it was delisted"));
  EXPECT_THAT(seal_fault([](Market& m) { m.status[m.at(2, 5)] = Status::traded; }), HasSubstr("symbol 5, bar 2: beyond the last symbol"));
}

TEST(BacktestMarket, RefusesWrongSizes) {
  EXPECT_THAT(seal_fault([](Market& m) { m.open.pop_back(); }), HasSubstr("arrays have not the size of 4 bars x 32 symbols"));
  EXPECT_THAT(seal_fault([](Market& m) { m.season.resize(3); }), HasSubstr("arrays have not the size"));
  EXPECT_THAT(seal_fault([](Market& m) { m.symbols = 0; }), HasSubstr("a market of 0 symbols (1 to 4000)"));
  EXPECT_THAT(seal_fault([](Market& m) { m.bars = 0; }), HasSubstr("a market of 0 bars"));
}

TEST(BacktestMarket, RefusesEventsAtFault) {
  auto const with = [](MarketEvent const& e) { return seal_fault([&](Market& m) { m.events = {e}; }); };
  EXPECT_THAT(with({9, 0, 2, 0}), HasSubstr("an event of symbol 0, bar 9 (the market has 2 x 4)"));
  EXPECT_THAT(with({1, 0, 0, 0}), HasSubstr("symbol 0, bar 1: a split of 0"));
  EXPECT_THAT(with({1, 0, 1, -1}), HasSubstr("symbol 0, bar 1: a dividend of -1"));
  EXPECT_THAT(seal_fault([](Market& m) { m.events = {{2, 0, 2, 0}, {1, 0, 2, 0}}; }), HasSubstr("an event out of order or twice"));
  EXPECT_THAT(seal_fault([](Market& m) { m.events = {{2, 0, 2, 0}, {2, 0, 2, 0}}; }), HasSubstr("an event out of order or twice"));
  EXPECT_THAT(seal_fault([](Market& m) {
                m.status[m.at(0, 0)] = Status::unlisted;
                m.events = {{0, 0, 2, 0}};
              }),
              HasSubstr("symbol 0, bar 0: an event while it is not listed"));
}

TEST(BacktestMarket, FactorsGoForwardAndKeepTheLastCloseInPlace) {
  Scene scene({{flat(100), flat(110), flat(54), flat(50)}});
  scene.market.events = {{2, 0, 2, 1}};
  fill_factors(scene.market);
  EXPECT_EQ(scene.market.factor[scene.market.at(1, 0)], 1);
  EXPECT_DOUBLE_EQ(scene.market.factor[scene.market.at(2, 0)], 110 / (55.0 - 1));
  EXPECT_DOUBLE_EQ(scene.market.factor[scene.market.at(3, 0)], 110 / (55.0 - 1));
  scene.market.events = {{2, 0, 1, 110}};
  EXPECT_THAT(fault_of([&] { fill_factors(scene.market); }), HasSubstr("symbol 0, bar 2: a dividend of 110 for a share worth 110"));
}

TEST(BacktestMarket, CutsAreChecked) {
  Market const market = random_market(1, 2, 10);
  EXPECT_THAT(fault_of([&] { cut(market, 11); }), HasSubstr("a cut at bar 11 of 10"));
  EXPECT_EQ(cut(market, 5).full.close.size(), 5u * 32);
}

TEST(BacktestCosts, EachHasItsRange) {
  auto const with = [](auto change) {
    Costs costs;
    change(costs);
    return fault_of([&] { check(costs); });
  };
  EXPECT_EQ(with([](Costs&) {}), "no error");
  EXPECT_THAT(with([](Costs& c) { c.capital_usd = 1; }), HasSubstr("capital_usd = 1 (must be from 1000 to 100000000); change it"));
  EXPECT_THAT(with([](Costs& c) { c.commission_bps = -1; }), HasSubstr("commission_bps = -1"));
  EXPECT_THAT(with([](Costs& c) { c.commission_per_share_usd = 11; }), HasSubstr("commission_per_share_usd = 11"));
  EXPECT_THAT(with([](Costs& c) { c.half_spread_bps = 5001; }), HasSubstr("half_spread_bps = 5001"));
  EXPECT_THAT(with([](Costs& c) { c.slippage_bps = 4999; }), HasSubstr("slippage_bps = 4999 (must be from 0 to 4998)"));
  EXPECT_THAT(with([](Costs& c) { c.borrow_percent_year = 1e4; }), HasSubstr("borrow_percent_year"));
  EXPECT_THAT(with([](Costs& c) { c.financing_percent_year = 1e4; }), HasSubstr("financing_percent_year"));
  EXPECT_THAT(with([](Costs& c) { c.bars_per_year = 0; }), HasSubstr("bars_per_year = 0"));
  EXPECT_THAT(with([](Costs& c) { c.leverage = std::numeric_limits<double>::quiet_NaN(); }), HasSubstr("leverage = nan"));
}

struct Sound {
  Market market = random_market(1, 2, 30);
  Features features = all_features(market, {2});
  Plan plan{&market, &features, {}, {{0, 30}}};
};

TEST(BacktestPlan, RefusesSpansAndFeaturesOfAnotherMarket) {
  Sound sound;
  auto const with_span = [&](Span span) {
    sound.plan.spans = {span};
    return fault_of([&] { make_host_runner(sound.plan); });
  };
  EXPECT_EQ(with_span({0, 30}), "no error");
  EXPECT_THAT(with_span({0, 31}), HasSubstr("a span of bars [0, 31) (needs at least 2 of the market's 30)"));
  EXPECT_THAT(with_span({5, 6}), HasSubstr("a span of bars [5, 6)"));
  EXPECT_THAT(with_span({8, 6}), HasSubstr("a span of bars [8, 6)"));
  sound.plan.spans.clear();
  EXPECT_THAT(fault_of([&] { check(sound.plan); }), HasSubstr("without spans"));
  Market const other = random_market(1, 2, 31);
  sound.plan.market = &other;
  EXPECT_THAT(fault_of([&] { check(sound.plan); }), HasSubstr("features of 30 bars x 32 symbols for a market of 31 x 32"));
  Market const raw = make_market(2, 30);
  sound.plan.market = &raw;
  EXPECT_THAT(fault_of([&] { check(sound.plan); }), HasSubstr("not sealed"));
}

TEST(BacktestRule, EachFieldHasItsRange) {
  Sound sound;
  auto const with = [&](auto change) {
    Rule rule;
    rule.terms[0] = {0, 0, 50};
    change(rule);
    return fault_of([&] { check(rule, sound.features); });
  };
  EXPECT_EQ(with([](Rule&) {}), "no error");
  EXPECT_THAT(with([](Rule& r) { r.terms[0].weight_percent = 101; }), HasSubstr("a rule's weight_percent = 101 (must be from -100 to 100)"));
  EXPECT_THAT(with([](Rule& r) { r.terms[0].kind = 14; }), HasSubstr("a rule's feature 14 does not exist (14 do)"));
  EXPECT_THAT(with([](Rule& r) { r.terms[0].window = 1; }), HasSubstr("a rule's window number 1 does not exist (1 do)"));
  EXPECT_THAT(with([](Rule& r) { r.enter_long = 101; }), HasSubstr("enter_long = 101"));
  EXPECT_THAT(with([](Rule& r) { r.exit_long = -101; }), HasSubstr("exit_long = -101"));
  EXPECT_THAT(with([](Rule& r) { r.enter_short = 101; }), HasSubstr("enter_short = 101"));
  EXPECT_THAT(with([](Rule& r) { r.exit_short = 101; }), HasSubstr("exit_short = 101"));
  EXPECT_THAT(with([](Rule& r) { r.stop_half_percent = 200; }), HasSubstr("stop_half_percent = 200"));
  EXPECT_THAT(with([](Rule& r) { r.target_half_percent = 2001; }), HasSubstr("target_half_percent = 2001"));
  EXPECT_THAT(with([](Rule& r) { r.size_percent = 0; }), HasSubstr("size_percent = 0"));
  EXPECT_THAT(with([](Rule& r) { r.sides = static_cast<Sides>(0); }), HasSubstr("sides = 0"));
  EXPECT_THAT(with([](Rule& r) { r.sizing = static_cast<Sizing>(2); }), HasSubstr("sizing = 2"));
}

TEST(BacktestFeatures, WindowsHaveTheirRange) {
  Market const market = random_market(1, 2, 10);
  auto const with = [&](std::vector<std::uint16_t> const& windows, std::uint32_t learned = 0) {
    return fault_of([&] { make_features(market, windows, learned); });
  };
  EXPECT_THAT(with({}), HasSubstr("0 windows of indicators (1 to 256)"));
  EXPECT_THAT(with({1}), HasSubstr("a window of 1 bars (must be from 2 to 1000)"));
  EXPECT_THAT(with({1001}), HasSubstr("a window of 1001 bars"));
  EXPECT_THAT(with({5, 5}), HasSubstr("window 5 after 5 (they must ascend)"));
  EXPECT_THAT(with({5}, 250), HasSubstr("250 learned features (at most 241)"));
  EXPECT_EQ(with(default_windows(), 3), "no error");
}

}  // namespace
}  // namespace muster::testing
