#include "jobs/price/closed_terms.hpp"

#include <cstddef>

#include "jobs/price/curves.hpp"

namespace muster::jobs::price {

bool is_flat(Curve const& curve, double years) {
  for (std::size_t i = 1; i < curve.values.size(); ++i) {
    if (curve.values[i] != curve.values[i - 1] && curve.years[i - 1] < years) return false;
  }
  return true;
}

kernels::TermValue rate_term(Curve const& rate, double years) {
  kernels::TermValue term = dividend_term(rate, years);
  term.by_rate = years;
  return term;
}

kernels::TermValue dividend_term(Curve const& dividend, double years) {
  kernels::TermValue term;
  term.value = integrated_rate(dividend, years);
  // What is due now has no time left to lose.
  term.by_time = years > 0 ? -front_value(dividend) : 0;
  return term;
}

kernels::TermValue variance_term(Curve const& volatility, double years) {
  kernels::TermValue term;
  double const front = front_value(volatility);
  term.value = integrated_variance(volatility, years);
  // Shifting every pillar by d gives (v + d)^2 t at the pillars, linear between them.
  term.by_volatility = 2 * integrated_rate(volatility, years);
  term.by_volatility2 = 2 * years;
  term.by_time = years > 0 ? -front * front : 0;
  return term;
}

kernels::TermValue operator+(kernels::TermValue a, kernels::TermValue const& b) {
  a.value += b.value;
  a.by_volatility += b.by_volatility;
  a.by_volatility2 += b.by_volatility2;
  a.by_rate += b.by_rate;
  a.by_time += b.by_time;
  return a;
}

kernels::TermValue operator*(double factor, kernels::TermValue const& a) {
  return {factor * a.value, factor * a.by_volatility, factor * a.by_volatility2, factor * a.by_rate,
          factor * a.by_time};
}

std::vector<kernels::CashFlow> cash_flows(Market const& market, Asset const& asset, double years) {
  std::vector<kernels::CashFlow> flows;
  for (auto const& dividend : asset.cash_dividends) {
    if (dividend.years <= years)
      flows.push_back({dividend.amount, rate_term(market.rate, dividend.years)});
  }
  return flows;
}

kernels::Underlying underlying(Asset const& asset, double years,
                               std::vector<kernels::CashFlow> const& cash) {
  return {asset.spot, dividend_term(asset.dividend, years), variance_term(asset.volatility, years),
          cash.data(), cash.size()};
}

}  // namespace muster::jobs::price
