// A generated market of day bars, to try muster on without data: no price in it was ever traded.
// The law is in docs/formats/bars.md; the bits are the same on every machine.
#pragma once

#include <cstdint>
#include <string_view>

#include "io/bars.hpp"

namespace muster::io {

struct SyntheticMarket {
  std::uint64_t symbols = 20;  ///< 1 to 2000
  std::uint64_t days = 2520;   ///< 2 to 25000, New York sessions from 2010-01-04 on
  std::uint64_t seed = 7;
};

/// "symbols=20,days=2520,seed=7" in any order; what is left out has its default. Throws Error
/// (Exit::user) naming the word that is wrong.
SyntheticMarket parse_synthetic(std::string_view text);

/// Bull, calm and bear markets; splits and dividends, a few halts; from 3 symbols and 60 days on
/// also a late listing and a delisting.
Bars synthetic_bars(SyntheticMarket const& market);

}  // namespace muster::io
