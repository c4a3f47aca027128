// Each figure of merit against its definition: hand-computed and published examples.
#include "kernels/backtest/metrics.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/kernels/backtest/random_market.hpp"
#include "tests/kernels/backtest/scene.hpp"

namespace muster::testing {
namespace {

Tally tally_of(std::vector<double> const& returns) {
  Tally out;
  out.start_equity_usd = 100;
  double equity = 100, peak = 100;
  for (double r : returns) {
    out.bars += 1;
    out.sum_r += r;
    out.sum_r2 += r * r;
    out.sum_r3 += r * r * r;
    out.sum_r4 += r * r * r * r;
    out.sum_down2 += r < 0 ? r * r : 0;
    equity *= 1 + r;
    peak = equity > peak ? equity : peak;
    out.max_drawdown = std::fmax(out.max_drawdown, 1 - equity / peak);
  }
  out.end_equity_usd = equity;
  return out;
}

TEST(BacktestMetrics, ReturnsAndVolatilityByHand) {
  Metrics const m = metrics_of(tally_of({0.1, -0.05, 0.02, 0.03}), 4);
  EXPECT_NEAR(m.total_return, 1.1 * 0.95 * 1.02 * 1.03 - 1, 1e-12);
  EXPECT_NEAR(m.annual_return, m.total_return, 1e-12) << "four bars are a year";
  // Mean 0.025; squares about it 0.005625 + 0.005625 + 0.000025 + 0.000025 = 0.0113.
  EXPECT_NEAR(m.volatility, std::sqrt(0.0113 / 3) * 2, 1e-12);
  EXPECT_NEAR(m.sharpe, 0.025 / std::sqrt(0.0113 / 3) * 2, 1e-12);
  EXPECT_NEAR(m.sortino, 0.025 / std::sqrt(0.0025 / 4) * 2, 1e-12);
  EXPECT_NEAR(m.max_drawdown, 0.05, 1e-12);
  EXPECT_NEAR(m.calmar, m.annual_return / 0.05, 1e-9);
}

TEST(BacktestMetrics, AnnualReturnCompounds) {
  std::vector<double> const two_years(8, 0.02);
  EXPECT_NEAR(metrics_of(tally_of(two_years), 4).annual_return, std::pow(1.02, 4) - 1, 1e-13);
}

// Red Rock Capital, "Sortino: a 'sharper' ratio" (Rollinger and Hoffman, 2013): annual returns 17, 15, 23, -5, 12,
// 9, 13 and -4 % with a target of 0 have a downside deviation of 2.264 % and a ratio of 4.417.
TEST(BacktestMetrics, SortinosPublishedExample) {
  Metrics const m = metrics_of(tally_of({0.17, 0.15, 0.23, -0.05, 0.12, 0.09, 0.13, -0.04}), 1);
  EXPECT_NEAR(m.sortino, 4.417, 5e-4);
}

TEST(BacktestMetrics, MomentsByDefinition) {
  std::vector<double> const r{0.01, -0.02, 0.03, 0.005, -0.015, 0.04};
  double mean = 0, m2 = 0, m3 = 0, m4 = 0;
  for (double x : r) mean += x / 6;
  for (double x : r) {
    m2 += std::pow(x - mean, 2) / 6;
    m3 += std::pow(x - mean, 3) / 6;
    m4 += std::pow(x - mean, 4) / 6;
  }
  Metrics const m = metrics_of(tally_of(r), 252);
  EXPECT_NEAR(m.skewness, m3 / std::pow(m2, 1.5), 1e-10);
  EXPECT_NEAR(m.kurtosis, m4 / (m2 * m2), 1e-10);
}

TEST(BacktestMetrics, CountsAndSharesByHand) {
  Tally tally = tally_of({0.1, 0.1, 0.1, 0.1});
  tally.trades = 8;
  tally.wins = 6;
  tally.turnover_usd = 50;
  tally.exposure_sum = 2;
  tally.invested_bars = 3;
  Metrics const m = metrics_of(tally, 8);
  EXPECT_EQ(m.hit_rate, 0.75);
  EXPECT_EQ(m.turnover_year, 1);
  EXPECT_EQ(m.exposure, 0.5);
  EXPECT_EQ(m.time_in_market, 0.75);
}

TEST(BacktestMetrics, NothingHappenedIsZeroNotNan) {
  Metrics const m = metrics_of(tally_of({0, 0, 0}), 252);
  for (double x : {m.total_return, m.annual_return, m.volatility, m.sharpe, m.sortino, m.calmar, m.skewness, m.kurtosis, m.hit_rate})
    EXPECT_EQ(x, 0);
  EXPECT_EQ(metrics_of(Tally{}, 252).sharpe, 0);
}

TEST(BacktestMetrics, EqualReturnsHaveNoVolatility) {
  Metrics const m = metrics_of(tally_of(std::vector<double>(50, 0.1)), 252);
  EXPECT_EQ(m.volatility, 0);
  EXPECT_EQ(m.sharpe, 0);
}

TEST(BacktestMetrics, TailLossTakesTheWorstShare) {
  std::vector<double> returns;
  for (int i = 1; i <= 100; ++i) returns.push_back(i / 100.0 - 0.5);
  EXPECT_NEAR(tail_loss(returns), (0.49 + 0.48 + 0.47 + 0.46 + 0.45) / 5, 1e-14);
  EXPECT_NEAR(tail_loss(std::vector<double>{-0.3, 0.1, -0.1, 0.2}, 0.375), (0.3 + 0.1 * 0.5) / 1.5, 1e-15) << "the last in part";
  EXPECT_EQ(tail_loss({}), 0);
}

TEST(BacktestMetrics, AlphaBetaAndInformationRatioByHand) {
  std::vector<double> const b{0.01, -0.01, 0.02, 0.0};
  std::vector<double> r;
  for (double x : b) r.push_back(0.001 + 1.5 * x);
  Relative const got = relative_to(r, b, 100);
  EXPECT_NEAR(got.beta, 1.5, 1e-12);
  EXPECT_NEAR(got.alpha, 0.1, 1e-12);
  // r - b = 0.001 + b / 2: mean 0.0035, squares of b about their mean 0.0005 / 4.
  EXPECT_NEAR(got.information_ratio, 0.0035 / std::sqrt(0.0005 / 4 / 3) * 10, 1e-10);
  EXPECT_EQ(relative_to(b, std::vector<double>(4, 0.01), 100).beta, 0) << "a benchmark that stands still";
}

TEST(BacktestMetrics, BuyAndHoldByHand) {
  Scene scene({{flat(100), flat(110), flat(60), halt}, {flat(10), flat(10), flat(20), flat(20)}});
  scene.market.events = {{2, 0, 2, 1}};
  scene.delist(3, 1);
  seal(scene.market);
  // 50 shares of the first become 100, which pay 1 each; 500 of the second, cash at 20 in the end.
  std::vector<double> const expected{10000, 5500 + 5000, 6000 + 100 + 10000, 6000 + 100 + 10000};
  std::vector<double> const got = buy_and_hold(scene.market, {0, 4}, 10000);
  ASSERT_EQ(got.size(), expected.size());
  for (std::size_t i = 0; i < got.size(); ++i) EXPECT_NEAR(got[i], expected[i], 1e-9) << i;
}

TEST(BacktestMetrics, ReturnsOfEquity) {
  std::vector<double> const equity{100, 110, 99};
  auto const r = returns_of(equity);
  ASSERT_EQ(r.size(), 2u);
  EXPECT_NEAR(r[0], 0.1, 1e-15);
  EXPECT_NEAR(r[1], -0.1, 1e-15);
  EXPECT_TRUE(returns_of({}).empty());
}

}  // namespace
}  // namespace muster::testing
