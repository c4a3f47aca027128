// `muster import`: vendor option chains -> one market file and a report of what was done with every
// row.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "io/import/chain_source.hpp"
#include "io/market_file.hpp"

namespace muster::io {

struct ImportOptions {
  /// Time of the quotes with zone, as parse_instant reads it; empty: from the files, and the report
  /// says how.
  std::string as_of;
  /// Continuous rate that replaces what put-call parity says, for chains of American exercise above
  /// all.
  std::optional<double> rate;
  std::string currency = "USD";
  ReadLimits limits;
};

/// How one expiry got its forward and discount.
struct ExpiryReport {
  std::string root;
  std::string expiry;  ///< date
  double years = 0;
  double forward = 0;
  double discount = 0;
  double rate = 0;        ///< continuous, of `discount`
  double rate_error = 0;  ///< one standard error of the parity regression's rate; 0 = none was made
  std::size_t rows = 0;   ///< kept
  std::size_t pairs = 0;  ///< call and put at one strike that the forward rests on
  ExpiryQuality quality = ExpiryQuality::good;
  std::string reason;
};

struct ImportReport {
  std::size_t rows_read = 0;  ///< contracts in the files; = rows_kept + sum of rejected
  std::size_t rows_kept = 0;
  std::map<std::string, std::size_t> rejected;     ///< reason -> count
  std::map<std::string, std::size_t> iv_statuses;  ///< status -> count, over kept rows
  std::vector<ExpiryReport> expiries;
  std::vector<std::string> notes;  ///< what was assumed and why, one sentence each
};

struct ImportedChain {
  MarketFile market;
  ImportReport report;
};

/// Reads, cleans, finds forwards and discounts by put-call parity, and solves implied volatilities
/// of mid prices. The files must be of one underlying. Throws Error (Exit::user) for unreadable
/// files, a time that is missing or before nothing expires, several underlyings, and when no row is
/// left.
ImportedChain import_chain(std::vector<std::filesystem::path> const& paths,
                           ImportOptions const& options = {});
/// The same from quotes already read.
ImportedChain import_raw(RawChain const& raw, ImportOptions const& options = {});

/// The report for a terminal: notes, counts, one line an expiry (at most `max_expiries`).
std::string to_text(ImportReport const& report, std::size_t max_expiries = 60);

}  // namespace muster::io
