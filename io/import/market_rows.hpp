// Slices -> the rows of a market file.
#pragma once

#include "io/import/slices.hpp"
#include "io/market_file.hpp"

namespace muster::io {

/// Appends the expiry and its rows, their volatilities not yet solved ("no_forward").
void add_expiry(MarketFile& market, Slice const& slice);
/// Solves the implied volatility of every mid price whose expiry has a forward.
void solve_volatilities(MarketFile& market);

}  // namespace muster::io
