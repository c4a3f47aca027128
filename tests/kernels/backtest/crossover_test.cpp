// Crossover rules against a plain simulation of an account, and to the bit against the documented sums.
#include "kernels/backtest/crossover.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "core/error.hpp"
#include "kernels/backtest/indicators.hpp"
#include "tests/kernels/backtest/random_market.hpp"

namespace muster::testing {
namespace {

using ::testing::HasSubstr;

struct Prices {
  std::vector<double> open, close;
};

Prices random_prices(std::uint64_t seed, int bars) {
  Dice dice(seed);
  Prices out;
  double price = 100;
  for (int t = 0; t < bars; ++t) {
    out.open.push_back(price * (1 + 0.01 * dice.between(-1, 1)));
    price = out.open.back() * (1 + 0.03 * dice.between(-1, 1));
    out.close.push_back(price);
  }
  return out;
}

bool wants_long(Series const& fast, Series const& slow, std::size_t t) {
  return static_cast<float>(fast[t]) > static_cast<float>(slow[t]);  // false in the warm-up: NaN
}

/// Buys and sells shares with cash, in double.
std::vector<double> simulate(Prices const& p, Crossover rule, double cost) {
  Series const fast = simple_average(p.close, rule.fast), slow = simple_average(p.close, rule.slow);
  std::vector<double> equity{1};
  double cash = 1, shares = 0;
  for (std::size_t t = 1; t < p.open.size(); ++t) {
    bool const wants = wants_long(fast, slow, t - 1);
    if (wants && shares == 0) {
      shares = cash / (p.open[t] * (1 + cost));
      cash = 0;
    } else if (!wants && shares > 0) {
      cash = shares * p.open[t] * (1 - cost);
      shares = 0;
    }
    equity.push_back(cash + shares * p.close[t]);
  }
  return equity;
}

CrossoverResult figures(std::vector<double> const& equity, double bars_per_year) {
  double const n = static_cast<double>(equity.size() - 1);
  double sum = 0, squares = 0, peak = 1, worst = 0;
  for (std::size_t t = 1; t < equity.size(); ++t) {
    sum += equity[t] / equity[t - 1] - 1;
    peak = std::fmax(peak, equity[t]);
    worst = std::fmax(worst, 1 - equity[t] / peak);
  }
  for (std::size_t t = 1; t < equity.size(); ++t) squares += std::pow(equity[t] / equity[t - 1] - 1 - sum / n, 2);
  double const sharpe = squares > 0 ? sum / n / std::sqrt(squares / (n - 1)) * std::sqrt(bars_per_year) : 0;
  return {static_cast<float>(equity.back() - 1), static_cast<float>(sharpe), static_cast<float>(worst)};
}

/// What docs/methods/backtest.md says of the sums, one rule at a time.
CrossoverResult documented(CrossoverTable const& table, Crossover rule) {
  auto const average = [&](std::uint32_t window, std::uint32_t t) { return table.averages[(window - 2) * table.stride + t]; };
  std::uint32_t const warm = std::uint32_t{std::max(rule.fast, rule.slow)} - 1;
  double equity = 1, sum = 0, squares = 0;
  float under = 1, lowest = 1;
  bool before = false;
  for (std::uint32_t begin = 0; begin < table.bars; begin += 32) {
    float e = 1, s = 0, q = 0;
    for (std::uint32_t t = begin; t < begin + 32; ++t) {
      bool const now = t > warm && t <= table.bars && average(rule.fast, t - 1) > average(rule.slow, t - 1);
      float const growth = t >= table.bars ? 1.0f : table.growth[4 * t + (before ? 1 : 0) + (now ? 2 : 0)];
      float const r = growth - 1;
      e = e * growth;
      s = s + r;
      q = q + r * r;
      under = under * growth;
      under = under < 1 ? under : 1;
      lowest = under < lowest ? under : lowest;
      before = now;
    }
    equity *= e;
    sum += s;
    squares += q;
  }
  double const n = table.bars - 1.0, mean = sum / n, spread = squares - sum * mean;
  double const variance = spread > squares * 1e-12 ? spread / (n - 1) : 0;
  double const sharpe = variance > 0 ? mean / std::sqrt(variance) * std::sqrt(table.bars_per_year) : 0;
  return {static_cast<float>(equity - 1), static_cast<float>(sharpe), 1 - lowest};
}

std::vector<Crossover> random_rules(std::uint64_t seed, int count) {
  Dice dice(seed);
  std::vector<Crossover> rules;
  for (int i = 0; i < count; ++i)
    rules.push_back({static_cast<std::uint16_t>(dice.whole(2, 200)), static_cast<std::uint16_t>(dice.whole(2, 200))});
  return rules;
}

TEST(Crossovers, HaveTheDocumentedBits) {
  for (int bars : {2, 31, 32, 33, 252, 777}) {
    Prices const p = random_prices(static_cast<std::uint64_t>(bars), bars);
    CrossoverTable const table = make_crossover_table(p.open, p.close, 0.001, 252);
    auto const rules = random_rules(7, 301);
    std::vector<CrossoverResult> got(rules.size());
    run_crossovers(table, rules, got);
    for (std::size_t i = 0; i < rules.size(); ++i)
      ASSERT_EQ(got[i], documented(table, rules[i])) << bars << " bars, " << rules[i].fast << " over " << rules[i].slow;
  }
}

TEST(Crossovers, AreWithinTheirBoundOfAnAccountInDouble) {
  int trading = 0;
  for (int bars : {252, 2520}) {
    Prices const p = random_prices(5, bars);
    CrossoverTable const table = make_crossover_table(p.open, p.close, 0.0015, 252);
    auto const rules = random_rules(9, 200);
    std::vector<CrossoverResult> got(rules.size());
    run_crossovers(table, rules, got);
    for (std::size_t i = 0; i < rules.size(); ++i) {
      CrossoverResult const expected = figures(simulate(p, rules[i], 0.0015), 252);
      EXPECT_NEAR(got[i].total_return, expected.total_return, 1e-5 * (1 + std::abs(expected.total_return)));
      EXPECT_NEAR(got[i].sharpe, expected.sharpe, 1e-4);
      EXPECT_NEAR(got[i].drawdown, expected.drawdown, 1e-5);
      trading += expected.drawdown > 0;
    }
  }
  EXPECT_GT(trading, 300);
}

std::string crossover_fault(std::vector<double> const& open, std::vector<double> const& close, double cost, double year) {
  try {
    make_crossover_table(open, close, cost, year);
  } catch (Error const& error) {
    return error.what();
  }
  return "no error";
}

TEST(Crossovers, TakeFourBytesAWindowAndBarOfADeviceAndABitAPairAndBar) {
  EXPECT_EQ(crossover_words(252), 8U);
  EXPECT_EQ(crossover_words(257), 12U);
  EXPECT_EQ(crossover_words(1'000'000), 0U);  // 5 GB
  EXPECT_EQ(crossover_device_bytes(252, 0), (199U + 4U) * 256U * 4U + 199U * 199U * 8U * 4U);
  EXPECT_EQ(crossover_device_bytes(1'000'000, 0), (199U + 4U) * 1'000'000ULL * 4U);
  EXPECT_EQ(crossover_device_bytes(64, 10) - crossover_device_bytes(64, 0), 10 * (sizeof(Crossover) + sizeof(CrossoverResult)));
}

TEST(Crossovers, RefuseBarsAndCostsAtFault) {
  EXPECT_THAT(crossover_fault({1}, {1}, 0, 252), HasSubstr("1 opens and 1 closes (as many of both, at least 2)"));
  EXPECT_THAT(crossover_fault({1, 2}, {1, 2, 3}, 0, 252), HasSubstr("2 opens and 3 closes"));
  EXPECT_THAT(crossover_fault({1, 0}, {1, 2}, 0, 252), HasSubstr("bar 1: open 0, close 2"));
  EXPECT_THAT(crossover_fault({1, 1}, {1, std::nan("")}, 0, 252), HasSubstr("bar 1: open 1, close nan"));
  EXPECT_THAT(crossover_fault({1, 1}, {1, 1}, 0.6, 252), HasSubstr("a cost of 0.6 a fill (must be from 0 to 0.5)"));
  EXPECT_THAT(crossover_fault({1, 1}, {1, 1}, 0, 0), HasSubstr("0 bars a year"));
}

}  // namespace
}  // namespace muster::testing
