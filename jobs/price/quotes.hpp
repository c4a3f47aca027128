// Instruments that bring a market of their own.
#pragma once

#include "jobs/price/params.hpp"

namespace muster::jobs::price {

bool has_quotes(Params const& params);

/// The market that an instrument's quote says: its asset alone, at the same spot, with the flat
/// rate, dividend yield and volatility that give the quote's discount, forward and variance at
/// expiry.
Market quoted_market(Market const& market, Instrument const& instrument);

}  // namespace muster::jobs::price
