// Technical indicators of one series, in double, with TA-Lib's conventions of start and smoothing.
// Formulas and sources: docs/methods/indicators.md.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace muster::kernels::backtest {

/// One value a bar; NaN in the warm-up.
using Series = std::vector<double>;

Series simple_average(std::span<double const> x, std::uint32_t n);
/// Smoothing 2 / (n + 1), started by a simple average that ends at bar `seed` (n - 1 or later).
Series exponential_average(std::span<double const> x, std::uint32_t n, std::uint32_t seed);
Series exponential_average(std::span<double const> x, std::uint32_t n);
/// Weights 1 to n, the newest the most.
Series weighted_average(std::span<double const> x, std::uint32_t n);
/// Population standard deviation of the last n values.
Series deviation(std::span<double const> x, std::uint32_t n);
Series highest(std::span<double const> x, std::uint32_t n);
Series lowest(std::span<double const> x, std::uint32_t n);
/// Wilder's, 0 to 100; `still` where there was no change at all, which is 0 in TA-Lib.
Series relative_strength(std::span<double const> x, std::uint32_t n, double still = 0);
Series average_true_range(std::span<double const> high, std::span<double const> low, std::span<double const> close,
                          std::uint32_t n);
/// x / x[n before] - 1.
Series rate_of_change(std::span<double const> x, std::uint32_t n);

struct MacdWindows {
  std::uint32_t fast = 12;
  std::uint32_t slow = 26;
  std::uint32_t signal = 9;
};
/// Windows in the proportion of 12, 26, 9 for a fast window of n.
constexpr MacdWindows macd_windows(std::uint32_t n) {
  return {n, (26 * n + 6) / 12, (9 * n + 6) / 12};
}
/// Fast less slow exponential average, less that one's own average.
Series macd_histogram(std::span<double const> x, MacdWindows windows);

}  // namespace muster::kernels::backtest
