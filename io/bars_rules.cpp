#include "io/bars_rules.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "io/text_rules.hpp"

namespace muster::io {
namespace {

constexpr std::size_t longest_symbol = 32;

bool is_symbol(std::string const& text) {
  return !text.empty() && text.size() <= longest_symbol &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c < 127; });
}

std::string_view fault_of_trade(Bars const& bars, std::size_t i) {
  double const open = bars.open[i], high = bars.high[i], low = bars.low[i], close = bars.close[i];
  if (!is_bar_price(open) || !is_bar_price(high) || !is_bar_price(low) || !is_bar_price(close))
    return "has no price between 1e-9 and 1e9";
  if (low > high) return "has a low above its high";
  if (open < low || open > high || close < low || close > high)
    return "has an open or close outside low and high";
  if (!(bars.volume[i] >= 0 && bars.volume[i] <= largest_bar_volume))
    return "has no volume between 0 and 1e18";
  return {};
}

std::string_view fault_of_gap(Bars const& bars, std::size_t i) {
  bool const is_empty = std::isnan(bars.open[i]) && std::isnan(bars.high[i]) &&
                        std::isnan(bars.low[i]) && std::isnan(bars.close[i]);
  if (!is_empty) return "has a price without having traded";
  if (bars.volume[i] != 0) return "has a volume without having traded";
  return {};
}

std::string_view fault_of_cell(Bars const& bars, std::size_t i) {
  if (bars.status[i] > BarStatus::delisted) return "has an unknown status";
  if (!(bars.split[i] >= 1 / largest_split && bars.split[i] <= largest_split))
    return "has no split between 1e-4 and 1e4";
  if (!(bars.dividend[i] >= 0 && bars.dividend[i] <= largest_bar_price))
    return "has no dividend between 0 and 1e9";
  return bars.status[i] == BarStatus::traded ? fault_of_trade(bars, i) : fault_of_gap(bars, i);
}

std::string fault_of_symbols(Bars const& bars) {
  if (bars.symbols.empty()) return "there is no symbol";
  if (bars.symbols.size() > most_bar_symbols) return "there are more than 65536 symbols";
  std::set<std::string_view> seen;
  for (std::size_t s = 0; s < bars.symbols.size(); ++s) {
    if (!is_symbol(bars.symbols[s]))
      return fmt::format("symbol {} is no name of 1 to 32 visible characters", s);
    if (!seen.insert(bars.symbols[s]).second)
      return fmt::format("symbol {} stands there twice", bars.symbols[s]);
  }
  return {};
}

std::string fault_of_times(Bars const& bars) {
  constexpr std::int64_t last = 7'258'118'400;  // 2200-01-01
  if (bars.times.empty()) return "there is no bar";
  for (std::size_t t = 0; t < bars.size(); ++t) {
    if (bars.times[t] < -last || bars.times[t] >= last)
      return fmt::format("bar {} is in no year from 1740 to 2199", t);
    if (t > 0 && bars.times[t] <= bars.times[t - 1])
      return fmt::format("bar {} is not later than the one before it", t);
    if (bars.interval == BarInterval::day && bars.times[t] % 86400 != 0)
      return fmt::format("bar {} is a day, but not at 00:00 UTC", t);
  }
  return {};
}

std::string fault_of_sizes(Bars const& bars) {
  for (auto const* column :
       {&bars.open, &bars.high, &bars.low, &bars.close, &bars.volume, &bars.split, &bars.dividend})
    if (column->size() != bars.cells()) return "a column has not one value a bar and symbol";
  if (bars.status.size() != bars.cells()) return "status has not one value a bar and symbol";
  return {};
}

/// A symbol that is not listed yet never was.
bool is_listed_again(Bars const& bars, std::size_t bar, std::size_t symbol) {
  return bar > 0 && bars.status[bars.at(bar, symbol)] == BarStatus::not_listed &&
         bars.status[bars.at(bar - 1, symbol)] != BarStatus::not_listed;
}

std::string fault_of_cells(Bars const& bars) {
  for (std::size_t t = 0; t < bars.size(); ++t)
    for (std::size_t s = 0; s < bars.symbols.size(); ++s) {
      std::string_view fault = fault_of_cell(bars, bars.at(t, s));
      if (fault.empty() && is_listed_again(bars, t, s)) fault = "is not listed after it was";
      if (!fault.empty()) return fmt::format("{} at bar {} {}", bars.symbols[s], t, fault);
    }
  return {};
}

std::string fault_of_notes(Bars const& bars) {
  for (std::size_t i = 0; i < bars.flags.size(); ++i) {
    BarFlag const& flag = bars.flags[i];
    if (flag.symbol >= bars.symbols.size()) return fmt::format("flag {} has no symbol", i);
    if (!std::binary_search(bars.times.begin(), bars.times.end(), flag.time))
      return fmt::format("flag {} is at no bar", i);
    if (!is_lower_snake(flag.reason)) return fmt::format("flag {} has no reason", i);
  }
  for (std::size_t i = 0; i < bars.sources.size(); ++i)
    if (!is_hash(bars.sources[i].sha256)) return fmt::format("source {} has no SHA-256", i);
  return {};
}

std::string fault_of_bars_root(Bars const& bars) {
  if (to_word(bars.interval).empty()) return "interval is unknown";
  if (!is_lower_snake(bars.calendar)) return "calendar is no name";
  if (bars.time_zone.empty()) return "time_zone is empty";
  if (bars.currency.empty()) return "currency is empty";
  return {};
}

}  // namespace

std::string to_word(BarInterval interval) {
  switch (interval) {
    case BarInterval::minute:
      return "minute";
    case BarInterval::hour:
      return "hour";
    case BarInterval::day:
      return "day";
  }
  return {};
}

std::optional<BarInterval> interval_of(std::string_view word) {
  for (auto const interval : {BarInterval::minute, BarInterval::hour, BarInterval::day})
    if (to_word(interval) == word) return interval;
  return std::nullopt;
}

std::string find_fault(Bars const& bars) {
  for (auto const& check : {fault_of_bars_root, fault_of_symbols, fault_of_times, fault_of_sizes,
                            fault_of_cells, fault_of_notes})
    if (std::string fault = check(bars); !fault.empty()) return fault;
  return {};
}

}  // namespace muster::io
