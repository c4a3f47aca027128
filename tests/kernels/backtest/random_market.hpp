// Random markets and rules, the same for the same seed: splits, dividends, halts, late listings, delistings.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <random>

#include "kernels/backtest/engine.hpp"

namespace muster::testing {

using namespace muster::kernels::backtest;

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : engine_(seed) {}
  double uniform() { return static_cast<double>(engine_() >> 11) * 0x1p-53; }
  double between(double a, double b) { return a + (b - a) * uniform(); }
  int whole(int a, int b) { return a + static_cast<int>(engine_() % static_cast<std::uint64_t>(b - a + 1)); }
  bool chance(double p) { return uniform() < p; }

 private:
  std::mt19937_64 engine_;
};

/// How often the unusual happens, a symbol and bar.
struct Unrest {
  double halts = 0.02;
  double events = 0.01;
  double late = 0.2;       ///< symbols listed late
  double delisted = 0.2;   ///< symbols that end early
  double volatility = 0.02;
};

inline void fill_bar(Market& m, std::size_t i, double price, double volatility, Dice& dice) {
  double const open = price * (1 + volatility * dice.between(-1, 1));
  double const close = open * (1 + volatility * dice.between(-2, 2));
  // Cents, so that prices meet and levels are touched exactly now and then.
  auto const cents = [](double x) { return std::round(x * 100) / 100 + 0.01; };
  m.open[i] = cents(open);
  m.close[i] = cents(close);
  m.high[i] = std::fmax(m.open[i], m.close[i]) + cents(price * volatility * dice.uniform());
  m.low[i] = std::fmax(0.005, std::fmin(m.open[i], m.close[i]) - cents(price * volatility * dice.uniform()));
  m.volume[i] = std::floor(dice.between(0, 1e6));
  m.status[i] = Status::traded;
}

inline void add_event(Market& m, std::uint32_t t, std::uint32_t s, double& price, Dice& dice) {
  MarketEvent event{t, s};
  if (dice.chance(0.3)) event.split = dice.chance(0.5) ? 2.0 : dice.between(0.1, 5);
  if (dice.chance(0.8)) event.dividend_usd = price / event.split * dice.between(0, 0.03);
  price /= event.split;
  m.events.push_back(event);
}

inline Market random_market(std::uint64_t seed, std::uint32_t symbols, std::uint32_t bars, Unrest const& unrest = {}) {
  Dice dice(seed);
  Market m = make_market(symbols, bars);
  for (std::uint32_t s = 0; s < symbols; ++s) {
    double price = dice.between(5, 300);
    std::uint32_t const first = dice.chance(unrest.late) ? static_cast<std::uint32_t>(dice.whole(1, static_cast<int>(bars) / 2)) : 0;
    std::uint32_t const last = dice.chance(unrest.delisted) ? static_cast<std::uint32_t>(dice.whole(static_cast<int>(bars) / 2, static_cast<int>(bars) - 1)) : bars;
    for (std::uint32_t t = first; t < bars; ++t) {
      std::size_t const i = m.at(t, s);
      if (t >= last) {
        m.status[i] = Status::delisted;
        continue;
      }
      if (t > first && dice.chance(unrest.events)) add_event(m, t, s, price, dice);
      m.status[i] = Status::halted;
      if (t == first || !dice.chance(unrest.halts)) {
        fill_bar(m, i, price, unrest.volatility, dice);
        price = m.close[i];
      }
    }
  }
  std::sort(m.events.begin(), m.events.end(), [](auto const& a, auto const& b) {
    return a.bar != b.bar ? a.bar < b.bar : a.symbol < b.symbol;
  });
  for (std::uint32_t t = 0; t < bars; ++t) m.season.push_back(static_cast<std::uint16_t>(t % 5));
  fill_factors(m);
  seal(m);
  return m;
}

inline Rule random_rule(Dice& dice, Features const& features) {
  Rule rule;
  int const terms = dice.whole(0, most_terms);
  for (int k = 0; k < terms; ++k) {
    rule.terms[k].kind = static_cast<std::uint8_t>(dice.whole(0, static_cast<int>(features.kinds) - 1));
    rule.terms[k].window = static_cast<std::uint8_t>(dice.whole(0, static_cast<int>(features.windows.size()) - 1));
    rule.terms[k].weight_percent = static_cast<std::int16_t>(dice.whole(-100, 100));
  }
  auto const percent = [&](int a, int b) { return static_cast<std::int16_t>(dice.whole(a, b)); };
  rule.enter_long = percent(-10, 50);
  rule.exit_long = percent(-50, 20);
  rule.enter_short = percent(-50, 10);
  rule.exit_short = percent(-20, 50);
  if (dice.chance(0.6)) rule.stop_half_percent = static_cast<std::uint16_t>(dice.whole(1, 20));
  if (dice.chance(0.6)) rule.target_half_percent = static_cast<std::uint16_t>(dice.whole(1, 40));
  if (dice.chance(0.5)) rule.holding_bars = static_cast<std::uint16_t>(dice.whole(1, 30));
  rule.size_percent = static_cast<std::uint16_t>(dice.chance(0.1) ? dice.whole(100, 1000) : dice.whole(1, 60));
  rule.sides = static_cast<Sides>(dice.whole(1, 3));
  rule.sizing = static_cast<Sizing>(dice.whole(0, 1));
  return rule;
}

/// Learned features are numbers without a meaning, as far as a symbol trades.
inline void fill_learned(Market const& market, Dice& dice, std::span<std::int16_t> table) {
  for (std::uint32_t bar = 0; bar < market.bars; ++bar)
    for (std::uint32_t symbol = 0; symbol < market.symbols; ++symbol)
      if (auto const at = market.at(bar, symbol); market.status[at] == Status::traded)
        table[at] = static_cast<std::int16_t>(dice.whole(-feature_one, feature_one));
}

inline Features all_features(Market const& market, std::vector<std::uint16_t> const& windows, std::uint32_t learned_kinds = 0) {
  Features features = make_features(market, windows, learned_kinds);
  fill_all(market, features);
  Dice dice(learned_kinds);
  for (std::size_t i = indicator_count * windows.size(); i < features.tables(); ++i) fill_learned(market, dice, features.table(i));
  return features;
}

}  // namespace muster::testing
