// What a root says about its contracts: underlying, exercise, settlement.
#pragma once

#include <string>
#include <string_view>

#include "io/import/clock.hpp"
#include "io/market_file.hpp"

namespace muster::io {

struct RootRules {
  std::string underlying;  ///< "SPX" for SPXW
  Settlement settlement = Settlement::pm;
  Exercise exercise = Exercise::european_equivalent;
};

/// Index options are listed in the .cpp; every other root is an equity or fund: American,
/// afternoon.
RootRules root_rules(std::string_view root);
/// Contracts adjusted for a corporate action deliver something else than 100 shares; the clearing
/// house marks them by a digit in the root (AMD1).
bool is_adjusted_root(std::string_view root);

/// The instant that fixes the payoff: 09:30 New York for morning settlement, else the day's close.
/// Expiries on a Saturday (monthlies before 2015) or a holiday settle on the trading day before.
Instant settlement_instant(Settlement settlement, Date expiry);

}  // namespace muster::io
