// Bars of many symbols on one calendar, as the backtest reads them: raw prices for fills, a forward
// factor for signals, splits and dividends as events.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/aligned.hpp"

namespace muster::kernels::backtest {

inline constexpr std::uint32_t lane_symbols = 32;  ///< symbols are padded to a multiple of it

enum class Status : std::uint8_t {
  traded = 0,
  halted = 1,    ///< or missing: no fills, marked at the last price
  unlisted = 2,  ///< before the first bar
  delisted = 3,  ///< after the last bar
};

/// What happens to a symbol before the open of a bar.
struct MarketEvent {
  std::uint32_t bar = 0;
  std::uint32_t symbol = 0;
  double split = 1;         ///< new shares for an old one
  double dividend_usd = 0;  ///< cash for a new share held since the last close
};

/// What the engine reads, in its precision; built by `seal`. Arrays are [bar * padded + symbol].
template <class T>
struct Tape {
  /// An event in the engine's precision; a delisting closes the position at the last traded close.
  struct Event {
    std::uint32_t symbol = 0;
    bool delisted = false;
    T split = 1;
    T inverse_split = 1;
    T dividend = 0;
  };
  std::uint32_t symbols = 0;
  std::uint32_t padded = 0;
  std::uint32_t bars = 0;
  Aligned<T> open{};   ///< 0 where the symbol does not trade in the bar
  Aligned<T> high{};   ///< 0 there, so that no level is touched
  Aligned<T> low{};    ///< `no_low` there
  Aligned<T> close{};  ///< the last traded close there, changed by splits; 1 before listing
  std::vector<Event> events{};
  std::vector<std::uint32_t> event_begin{};  ///< bars + 1 values: bar t has events [begin[t], begin[t + 1])

  static constexpr T no_low = static_cast<T>(1e30);
};

/// Fill the first part, call `seal`, then leave it alone; any number of threads may read it.
/// Arrays are [bar * padded + symbol], bars * padded values; what stands in untraded cells is not read.
struct Market {
  std::uint32_t symbols = 0;
  std::uint32_t padded = 0;  ///< padded_symbols(symbols)
  std::uint32_t bars = 0;
  std::vector<double> open{};
  std::vector<double> high{};
  std::vector<double> low{};
  std::vector<double> close{};
  std::vector<double> volume{};
  /// Adjusted price = raw price * factor, made from this and earlier bars alone: see `fill_factors`.
  std::vector<double> factor{};
  std::vector<Status> status{};
  std::vector<MarketEvent> events{};  ///< ascending by (bar, symbol), at most one of each pair
  /// What each bar has in common with others for the seasonality indicator: a weekday, an hour, a month.
  /// Empty: none, and the indicator is 0.
  std::vector<std::uint16_t> season{};

  Tape<float> single{};
  Tape<double> full{};

  std::size_t at(std::uint32_t bar, std::uint32_t symbol) const {
    return std::size_t{bar} * padded + symbol;
  }
};

constexpr std::uint32_t padded_symbols(std::uint32_t symbols) {
  return (symbols + lane_symbols - 1) / lane_symbols * lane_symbols;
}

/// A market of that size whose cells are all `unlisted`, with factors of 1.
Market make_market(std::uint32_t symbols, std::uint32_t bars);

/// Fills `factor` from closes and events, forward: 1 at first; at an event, what keeps the adjusted price
/// of the last close: factor *= close / (close / split - dividend). Throws as `seal` does.
void fill_factors(Market& market);

/// Checks everything and builds the tapes. Throws Error (Exit::user) naming symbol and bar: sizes, a price
/// that is not finite and positive, a low above or a high below the others, a split or factor of 0, trading
/// in a pad, status that goes back to `unlisted` or leaves `delisted`, events out of order.
void seal(Market& market);

/// The first `bars` bars alone, sealed again: what the past looked like.
Market cut(Market const& market, std::uint32_t bars);

}  // namespace muster::kernels::backtest
