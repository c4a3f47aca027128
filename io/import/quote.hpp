// Option quotes as a vendor's file has them, before anything is judged.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "io/import/clock.hpp"
#include "io/market_file.hpp"

namespace muster::io {

/// Stands for a cell that is blank or a column that the layout has not.
inline constexpr double absent = std::numeric_limits<double>::quiet_NaN();

/// What kept a reader from understanding a row.
enum class QuoteFault { none, unreadable, not_finite };

/// One contract's row. Prices in currency per unit of underlying; `absent` where blank.
struct OptionQuote {
  std::string root;
  Date expiry;
  OptionRight right = OptionRight::call;
  double strike = absent;
  double bid = absent;
  double ask = absent;
  double last = absent;
  double volume = absent;
  double open_interest = absent;
  double file_iv = absent;  ///< the vendor's implied volatility, per square root of a year
  double delta = absent;
  double gamma = absent;
  std::optional<Instant> quote_time;  ///< when the vendor stamps each quote
  std::optional<Date> quote_date;     ///< when the vendor dates each row
  std::uint32_t file = 0;             ///< index into RawChain::files
  std::uint64_t line = 0;             ///< 1-based; for JSON the 1-based number of the contract
  QuoteFault fault = QuoteFault::none;
  std::string fault_text;  ///< "Bid 'abc' is not a number"
  std::string text;        ///< the row, for the list of rejected rows
};

/// All that the files of one import say.
struct RawChain {
  std::string layout;              ///< "Cboe quote table"
  std::vector<std::string> files;  ///< names, in the order given
  std::vector<OptionQuote> quotes;
  std::string title;                 ///< the name in a Cboe header; may be empty
  std::optional<double> last_price;  ///< of the underlying, from a Cboe header
  std::map<Date, double> closes;     ///< of the underlying by quote date (Lean)
  std::optional<Instant> seen;       ///< newest download or trade stamp in the files
  std::vector<Instant> downloads;    ///< the header's time of each file (Cboe)
};

}  // namespace muster::io
