// Indicators against TA-Lib's committed answers; talib_check.py compares many more where TA-Lib is installed.
// Features against their documented formulas.
#include "kernels/backtest/indicators.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <string>

#include "tests/kernels/backtest/indicator_values.hpp"
#include "tests/kernels/backtest/random_market.hpp"

namespace muster::testing {
namespace {

Bars read_bars(std::istream& in) {
  std::string heading;
  std::getline(in, heading);
  std::size_t count = 0;
  in >> count;
  Bars bars{Series(count), Series(count), Series(count)};
  for (std::size_t t = 0; t < count; ++t) in >> bars.high[t] >> bars.low[t] >> bars.close[t];
  return bars;
}

TEST(Indicators, HaveTheAnswersOfTaLib) {
  std::ifstream in(std::string(MUSTER_SOURCE_DIR) + "/tests/kernels/backtest/talib_answers.txt");
  Bars const bars = read_bars(in);
  ASSERT_EQ(bars.close.size(), 120u);
  std::string name;
  std::uint32_t window = 0, bar = 0;
  double expected = 0;
  int compared = 0;
  while (in >> name >> window >> bar >> expected) {
    Series const got = indicator_values(bars, window).at(name);
    EXPECT_NEAR(got[bar], expected, 1e-9 * std::fmax(1, std::abs(expected))) << name << ' ' << window << ' ' << bar;
    ++compared;
  }
  EXPECT_GT(compared, 250);
}

TEST(Indicators, DoNotDrift) {
  Dice dice(1);
  Series x;
  for (int i = 0; i < 200000; ++i) x.push_back(1000 + dice.uniform() * (i % 1000 == 0 ? 1e9 : 1));
  x.resize(x.size() + 50, 1000.5);
  EXPECT_EQ(simple_average(x, 50).back(), 1000.5);
  EXPECT_EQ(weighted_average(x, 50).back(), 1000.5);
  EXPECT_EQ(deviation(x, 50).back(), 0);
}

TEST(Indicators, DeviationSurvivesCancellation) {
  Series x;
  for (int i = 0; i < 100; ++i) x.push_back(1e8 + (i % 2) * 1e-3);
  double const step = (1e8 + 1e-3) - 1e8;
  EXPECT_NEAR(deviation(x, 10).back(), step / 2, 1e-9 * step);
}

/// One symbol that trades in every bar.
Market one_symbol(std::uint32_t bars) {
  Unrest calm;
  calm.halts = calm.events = calm.late = calm.delisted = 0;
  return random_market(77, 1, bars, calm);
}

double feature_at(Market const& market, Indicator kind, std::uint32_t window, std::uint32_t bar) {
  std::vector<std::int16_t> table(std::size_t{market.bars} * market.padded);
  FeatureSource(market).fill(kind, window, table);
  return table[market.at(bar, 0)] / static_cast<double>(feature_one);
}

struct Formula {
  Market market = one_symbol(300);
  std::uint32_t t = 250, n = 10;
  Series c, h, l, v;
  Formula() {
    for (std::uint32_t u = 0; u <= t; ++u) {
      c.push_back(market.close[market.at(u, 0)]);
      h.push_back(market.high[market.at(u, 0)]);
      l.push_back(market.low[market.at(u, 0)]);
      v.push_back(market.volume[market.at(u, 0)] * c.back());
    }
  }
  double mean(Series const& x, std::uint32_t count) const {
    double sum = 0;
    for (std::size_t i = x.size() - count; i < x.size(); ++i) sum += x[i];
    return sum / count;
  }
  double sd(Series const& x, std::uint32_t count) const {
    double sum = 0;
    for (std::size_t i = x.size() - count; i < x.size(); ++i) sum += std::pow(x[i] - mean(x, count), 2);
    return std::sqrt(sum / count);
  }
  Series returns() const {
    Series r;
    for (std::size_t i = 1; i < c.size(); ++i) r.push_back(c[i] / c[i - 1] - 1);
    return r;
  }
  double atr(std::uint32_t window) const { return average_true_range(h, l, c, window).back(); }
  double most(Series const& x, std::size_t from, std::size_t to) const { return *std::max_element(x.begin() + from, x.begin() + to); }
  double least(Series const& x, std::size_t from, std::size_t to) const { return *std::min_element(x.begin() + from, x.begin() + to); }
  void expect(Indicator kind, double x) const {
    double const clamped = std::fmax(-1, std::fmin(1, x));
    EXPECT_NEAR(feature_at(market, kind, n, t), clamped, 0.51 / feature_one) << indicator_name(kind);
  }
};

TEST(Features, AreTheirDocumentedFormulas) {
  Formula f;
  std::size_t const end = f.c.size(), begin = end - f.n;
  double const c = f.c.back(), atr = f.atr(f.n);
  f.expect(Indicator::sma, (c - f.mean(f.c, f.n)) / (3 * atr));
  f.expect(Indicator::ema, (c - exponential_average(f.c, f.n).back()) / (3 * atr));
  f.expect(Indicator::wma, (c - weighted_average(f.c, f.n).back()) / (3 * atr));
  f.expect(Indicator::rsi, (relative_strength(f.c, f.n).back() - 50) / 50);
  f.expect(Indicator::macd, macd_histogram(f.c, {10, 22, 8}).back() / f.atr(22));
  f.expect(Indicator::bollinger, (c - f.mean(f.c, f.n)) / (2 * f.sd(f.c, f.n)));
  f.expect(Indicator::atr, atr / f.atr(4 * f.n) - 1);
  f.expect(Indicator::momentum, (c - f.c[begin - 1]) / (std::sqrt(10.0) * atr));
  double const top = f.most(f.h, begin, end), floor = f.least(f.l, begin, end);
  f.expect(Indicator::channel, (2 * c - top - floor) / (top - floor));
  f.expect(Indicator::volatility, f.sd(f.returns(), f.n) / f.sd(f.returns(), 4 * f.n) - 1);
  double const average = f.mean(f.v, f.n);
  f.expect(Indicator::volume, (f.v.back() - average) / (f.v.back() + average));
  f.expect(Indicator::zscore, (f.returns().back() - f.mean(f.returns(), f.n)) / (3 * f.sd(f.returns(), f.n)));
}

TEST(Features, BreakoutIsZeroInsideTheChannelBefore) {
  Formula f;
  int outside = 0, inside = 0;
  for (std::uint32_t t = f.n; t <= f.t; ++t) {
    double const top = f.most(f.h, t - f.n, t), floor = f.least(f.l, t - f.n, t);
    Series const h(f.h.begin(), f.h.begin() + t + 1), l(f.l.begin(), f.l.begin() + t + 1), c(f.c.begin(), f.c.begin() + t + 1);
    double const atr = average_true_range(h, l, c, f.n).back();
    double const x = c.back() > top ? (c.back() - top) / atr : c.back() < floor ? (c.back() - floor) / atr : 0;
    EXPECT_NEAR(feature_at(f.market, Indicator::breakout, f.n, t), std::fmax(-1, std::fmin(1, x)), 0.51 / feature_one) << t;
    (x == 0 ? inside : outside) += 1;
  }
  EXPECT_GT(outside, 20);
  EXPECT_GT(inside, 20);
}

TEST(Features, SeasonalityIsTheTValueOfTheReturnsAfterTheSeason) {
  Formula f;
  Series after;
  for (std::uint32_t u = f.t - 200; u < f.t; ++u)
    if (f.market.season[u] == f.market.season[f.t]) after.push_back(f.c[u + 1] / f.c[u] - 1);
  ASSERT_EQ(after.size(), 40u);
  double const m = f.mean(after, 40);
  f.expect(Indicator::seasonality, m * std::sqrt(40.0) / f.sd(after, 40) / 3);
}

TEST(Features, AreUndefinedBeforeTheirWarmUpAndInHalts) {
  Market const market = random_market(3, 6, 120);
  for (std::uint32_t kind = 0; kind < indicator_count; ++kind) {
    std::vector<std::int16_t> table(std::size_t{market.bars} * market.padded);
    FeatureSource(market).fill(static_cast<Indicator>(kind), 4, table);
    std::uint32_t const warm = warm_up_bars(static_cast<Indicator>(kind), 4);
    int defined = 0;
    for (std::uint32_t s = 0; s < market.padded; ++s) {
      std::uint32_t seen = 0;
      for (std::uint32_t t = 0; t < market.bars; ++t) {
        bool const traded = market.status[market.at(t, s)] == Status::traded;
        seen += traded;
        EXPECT_TRUE((traded && seen >= warm) || table[market.at(t, s)] == 0);
        defined += table[market.at(t, s)] != 0;
      }
    }
    EXPECT_GT(defined, 20) << indicator_name(static_cast<Indicator>(kind));
  }
}

TEST(Features, VolatilityScaleIsTargetOverVolatility) {
  Formula f;
  std::vector<std::int16_t> table(std::size_t{f.market.bars} * f.market.padded);
  FeatureSource(f.market).fill_volatility_scale(20, 0.005, table);
  double const expected = std::fmin(1, 0.005 / f.sd(f.returns(), 20));
  EXPECT_NEAR(table[f.market.at(f.t, 0)] / static_cast<double>(feature_one), expected, 0.51 / feature_one);
  EXPECT_EQ(table[f.market.at(19, 0)], 0) << "20 returns need 21 bars";
}

TEST(Features, AFlatPriceHasNoFeature) {
  Market market = make_market(1, 60);
  for (std::uint32_t t = 0; t < 60; ++t) {
    std::size_t const i = market.at(t, 0);
    market.open[i] = market.high[i] = market.low[i] = market.close[i] = 50;
    market.status[i] = Status::traded;
  }
  seal(market);
  for (std::uint32_t kind = 0; kind < indicator_count; ++kind) {
    if (kind == static_cast<std::uint32_t>(Indicator::rsi)) continue;
    EXPECT_EQ(feature_at(market, static_cast<Indicator>(kind), 3, 50), 0) << kind;
  }
  EXPECT_EQ(feature_at(market, Indicator::rsi, 3, 50), 0) << "nothing moved: 0.5, not the 0 of TA-Lib";
}

TEST(Features, EveryIndicatorHasAName) {
  for (std::uint32_t kind = 0; kind < indicator_count; ++kind)
    EXPECT_FALSE(indicator_name(static_cast<Indicator>(kind)).empty());
}

}  // namespace
}  // namespace muster::testing
