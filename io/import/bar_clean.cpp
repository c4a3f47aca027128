#include "io/import/bar_clean.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "core/text.hpp"
#include "io/bars_rules.hpp"

namespace muster::io {
namespace {

char const* fault_of(BarRow const& row) {
  if (row.drop != nullptr) return row.drop;
  for (double const price : {row.open, row.high, row.low, row.close}) {
    if (!(price > 0)) return "not_positive";
    if (!is_bar_price(price)) return "out_of_range";
  }
  if (row.high < row.low) return "high_below_low";
  if (!(row.volume >= 0 && row.volume <= largest_bar_volume)) return "volume_out_of_range";
  return nullptr;
}

/// Vendors round high and low apart from open and close: the range is widened to hold them.
bool widen_range(BarRow& row) {
  double const high = std::max({row.high, row.open, row.close});
  double const low = std::min({row.low, row.open, row.close});
  bool const is_changed = high != row.high || low != row.low;
  row.high = high;
  row.low = low;
  return is_changed;
}

void require_events(BarRow const& row, RawBars const& raw) {
  bool const is_split = row.split >= 1 / largest_split && row.split <= largest_split;
  bool const is_dividend = row.dividend >= 0 && row.dividend <= largest_bar_price;
  MUSTER_REQUIRE(is_split && is_dividend,
                 "{}: split {} and dividend {} (a split is between 1e-4 and 1e4, a dividend at "
                 "least 0; every later price hangs on them); correct the row",
                 describe(row, raw), row.split, row.dividend);
}

void clean_row(BarRow& row, RawBars const& raw, BarsReport& report) {
  require_events(row, raw);
  row.drop = fault_of(row);
  if (row.drop != nullptr) BarsReport::note(report.dropped, row.drop, describe(row, raw));
  if (row.drop == nullptr && widen_range(row))
    BarsReport::note(report.mended, "range_widened", describe(row, raw));
  auto const simple = simple_ratio(row.split);
  if (simple && *simple != row.split) {
    BarsReport::note(report.mended, "split_rounded",
                     fmt::format("{}: split {} to {}", describe(row, raw), row.split, *simple));
    row.split = *simple;
  }
}

bool is_same_bar(BarRow const& a, BarRow const& b) {
  return a.open == b.open && a.high == b.high && a.low == b.low && a.close == b.close &&
         a.volume == b.volume && a.split == b.split && a.dividend == b.dividend;
}

/// The later of two rows of one symbol and time goes, unless the earlier one is dropped already.
void merge(BarRow& first, BarRow& second, RawBars const& raw, BarsReport& report) {
  bool const are_both_good = first.drop == nullptr && second.drop == nullptr;
  MUSTER_REQUIRE(!are_both_good || is_same_bar(first, second),
                 "{} and {} are two bars of one time that differ (one of them is wrong); take one "
                 "out",
                 describe(first, raw), describe(second, raw));
  BarRow& gone = first.drop != nullptr ? first : second;
  if (gone.drop == nullptr) BarsReport::note(report.dropped, "duplicate", describe(gone, raw));
  gone.drop = "duplicate";
  gone.split = 1;
  gone.dividend = 0;
}

void note_unsorted(RawBars const& raw, BarsReport& report) {
  std::vector<std::int64_t> last(raw.symbols.size(), INT64_MIN);
  for (BarRow const& row : raw.rows) {
    if (row.time < last[row.symbol]) BarsReport::note(report.mended, "sorted", describe(row, raw));
    last[row.symbol] = row.time;
  }
}

bool is_earlier(BarRow const& a, BarRow const& b) {
  return a.time != b.time ? a.time < b.time : a.symbol < b.symbol;
}

bool is_fraction_of_a_cent(double price) {
  double const cents = price * 100;
  return std::fabs(cents - static_cast<double>(static_cast<std::int64_t>(cents + 0.5))) > 1e-4;
}

}  // namespace

std::string time_text(std::int64_t time, BarInterval interval) {
  std::string const text = format_instant(Instant(std::chrono::seconds(time)));
  return interval == BarInterval::day ? text.substr(0, 10) : text;
}

std::string describe(BarRow const& row, RawBars const& raw) {
  auto const interval = row.time % 86400 == 0 ? BarInterval::day : BarInterval::minute;
  return fmt::format(
      "{} {} open {} high {} low {} close {} volume {} ({}:{})", raw.symbols[row.symbol],
      time_text(row.time, interval), row.open, row.high, row.low, row.close, row.volume,
      printable(std::filesystem::path(raw.files[row.file]).filename().string()), row.line);
}

std::optional<double> simple_ratio(double ratio) {
  for (int q = 1; q <= 20; ++q)
    for (int p = 1; p <= 20; ++p)
      if (double const simple = static_cast<double>(p) / q;
          std::fabs(simple - ratio) <= 1e-5 * ratio)
        return simple;
  return std::nullopt;
}

void require_raw_prices(RawBars const& raw, BarInterval interval) {
  if (!raw.is_plain_table || raw.has_events || interval != BarInterval::day) return;
  constexpr std::int64_t decimal_prices = 986'774'400;  // 2001-04-09: no sixteenths any more
  std::size_t closes = 0, fractions = 0;
  for (BarRow const& row : raw.rows) {
    if (row.time < decimal_prices || !(row.close >= 1) || row.close > 1e6) continue;
    ++closes;
    fractions += is_fraction_of_a_cent(row.close);
  }
  MUSTER_REQUIRE(
      closes < 50 || fractions * 20 < closes,
      "{}: {} of {} closes have fractions of a cent (no exchange trades shares so: these "
      "prices are adjusted for later splits and dividends, and a test on them looks "
      "ahead); take prices as traded, with their splits and dividends",
      raw.files.front(), fractions, closes);
}

void clean_rows(RawBars& raw, BarsReport& report) {
  for (BarRow& row : raw.rows) clean_row(row, raw, report);
}

void sort_rows(RawBars& raw, BarsReport& report) {
  note_unsorted(raw, report);
  std::stable_sort(raw.rows.begin(), raw.rows.end(), is_earlier);
  for (std::size_t i = 1; i < raw.rows.size(); ++i) {
    BarRow &a = raw.rows[i - 1], &b = raw.rows[i];
    if (a.time == b.time && a.symbol == b.symbol) {
      merge(a, b, raw, report);
      if (a.drop == nullptr) std::swap(a, b);  // the good one meets the next
    }
  }
}

}  // namespace muster::io
