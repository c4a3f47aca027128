// A market of a few bars written by hand, and a rule that does what the test says at each close.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/backtest/engine.hpp"

namespace muster::testing {

using namespace muster::kernels::backtest;

struct Bar {
  double open = 0, high = 0, low = 0, close = 0;
};
inline constexpr Bar halt{};
/// A bar that stands still.
constexpr Bar flat(double price) { return {price, price, price, price}; }

/// What the rule's score says at a close, in percent.
enum Say : int { buy = 100, sell = -100, wait = 0 };

/// Everything free of charge, leverage 1.
inline Costs free_of_charge() {
  Costs costs;
  costs.capital_usd = 10000;
  costs.commission_bps = costs.half_spread_bps = costs.slippage_bps = 0;
  costs.borrow_percent_year = costs.financing_percent_year = 0;
  return costs;
}

class Scene {
 public:
  /// [symbol][bar]; a bar of zeros is a halt, one after `delist` is not there.
  explicit Scene(std::vector<std::vector<Bar>> const& symbols)
      : market(make_market(static_cast<std::uint32_t>(symbols.size()), static_cast<std::uint32_t>(symbols[0].size()))) {
    for (std::uint32_t s = 0; s < market.symbols; ++s)
      for (std::uint32_t t = 0; t < market.bars; ++t) set(t, s, symbols[s][t]);
    rule.terms[0] = {0, 0, 100};
    rule.enter_long = 50;
    rule.exit_long = -50;
    rule.enter_short = -50;
    rule.exit_short = 50;
    rule.sides = Sides::long_only;
    rule.size_percent = 50;
  }

  Scene& split(std::uint32_t bar, double ratio) { return add({bar, 0, ratio, 0}); }
  Scene& dividend(std::uint32_t bar, double usd) { return add({bar, 0, 1, usd}); }
  Scene& delist(std::uint32_t from, std::uint32_t symbol = 0) {
    for (std::uint32_t t = from; t < market.bars; ++t) market.status[market.at(t, symbol)] = Status::delisted;
    return *this;
  }
  /// Scores of `symbol` at each close; those left out say `wait`.
  Scene& say(std::uint32_t symbol, std::vector<int> const& percents) {
    if (features.cells.empty()) {
      features = make_features(market, std::vector<std::uint16_t>{2});
    }
    for (std::size_t t = 0; t < percents.size(); ++t)
      features.cells[market.at(static_cast<std::uint32_t>(t), symbol)] =
          static_cast<std::int16_t>(percents[t] * feature_one / 100);
    return *this;
  }

  Detail play() {
    seal(market);
    return run_detail({&market, &features, costs, {{0, market.bars}}, Precision::full}, rule, {0, market.bars});
  }

  Market market;
  Features features{};
  Rule rule{};
  Costs costs = free_of_charge();

 private:
  Scene& add(MarketEvent const& event) {
    market.events.push_back(event);
    return *this;
  }
  void set(std::uint32_t t, std::uint32_t s, Bar const& bar) {
    std::size_t const i = market.at(t, s);
    market.open[i] = bar.open;
    market.high[i] = bar.high;
    market.low[i] = bar.low;
    market.close[i] = bar.close;
    market.status[i] = bar.open > 0 ? Status::traded : Status::halted;
  }
};

}  // namespace muster::testing
