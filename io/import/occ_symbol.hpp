// Option symbols of the Options Clearing Corporation: AAPL240426C00155000.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "io/import/clock.hpp"
#include "io/market_file.hpp"

namespace muster::io {

struct OccSymbol {
  std::string root;  ///< 1 to 6 letters and digits
  Date expiry;
  OptionRight right = OptionRight::call;
  double strike = 0;  ///< from thousandths
};

/// Root (blanks that pad it to 6 are accepted), YYMMDD, C or P, strike x 1000 in 8 digits; empty
/// when it is not that.
std::optional<OccSymbol> parse_occ_symbol(std::string_view text);

}  // namespace muster::io
