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
  friend bool operator==(OccSymbol const&, OccSymbol const&) = default;
};

/// Root (blanks that pad it to 6 are accepted), YYMMDD, C or P, strike x 1000 in 8 digits; empty
/// when it is not that.
std::optional<OccSymbol> parse_occ_symbol(std::string_view text);

/// The symbol of a contract, unpadded; empty when parse_occ_symbol would not read the same back (a
/// strike that is no whole number of thousandths, say).
std::optional<std::string> format_occ_symbol(OccSymbol const& symbol);

}  // namespace muster::io
