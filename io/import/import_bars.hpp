// `muster import bars`: vendors' bar files -> one bar file, and a report of what was done with
// every row (docs/formats/bars.md).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "io/bars.hpp"
#include "io/import/bar_rows.hpp"
#include "io/import/bars_report.hpp"

namespace muster::io {

enum class BarCalendar { us_equity, none };

struct BarsOptions {
  std::vector<std::string> symbols = {};  ///< empty: all
  std::string from = {}, to = {};         ///< dates, both included; empty: all
  std::string symbol = {};                ///< as BarHints
  std::string date = {};                  ///< as BarHints
  std::string interval = {};              ///< "day", "hour", "minute"; empty: told by the times
  BarCalendar calendar = BarCalendar::us_equity;
  std::string currency = "USD";
  std::vector<std::filesystem::path> factors = {};  ///< LEAN factor files
  BarLimits limits = {};
};

struct ImportedBars {
  Bars bars;
  BarsReport report;
};

/// Throws Error (Exit::user) for unreadable files, what no rule mends, and when no bar is left.
ImportedBars import_bars(std::vector<std::filesystem::path> const& paths,
                         BarsOptions const& options = {});
/// The same over open sources; `factors` in place of the options' paths. Bars::sources stays empty.
ImportedBars import_bars(std::vector<std::unique_ptr<TextSource>> const& sources,
                         std::vector<std::unique_ptr<TextSource>> const& factors,
                         BarsOptions const& options = {});

/// Symbols and flags of bars that come from elsewhere.
BarsReport report_on(Bars const& bars);

/// The report for a terminal.
std::string to_text(BarsReport const& report, Bars const& bars);

}  // namespace muster::io
