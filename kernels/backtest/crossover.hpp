// The rule of two moving averages on one symbol: long while the fast one is above the slow one, else flat.
// docs/methods/backtest.md, "Crossover".
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/aligned.hpp"

namespace muster::kernels::backtest {

inline constexpr std::uint32_t crossover_longest = 200;

inline constexpr std::uint32_t crossover_windows = crossover_longest - 1;  ///< from 2 on

/// What happens at a bar's open: long before it is bit 0, after it bit 1.
inline constexpr std::uint32_t crossover_sold = 1, crossover_bought = 2, crossover_held = 3, crossover_ways = 4;

/// Two windows, 2 to crossover_longest.
struct Crossover {
  std::uint16_t fast = 2;
  std::uint16_t slow = 3;
};

struct CrossoverResult {
  float total_return = 0;
  float sharpe = 0;    ///< annual, sample standard deviation; 0 where that is 0
  float drawdown = 0;  ///< maximum, a positive fraction

  friend bool operator==(CrossoverResult const&, CrossoverResult const&) = default;
};

/// Averages of every window and the growth of each bar, for one symbol. Built once, read by any thread.
struct CrossoverTable {
  std::uint32_t bars = 0;
  std::uint32_t stride = 0;  ///< bars rounded up to a multiple of 32
  double bars_per_year = 252;
  Aligned<float> averages{};  ///< [window - 2][bar], 0 in the warm-up; of closes, by a prefix sum in double
  Aligned<float> growth{};  ///< [bar][4] of equity in the bar: flat, sold at its open, bought at its open, held
};

/// `cost` is the share of value lost at each fill: commission, half spread and slippage. Throws Error
/// (Exit::user) for fewer than 2 bars, different sizes, a price that is not positive, a cost outside [0, 0.5].
CrossoverTable make_crossover_table(std::span<double const> open, std::span<double const> close, double cost,
                                    double bars_per_year);

/// A device keeps the positions of all pairs of windows as bits, in rows of so many words; 0 for so many bars that it would
/// take too much of its memory.
std::uint32_t crossover_words(std::uint64_t bars);

/// What a runner on a device takes of its memory for a table of so many bars.
std::uint64_t crossover_device_bytes(std::uint64_t bars, std::uint64_t rules_at_once);

/// Decides at each close, fills at the next open; the last position is marked at the last close. Windows must be in range.
void run_crossovers(CrossoverTable const& table, std::span<Crossover const> rules, std::span<CrossoverResult> out);

}  // namespace muster::kernels::backtest
