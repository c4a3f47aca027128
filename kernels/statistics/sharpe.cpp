#include "kernels/statistics/sharpe.hpp"

#include <vector>

#include "kernels/scalar_math.hpp"

namespace muster::kernels {
namespace {

constexpr double not_a_number = __builtin_nan("");
constexpr double eulers_constant = 0x1.2788cfc6fb619p-1;
constexpr double one_over_e = 0x1.78b56362cef38p-2;

double mean_of(std::span<double const> values) {
  double sum = 0;
  for (double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

/// True for equal values: the rounding of their mean would pass for a variance.
bool is_constant(std::span<double const> values) {
  for (double value : values)
    if (value != values.front()) return false;
  return true;
}

/// Sums of powers of the deviations from the mean.
struct CentralSums {
  double second = 0, third = 0, fourth = 0;
};

CentralSums central_sums(std::span<double const> values, double mean) {
  CentralSums sums;
  for (double value : values) {
    double const d = value - mean, square = d * d;
    sums.second += square;
    sums.third += square * d;
    sums.fourth += square * square;
  }
  return sums;
}

/// Adds a trial's returns, centred and of length one, to a sum over trials; false where they have no variance.
bool add_standardised(std::span<double const> returns, std::vector<double>& sum) {
  if (is_constant(returns)) return false;
  double const mean = mean_of(returns);
  double const length = __builtin_sqrt(central_sums(returns, mean).second);
  if (!(length > 0)) return false;
  for (std::size_t t = 0; t < returns.size(); ++t) sum[t] += (returns[t] - mean) / length;
  return true;
}

}  // namespace

ReturnMoments moments_of(std::span<double const> returns) {
  ReturnMoments moments;
  moments.count = returns.size();
  if (returns.empty()) return moments;
  auto const n = static_cast<double>(returns.size());
  moments.mean = mean_of(returns);
  if (is_constant(returns)) return moments;
  auto const sums = central_sums(returns, moments.mean);
  if (!(sums.second > 0)) return moments;
  double const variance = sums.second / n;
  moments.deviation = __builtin_sqrt(sums.second / (n - 1));
  moments.skewness = sums.third / n / (variance * __builtin_sqrt(variance));
  moments.kurtosis = sums.fourth / n / (variance * variance);
  return moments;
}

SharpeEstimate sharpe_of(ReturnMoments const& moments) {
  return {moments.sharpe(), moments.count, moments.skewness, moments.kurtosis};
}

double probabilistic_sharpe(SharpeEstimate const& estimate, double benchmark) {
  double const s = estimate.sharpe;
  double const variance = 1 - estimate.skewness * s + (estimate.kurtosis - 1) / 4 * s * s;
  if (estimate.count < 2 || !(variance > 0)) return not_a_number;
  return exact_norm_cdf((s - benchmark) * __builtin_sqrt(static_cast<double>(estimate.count - 1)) /
                        __builtin_sqrt(variance));
}

double expected_largest_sharpe(double variance, double trials) {
  if (!(trials > 1) || !(variance > 0)) return 0;
  double const largest =
      (1 - eulers_constant) * -exact_norm_inv(1 / trials) + eulers_constant * -exact_norm_inv(one_over_e / trials);
  return largest > 0 ? __builtin_sqrt(variance) * largest : 0;
}

double deflated_sharpe(SharpeEstimate const& estimate, double variance, double trials) {
  return probabilistic_sharpe(estimate, expected_largest_sharpe(variance, trials));
}

AverageCorrelation average_correlation(std::span<double const> returns, std::uint64_t trials) {
  AverageCorrelation average;
  if (trials == 0) return average;
  std::size_t const length = returns.size() / trials;
  std::vector<double> sum(length);
  for (std::uint64_t i = 0; i < trials; ++i)
    average.trials += add_standardised(returns.subspan(i * length, length), sum) ? 1 : 0;
  if (average.trials < 2) return average;
  // The squared length of the sum is the sum of all correlations, each trial's with itself included.
  double all = 0;
  for (double one : sum) all += one * one;
  auto const n = static_cast<double>(average.trials);
  average.correlation = (all - n) / (n * (n - 1));
  return average;
}

double effective_trials(double average_correlation, double trials) {
  double const capped = average_correlation < 1 ? average_correlation : 1;
  double const r = capped > 0 ? capped : 0;
  return r + (1 - r) * trials;
}

}  // namespace muster::kernels
