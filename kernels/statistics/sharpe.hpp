// How much a Sharpe ratio is worth that was the best of many (docs/methods/honest-selection.md).
#pragma once

#include <cstdint>
#include <span>

namespace muster::kernels {

/// Moments of a run of returns, per period.
struct ReturnMoments {
  std::uint64_t count = 0;
  double mean = 0;
  double deviation = 0;  ///< standard deviation, over count - 1
  double skewness = 0;   ///< m3 / m2^(3/2), over count; 0 where all returns are equal
  double kurtosis = 3;   ///< m4 / m2^2, over count, 3 for a normal law; 3 where all returns are equal
  /// mean / deviation per period; 0 where all returns are equal.
  double sharpe() const { return deviation > 0 ? mean / deviation : 0; }
};
ReturnMoments moments_of(std::span<double const> returns);

/// A Sharpe ratio per period with what its error depends on.
struct SharpeEstimate {
  double sharpe = 0;
  std::uint64_t count = 0;  ///< returns
  double skewness = 0;
  double kurtosis = 3;
};
SharpeEstimate sharpe_of(ReturnMoments const& moments);

/// The probability that the true Sharpe ratio is above `benchmark` (per period): Bailey and Lopez de Prado 2012,
/// equation 11. NaN for fewer than 2 returns or where the variance of the estimate is not positive.
double probabilistic_sharpe(SharpeEstimate const& estimate, double benchmark);

/// The largest Sharpe ratio to be expected of `trials` independent trials without any skill, whose Sharpe ratios have
/// this variance (both per period): Bailey and Lopez de Prado 2014, equation 1. 0 for one trial.
double expected_largest_sharpe(double variance, double trials);

/// The probability that a Sharpe ratio chosen as the best of `trials` is above what luck explains: the probabilistic
/// Sharpe ratio against expected_largest_sharpe. Bailey and Lopez de Prado 2014, equation 2.
double deflated_sharpe(SharpeEstimate const& estimate, double variance, double trials);

/// The average correlation of different trials' returns, and how many trials it was taken from.
struct AverageCorrelation {
  double correlation = 0;
  std::uint64_t trials = 0;  ///< those with a variance
};

/// returns: trial after trial, each of the same length. 0 for fewer than two trials with a variance.
AverageCorrelation average_correlation(std::span<double const> returns, std::uint64_t trials);

/// The number of independent trials that `trials` correlated ones are worth: r + (1 - r) trials, r kept within [0, 1].
/// Bailey and Lopez de Prado 2014, appendix 3.
double effective_trials(double average_correlation, double trials);

}  // namespace muster::kernels
