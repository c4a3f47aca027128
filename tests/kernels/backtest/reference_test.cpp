// The kernels against the plain engine, bit for bit, on random markets and rules.
#include "tests/kernels/backtest/reference.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "tests/kernels/backtest/random_market.hpp"

namespace muster::testing {
namespace {

/// What a sweep met: a test in which nothing happens proves nothing.
struct Met {
  std::uint64_t trades = 0;
  int ruined = 0;
  int out_of_range = 0;
  int whole = 0;
};

template <class T>
void compare(Plan const& plan, std::vector<Rule> const& rules, Met& met) {
  auto const runner = make_host_runner(plan);
  std::vector<Tally> made(rules.size() * plan.spans.size());
  runner->run(rules, made);
  for (std::size_t i = 0; i < made.size(); ++i) {
    Reference<T> plain(*plan.market, *plan.features, plan.costs, rules[i / plan.spans.size()]);
    Tally const expected = plain.run(plan.spans[i % plan.spans.size()]);
    ASSERT_EQ(made[i], expected) << "rule " << i << ": end equity " << made[i].end_equity_usd << " and " << expected.end_equity_usd
                                 << ", trades " << made[i].trades << " and " << expected.trades << ", ending "
                                 << static_cast<int>(made[i].ending) << " and " << static_cast<int>(expected.ending);
    met.trades += made[i].trades;
    met.ruined += made[i].ending == Ending::ruined;
    met.out_of_range += made[i].ending == Ending::out_of_range;
    met.whole += made[i].ending == Ending::whole;
  }
}

Costs random_costs(Dice& dice) {
  Costs costs;
  costs.capital_usd = dice.chance(0.3) ? 1e8 : dice.between(1e4, 1e6);
  costs.commission_bps = dice.between(0, 20);
  costs.commission_per_share_usd = dice.chance(0.5) ? dice.between(0, 0.05) : 0;
  costs.half_spread_bps = dice.between(0, 20);
  costs.slippage_bps = dice.between(0, 20);
  costs.borrow_percent_year = dice.between(0, 20);
  costs.financing_percent_year = dice.between(0, 20);
  costs.leverage = dice.chance(0.5) ? 1 : dice.between(0.2, 16);
  return costs;
}

void sweep(std::uint64_t seed, std::uint32_t symbols, std::uint32_t bars, Unrest const& unrest, int rule_count, Met& met) {
  Market const market = random_market(seed, symbols, bars, unrest);
  Features const features = all_features(market, {2, 5, 9}, 3);
  Dice dice(seed + 1);
  Plan plan{&market, &features, random_costs(dice), {{0, bars}, {bars / 3, bars / 2}, {bars / 2, bars / 2 + 2}}};
  std::vector<Rule> rules;
  for (int i = 0; i < rule_count; ++i) rules.push_back(random_rule(dice, features));
  plan.precision = Precision::single;
  compare<float>(plan, rules, met);
  plan.precision = Precision::full;
  compare<double>(plan, rules, met);
}

TEST(BacktestReference, HasTheKernelsBitsOnRandomMarketsAndRules) {
  Met met;
  std::uint64_t seed = 1;
  for (std::uint32_t symbols : {1u, 2u, 7u, 8u, 9u, 31u, 33u, 64u})
    for (std::uint32_t bars : {40u, 173u}) sweep(seed++, symbols, bars, {}, 40, met);
  EXPECT_GT(met.trades, 100000u);
  EXPECT_GT(met.whole, 3000);
}

TEST(BacktestReference, HasTheKernelsBitsInRuinAndOutOfRange) {
  Met met;
  Unrest wild;
  wild.volatility = 0.2;
  wild.events = 0.05;
  for (std::uint64_t seed = 100; seed < 120; ++seed) sweep(seed, 12, 120, wild, 60, met);
  EXPECT_GT(met.ruined, 20);
  EXPECT_GT(met.out_of_range, 20);
}

}  // namespace
}  // namespace muster::testing
