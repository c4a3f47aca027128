// Cutting the future, or changing it, never changes the past.
#include <gtest/gtest.h>

#include "tests/kernels/backtest/random_market.hpp"

namespace muster::testing {
namespace {

constexpr std::uint32_t bars = 160;

void expect_same_past(Features const& whole, Features const& past) {
  for (std::size_t i = 0; i < whole.tables(); ++i)
    for (std::size_t cell = 0; cell < past.table_size(); ++cell)
      ASSERT_EQ(whole.table(i)[cell], past.table(i)[cell]) << "table " << i << ", cell " << cell;
  for (std::size_t cell = 0; cell < past.table_size(); ++cell)
    ASSERT_EQ(whole.volatility_scale[cell], past.volatility_scale[cell]);
}

bool same(Trade const& a, Trade const& b) {
  return a.symbol == b.symbol && a.entry_bar == b.entry_bar && a.exit_bar == b.exit_bar && a.reason == b.reason &&
         a.entry_shares == b.entry_shares && a.exit_shares == b.exit_shares && a.entry_price_usd == b.entry_price_usd &&
         a.exit_price_usd == b.exit_price_usd && a.result_usd == b.result_usd;
}

/// All that was before the last bar of `past`, where its span closes everything.
int expect_same_past(Detail const& whole, Detail const& past, std::uint32_t cut_at) {
  for (std::size_t t = 0; t + 1 < past.equity_usd.size(); ++t) EXPECT_EQ(whole.equity_usd[t], past.equity_usd[t]) << t;
  std::size_t k = 0;
  for (; k < past.trades.size() && past.trades[k].exit_bar + 1 < cut_at; ++k)
    EXPECT_TRUE(same(whole.trades[k], past.trades[k])) << k;
  return static_cast<int>(k);
}

int compare(Market const& whole, Market const& past, std::uint32_t cut_at, std::uint64_t seed) {
  Features const a = all_features(whole, {2, 5}), b = all_features(past, {2, 5});
  if (past.bars == whole.bars)
    for (std::size_t i = 0; i < a.tables(); ++i)
      EXPECT_TRUE(std::equal(a.table(i).begin(), a.table(i).begin() + cut_at * a.padded, b.table(i).begin()));
  else
    expect_same_past(a, b);
  Dice dice(seed);
  int trades = 0;
  for (int i = 0; i < 30; ++i) {
    Rule const rule = random_rule(dice, a);
    Detail const x = run_detail({&whole, &a, {}, {{0, bars}}, Precision::full}, rule, {0, bars});
    Detail const y = run_detail({&past, &b, {}, {{0, cut_at}}, Precision::full}, rule, {0, cut_at});
    trades += expect_same_past(x, y, cut_at);
  }
  return trades;
}

TEST(BacktestFuture, CuttingItChangesNothingBefore) {
  Market const whole = random_market(31, 12, bars);
  for (std::uint32_t cut_at : {40u, 77u, 120u, 159u}) EXPECT_GT(compare(whole, cut(whole, cut_at), cut_at, cut_at), 200);
}

TEST(BacktestFuture, CuttingBeforeASplitOrDividendChangesNothingBefore) {
  Market const whole = random_market(32, 12, bars);
  int cuts = 0;
  for (MarketEvent const& event : whole.events) {
    if (event.bar <= 60 || event.split == 1 || cuts++ > 3) continue;
    EXPECT_GT(compare(whole, cut(whole, event.bar), event.bar, 5), 100);
  }
  EXPECT_GT(cuts, 2);
}

TEST(BacktestFuture, AnotherFutureChangesNothingBefore) {
  Market const whole = random_market(33, 12, bars);
  Market other = whole;
  for (std::size_t i = other.at(100, 0); i < other.open.size(); ++i)
    for (auto* of : {&other.open, &other.high, &other.low, &other.close}) (*of)[i] *= 1.7;
  std::erase_if(other.events, [](MarketEvent const& e) { return e.bar >= 100; });
  fill_factors(other);
  seal(other);
  EXPECT_GT(compare(whole, other, 100, 6), 200);
}

}  // namespace
}  // namespace muster::testing
