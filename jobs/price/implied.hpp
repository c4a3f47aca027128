// Black volatilities that give back the prices of European options: the output implied_volatility.
#pragma once

#include <vector>

#include "jobs/price/estimates.hpp"
#include "jobs/price/params.hpp"

namespace muster::jobs::price {

/// The volatility of each instrument at the given price (one an instrument), with the standard error that the price's
/// passes on by vega; NaN for other payoffs and for prices that no volatility gives.
std::vector<Estimate> implied_volatilities(Params const& params, std::vector<Estimate> const& prices);

}  // namespace muster::jobs::price
