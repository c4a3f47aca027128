// The rules for rows: what is dropped, what is mended, what ends the import; private to
// import_bars. A dropped row keeps its events.
#pragma once

#include <optional>

#include "io/bars.hpp"
#include "io/import/import_bars.hpp"

namespace muster::io {

/// "AAPL 2014-06-09 open 1 high 2 low 3 close 4 (file:7)".
std::string describe(BarRow const& row, RawBars const& raw);
/// "2014-06-09" of a day bar, "2014-06-09T13:30:00Z" of another.
std::string time_text(std::int64_t time, BarInterval interval);

/// The interval asked for, or the one the times tell; times of day bars become dates. Throws Error
/// (Exit::user) where they tell none.
BarInterval settle_interval(RawBars& raw, std::string const& asked);
/// Throws Error (Exit::user) where the prices are adjusted already.
void require_raw_prices(RawBars const& raw, BarInterval interval);
/// Leaves out rows of other symbols and times than asked for.
void select_rows(RawBars& raw, BarsOptions const& options, BarInterval interval,
                 BarsReport& report);
/// Marks rows that are dropped and mends others.
void clean_rows(RawBars& raw, BarsReport& report);
/// Drops rows outside the calendar's sessions and counts the sessions that are missing.
void check_calendar(RawBars& raw, BarInterval interval, BarsReport& report);
/// Sorts by time and symbol and drops what stands twice. Throws Error (Exit::user) for two bars of
/// one symbol and time that differ.
void sort_rows(RawBars& raw, BarsReport& report);

/// p / q with p and q up to 20 that is within 1e-5 of the ratio.
std::optional<double> simple_ratio(double ratio);

}  // namespace muster::io
