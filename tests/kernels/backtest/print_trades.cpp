// Reads bars of one symbol (open high low close volume, a line each) and prints the trades of three rules, for peer_check.py.
#include <cstdio>

#include "kernels/backtest/engine.hpp"

namespace {

using namespace muster::kernels::backtest;

std::uint8_t number(Indicator kind) { return static_cast<std::uint8_t>(kind); }

/// Windows: 10, 14, 20.
Rule trend() {
  Rule rule;
  rule.terms[0] = {number(Indicator::sma), 2, 100};
  rule.terms[1] = {number(Indicator::rsi), 1, 60};
  rule.enter_long = 30;
  rule.exit_long = -5;
  rule.enter_short = -30;
  rule.exit_short = 5;
  rule.stop_half_percent = 6;
  rule.size_percent = 50;
  return rule;
}

Rule breakout() {
  Rule rule;
  rule.terms[0] = {number(Indicator::channel), 2, 80};
  rule.terms[1] = {number(Indicator::momentum), 0, 40};
  rule.enter_long = 45;
  rule.exit_long = -20;
  rule.sides = Sides::long_only;
  rule.stop_half_percent = 5;
  rule.target_half_percent = 8;
  rule.size_percent = 50;
  return rule;
}

Rule reversal() {
  Rule rule;
  rule.terms[0] = {number(Indicator::bollinger), 2, -100};
  rule.terms[1] = {number(Indicator::rsi), 0, -50};
  rule.enter_long = 50;
  rule.exit_long = -10;
  rule.enter_short = -50;
  rule.exit_short = 10;
  rule.holding_bars = 6;
  rule.size_percent = 50;
  return rule;
}

Market read_market() {
  std::vector<double> bars[5];
  double bar[5];
  while (std::scanf("%lf %lf %lf %lf %lf", &bar[0], &bar[1], &bar[2], &bar[3], &bar[4]) == 5)
    for (int k = 0; k < 5; ++k) bars[k].push_back(bar[k]);
  Market market = make_market(1, static_cast<std::uint32_t>(bars[0].size()));
  for (std::uint32_t t = 0; t < market.bars; ++t) {
    std::size_t const i = market.at(t, 0);
    market.open[i] = bars[0][t];
    market.high[i] = bars[1][t];
    market.low[i] = bars[2][t];
    market.close[i] = bars[3][t];
    market.volume[i] = bars[4][t];
    market.status[i] = Status::traded;
  }
  seal(market);
  return market;
}

}  // namespace

int main() {
  Market const market = read_market();
  Features features = make_features(market, std::vector<std::uint16_t>{10, 14, 20});
  fill_all(market, features);
  Costs costs;
  costs.half_spread_bps = costs.slippage_bps = 0;
  costs.leverage = 2;
  Span const span{0, market.bars};
  int number = 0;
  for (Rule const& rule : {trend(), breakout(), reversal()}) {
    Detail const got = run_detail({&market, &features, costs, {span}, Precision::full}, rule, span);
    for (Trade const& trade : got.trades)
      std::printf("%d %d %u %u %.17g %.17g %s\n", number, trade.entry_shares > 0 ? 1 : -1, trade.entry_bar, trade.exit_bar,
                  trade.entry_price_usd, trade.exit_price_usd, reason_name(trade.reason));
    ++number;
  }
}
