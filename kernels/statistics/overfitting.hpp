// The probability of backtest overfitting by combinatorially symmetric cross-validation (CSCV): Bailey, Borwein, Lopez
// de Prado, Zhu, Journal of Computational Finance 20 (2017).
#pragma once

#include <cstdint>
#include <span>

namespace muster::kernels {

struct Overfitting {
  double probability = 0;  ///< that the best trial of one half is at or below the median of the other
  double loss = 0;         ///< that the best trial of one half has a Sharpe ratio below zero in the other
  double slope = 0;        ///< of the Sharpe ratio in the other half on that in its own
  std::uint64_t splits = 0;  ///< ways to choose half of the blocks; 0 where the input allows none
};

/// returns: trial after trial, each of the same length. The bars are cut into `blocks` equal blocks (an even number, 2
/// to 16), those that are left over at the start unused, and every half of the blocks is compared with the other by the
/// Sharpe ratio (0 where the returns do not vary). Needs 2 trials and 2 bars a block.
Overfitting overfitting_of(std::span<double const> returns, std::uint64_t trials, int blocks = 16);

}  // namespace muster::kernels
