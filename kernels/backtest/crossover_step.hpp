// One bar of a crossover rule, for one lane of a GPU or a pack of a CPU's.
#pragma once

#include <cstdint>

#include "kernels/backtest/config.hpp"
#include "kernels/backtest/crossover.hpp"
#include "kernels/math/base.hpp"

MUSTER_BACKTEST_BEGIN

inline constexpr std::uint32_t crossover_block = 32;  ///< bars summed in single precision

/// F: float, or a pack of them.
template <class F>
struct CrossoverState {
  F equity{};   ///< growth in the block
  F sum{};      ///< of returns in the block
  F squares{};
  F under{};    ///< equity over its highest so far
  F lowest{};   ///< least `under`

  /// `before`, `now`: long before and after the bar's open.
  template <class M>
  MUSTER_FN void step(M before, M now, F one, F hold, F enter, F leave) {
    F const growth = now ? (before ? hold : enter) : (before ? leave : one);
    F const r = growth - one;
    equity = equity * growth;
    sum = sum + r;
    squares = squares + r * r;
    under = under * growth;
    under = under < one ? under : one;
    lowest = under < lowest ? under : lowest;
  }
};

/// What the blocks add up to.
struct CrossoverSums {
  double equity = 1;
  double sum = 0;
  double squares = 0;
  MUSTER_FN void add(float block_equity, float block_sum, float block_squares) {
    equity = equity * static_cast<double>(block_equity);
    sum = sum + static_cast<double>(block_sum);
    squares = squares + static_cast<double>(block_squares);
  }
};

/// `returns`: bars - 1. Rounding may leave a spread of 1e-12 of the squares where there is none.
MUSTER_FN CrossoverResult crossover_result(CrossoverSums const& sums, float lowest, double returns, double year_root) {
  double const mean = sums.sum / returns;
  double const spread = sums.squares - sums.sum * mean;
  double const variance = spread > sums.squares * 1e-12 ? spread / (returns > 1 ? returns - 1 : 1) : 0.0;
  double const sharpe = variance > 0 ? mean / sqrt(variance > 0 ? variance : 1.0) * year_root : 0.0;
  return {static_cast<float>(sums.equity - 1), static_cast<float>(sharpe), 1 - lowest};
}

MUSTER_BACKTEST_END
