// Markets without anything to find, and the same with one thing: what honest selection is proven on.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <limits>

#include "io/bars.hpp"
#include "kernels/scalar_math.hpp"

namespace muster::testing {

/// Every price is the mean of what may follow it, inside a bar too, so that no rule earns or loses but by luck; volatility
/// comes in spells, symbols move together.
struct FairMarket {
  std::uint64_t seed = 1;
  std::uint32_t symbols = 4, bars = 2520;
  /// Above 0 it is fair no more: a session leans the way of the last `momentum` closes, by so many of its deviations.
  double lean = 0;
  std::uint32_t momentum = 20;
};

namespace fair_market {

inline constexpr double overnight = 0.5, session = 0.8660254037844386;  // of a day's deviation; squares add up to 1
inline constexpr double common = 0.6, own = 0.8;

/// Of a fair Brownian path from 0 to `end`, its maximum at the probability `u`.
inline double farthest(double end, double variance, double u) {
  return 0.5 * (end + std::sqrt(end * end - 2 * variance * std::log(u)));
}

inline io::Bars empty(FairMarket const& market) {
  io::Bars bars;
  bars.source = "fair market: no price was ever traded";
  bars.calendar = "none";
  for (std::uint32_t s = 0; s < market.symbols; ++s) bars.symbols.push_back("FAIR" + std::to_string(s));
  for (std::uint32_t t = 0; t < market.bars; ++t) bars.times.push_back(std::int64_t{86'400} * (14'613 + t));
  for (auto* column : {&bars.open, &bars.high, &bars.low, &bars.close, &bars.volume, &bars.dividend}) column->assign(bars.cells(), 0);
  bars.split.assign(bars.cells(), 1);
  bars.status.assign(bars.cells(), io::BarStatus::traded);
  return bars;
}

inline double lean_of(FairMarket const& market, io::Bars const& bars, std::uint32_t t, std::uint32_t s) {
  if (t <= market.momentum) return 0;
  double const now = bars.close[bars.at(t - 1, s)], then = bars.close[bars.at(t - 1 - market.momentum, s)];
  return now > then ? market.lean : -market.lean;
}

/// One bar of one symbol after a close of `price`; `z` are the market's normals of the day.
inline void put_bar(FairMarket const& market, io::Bars& bars, std::uint32_t t, std::uint32_t s, double price, double deviation,
                    std::array<double, 4> const& z) {
  std::uint64_t const item = std::uint64_t{t} << 32 | s;
  auto const y = kernels::exact_normals(market.seed, item, 0, 1);
  auto const u = kernels::exact_words(market.seed, item, 1, 1);
  double const night = overnight * deviation, day = session * deviation;
  auto const at = bars.at(t, s);
  bars.open[at] = price * std::exp(night * (common * z[0] + own * y[0]) - night * night / 2);
  double const move = day * (common * z[1] + own * y[1] + lean_of(market, bars, t, s)) - day * day / 2;
  auto const chance = [](std::uint32_t word) { return (word + 0.5) * 0x1p-32; };
  bars.close[at] = bars.open[at] * std::exp(move);
  bars.high[at] = std::max(bars.open[at] * std::exp(farthest(move, day * day, chance(u[0]))), std::max(bars.open[at], bars.close[at]));
  bars.low[at] = std::min(bars.open[at] * std::exp(-farthest(-move, day * day, chance(u[1]))), std::min(bars.open[at], bars.close[at]));
  bars.volume[at] = std::floor(1e6 * std::exp(0.3 * y[2]));
}

}  // namespace fair_market

inline io::Bars make_bars(FairMarket const& market) {
  auto bars = fair_market::empty(market);
  double spell = 0;
  for (std::uint32_t t = 0; t < market.bars; ++t) {
    auto const z = kernels::exact_normals(market.seed, t, 0, 0);
    spell = 0.98 * spell + 0.08 * z[2];  // about 0.4 in deviation
    for (std::uint32_t s = 0; s < market.symbols; ++s)
      fair_market::put_bar(market, bars, t, s, t == 0 ? 100 : bars.close[bars.at(t - 1, s)], 0.012 * std::exp(spell), z);
  }
  return bars;
}

}  // namespace muster::testing
