// Instants: UTC seconds, ISO 8601 text, and the close of the US listed options market.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace muster {

using Instant = std::chrono::sys_seconds;

/// A date that may have a time of day and a zone, as a file gives it.
struct CivilTime {
  std::chrono::year_month_day date{};
  std::optional<std::chrono::seconds> time_of_day;
  std::optional<std::chrono::minutes> utc_offset;
};

/// `2026-06-19`, `2026-06-19T16:00`, `2026-06-19 16:00:00Z`, `...-05:00`: the whole token, a real
/// date in the years 1970 to 2199, whole seconds.
std::optional<CivilTime> parse_civil_time(std::string_view token);

/// The close of US listed options, 16:00 in New York, as UTC. By the daylight-saving rules in force
/// since 1987 (earlier dates use the rule of 1987).
Instant new_york_close(std::chrono::year_month_day date);

/// With a time and a zone: that instant. A date alone: the New York close of that day. A time
/// without a zone has no instant.
std::optional<Instant> to_instant(CivilTime const& time);

/// `2026-06-19T20:00:00Z`
std::string format_instant(Instant instant);

/// Years between two instants as minutes / 525 600, the convention of listed volatility indices.
double years_between(Instant from, Instant to);

}  // namespace muster
