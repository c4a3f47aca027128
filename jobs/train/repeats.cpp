#include "jobs/train/repeats.hpp"

namespace muster::jobs::train {

Spread spread_of(std::vector<double> const& values) {
  auto const count = static_cast<double>(values.size());
  double sum = 0, square = 0;
  for (double const value : values) sum += value;
  double const mean = sum / count;
  for (double const value : values) square += (value - mean) * (value - mean);
  return {mean, values.size() > 1 ? __builtin_sqrt(square / (count - 1)) : 0};
}

std::string_view verdict_on(std::vector<double> const& own, std::vector<double> const& baseline) {
  auto const a = spread_of(own), b = spread_of(baseline);
  double const square = a.deviation * a.deviation / static_cast<double>(own.size()) + b.deviation * b.deviation / static_cast<double>(baseline.size());
  double const gap = b.mean - a.mean, doubt = 2 * __builtin_sqrt(square);
  if (gap > doubt) return "beats it";
  return -gap > doubt ? "is beaten" : "cannot be told apart";
}

}  // namespace muster::jobs::train
