// One test for each row of the tables in docs/methods/backtest.md.
#include <gtest/gtest.h>

#include <cmath>

#include "tests/kernels/backtest/scene.hpp"

namespace muster::testing {
namespace {

// Money is rounded to 2^-20 dollars a fill.
constexpr double cent = 1e-5;

TEST(BacktestFills, EntriesBuyAtTheNextOpenAndExitsSellThere) {
  Scene scene({{flat(100), {110, 120, 100, 115}, {120, 130, 110, 125}, flat(125)}});
  Detail const got = scene.say(0, {buy, sell}).play();
  ASSERT_EQ(got.trades.size(), 1u);
  EXPECT_EQ(got.trades[0].entry_bar, 1u);
  EXPECT_EQ(got.trades[0].entry_price_usd, 110);
  EXPECT_NEAR(got.trades[0].entry_shares, 5000 / 110.0, 1e-12);
  EXPECT_EQ(got.trades[0].exit_bar, 2u);
  EXPECT_EQ(got.trades[0].exit_price_usd, 120);
  EXPECT_EQ(got.trades[0].reason, Reason::signal);
  EXPECT_NEAR(got.equity_usd[1], 5000 + 5000 / 110.0 * 115, cent);
  EXPECT_NEAR(got.equity_usd[3], 5000 + 5000 / 110.0 * 120, cent);
}

TEST(BacktestFills, SpreadAndSlippageWorsenBothFills) {
  Scene scene({{flat(100), flat(100), flat(100), flat(100)}});
  scene.costs.half_spread_bps = 60;
  scene.costs.slippage_bps = 40;
  Detail const got = scene.say(0, {buy, sell}).play();
  ASSERT_EQ(got.trades.size(), 1u);
  EXPECT_DOUBLE_EQ(got.trades[0].entry_price_usd, 101);
  EXPECT_DOUBLE_EQ(got.trades[0].exit_price_usd, 99);
  EXPECT_NEAR(got.tally.end_equity_usd, 10000 - 5000 / 101.0 * 2, cent);
}

TEST(BacktestFills, ShortsSellLowerAndBuyBackHigher) {
  Scene scene({{flat(100), flat(100), flat(80), flat(80)}});
  scene.costs.slippage_bps = 100;
  scene.rule.sides = Sides::both;
  Detail const got = scene.say(0, {sell, 60}).play();
  ASSERT_EQ(got.trades.size(), 2u) << "the exit signal is an entry signal of the other side";
  EXPECT_LT(got.trades[0].entry_shares, 0);
  EXPECT_DOUBLE_EQ(got.trades[0].entry_price_usd, 99);
  EXPECT_DOUBLE_EQ(got.trades[0].exit_price_usd, 80 * 1.01);
  EXPECT_NEAR(got.trades[0].result_usd, 5000 / 99.0 * (99 - 80.8), cent);
  EXPECT_EQ(got.trades[1].entry_bar, 2u) << "exits and enters at the same open";
  EXPECT_GT(got.trades[1].entry_shares, 0);
}

TEST(BacktestFills, CommissionIsAShareOfTheValueAndAnAmountAShare) {
  Scene scene({{flat(100), flat(100), flat(200), flat(200)}});
  scene.costs.commission_bps = 10;
  scene.costs.commission_per_share_usd = 0.5;
  Detail const got = scene.say(0, {buy, sell}).play();
  ASSERT_EQ(got.trades.size(), 1u);
  EXPECT_NEAR(got.trades[0].fees_usd, (5 + 25) + (10 + 25), cent);
  EXPECT_NEAR(got.trades[0].result_usd, 5000 - 65, cent);
  EXPECT_NEAR(got.tally.fees_usd, 65, cent);
  EXPECT_NEAR(got.tally.turnover_usd, 15000, cent);
}

TEST(BacktestFills, EntriesBeyondTheMeansAreAllScaledByOneFactor) {
  Scene scene({{flat(100), flat(100), flat(100)}, {flat(50), flat(50), flat(50)}, {flat(10), flat(10), flat(10)}});
  Detail const got = scene.say(0, {buy}).say(1, {buy}).say(2, {buy}).play();
  ASSERT_EQ(got.trades.size(), 3u);
  double const share = 2.0 / 3 * (1 - std::ldexp(1.0, -20));
  for (Trade const& trade : got.trades) EXPECT_NEAR(trade.entry_shares * trade.entry_price_usd, 5000 * share, 1e-9);
  EXPECT_NEAR(got.exposure[1], 1, 1e-5);
  EXPECT_LE(got.exposure[1], 1);
}

TEST(BacktestFills, LeverageLimitsGrossExposureAndExitsMakeRoomFirst) {
  Scene scene({{flat(100), flat(100), flat(100), flat(100)}, {flat(50), flat(50), flat(50), flat(50)}});
  scene.costs.leverage = 0.4;
  Detail const got = scene.say(0, {buy, sell}).say(1, {wait, buy}).play();
  ASSERT_EQ(got.trades.size(), 2u);
  double const most = 4000 * (1 - std::ldexp(1.0, -20));
  EXPECT_NEAR(got.trades[0].entry_shares * 100, most, 1e-8);
  EXPECT_NEAR(got.trades[1].entry_shares * 50, most, 1e-8) << "the exit of the same open freed the room";
}

TEST(BacktestFills, RoomCountsTheCommission) {
  Scene scene({{flat(100), flat(100), flat(100)}});
  scene.costs.commission_bps = 100;
  scene.rule.size_percent = 100;
  Detail const got = scene.say(0, {buy}).play();
  ASSERT_EQ(got.trades.size(), 1u);
  EXPECT_NEAR(got.trades[0].entry_shares * 100, 10000 / 1.01, 0.02);
  EXPECT_GT(10000 - got.trades[0].entry_shares * 100 * 1.01, 0) << "cash is never overdrawn";
}

TEST(BacktestFills, CrumbsLapse) {
  Scene scene({{flat(100), flat(100), flat(100), flat(100)}, {flat(50), flat(50), flat(50), flat(50)}});
  scene.rule.size_percent = 96;
  Detail const got = scene.say(0, {buy}).say(1, {wait, buy}).play();
  ASSERT_EQ(got.trades.size(), 1u) << "400 of 9600 are below a tenth";
  EXPECT_EQ(got.trades[0].symbol, 0u);
}

TEST(BacktestFills, LevelsAreOfTheQuotedOpenAndLiveOnTheEntryBar) {
  Scene scene({{flat(100), {100, 101, 94.9, 100}, flat(100)}});
  scene.costs.slippage_bps = 200;
  scene.rule.stop_half_percent = 10;
  Detail const got = scene.say(0, {buy}).play();
  ASSERT_EQ(got.trades.size(), 1u);
  EXPECT_EQ(got.trades[0].exit_bar, 1u);
  EXPECT_EQ(got.trades[0].reason, Reason::stop);
  EXPECT_DOUBLE_EQ(got.trades[0].exit_price_usd, 95 * 0.98) << "5 % of 100, not of the 102 paid";
}

TEST(BacktestFills, AStopThatIsTouchedExactlyFillsAtItsLevel) {
  Scene scene({{flat(100), flat(100), {99, 100, 95, 97}, flat(97)}});
  scene.rule.stop_half_percent = 10;
  Detail const got = scene.say(0, {buy}).play();
  ASSERT_EQ(got.trades.size(), 1u);
  EXPECT_EQ(got.trades[0].exit_bar, 2u);
  EXPECT_DOUBLE_EQ(got.trades[0].exit_price_usd, 95);
}

TEST(BacktestFills, AStopThatGapsFillsAtTheOpen) {
  Scene scene({{flat(100), flat(100), {90, 99, 89, 98}, flat(98)}});
  scene.rule.stop_half_percent = 10;
  Detail const got = scene.say(0, {buy}).play();
  ASSERT_EQ(got.trades.size(), 1u);
  EXPECT_DOUBLE_EQ(got.trades[0].exit_price_usd, 90);
}

TEST(BacktestFills, AShortsStopIsAboveAndGapsUp) {
  Scene scene({{flat(100), flat(100), {112, 113, 99, 100}, flat(100)}});
  scene.costs.slippage_bps = 100;
  scene.rule.sides = Sides::short_only;
  scene.rule.stop_half_percent = 20;
  Detail const got = scene.say(0, {sell}).play();
  ASSERT_EQ(got.trades.size(), 1u);
  EXPECT_EQ(got.trades[0].reason, Reason::stop);
  EXPECT_DOUBLE_EQ(got.trades[0].exit_price_usd, 112 * 1.01);
}

TEST(BacktestFills, ATargetNeverFillsBetterThanItsLimitAndPaysNoSpread) {
  Scene scene({{flat(100), flat(100), {120, 125, 119, 121}, flat(121)}});
  scene.costs.slippage_bps = 100;
  scene.rule.target_half_percent = 20;
  Detail const got = scene.say(0, {buy}).play();
  ASSERT_EQ(got.trades.size(), 1u);
  EXPECT_EQ(got.trades[0].reason, Reason::target);
  EXPECT_DOUBLE_EQ(got.trades[0].exit_price_usd, 110);
}

TEST(BacktestFills, AShortsTargetIsBelow) {
  Scene scene({{flat(100), flat(100), {95, 96, 90, 91}, flat(91)}});
  scene.rule.sides = Sides::short_only;
  scene.rule.target_half_percent = 20;
  Detail const got = scene.say(0, {sell}).play();
  ASSERT_EQ(got.trades.size(), 1u);
  EXPECT_EQ(got.trades[0].reason, Reason::target);
  EXPECT_DOUBLE_EQ(got.trades[0].exit_price_usd, 90);
}

TEST(BacktestFills, OfStopAndTargetInOneBarTheStopComesFirst) {
  Scene scene({{flat(100), flat(100), {100, 130, 80, 120}, flat(120)}});
  scene.rule.stop_half_percent = 10;
  scene.rule.target_half_percent = 10;
  Detail const got = scene.say(0, {buy}).play();
  ASSERT_EQ(got.trades.size(), 1u);
  EXPECT_EQ(got.trades[0].reason, Reason::stop);
  EXPECT_DOUBLE_EQ(got.trades[0].exit_price_usd, 95);
}

TEST(BacktestFills, ASplitChangesSharesAndLevels) {
  Scene scene({{flat(100), flat(100), {50, 51, 48, 50}, {50, 51, 47, 48}, flat(48)}});
  scene.rule.stop_half_percent = 10;
  Detail const got = scene.split(2, 2).say(0, {buy}).play();
  ASSERT_EQ(got.trades.size(), 1u);
  EXPECT_EQ(got.trades[0].exit_bar, 3u) << "48 is above the level of 47.5";
  EXPECT_DOUBLE_EQ(got.trades[0].exit_price_usd, 47.5);
  EXPECT_DOUBLE_EQ(got.trades[0].entry_shares, 50);
  EXPECT_DOUBLE_EQ(got.trades[0].exit_shares, 100);
  EXPECT_NEAR(got.equity_usd[2], 10000, cent);
}

TEST(BacktestFills, ADividendIsPaidForNewSharesHeldSinceTheCloseBefore) {
  Scene scene({{flat(100), flat(100), flat(50), flat(50)}});
  scene.market.events.push_back({2, 0, 2, 1.5});
  Detail const got = scene.say(0, {buy}).play();
  ASSERT_EQ(got.trades.size(), 1u);
  EXPECT_NEAR(got.trades[0].dividends_usd, 150, cent);
  EXPECT_NEAR(got.trades[0].result_usd, 150, cent);
  EXPECT_NEAR(got.tally.end_equity_usd, 10150, cent);
  EXPECT_EQ(got.tally.wins, 1u);
}

TEST(BacktestFills, ADividendOnTheEntryBarIsNotReceived) {
  Scene scene({{flat(100), flat(100), flat(100)}});
  Detail const got = scene.dividend(1, 2).say(0, {buy}).play();
  EXPECT_NEAR(got.tally.end_equity_usd, 10000, cent);
}

TEST(BacktestFills, AShortPaysTheDividend) {
  Scene scene({{flat(100), flat(100), flat(98), flat(98)}});
  scene.rule.sides = Sides::short_only;
  Detail const got = scene.dividend(2, 2).say(0, {sell}).play();
  ASSERT_EQ(got.trades.size(), 1u);
  EXPECT_NEAR(got.trades[0].dividends_usd, -100, cent);
  EXPECT_NEAR(got.tally.end_equity_usd, 10000, cent);
  EXPECT_EQ(got.tally.wins, 0u);
}

TEST(BacktestFills, AHaltDelaysAnExit) {
  Scene scene({{flat(100), flat(100), halt, halt, flat(70), flat(70)}});
  Detail const got = scene.say(0, {buy, sell, buy, buy}).play();
  ASSERT_EQ(got.trades.size(), 1u);
  EXPECT_EQ(got.trades[0].exit_bar, 4u);
  EXPECT_EQ(got.trades[0].reason, Reason::signal);
  EXPECT_DOUBLE_EQ(got.trades[0].exit_price_usd, 70);
  EXPECT_NEAR(got.equity_usd[3], 10000, cent) << "marked at the last close";
}

TEST(BacktestFills, AHaltLetsAnEntryLapse) {
  Scene scene({{flat(100), halt, flat(100), flat(100)}});
  EXPECT_TRUE(scene.say(0, {buy}).play().trades.empty());
}

TEST(BacktestFills, AHaltTouchesNoLevelAndCountsForTheHoldingLimit) {
  Scene scene({{flat(100), flat(100), halt, flat(60), flat(60)}});
  scene.rule.stop_half_percent = 10;
  scene.rule.holding_bars = 2;
  Detail const got = scene.say(0, {buy}).play();
  ASSERT_EQ(got.trades.size(), 1u);
  EXPECT_EQ(got.trades[0].exit_bar, 3u);
  EXPECT_DOUBLE_EQ(got.trades[0].exit_price_usd, 60);
}

TEST(BacktestFills, ASplitDuringAHaltKeepsTheWorth) {
  Scene scene({{flat(100), flat(100), halt, flat(25), flat(25)}});
  Detail const got = scene.split(2, 4).say(0, {buy}).play();
  EXPECT_NEAR(got.equity_usd[2], 10000, cent);
  EXPECT_NEAR(got.equity_usd[3], 10000, cent);
}

TEST(BacktestFills, ADelistedPositionIsClosedAtTheLastTradedClose) {
  Scene scene({{flat(100), {100, 100, 80, 90}, halt, flat(1), flat(1)}});
  scene.costs.slippage_bps = 100;
  scene.costs.commission_bps = 10;
  Detail const got = scene.delist(3).say(0, {buy}).play();
  ASSERT_EQ(got.trades.size(), 1u);
  EXPECT_EQ(got.trades[0].exit_bar, 3u);
  EXPECT_EQ(got.trades[0].reason, Reason::delisted);
  EXPECT_DOUBLE_EQ(got.trades[0].exit_price_usd, 90 * 0.99);
  double const shares = 5000 / 101.0;
  EXPECT_NEAR(got.tally.end_equity_usd, 10000 - 5000 * 1.001 + shares * 89.1 * 0.999, cent);
}

TEST(BacktestFills, TheEndOfASpanClosesEverythingAtTheLastClose) {
  Scene scene({{flat(100), flat(100), {100, 100, 90, 95}}, {flat(10), flat(10), halt}});
  scene.costs.slippage_bps = 100;
  scene.rule.size_percent = 10;
  Detail const got = scene.say(0, {buy}).say(1, {buy}).play();
  ASSERT_EQ(got.trades.size(), 2u);
  EXPECT_EQ(got.trades[0].reason, Reason::end);
  EXPECT_DOUBLE_EQ(got.trades[0].exit_price_usd, 95 * 0.99);
  EXPECT_DOUBLE_EQ(got.trades[1].exit_price_usd, 10 * 0.99) << "halted or not";
}

TEST(BacktestFills, HoldingEndsAfterItsCloses) {
  Scene scene({{flat(100), flat(101), flat(102), flat(103), flat(104)}});
  scene.rule.holding_bars = 2;
  Detail const got = scene.say(0, {buy}).play();
  ASSERT_EQ(got.trades.size(), 1u);
  EXPECT_EQ(got.trades[0].entry_bar, 1u);
  EXPECT_EQ(got.trades[0].exit_bar, 3u);
  EXPECT_EQ(got.trades[0].reason, Reason::holding);
}

TEST(BacktestFills, ShortsPayForBorrowedSharesAtEachCloseButTheLast) {
  Scene scene({{flat(100), flat(100), flat(100), flat(100)}});
  scene.costs.borrow_percent_year = 252;
  scene.rule.sides = Sides::short_only;
  Detail const got = scene.say(0, {sell}).play();
  EXPECT_NEAR(got.tally.carry_usd, 2 * 50, cent);
  EXPECT_NEAR(got.tally.end_equity_usd, 9900, cent);
}

TEST(BacktestFills, NegativeCashIsFinanced) {
  Scene scene({{flat(100), flat(100), flat(100)}});
  scene.costs.financing_percent_year = 252;
  scene.costs.leverage = 2;
  scene.rule.size_percent = 150;
  Detail const got = scene.say(0, {buy}).play();
  EXPECT_NEAR(got.tally.carry_usd, 50, cent);
}

TEST(BacktestFills, RuinEndsTheSpan) {
  Scene scene({{flat(100), flat(100), flat(300), flat(100), flat(100)}});
  scene.rule.sides = Sides::short_only;
  scene.rule.size_percent = 100;
  Detail const got = scene.say(0, {sell}).play();
  EXPECT_EQ(got.tally.ending, Ending::ruined);
  EXPECT_EQ(got.tally.bars, 2u);
  EXPECT_NEAR(got.tally.end_equity_usd, -10000, cent);
  EXPECT_TRUE(got.trades.empty());
  EXPECT_EQ(got.equity_usd.size(), 3u);
}

TEST(BacktestFills, SumsOutOfRangeEndTheSpanBeforeThatBar) {
  Scene scene({{flat(100), flat(100), flat(1e8), flat(100)}});
  Detail const got = scene.say(0, {buy}).play();
  EXPECT_EQ(got.tally.ending, Ending::out_of_range);
  EXPECT_EQ(got.tally.bars, 1u);
  EXPECT_EQ(got.tally.end_equity_usd, 10000);
}

TEST(BacktestFills, SizeByVolatilityIsScaledAndUndefinedMeansNoEntry) {
  Scene scene({{flat(100), flat(100), flat(100)}, {flat(100), flat(100), flat(100)}});
  scene.rule.sizing = Sizing::volatility;
  scene.say(0, {buy}).say(1, {buy});
  scene.features.volatility_scale[0] = feature_one / 2;
  Detail const got = scene.play();
  ASSERT_EQ(got.trades.size(), 1u);
  EXPECT_NEAR(got.trades[0].entry_shares, 50 * (feature_one / 2) / static_cast<double>(feature_one), 1e-9);
}

TEST(BacktestFills, ThresholdsAreReachedExactly) {
  Scene scene({{flat(100), flat(100), flat(100)}});
  scene.rule.enter_long = 100;
  EXPECT_EQ(scene.say(0, {100}).play().trades.size(), 1u);
  scene.features.cells[0] -= 1;
  EXPECT_TRUE(scene.play().trades.empty());
}

TEST(BacktestFills, OfTwoEntrySignalsTheLongOneCounts) {
  Scene scene({{flat(100), flat(100), flat(100)}});
  scene.rule.sides = Sides::both;
  scene.rule.enter_long = -100;
  scene.rule.enter_short = 100;
  scene.rule.exit_long = -100;
  Detail const got = scene.say(0, {wait, wait}).play();
  ASSERT_EQ(got.trades.size(), 1u);
  EXPECT_GT(got.trades[0].entry_shares, 0);
}

TEST(BacktestFills, ARuleWithoutWeightsNeverTrades) {
  Scene scene({{flat(100), flat(100), flat(100)}});
  scene.rule.terms[0].weight_percent = 0;
  scene.rule.enter_long = -100;
  EXPECT_TRUE(scene.say(0, {buy}).play().trades.empty());
}

TEST(BacktestFills, TwoEntriesOfTheSameSideAreOne) {
  Scene scene({{flat(100), flat(100), flat(100), flat(100)}});
  EXPECT_EQ(scene.say(0, {buy, buy, buy}).play().trades.size(), 1u);
}

}  // namespace
}  // namespace muster::testing
