// What crossover rules are worth: their fitness as one integer.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/backtest/crossover.hpp"
#include "kernels/evolve/fitness.hpp"
#include "kernels/host_device.hpp"

namespace muster::kernels::backtest {

/// What is to be great.
enum class CrossoverMetric : std::uint8_t { sharpe, calmar, total_return };

MUSTER_HD double value_of(CrossoverMetric metric, CrossoverResult const& result) {
  switch (metric) {
    case CrossoverMetric::sharpe: return double{result.sharpe};
    case CrossoverMetric::calmar: return result.drawdown > 0 ? double{result.total_return} / double{result.drawdown} : 0;
    case CrossoverMetric::total_return: return double{result.total_return};
  }
  return 0;
}

/// A rule's results on several tables, one after the other.
struct CrossoverScore {
  double sum = 0;
  bool is_flat = false;

  MUSTER_HD void add(CrossoverMetric metric, CrossoverResult const& result) {
    sum += value_of(metric, result);
    // A Sharpe ratio of 0 is that of an account that never moved.
    is_flat = is_flat || result.sharpe == 0;
  }
  MUSTER_HD std::int64_t fitness(std::size_t tables) const {
    return is_flat ? infeasible(Infeasible::zero_variance) : fitness_of(sum / static_cast<double>(tables));
  }
};

/// Which of several tables is run, and what its results are worth.
struct CrossoverPart {
  CrossoverMetric metric = CrossoverMetric::sharpe;
  std::uint32_t table = 0;
  std::uint32_t tables = 1;
};

}  // namespace muster::kernels::backtest
