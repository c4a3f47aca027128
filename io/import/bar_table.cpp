// Bars as a table: a column of symbols (or one file a symbol), times, prices; perhaps events.
#include "io/import/bar_table.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

#include "core/error.hpp"
#include "core/text.hpp"
#include "io/import/bar_times.hpp"

namespace muster::io {
namespace {

using Names = std::initializer_list<std::string_view>;
using Place = std::optional<std::size_t>;
constexpr double lean_scale = 10'000;  // LEAN's prices are in ten-thousandths

std::string lower_case(std::string_view text) {
  std::string small(text.substr(0, 40));
  for (char& c : small)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return small;
}

Place place_of(CsvRecord const& header, Names names) {
  for (std::string_view const name : names)
    for (std::size_t i = 0; i < header.fields.size(); ++i)
      if (lower_case(header.fields[i]) == name) return i;
  return std::nullopt;
}

std::string_view cell_of(CsvRecord const& record, Place column) {
  return column && *column < record.fields.size() ? record.fields[*column] : std::string_view{};
}

bool is_number(std::string_view text) { return parse_number(text).has_value(); }

/// "20151224 09:30,973100,975300,970300,970300,384500": LEAN's own files have no header.
bool is_bare_lean(CsvRecord const& record) {
  if (record.fields.size() != 6) return false;
  bool const has_time = lean_time(record.fields[0]) || parse_count(record.fields[0]);
  return has_time && std::all_of(record.fields.begin() + 1, record.fields.end(), is_number);
}

class TableReader {
 public:
  TableReader(BarSink& sink, BarColumns const& columns) : sink_(sink), columns_(columns) {
    if (!columns_.symbol) file_symbol_ = sink_.file_symbol();
    if (columns_.clock == BarClock::milliseconds) midnight_ = from_new_york({sink_.file_date(), 0});
  }

  void read(CsvRecord const& record) {
    auto const name = cell_of(record, columns_.symbol);
    auto const time = time_of(cell_of(record, columns_.time), record.line);
    bool const is_whole = record.fields.size() >= columns_.count;
    if (!is_whole || !time || (columns_.symbol && !is_bar_symbol(name)))
      return sink_.refuse_row(record.line, join_csv(record.fields));
    BarRow row;
    row.symbol = columns_.symbol ? sink_.symbol(name) : *file_symbol_;
    row.line = record.line;
    row.time = *time;
    read_prices(record, row);
    read_events(record, row);
    ++sink_.report().rows_read;
    sink_.add(row);
  }

 private:
  double number(CsvRecord const& record, Place column, BarRow& row) const {
    auto const value = parse_number(cell_of(record, column));
    if (!value) row.drop = "not_a_number";
    return value.value_or(0);
  }

  void read_prices(CsvRecord const& record, BarRow& row) const {
    row.open = number(record, columns_.open, row) / columns_.scale;
    row.high = number(record, columns_.high, row) / columns_.scale;
    row.low = number(record, columns_.low, row) / columns_.scale;
    row.close = number(record, columns_.close, row) / columns_.scale;
    if (columns_.volume) row.volume = number(record, columns_.volume, row);
    if (auto const adjusted = parse_number(cell_of(record, columns_.adjusted)))
      row.adjusted_close = *adjusted;
  }

  void read_events(CsvRecord const& record, BarRow& row) const {
    auto const event = [&](Place column, double none) {
      auto const text = cell_of(record, column);
      if (text.empty()) return none;
      auto const value = parse_number(text);
      MUSTER_REQUIRE(value.has_value(),
                     "{}:{}: '{}' is no split or dividend (without it every later price is off); "
                     "correct the row",
                     sink_.file(), record.line, printable(text));
      return *value;
    };
    row.dividend = event(columns_.dividend, 0);
    row.split = event(columns_.split, 1);
    if (row.split == 0) row.split = 1;  // some vendors write 0 for none
  }

  std::optional<std::int64_t> milliseconds_of(std::string_view text) {
    auto const count = parse_count(text);
    if (!count || *count >= 86'400'000) return std::nullopt;
    sink_.require_time(BarTime::instant);
    return utc_seconds(midnight_) + static_cast<std::int64_t>(*count / 1000);
  }

