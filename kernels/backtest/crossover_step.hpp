// One bar of a crossover rule, for one lane of a GPU or a pack of a CPU's.
#pragma once

#include <cstdint>

#include "kernels/backtest/config.hpp"
#include "kernels/backtest/crossover.hpp"
#include "kernels/backtest/lanes.hpp"
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

  MUSTER_FN void step(F growth, F one) {
    F const r = growth - one;
    equity = equity * growth;
    sum = sum + r;
    squares = squares + r * r;
    under = under * growth;
    under = under < one ? under : one;
    lowest = under < lowest ? under : lowest;
  }
};

/// What the blocks add up to. D: double, or a pack of them.
template <class D>
struct CrossoverSums {
  D equity = D{} + 1;
  D sum{};
  D squares{};
  MUSTER_FN void add(D block_equity, D block_sum, D block_squares) {
    equity = equity * block_equity;
    sum = sum + block_sum;
    squares = squares + block_squares;
  }
};

template <class D>
struct CrossoverFigures {
  D total_return;
  D sharpe;
};

/// `returns`: bars - 1. Rounding may leave a spread of 1e-12 of the squares where there is none.
template <class D>
MUSTER_FN CrossoverFigures<D> crossover_figures(CrossoverSums<D> const& sums, double returns, double year_root) {
  D const none{}, one = none + 1;
  D const mean = sums.sum / (none + returns);
  D const spread = sums.squares - sums.sum * mean;
  D const variance = spread > sums.squares * 1e-12 ? spread / (none + (returns > 1 ? returns - 1 : 1)) : none;
  D const sharpe = variance > none ? mean / root_of(variance > none ? variance : one) * year_root : none;
  return {sums.equity - 1, sharpe};
}

MUSTER_BACKTEST_END
