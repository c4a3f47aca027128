#include "kernels/backtest/indicators.hpp"

#include <deque>
#include <limits>

#include "kernels/backtest/moving_sum.hpp"

namespace muster::kernels::backtest {
namespace {

constexpr double undefined = std::numeric_limits<double>::quiet_NaN();

Series undefined_series(std::span<double const> x) { return Series(x.size(), undefined); }

/// n Σx² - (Σx)², in twice the digits: prices far from 0 cancel nearly all of it.
double spread_of(Wide squares, Wide sum, double n) {
  Wide const a = exact_product(n, squares.high);
  Wide const b = exact_product(sum.high, sum.high);
  double const low = (a.low + n * squares.low) - (b.low + 2 * sum.high * sum.low);
  double const spread = (a.high - b.high) + low;
  return spread > 0 ? spread : 0;
}

/// The extreme of the last n values; `beats(a, b)`: a makes b useless from now on.
template <class Beats>
Series extreme(std::span<double const> x, std::uint32_t n, Beats beats) {
  Series out = undefined_series(x);
  std::deque<std::size_t> useful;
  for (std::size_t i = 0; i < x.size(); ++i) {
    while (!useful.empty() && beats(x[i], x[useful.back()])) useful.pop_back();
    useful.push_back(i);
    if (useful.front() + n <= i) useful.pop_front();
    if (i + 1 >= n) out[i] = x[useful.front()];
  }
  return out;
}

/// Wilder's smoothing of a value each bar from `first` on, started by the mean of the first n.
class WilderAverage {
 public:
  WilderAverage(std::size_t first, std::uint32_t n) : first_(first), n_(n) {}
  /// True from the bar on at which the average is defined.
  bool add(std::size_t bar, double x) {
    std::size_t const count = bar - first_ + 1;
    if (count <= n_) sum_.add(x);
    if (count == n_) value_ = sum_.value() / n_;
    if (count > n_) value_ = (value_ * (n_ - 1) + x) / n_;
    return count >= n_;
  }
  double value() const { return value_; }

 private:
  std::size_t first_;
  double n_;
  MovingSum sum_;
  double value_ = 0;
};

double true_range(double high, double low, double close_before) {
  double const range = high - low;
  double const up = high > close_before ? high - close_before : close_before - high;
  double const down = low > close_before ? low - close_before : close_before - low;
  double const most = range > up ? range : up;
  return most > down ? most : down;
}

}  // namespace

Series simple_average(std::span<double const> x, std::uint32_t n) {
  Series out = undefined_series(x);
  MovingSum sum;
  for (std::size_t i = 0; i < x.size(); ++i) {
    sum.add(x[i]);
    if (i >= n) sum.add(-x[i - n]);
    if (i + 1 >= n) out[i] = sum.value() / n;
  }
  return out;
}

Series exponential_average(std::span<double const> x, std::uint32_t n, std::uint32_t seed) {
  Series out = undefined_series(x);
  if (x.size() <= seed) return out;
  MovingSum sum;
  for (std::size_t i = seed + 1 - n; i <= seed; ++i) sum.add(x[i]);
  double const k = 2.0 / (n + 1.0);
  double average = sum.value() / n;
  out[seed] = average;
  for (std::size_t i = seed + 1; i < x.size(); ++i) out[i] = average = (x[i] - average) * k + average;
  return out;
}

Series exponential_average(std::span<double const> x, std::uint32_t n) { return exponential_average(x, n, n - 1); }

Series weighted_average(std::span<double const> x, std::uint32_t n) {
  Series out = undefined_series(x);
  MovingSum sum, weighted;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (i >= n) weighted.subtract(sum.sum());
    double const weight = i < n ? static_cast<double>(i + 1) : n;
    weighted.add(exact_product(weight, x[i]));
    sum.add(x[i]);
    if (i >= n) sum.add(-x[i - n]);
    if (i + 1 >= n) out[i] = weighted.value() / (n * (n + 1.0) / 2);
  }
  return out;
}

Series deviation(std::span<double const> x, std::uint32_t n) {
  Series out = undefined_series(x);
  MovingSum sum, squares;
  for (std::size_t i = 0; i < x.size(); ++i) {
    sum.add(x[i]);
    squares.add(exact_product(x[i], x[i]));
    if (i >= n) {
      sum.add(-x[i - n]);
      squares.subtract(exact_product(x[i - n], x[i - n]));
    }
    if (i + 1 >= n) out[i] = __builtin_sqrt(spread_of(squares.sum(), sum.sum(), n)) / n;
  }
  return out;
}

Series highest(std::span<double const> x, std::uint32_t n) {
  return extreme(x, n, [](double a, double b) { return a >= b; });
}

Series lowest(std::span<double const> x, std::uint32_t n) {
  return extreme(x, n, [](double a, double b) { return a <= b; });
}

Series relative_strength(std::span<double const> x, std::uint32_t n, double still) {
  Series out = undefined_series(x);
  WilderAverage gains(1, n), losses(1, n);
  for (std::size_t i = 1; i < x.size(); ++i) {
    double const change = x[i] - x[i - 1];
    gains.add(i, change > 0 ? change : 0);
    if (!losses.add(i, change < 0 ? -change : 0)) continue;
    double const both = gains.value() + losses.value();
    out[i] = both > 0 ? 100 * (gains.value() / both) : still;
  }
  return out;
}

Series average_true_range(std::span<double const> high, std::span<double const> low, std::span<double const> close,
                          std::uint32_t n) {
  Series out = undefined_series(close);
  WilderAverage average(1, n);
  for (std::size_t i = 1; i < close.size(); ++i)
    if (average.add(i, true_range(high[i], low[i], close[i - 1]))) out[i] = average.value();
  return out;
}

Series rate_of_change(std::span<double const> x, std::uint32_t n) {
  Series out = undefined_series(x);
  for (std::size_t i = n; i < x.size(); ++i) out[i] = x[i] / x[i - n] - 1;
  return out;
}

Series macd_histogram(std::span<double const> x, MacdWindows windows) {
  Series out = undefined_series(x);
  std::uint32_t const first = windows.slow - 1;
  if (x.size() <= first) return out;
  Series const fast = exponential_average(x, windows.fast, first);
  Series const slow = exponential_average(x, windows.slow, first);
  Series line;
  for (std::size_t i = first; i < x.size(); ++i) line.push_back(fast[i] - slow[i]);
  Series const signal = exponential_average(line, windows.signal);
  for (std::size_t i = first; i < x.size(); ++i) out[i] = line[i - first] - signal[i - first];
  return out;
}

}  // namespace muster::kernels::backtest