  std::optional<std::int64_t> time_of(std::string_view text, std::uint64_t line) {
    if (columns_.clock == BarClock::milliseconds) return milliseconds_of(text);
    auto const date = text.size() == 8 ? bare_date(text) : parse_iso_date(text);
    if (date) {
      sink_.require_time(BarTime::date);
      return utc_seconds(*date);
    }
    auto const local = lean_time(text);
    auto const instant = local ? std::optional(from_new_york(*local)) : parse_rfc3339(text);
    if (!instant) {
      require_zone(text, line);
      return std::nullopt;
    }
    sink_.require_time(BarTime::instant);
    return utc_seconds(*instant);
  }

  void require_zone(std::string_view text, std::uint64_t line) const {
    auto const civil = parse_civil_time(text);
    MUSTER_REQUIRE(!civil || !civil->time_of_day || civil->utc_offset,
                   "{}:{}: '{}' has no time zone (the bar could be hours off); write it as "
                   "2015-12-24T09:30:00-05:00, or as 20151224 09:30 for New York",
                   sink_.file(), line, printable(text));
  }

  BarSink& sink_;
  BarColumns columns_;
  std::optional<std::uint32_t> file_symbol_;
  Instant midnight_{};
};

BarColumns bare_lean_columns(CsvRecord const& first) {
  BarColumns columns;
  columns.time = 0;
  columns.open = 1, columns.high = 2, columns.low = 3, columns.close = 4, columns.volume = 5;
  columns.count = 6;
  columns.scale = lean_scale;
  if (!lean_time(first.fields[0])) columns.clock = BarClock::milliseconds;
  return columns;
}

}  // namespace

std::optional<BarColumns> bar_columns(CsvRecord const& header) {
  BarColumns columns;
  columns.count = header.fields.size();
  columns.symbol = place_of(header, {"symbol", "ticker"});
  columns.time = place_of(header, {"timestamp", "datetime_et", "datetime", "date", "time"});
  if (auto const clock = place_of(header, {"ms_since_midnight_et"}); clock && !columns.time) {
    columns.time = clock;
    columns.clock = BarClock::milliseconds;
  }
  columns.open = place_of(header, {"open", "open_x1e4"});
  columns.high = place_of(header, {"high", "high_x1e4"});
  columns.low = place_of(header, {"low", "low_x1e4"});
  columns.close = place_of(header, {"close", "close_x1e4"});
  columns.scale = place_of(header, {"close_x1e4"}) ? lean_scale : 1;
  columns.volume = place_of(header, {"volume"});
  columns.adjusted =
      place_of(header, {"adjusted_close", "adj_close", "adj close", "adjusted close", "adjclose"});
  columns.dividend = place_of(header, {"dividend_amount", "dividends", "dividend"});
  columns.split = place_of(header, {"split_coefficient", "stock splits", "stock_splits", "split"});
  bool const is_bars = columns.time && columns.open && columns.high && columns.low && columns.close;
  return is_bars ? std::optional(columns) : std::nullopt;
}

void read_bar_table(TextSource& source, BarSink& sink) {
  CsvReader reader(source);
  CsvRecord record;
  bool has_row = reader.next(record);
  while (has_row && record.fields.empty()) has_row = reader.next(record);
  bool const is_bare = has_row && is_bare_lean(record);
  auto const columns = is_bare ? bare_lean_columns(record) : bar_columns(record);
  MUSTER_REQUIRE(columns.has_value(),
                 "{}: no known header; expected columns of time, open, high, low and close (with "
                 "symbol, volume, dividend_amount, split_coefficient where there are such), LEAN's "
                 "own rows, or Alpaca JSON; found '{}' (its columns cannot be told); export the "
                 "file again or rename its columns",
                 source.name(), printable(join_csv(record.fields), 200));
  RawBars& raw = sink.raw();
  bool const has_events = columns->dividend && columns->split;
  raw.has_events = raw.has_events || has_events;
  raw.is_plain_table = raw.is_plain_table || (!has_events && columns->scale == 1);
  if (raw.layout.empty())
    raw.layout = columns->scale != 1 ? "LEAN bars" : has_events ? "bars with events" : "bar table";
  TableReader table(sink, *columns);
  if (is_bare) table.read(record);
  while (reader.next(record))
    if (!record.fields.empty()) table.read(record);
}

}  // namespace muster::io
