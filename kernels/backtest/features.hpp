// Indicators as numbers in [-1, 1], 16 bits each: what rules add up. Formulas and sources:
// docs/methods/indicators.md.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "kernels/aligned.hpp"
#include "kernels/backtest/market.hpp"

namespace muster::kernels::backtest {

/// The order is part of a rule's meaning: new kinds go to the end.
enum class Indicator : std::uint8_t {
  sma,          ///< close above its simple moving average, in average true ranges
  ema,          ///< above its exponential one
  wma,          ///< above its linearly weighted one
  rsi,          ///< Wilder's relative strength
  macd,         ///< histogram of moving average convergence and divergence
  bollinger,    ///< place between the Bollinger bands
  atr,          ///< average true range against a longer one
  momentum,     ///< change over the window, in average true ranges
  channel,      ///< place in the Donchian channel
  breakout,     ///< how far outside the channel of the bars before
  volatility,   ///< standard deviation of one-bar returns against a longer one
  volume,       ///< volume against its average
  zscore,       ///< one-bar return in standard deviations
  seasonality,  ///< mean return after bars of the same season
};
inline constexpr std::uint32_t indicator_count = 14;

std::string_view indicator_name(Indicator kind);

inline constexpr std::int32_t feature_one = 32767;  ///< the integer of 1
inline constexpr std::uint32_t shortest_window = 2;
inline constexpr std::uint32_t longest_window = 1000;

/// 24 windows from 2 to 200.
std::vector<std::uint16_t> default_windows();

/// Traded bars that a feature of this kind and window needs before it is defined; also its look-back.
std::uint32_t warm_up_bars(Indicator kind, std::uint32_t window);

/// Indicator tables of one market. Cell (kind, window, bar, symbol) is the feature times `feature_one`,
/// rounded to nearest even; 0 where it is undefined (warm-up, halt, not listed).
struct Features {
  std::uint32_t kinds = indicator_count;  ///< more than that where learned features are appended
  std::vector<std::uint16_t> windows{};
  std::uint32_t bars = 0;
  std::uint32_t padded = 0;
  Aligned<std::int16_t> cells{};         ///< [kind][window][bar][padded]
  Aligned<std::int16_t> volatility_scale{};  ///< [bar][padded]: min(1, target / volatility) for Sizing::volatility

  std::size_t table_size() const { return std::size_t{bars} * padded; }
  std::size_t tables() const { return std::size_t{kinds} * windows.size(); }
  std::size_t table_index(std::uint32_t kind, std::uint32_t window) const {
    return std::size_t{kind} * windows.size() + window;
  }
  std::span<std::int16_t> table(std::size_t index) {
    return {cells.data() + index * table_size(), table_size()};
  }
  std::span<std::int16_t const> table(std::size_t index) const {
    return {cells.data() + index * table_size(), table_size()};
  }
};

/// Empty tables of the right size, all 0. Throws Error (Exit::user) for a window outside [shortest_window,
/// longest_window] or windows not ascending.
Features make_features(Market const& market, std::span<std::uint16_t const> windows, std::uint32_t learned_kinds = 0);

/// The bars in which one symbol trades, adjusted: indicators know no other bars.
struct TradedBars {
  std::vector<std::uint32_t> bars{};
  std::vector<double> high{}, low{}, close{}, value_usd{};
};

/// What indicators of a market are made from; made once for all of them. The market outlives it.
class FeatureSource {
 public:
  explicit FeatureSource(Market const& market);
  /// Fills one table; `table` has market.bars * market.padded values. Tables are independent of each other and may be
  /// filled from several threads.
  void fill(Indicator kind, std::uint32_t window, std::span<std::int16_t> table) const;
  /// Fills Features::volatility_scale: min(1, target / standard deviation of the last `window` one-bar returns).
  void fill_volatility_scale(std::uint32_t window, double target, std::span<std::int16_t> table) const;

 private:
  template <class SeriesOf>
  void fill_table(std::span<std::int16_t> table, SeriesOf series_of) const;

  Market const& market_;
  std::vector<TradedBars> symbols_;
};

/// All of the above on the calling thread.
void fill_all(Market const& market, Features& features, std::uint32_t sizing_window = 20, double sizing_target = 0.01);

}  // namespace muster::kernels::backtest
