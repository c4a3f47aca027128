// Prices of a chain at its own volatilities against its mids.
#pragma once

#include <gtest/gtest.h>

#include <cmath>

#include "io/market_file.hpp"
#include "jobs/price/closed.hpp"

namespace muster::jobs::price {

/// The rows with a volatility, in order, within 1e-10 of the mid or what is left of a difference of
/// terms as large as the forward.
inline void expect_prices_are_mids(io::MarketFile const& market, Params const& params) {
  auto row = market.rows.begin();
  for (Instrument const& instrument : params.instruments) {
    while (row != market.rows.end() && !(row->iv > 0)) ++row;
    ASSERT_NE(row, market.rows.end());
    ClosedValue const value = closed_form(params.market, instrument);
    ASSERT_TRUE(value.available) << instrument.name << ": " << value.why_not;
    double const forward = market.expiries[row->expiry].forward;
    ASSERT_NEAR(value.price, row->mid, std::max(1e-10 * row->mid, 1e-14 * forward))
        << instrument.name;
    ++row;
  }
  while (row != market.rows.end() && !(row->iv > 0)) ++row;
  EXPECT_EQ(row, market.rows.end());
}

}  // namespace muster::jobs::price
