// LEAN factor files -> events. A row says what bars up to its date are multiplied with, so an event
// lies between two rows, before the first bar after the earlier one.
#include <fmt/core.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "io/bars_rules.hpp"
#include "io/import/bar_clean.hpp"
#include "io/import/bar_grid.hpp"
#include "io/import/bar_times.hpp"
#include "io/import/csv.hpp"

namespace muster::io {
namespace {

struct FactorRow {
  std::string symbol;
  std::int64_t date = 0;
  double price = 1, split = 1, reference = 0;
};

std::optional<std::int64_t> date_of(std::string_view text) {
  auto const date = text.size() == 8 ? bare_date(text) : std::nullopt;
  return date ? std::optional(utc_seconds(*date)) : std::nullopt;
}

bool is_factor(std::optional<double> value) { return value && *value >= 1e-9 && *value <= 1e9; }

std::optional<FactorRow> row_of(CsvRecord const& record, std::size_t first) {
  if (record.fields.size() < first + 3) return std::nullopt;
  auto const cell = [&](std::size_t i) { return record.fields[first + i]; };
  auto const date = date_of(cell(0));
  auto const price = parse_number(cell(1)), split = parse_number(cell(2));
  auto const reference =
      record.fields.size() > first + 3 ? parse_number(cell(3)) : std::optional(0.0);
  if (!date || !is_factor(price) || !is_factor(split) || !reference) return std::nullopt;
  return FactorRow{"", *date, *price, *split, *reference};
}

/// "aapl.csv" -> "AAPL".
std::string symbol_of(std::string const& path) {
  std::string name = std::filesystem::path(path).stem().string();
  for (char& c : name)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  return name;
}

std::vector<FactorRow> factor_rows(TextSource& source) {
  CsvReader reader(source);
  std::vector<FactorRow> rows;
  bool has_symbols = false;
  for (CsvRecord record; reader.next(record);) {
    if (record.fields.empty()) continue;
    if (rows.empty() && record.fields[0] == "symbol") {
      has_symbols = true;
      continue;
    }
    auto row = row_of(record, has_symbols ? 1 : 0);
    MUSTER_REQUIRE(row.has_value(),
                   "{}:{}: '{}' is no row of a LEAN factor file (date as 20140606, price factor, "
                   "split factor, reference price); give such a file",
                   source.name(), record.line, printable(join_csv(record.fields)));
    row->symbol = has_symbols ? std::string(record.fields[0]) : symbol_of(source.name());
    rows.push_back(*std::move(row));
    MUSTER_REQUIRE(rows.size() <= 1'000'000,
                   "{}: more than a million rows (no factor file has so "
                   "many); give a factor file",
                   source.name());
  }
  return rows;
}

double in_hundredths_of_a_cent(double cash) {
  return static_cast<double>(static_cast<std::int64_t>(cash * 1e4 + 0.5)) / 1e4;
}

/// Factors have seven digits, and all of them change with every new event: what is derived is
/// rounded so that it does not.
FactorEvent event_between(FactorRow const& a, FactorRow const& b) {
  double const split = b.split / a.split;
  double const cash = a.reference * (1 - a.price / b.price);
  double const ratio = simple_ratio(split).value_or(split);
  bool const is_paid = cash > 5e-5 && cash < largest_bar_price;
  return {a.symbol, a.date, ratio, is_paid ? in_hundredths_of_a_cent(cash / ratio) : 0};
}

void require_range(FactorEvent const& event) {
  bool const is_split = event.split >= 1 / largest_split && event.split <= largest_split;
  MUSTER_REQUIRE(
      is_split && event.dividend <= largest_bar_price,
      "factors of {}: a split of {} and a dividend of {} after {} (beyond 1e-4 to 1e4, or "
      "1e9); correct the factor file",
      printable(event.symbol), event.split, event.dividend,
      time_text(event.after, BarInterval::day));
}

/// Where the day after the event's date begins: by its date, or at New York's midnight.
std::int64_t day_after(FactorEvent const& event, Bars const& bars) {
  auto const day = std::chrono::sys_days{std::chrono::days{event.after / 86'400 + 1}};
  return bars.interval == BarInterval::day ? utc_seconds(Date{day})
                                           : utc_seconds(from_new_york({Date{day}, 0}));
}

bool is_earlier_factor(FactorRow const& a, FactorRow const& b) {
  return a.symbol != b.symbol ? a.symbol < b.symbol : a.date < b.date;
}

}  // namespace

std::vector<FactorEvent> read_factors(std::vector<std::unique_ptr<TextSource>> const& sources) {
  std::vector<FactorEvent> events;
  for (auto const& source : sources) {
    auto rows = factor_rows(*source);
    std::stable_sort(rows.begin(), rows.end(), is_earlier_factor);
    for (std::size_t i = 1; i < rows.size(); ++i) {
      if (rows[i - 1].symbol != rows[i].symbol) continue;
      FactorEvent event = event_between(rows[i - 1], rows[i]);
      require_range(event);
      if (event.split != 1 || event.dividend != 0) events.push_back(std::move(event));
    }
  }
  return events;
}

void add_factor_events(Bars& bars, std::vector<FactorEvent> const& events) {
  for (FactorEvent const& event : events) {
    auto const symbol = std::lower_bound(bars.symbols.begin(), bars.symbols.end(), event.symbol);
    if (symbol == bars.symbols.end() || *symbol != event.symbol) continue;
    auto const time =
        std::lower_bound(bars.times.begin(), bars.times.end(), day_after(event, bars));
    if (time == bars.times.begin() || time == bars.times.end()) continue;
    std::size_t const i = bars.at(static_cast<std::size_t>(time - bars.times.begin()),
                                  static_cast<std::size_t>(symbol - bars.symbols.begin()));
    if (bars.status[i] == BarStatus::not_listed) continue;
    MUSTER_REQUIRE(bars.split[i] == 1 && bars.dividend[i] == 0,
                   "{} has an event at {} in the bars and in the factors (it would count twice); "
                   "give bars without events, or no factors",
                   event.symbol, time_text(*time, bars.interval));
    bars.split[i] = event.split;
    bars.dividend[i] = event.dividend;
  }
}

}  // namespace muster::io
