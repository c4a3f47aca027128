// Market quantities with the derivatives that closed forms need (kernels::TermValue).
#pragma once

#include <vector>

#include "jobs/price/params.hpp"
#include "kernels/closed_forms.hpp"

namespace muster::jobs::price {

/// True when the curve has one value over [0, years].
bool is_flat(Curve const& curve, double years);

/// Integral of the rate to `years`; moves with parallel rates.
kernels::TermValue rate_term(Curve const& rate, double years);
/// Integral of the dividend yield to `years`.
kernels::TermValue dividend_term(Curve const& dividend, double years);
/// Total variance to `years`; moves with a parallel shift of the curve's pillars.
kernels::TermValue variance_term(Curve const& volatility, double years);

kernels::TermValue operator+(kernels::TermValue a, kernels::TermValue const& b);
kernels::TermValue operator*(double factor, kernels::TermValue const& a);

/// The cash dividends that go ex on or before `years`, to be taken off the spot.
std::vector<kernels::CashFlow> cash_flows(Market const& market, Asset const& asset, double years);

/// One asset to one date. `cash` must outlive the result.
kernels::Underlying underlying(Asset const& asset, double years,
                               std::vector<kernels::CashFlow> const& cash);

/// The geometric average of an Asian's fixings from the market's terms, each a function of years: integrals of rate,
/// dividend yield and variance.
template <class Rate, class Dividend, class Variance>
kernels::GeometricInput geometric_input(Instrument const& i, double spot, Rate rate, Dividend dividend, Variance variance) {
  kernels::GeometricInput in;
  in.is_call = i.right == Right::call ? 1 : 0;
  in.is_floating = i.strike_kind == StrikeKind::floating ? 1 : 0;
  in.spot = spot;
  in.strike = i.strike;
  in.past = i.past_fixings.data();
  in.past_count = i.past_fixings.size();
  std::size_t const ahead = i.fixing_years.size();
  std::size_t const count = ahead + i.past_fixings.size();
  double const share = 1.0 / static_cast<double>(count);
  in.fixings = static_cast<double>(count);
  in.spot_share = share * static_cast<double>(ahead);
  for (std::size_t k = 0; k < ahead; ++k) {
    double const at = i.fixing_years[k];
    kernels::TermValue const w = variance(at);
    in.mean = in.mean + share * (rate(at) + -1.0 * dividend(at) + -0.5 * w);
    // Each pair of fixings shares the variance up to its earlier one.
    double const pairs = 2.0 * static_cast<double>(ahead - 1 - k) + 1.0;
    in.variance = in.variance + share * share * pairs * w;
    in.covariance = in.covariance + share * w;
  }
  in.rate = rate(i.expiry_years);
  in.dividend = dividend(i.expiry_years);
  in.asset_variance = variance(i.expiry_years);
  return in;
}

}  // namespace muster::jobs::price
