// Small valid bars: two symbols over five days, with a split, dividends, a halt, a late listing and
// a delisting.
#pragma once

#include <limits>

#include "core/sha256.hpp"
#include "io/bars.hpp"

namespace muster::io {

inline void set_gap(Bars& bars, std::size_t bar, std::size_t symbol, BarStatus status) {
  std::size_t const i = bars.at(bar, symbol);
  double const nan = std::numeric_limits<double>::quiet_NaN();
  bars.open[i] = bars.high[i] = bars.low[i] = bars.close[i] = nan;
  bars.volume[i] = 0;
  bars.status[i] = status;
}

inline void set_trade(Bars& bars, std::size_t bar, std::size_t symbol, double open, double close) {
  std::size_t const i = bars.at(bar, symbol);
  bars.open[i] = open;
  bars.close[i] = close;
  bars.high[i] = (open > close ? open : close) + 0.5;
  bars.low[i] = (open < close ? open : close) - 0.5;
  bars.volume[i] = 1000;
  bars.status[i] = BarStatus::traded;
}

/// Bars of days from 2020-01-01 on, in which nothing happens.
inline Bars plain_bars(std::vector<std::string> symbols, std::size_t days) {
  Bars bars;
  bars.symbols = std::move(symbols);
  for (std::size_t t = 0; t < days; ++t)
    bars.times.push_back((18262 + static_cast<std::int64_t>(t)) * 86400);
  for (auto* column :
       {&bars.open, &bars.high, &bars.low, &bars.close, &bars.volume, &bars.dividend})
    column->assign(bars.cells(), 0);
  bars.split.assign(bars.cells(), 1);
  bars.status.assign(bars.cells(), BarStatus::traded);
  for (std::size_t t = 0; t < days; ++t)
    for (std::size_t s = 0; s < bars.symbols.size(); ++s) set_trade(bars, t, s, 100, 100);
  return bars;
}

inline Bars sample_bars() {
  Bars bars = plain_bars({"AAA", "BBB"}, 5);
  bars.source = "sample";
  bars.muster_version = "0.1.0";
  set_trade(bars, 2, 0, 51, 52);
  bars.split[bars.at(2, 0)] = 2;
  bars.dividend[bars.at(3, 0)] = 0.5;
  set_gap(bars, 3, 0, BarStatus::missing);
  set_trade(bars, 4, 0, 50, 49);
  set_gap(bars, 0, 1, BarStatus::not_listed);
  bars.dividend[bars.at(1, 1)] = 1;  // before anybody could hold the share
  set_gap(bars, 4, 1, BarStatus::delisted);
  bars.flags = {{0, bars.times[2], "odd_split", "AAA 2020-01-03: split 2"}};
  bars.sources = {{"sample.csv", sha256_hex("sample")}};
  return bars;
}

}  // namespace muster::io
