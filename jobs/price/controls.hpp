// Control variates whose expectation takes a formula.
#pragma once

#include <cstddef>

#include "jobs/price/group_market.hpp"
#include "jobs/price/params.hpp"

namespace muster::jobs::price {

/// Whether an instrument's control is the same option on the geometric average: arithmetic Asians under Black-Scholes
/// without cash dividends (Kemna and Vorst 1990).
bool has_geometric_control(GroupMarket const& market, Instrument const& instrument);

/// The value of that option, today's spot times `scale`. `asset` is an index of the market.
double geometric_average_value(GroupMarket const& market, std::size_t asset, Instrument const& instrument, double scale);

}  // namespace muster::jobs::price
