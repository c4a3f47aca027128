// Dates and New York time (system tzdata).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "core/instant.hpp"

namespace muster::io {

using Date = std::chrono::year_month_day;

/// A date and minutes since midnight on some clock.
struct LocalTime {
  Date date;
  int minute = 0;
};

/// Throws Error (Exit::environment) when the time zone database is missing.
Instant from_new_york(LocalTime local);
LocalTime to_new_york(Instant instant);

/// "2023-09-14 16:00 America/New_York", "2023-09-14T16:00:00-04:00", "2023-09-14T20:00Z". Time and
/// zone are required. Throws Error (Exit::user) naming the text, also for local times that a clock
/// change skips; of a local time that comes twice, the first is meant.
Instant parse_instant(std::string_view text);
/// Date, time and Z or an offset; fractional seconds are dropped. Empty when it is not that.
std::optional<Instant> parse_rfc3339(std::string_view text);
/// "2023-09-14 16:00 New York".
std::string to_new_york_text(Instant instant);

/// "2023-09-14"; empty when it is not a date that exists.
std::optional<Date> parse_iso_date(std::string_view text);
std::string to_iso(Date date);
/// 1..12 for "Sep" or "September" in any case; 0 for other words.
unsigned month_by_name(std::string_view word);

}  // namespace muster::io
