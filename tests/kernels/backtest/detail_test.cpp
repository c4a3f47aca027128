// A detailed backtest has the bits of the kernels in full precision, and its trades explain its equity.
#include <gtest/gtest.h>

#include "kernels/backtest/metrics.hpp"
#include "tests/kernels/backtest/random_market.hpp"

namespace muster::testing {
namespace {

struct Case {
  Market market;
  Features features;
  Plan plan;
  std::vector<Rule> rules;
};

void fill(Case& c, std::uint64_t seed, Precision precision) {
  c.market = random_market(seed, 20, 150);
  c.features = all_features(c.market, {2, 6});
  Costs costs;
  costs.leverage = 2;
  costs.financing_percent_year = costs.borrow_percent_year = 0;
  c.plan = {&c.market, &c.features, costs, {{0, 150}, {40, 90}}, precision};
  Dice dice(seed);
  for (int i = 0; i < 60; ++i) c.rules.push_back(random_rule(dice, c.features));
}

TEST(BacktestDetail, HasTheBitsOfTheKernelInFullPrecision) {
  Case c;
  fill(c, 11, Precision::full);
  std::vector<Tally> made(c.rules.size() * 2);
  make_host_runner(c.plan)->run(c.rules, made);
  for (std::size_t i = 0; i < made.size(); ++i)
    EXPECT_EQ(run_detail(c.plan, c.rules[i / 2], c.plan.spans[i % 2]).tally, made[i]) << i;
}

TEST(BacktestDetail, TradesAddUpToTheEquity) {
  Case c;
  fill(c, 12, Precision::full);
  std::size_t trades = 0;
  for (Rule const& rule : c.rules) {
    Detail const got = run_detail(c.plan, rule, {0, 150});
    if (got.tally.ending != Ending::whole) continue;
    double result = 0, fees = 0, dividends = 0;
    unsigned wins = 0;
    for (Trade const& trade : got.trades) {
      result += trade.result_usd;
      fees += trade.fees_usd;
      dividends += trade.dividends_usd;
      wins += trade.result_usd > 0 ? 1 : 0;
    }
    trades += got.trades.size();
    // Amounts are grid multiples, so their sums are exact.
    EXPECT_EQ(got.tally.start_equity_usd + result, got.tally.end_equity_usd);
    EXPECT_EQ(fees, got.tally.fees_usd);
    EXPECT_EQ(dividends, got.tally.dividends_usd);
    EXPECT_EQ(got.trades.size(), got.tally.trades);
    EXPECT_EQ(wins, got.tally.wins);
    EXPECT_EQ(got.equity_usd.size(), 150u);
    EXPECT_EQ(got.equity_usd.back(), got.tally.end_equity_usd);
  }
  EXPECT_GT(trades, 5000u);
}

TEST(BacktestDetail, TradesComeInOrderOfTheirExit) {
  Case c;
  fill(c, 13, Precision::full);
  for (Rule const& rule : c.rules) {
    Detail const got = run_detail(c.plan, rule, {0, 150});
    for (std::size_t i = 1; i < got.trades.size(); ++i)
      EXPECT_LE(got.trades[i - 1].exit_bar, got.trades[i].exit_bar);
    for (Trade const& trade : got.trades) EXPECT_LE(trade.entry_bar, trade.exit_bar);
  }
}

TEST(BacktestDetail, SinglePrecisionIsWithinItsBoundOfFull) {
  Case single, full;
  fill(single, 14, Precision::single);
  fill(full, 14, Precision::full);
  std::vector<Tally> a(single.rules.size() * 2), b(a.size());
  make_host_runner(single.plan)->run(single.rules, a);
  make_host_runner(full.plan)->run(full.rules, b);
  int compared = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    // A level that is met within a rounding makes another trade: those are different strategies.
    if (a[i].trades != b[i].trades || a[i].ending != Ending::whole) continue;
    Metrics const x = metrics_of(a[i], 252), y = metrics_of(b[i], 252);
    EXPECT_NEAR(x.total_return, y.total_return, 1e-5 * (1 + std::abs(y.total_return))) << i;
    EXPECT_NEAR(x.sharpe, y.sharpe, 1e-4) << i;
    EXPECT_NEAR(x.max_drawdown, y.max_drawdown, 1e-5) << i;
    ++compared;
  }
  EXPECT_GT(compared, 100);
}

}  // namespace
}  // namespace muster::testing
