// A trading rule: a weighted sum of features, thresholds, stops and a size. Integers only.
#pragma once

#include <cstdint>

#include "kernels/host_device.hpp"

namespace muster::kernels::backtest {

inline constexpr int most_terms = 8;

/// One feature and its weight; weight 0 is no term.
struct Term {
  std::uint8_t kind = 0;           ///< an Indicator, or a learned feature behind them
  std::uint8_t window = 0;         ///< index into Features::windows
  std::int16_t weight_percent = 0; ///< -100 to 100
};

enum class Sides : std::uint8_t { long_only = 1, short_only = 2, both = 3 };
enum class Sizing : std::uint8_t {
  fixed,       ///< size_percent of equity
  volatility,  ///< that times Features::volatility_scale
};

/// Decided at each close: score = sum of weight * feature, in percent of the sum of |weight|.
/// Flat: enter long at score >= enter_long, else short at score <= enter_short. Long: exit at score <=
/// exit_long; short: at score >= exit_short. An entry signal of the other side exits and enters.
/// A rule whose weights are all 0 never trades.
struct Rule {
  Term terms[most_terms] = {};
  std::int16_t enter_long = 20;  ///< thresholds: percent, -100 to 100
  std::int16_t exit_long = 0;
  std::int16_t enter_short = -20;
  std::int16_t exit_short = 0;
  std::uint16_t stop_half_percent = 0;    ///< stop loss in steps of 0.5 %, below 200; 0: none
  std::uint16_t target_half_percent = 0;  ///< take profit in steps of 0.5 %; below 200 for shorts to reach it; 0: none
  std::uint16_t holding_bars = 0;         ///< exit after so many closes; 0: never
  std::uint16_t size_percent = 10;        ///< of equity at the close that decides, 1 to 1000
  Sides sides = Sides::both;
  Sizing sizing = Sizing::fixed;
  std::uint16_t unused = 0;

  friend bool operator==(Rule const&, Rule const&) = default;
};
static_assert(sizeof(Rule) == 52);

/// Sum of |weight|.
MUSTER_HD std::int32_t weight_sum(Rule const& rule) {
  std::int32_t sum = 0;
  for (Term const& term : rule.terms) sum += term.weight_percent < 0 ? -term.weight_percent : term.weight_percent;
  return sum;
}

}  // namespace muster::kernels::backtest
