// What a root says about its contracts: underlying, exercise, settlement.
#pragma once

#include <span>
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

/// The root of an index option.
struct IndexRoot {
  std::string_view root;
  std::string_view underlying;
  Settlement settlement;
  Exercise exercise;
};
/// All that are known.
std::span<IndexRoot const> index_roots();

/// By the table of index roots; every other root is an equity or fund: American,
/// afternoon.
RootRules root_rules(std::string_view root);
/// Contracts adjusted for a corporate action deliver something else than 100 shares; the clearing
/// house marks them by a digit in the root (AMD1).
bool is_adjusted_root(std::string_view root);

/// The instant that fixes the payoff: 09:30 New York for morning settlement, else the day's close.
/// Expiries on a Saturday (monthlies before 2015) or a holiday settle on the trading day before.
Instant settlement_instant(Settlement settlement, Date expiry);

}  // namespace muster::io
