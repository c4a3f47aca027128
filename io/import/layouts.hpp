// The vendor layouts, one .cpp each; private to chain_source.
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "io/import/chain_source.hpp"
#include "io/import/csv.hpp"

namespace muster::io {

/// Where the readers put what they find, within the limits.
class QuoteSink {
 public:
  QuoteSink(RawChain& chain, ReadLimits const& limits) : chain_(chain), limits_(limits) {}
  /// Adds a quote of the file last named by begin_file.
  void add(OptionQuote quote);
  void begin_file(std::string const& name) { chain_.files.push_back(name); }
  /// Remembers the newest time that the files show.
  void saw(Instant time) {
    if (!chain_.seen || time > *chain_.seen) chain_.seen = time;
  }
  RawChain& chain() { return chain_; }

 private:
  RawChain& chain_;
  ReadLimits limits_;
};

/// A header row: names -> positions.
class Columns {
 public:
  Columns(CsvReader const& reader, CsvRecord const& header);
  /// First position of `name` in [from, to). Throws Error (Exit::user) naming the missing column.
  std::size_t require(std::string_view name, std::size_t from = 0, std::size_t to = SIZE_MAX) const;
  std::optional<std::size_t> find(std::string_view name, std::size_t from = 0,
                                  std::size_t to = SIZE_MAX) const;
  std::size_t count() const { return names_.size(); }

 private:
  std::string where_;
  std::vector<std::string> names_;
};

/// A quote for a data row, with a fault already noted when the row has fewer fields than the
/// header.
OptionQuote begin_quote(CsvRecord const& record, Columns const& columns);
/// The cell at `column`, or blank.
std::string_view cell(CsvRecord const& record, std::optional<std::size_t> column);

/// Rows before the header of a Cboe file: title, last price, time of download.
void read_cboe_preamble(CsvRecord const& record, RawChain& chain);
bool is_cboe_header(CsvRecord const& record);
bool is_lean_header(CsvRecord const& record);
bool is_yahoo_header(CsvRecord const& record);
void read_cboe(CsvReader& reader, CsvRecord const& header, QuoteSink& sink);
void read_lean(CsvReader& reader, CsvRecord const& header, QuoteSink& sink);
void read_yahoo(CsvReader& reader, CsvRecord const& header, QuoteSink& sink);
/// One page of Alpaca option snapshots.
void read_alpaca(TextSource& source, QuoteSink& sink);

/// "February 5 2022, 8:09 PM EST", "September 14, 2023 at 4:31 PM EDT"; empty when it is neither.
std::optional<Instant> parse_cboe_time(std::string_view text);

}  // namespace muster::io
