// Implied volatility in 40 digits, and the error of a result in units of what the price allows.
#pragma once

#include <boost/multiprecision/mpfr.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>

#include "kernels/closed_forms.hpp"

namespace muster::kernels::test {

using Real = boost::multiprecision::number<boost::multiprecision::mpfr_float_backend<40>,
                                           boost::multiprecision::et_off>;

inline Real cdf(Real const& z) { return erfc(-z / sqrt(Real(2))) / 2; }
inline Real pdf(Real const& z) { return exp(-z * z / 2) / sqrt(2 * acos(Real(-1))); }
inline double ulp(double x) { return std::nextafter(std::abs(x), std::numeric_limits<double>::infinity()) - std::abs(x); }

struct Black {
  Real price, complement, vega;
};

/// Discounted out-of-the-money side at total deviation s.
inline Black otm_black(ImpliedInput const& q, Real const& s) {
  Real const f = q.forward, k = q.strike, d = q.discount;
  Real const d1 = log(f / k) / s + s / 2, d2 = d1 - s;
  Real const vega = d * f * pdf(d1);
  if (f <= k) return {d * (f * cdf(d1) - k * cdf(d2)), d * (f * cdf(-d1) + k * cdf(d2)), vega};
  return {d * (k * cdf(-d2) - f * cdf(-d1)), d * (k * cdf(d2) + f * cdf(-d1)), vega};
}

/// |volatility - exact| over max(ulp(exact), ulp(price) / vega): the exact root for the price as a double.
inline double error_in_grains(ImpliedInput const& q, double volatility) {
  Real const f = q.forward, k = q.strike, d = q.discount;
  bool const in_the_money = q.is_call ? f > k : f < k;
  Real const value = Real(q.price) - (in_the_money ? d * abs(f - k) : Real(0));
  Real const most = d * (f < k ? f : k);
  Real const root = sqrt(Real(q.years));
  Real s = Real(volatility) * root, vega = 1;
  for (int i = 0; i < 2; ++i) {  // Newton on the logarithm that stays steep, from 1e-15
    Black const b = otm_black(q, s);
    vega = b.vega;
    s += value < most / 2 ? Real(log(value / b.price) * b.price / vega)
                          : Real(-log((most - value) / b.complement) * b.complement / vega);
  }
  double const exact = static_cast<double>(s / root);
  double const grain = static_cast<double>(ulp(q.price) / (vega * root));
  return static_cast<double>(abs(Real(volatility) - s / root)) / std::max(ulp(exact), grain);
}

/// The grid: quotes whose prices are correctly rounded, from deep in to deep out of the money.
inline ImpliedInput grid_quote(std::mt19937_64& bits) {
  auto const unit = [&] { return static_cast<double>(bits() >> 11) * 0x1p-53; };
  auto const between = [&](double low, double high) { return low * std::pow(high / low, unit()); };
  double const volatility = between(.005, 4), years = between(1 / 8760., 30);
  double const reach = unit() < .3 ? 37 : unit() < .5 ? 1 : 6;
  ImpliedInput q{};
  q.forward = between(40, 270);
  q.strike = q.forward * std::exp((2 * unit() - 1) * reach * volatility * std::sqrt(years));
  q.years = years;
  q.discount = between(.7, 1);
  q.is_call = unit() < .5;
  Black const b = otm_black(q, Real(volatility) * sqrt(Real(years)));
  Real const gap = Real(q.discount) * (Real(q.forward) - Real(q.strike)) * (q.is_call ? 1 : -1);
  q.price = static_cast<double>(b.price + (gap > 0 ? gap : Real(0)));
  return q;
}

}  // namespace muster::kernels::test
