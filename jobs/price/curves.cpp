#include "jobs/price/curves.hpp"

#include <cstddef>

namespace muster::jobs::price {
namespace {

/// Linear interpolation of value(i) = total(values[i], years[i]) between pillars; flat rate outside.
template <class Total>
double interpolate(Curve const& curve, double years, Total total) {
  auto const& t = curve.years;
  auto const& v = curve.values;
  if (t.size() == 1 || years <= t.front()) return total(v.front(), years);
  if (years >= t.back()) return total(v.back(), years);
  std::size_t i = 1;
  while (t[i] < years) ++i;
  double const low = total(v[i - 1], t[i - 1]);
  double const high = total(v[i], t[i]);
  return low + (high - low) * ((years - t[i - 1]) / (t[i] - t[i - 1]));
}

}  // namespace

double integrated_rate(Curve const& curve, double years) {
  return interpolate(curve, years, [](double rate, double t) { return rate * t; });
}

double front_value(Curve const& curve) {
  bool const is_point = curve.values.size() > 1 && curve.years.front() <= 0;
  return curve.values[is_point ? 1 : 0];
}

double integrated_variance(Curve const& curve, double years) {
  return interpolate(curve, years, [](double volatility, double t) { return volatility * volatility * t; });
}

}  // namespace muster::jobs::price
