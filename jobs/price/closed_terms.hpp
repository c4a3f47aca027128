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

}  // namespace muster::jobs::price
