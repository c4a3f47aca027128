#include "kernels/backtest/features.hpp"

#include <algorithm>
#include <map>

#include "core/error.hpp"
#include "kernels/backtest/indicators.hpp"

namespace muster::kernels::backtest {
namespace {

TradedBars traded_bars(Market const& m, std::uint32_t symbol) {
  TradedBars out;
  for (std::uint32_t t = 0; t < m.bars; ++t) {
    std::size_t const i = m.at(t, symbol);
    if (m.status[i] != Status::traded) continue;
    out.bars.push_back(t);
    out.high.push_back(m.high[i] * m.factor[i]);
    out.low.push_back(m.low[i] * m.factor[i]);
    out.close.push_back(m.close[i] * m.factor[i]);
    out.value_usd.push_back(m.volume[i] * m.close[i]);
  }
  return out;
}

/// Nearest even integer of x * feature_one, x clamped to [-1, 1]; 0 for what is undefined.
std::int16_t to_feature(double x) {
  if (!(x == x)) return 0;
  double const clamped = x > 1 ? 1 : x < -1 ? -1 : x;
  return static_cast<std::int16_t>(static_cast<std::int32_t>((clamped * feature_one + 0x1.8p52) - 0x1.8p52));
}

/// a / b; 0 where b is 0 or either is undefined.
double ratio(double a, double b) { return b > 0 ? a / b : 0; }

Series atr_of(TradedBars const& in, std::uint32_t n) { return average_true_range(in.high, in.low, in.close, n); }

/// How far the close is from `center`, in three average true ranges.
Series above(TradedBars const& in, Series const& center, std::uint32_t n) {
  Series out = atr_of(in, n);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = ratio(in.close[i] - center[i], 3 * out[i]);
  return out;
}

Series scaled_rsi(TradedBars const& in, std::uint32_t n) {
  Series out = relative_strength(in.close, n, 50);
  for (double& x : out) x = (x - 50) / 50;
  return out;
}

Series scaled_macd(TradedBars const& in, std::uint32_t n) {
  MacdWindows const windows = macd_windows(n);
  Series out = macd_histogram(in.close, windows);
  Series const range = atr_of(in, windows.slow);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = ratio(out[i], range[i]);
  return out;
}

Series between_bands(TradedBars const& in, std::uint32_t n) {
  Series out = deviation(in.close, n);
  Series const center = simple_average(in.close, n);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = ratio(in.close[i] - center[i], 2 * out[i]);
  return out;
}

/// x against the slower y: x / y - 1.
Series against(Series x, Series const& y) {
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = y[i] > 0 ? x[i] / y[i] - 1 : 0;
  return x;
}

Series scaled_momentum(TradedBars const& in, std::uint32_t n) {
  Series out = atr_of(in, n);
  double const root = __builtin_sqrt(static_cast<double>(n));
  for (std::size_t i = n; i < out.size(); ++i) out[i] = ratio(in.close[i] - in.close[i - n], root * out[i]);
  return out;
}

Series place_in_channel(TradedBars const& in, std::uint32_t n) {
  Series out = highest(in.high, n);
  Series const floor = lowest(in.low, n);
  for (std::size_t i = 0; i < out.size(); ++i)
    out[i] = ratio((in.close[i] - floor[i]) - (out[i] - in.close[i]), out[i] - floor[i]);
  return out;
}

Series outside_channel(TradedBars const& in, std::uint32_t n) {
  Series out = atr_of(in, n);
  Series const top = highest(in.high, n), floor = lowest(in.low, n);
  for (std::size_t i = n; i < out.size(); ++i) {
    double const up = in.close[i] - top[i - 1];
    double const down = in.close[i] - floor[i - 1];
    out[i] = ratio(up > 0 ? up : down < 0 ? down : 0, out[i]);
  }
  return out;
}

/// One-bar returns; the first bar, which has none, is left out.
Series returns_from_second(TradedBars const& in) {
  Series out = rate_of_change(in.close, 1);
  if (!out.empty()) out.erase(out.begin());
  return out;
}

/// Puts back the bar that `returns_from_second` left out.
Series from_second(Series x, std::size_t size) {
  if (size > 0) x.insert(x.begin(), 0.0);
  return x;
}

Series scaled_volatility(TradedBars const& in, std::uint32_t n) {
  Series const r = returns_from_second(in);
  return from_second(against(deviation(r, n), deviation(r, 4 * n)), in.close.size());
}

Series scaled_volume(TradedBars const& in, std::uint32_t n) {
  Series out = simple_average(in.value_usd, n);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = ratio(in.value_usd[i] - out[i], in.value_usd[i] + out[i]);
  return out;
}

Series scaled_zscore(TradedBars const& in, std::uint32_t n) {
  Series const r = returns_from_second(in);
  Series out = deviation(r, n);
  Series const mean = simple_average(r, n);
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = ratio(r[i] - mean[i], 3 * out[i]);
  return from_second(std::move(out), in.close.size());
}

/// Sums of the returns that came after bars of one season.
struct SeasonSums {
  std::vector<double> r;
  std::size_t begin = 0;  ///< of those still in the window
};

/// t-value of the mean over 3, of at least 4 returns.
double season_value(SeasonSums const& sums) {
  double const n = static_cast<double>(sums.r.size() - sums.begin);
  if (n < 4) return 0;
  double mean = 0, squares = 0;
  for (std::size_t i = sums.begin; i < sums.r.size(); ++i) mean += sums.r[i];
  mean /= n;
  for (std::size_t i = sums.begin; i < sums.r.size(); ++i) squares += (sums.r[i] - mean) * (sums.r[i] - mean);
  return ratio(mean * n, 3 * __builtin_sqrt(squares));
}

/// Over the last 20 n returns: the mean of those that came after a bar of this bar's season.
Series scaled_seasonality(Market const& m, TradedBars const& in, std::uint32_t n) {
  Series out(in.close.size(), 0.0);
  if (m.season.empty()) return out;
  std::map<std::uint16_t, SeasonSums> seasons;
  std::size_t const window = std::size_t{20} * n;
  for (std::size_t i = 1; i < out.size(); ++i) {
    seasons[m.season[in.bars[i - 1]]].r.push_back(in.close[i] / in.close[i - 1] - 1);
    if (i > window) seasons[m.season[in.bars[i - window - 1]]].begin += 1;
    if (i >= window) out[i] = season_value(seasons[m.season[in.bars[i]]]);
  }
  return out;
}

Series feature_of(Market const& m, TradedBars const& in, Indicator kind, std::uint32_t n) {
  switch (kind) {
    case Indicator::sma: return above(in, simple_average(in.close, n), n);
    case Indicator::ema: return above(in, exponential_average(in.close, n), n);
    case Indicator::wma: return above(in, weighted_average(in.close, n), n);
    case Indicator::rsi: return scaled_rsi(in, n);
    case Indicator::macd: return scaled_macd(in, n);
    case Indicator::bollinger: return between_bands(in, n);
    case Indicator::atr: return against(atr_of(in, n), atr_of(in, 4 * n));
    case Indicator::momentum: return scaled_momentum(in, n);
    case Indicator::channel: return place_in_channel(in, n);
    case Indicator::breakout: return outside_channel(in, n);
    case Indicator::volatility: return scaled_volatility(in, n);
    case Indicator::volume: return scaled_volume(in, n);
    case Indicator::zscore: return scaled_zscore(in, n);
    case Indicator::seasonality: return scaled_seasonality(m, in, n);
  }
  return {};
}

void check_table(Market const& market, std::span<std::int16_t> table) {
  MUSTER_ASSERT(table.size() == std::size_t{market.bars} * market.padded);
}

}  // namespace

std::string_view indicator_name(Indicator kind) {
  static constexpr std::string_view names[indicator_count] = {
      "sma",     "ema",      "wma",        "rsi",    "macd",   "bollinger",  "atr", "momentum",
      "channel", "breakout", "volatility", "volume", "zscore", "seasonality"};
  return names[static_cast<std::size_t>(kind)];
}

std::vector<std::uint16_t> default_windows() {
  return {2, 3, 4, 5, 6, 8, 10, 12, 14, 16, 18, 20, 24, 28, 34, 40, 50, 60, 75, 90, 110, 140, 170, 200};
}

std::uint32_t warm_up_bars(Indicator kind, std::uint32_t n) {
  switch (kind) {
    case Indicator::bollinger:
    case Indicator::channel:
    case Indicator::volume: return n;
    case Indicator::macd: {
      MacdWindows const windows = macd_windows(n);
      return windows.slow + (windows.signal > 2 ? windows.signal - 1 : 1);
    }
    case Indicator::atr:
    case Indicator::volatility: return 4 * n + 1;
    case Indicator::seasonality: return 20 * n + 1;
    default: return n + 1;
  }
}

Features make_features(Market const& market, std::span<std::uint16_t const> windows, std::uint32_t learned_kinds) {
  MUSTER_REQUIRE(!windows.empty() && windows.size() <= 256, "{} windows of indicators (1 to 256); choose among them", windows.size());
  for (std::size_t i = 0; i < windows.size(); ++i) {
    MUSTER_REQUIRE(windows[i] >= shortest_window && windows[i] <= longest_window,
                   "a window of {} bars (must be from {} to {}); change it", windows[i], shortest_window, longest_window);
    MUSTER_REQUIRE(i == 0 || windows[i] > windows[i - 1], "window {} after {} (they must ascend); sort them", windows[i],
                   windows[i == 0 ? 0 : i - 1]);
  }
  MUSTER_REQUIRE(learned_kinds <= 255 - indicator_count, "{} learned features (at most {}); drop some", learned_kinds,
                 255 - indicator_count);
  Features out;
  out.kinds = indicator_count + learned_kinds;
  out.windows.assign(windows.begin(), windows.end());
  out.bars = market.bars;
  out.padded = market.padded;
  out.cells.resize(out.tables() * out.table_size());
  out.volatility_scale.resize(out.table_size());
  return out;
}

FeatureSource::FeatureSource(Market const& market) : market_(market) {
  for (std::uint32_t s = 0; s < market.symbols; ++s) symbols_.push_back(traded_bars(market, s));
}

/// Symbol after symbol of one cache line, so that a table is written line by line. `series_of(symbol's bars, put)` calls
/// put(index among them, value).
template <class SeriesOf>
void FeatureSource::fill_table(std::span<std::int16_t> table, SeriesOf series_of) const {
  check_table(market_, table);
  std::vector<std::int16_t> lines(std::size_t{market_.bars} * lane_symbols);
  for (std::uint32_t first = 0; first < market_.padded; first += lane_symbols) {
    std::fill(lines.begin(), lines.end(), std::int16_t{0});
    for (std::uint32_t s = first; s < std::min(first + lane_symbols, market_.symbols); ++s) {
      TradedBars const& in = symbols_[s];
      series_of(in, [&](std::size_t i, double value) {
        lines[std::size_t{in.bars[i]} * lane_symbols + (s - first)] = to_feature(value);
      });
    }
    for (std::uint32_t bar = 0; bar < market_.bars; ++bar)
      std::copy_n(lines.begin() + std::ptrdiff_t{bar} * lane_symbols, lane_symbols,
                  table.begin() + static_cast<std::ptrdiff_t>(market_.at(bar, first)));
  }
}

void FeatureSource::fill(Indicator kind, std::uint32_t window, std::span<std::int16_t> table) const {
  fill_table(table, [&](TradedBars const& in, auto put) {
    Series const x = feature_of(market_, in, kind, window);
    for (std::size_t i = warm_up_bars(kind, window) - 1; i < x.size(); ++i) put(i, x[i]);
  });
}

void FeatureSource::fill_volatility_scale(std::uint32_t window, double target, std::span<std::int16_t> table) const {
  fill_table(table, [&](TradedBars const& in, auto put) {
    Series const r = returns_from_second(in);
    Series const volatility = deviation(r, window);
    for (std::size_t i = window - 1; i < r.size(); ++i) put(i + 1, ratio(target, volatility[i]));
  });
}

void fill_all(Market const& market, Features& features, std::uint32_t sizing_window, double sizing_target) {
  FeatureSource const source(market);
  for (std::uint32_t kind = 0; kind < indicator_count; ++kind)
    for (std::uint32_t w = 0; w < features.windows.size(); ++w)
      source.fill(static_cast<Indicator>(kind), features.windows[w], features.table(features.table_index(kind, w)));
  source.fill_volatility_scale(sizing_window, sizing_target, features.volatility_scale);
}

}  // namespace muster::kernels::backtest
