// Rows of vendors' bar files, as the readers hand them on; private to import_bars.
#pragma once

#include <cstdint>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "io/import/bars_report.hpp"
#include "io/import/clock.hpp"
#include "io/import/text_source.hpp"

namespace muster::io {

/// What a row's time is.
enum class BarTime { date, instant };

struct BarRow {
  std::uint32_t symbol = 0;  ///< index into RawBars::symbols
  std::uint32_t file = 0;    ///< index into RawBars::files
  std::uint64_t line = 0;    ///< of the file; the number of the bar in JSON
  std::int64_t time = 0;     ///< UTC seconds; of a date, its 00:00 UTC
  double open = 0, high = 0, low = 0, close = 0;
  double volume = 0;
  double split = 1;
  double dividend = 0;
  double adjusted_close = std::numeric_limits<double>::quiet_NaN();  ///< NaN = not in the source
  char const* drop = nullptr;  ///< why the bar is not kept (its events are); null = it is
};

struct RawBars {
  std::vector<std::string> files;
  std::vector<std::string> symbols;
  std::string layout;  ///< of the first file, for people
  std::optional<BarTime> time;
  bool has_events = false;      ///< columns of splits and dividends
  bool is_plain_table = false;  ///< prices of which nothing says that they are raw
  std::size_t unfinished = 0;   ///< pages that name a next one
  std::size_t pages = 0;        ///< pages that could
  std::vector<BarRow> rows;
};

struct BarLimits {
  std::uint64_t bytes = std::uint64_t{4} << 30;  ///< decompressed, a file
  std::size_t rows = 20'000'000;                 ///< in all files
};

/// What a file may leave to its name or to the user.
struct BarHints {
  std::string symbol;        ///< of files that have no symbols
  std::optional<Date> date;  ///< of files that have only times of day
};

/// Where the readers put what they find.
class BarSink {
 public:
  BarSink(RawBars& raw, BarsReport& report, BarLimits const& limits, BarHints const& hints)
      : raw_(raw), report_(report), limits_(limits), hints_(hints) {}

  void begin_file(std::string const& name);
  /// A row of the file last begun. Throws Error (Exit::user) beyond the limit.
  void add(BarRow row);
  /// A row that belongs to no symbol or time, or that is no row.
  void refuse_row(std::uint64_t line, std::string_view text);
  /// Throws Error (Exit::user) where files with dates and files with times meet.
  void require_time(BarTime time);
  std::uint32_t symbol(std::string_view name);
  /// For a file without symbols: the one given, or the first word of the file's name.
  std::uint32_t file_symbol();
  /// For a file without dates: the one given, or the one in the file's name. Throws Error
  /// (Exit::user) when there is neither.
  Date file_date();
  RawBars& raw() { return raw_; }
  BarsReport& report() { return report_; }
  std::string const& file() const { return raw_.files.back(); }

 private:
  RawBars& raw_;
  BarsReport& report_;
  BarLimits limits_;
  BarHints hints_;
  std::map<std::string, std::uint32_t, std::less<>> numbers_;
};

/// 1 to 32 visible characters.
bool is_bar_symbol(std::string_view text);

/// Reads files of any of the known layouts. Throws Error (Exit::user) with file and line.
void read_bar_rows(std::vector<std::unique_ptr<TextSource>> const& sources, BarSink& sink);

/// One page of {"bars": {SYMBOL: [{t, o, h, l, c, v}]}, "next_page_token": ...}.
void read_alpaca_bars(TextSource& source, BarSink& sink);

}  // namespace muster::io
