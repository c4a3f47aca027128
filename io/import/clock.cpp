#include "io/import/clock.hpp"

#include <date/tz.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <stdexcept>

#include "core/error.hpp"
#include "core/text.hpp"

namespace muster::io {
namespace {

date::time_zone const* find_zone(std::string_view name) {
  try {
    return date::locate_zone(std::string(name));
  } catch (std::exception const&) {
    return nullptr;
  }
}

date::time_zone const& new_york() {
  static date::time_zone const* const zone = find_zone("America/New_York");
  MUSTER_REQUIRE_ENV(
      zone != nullptr,
      "the time zone America/New_York is not on this machine (option expiries are New York times); "
      "install tzdata");
  return *zone;
}

date::local_seconds to_local(LocalTime local) {
  return date::local_seconds{std::chrono::sys_days{local.date}.time_since_epoch() +
                             std::chrono::minutes{local.minute}};
}

}  // namespace

Instant from_new_york(LocalTime local) {
  return new_york().to_sys(to_local(local), date::choose::earliest);
}

LocalTime to_new_york(Instant instant) {
  auto const local = new_york().to_local(instant);
  auto const midnight = date::floor<date::days>(local);
  return {Date{std::chrono::sys_days{midnight.time_since_epoch()}},
          static_cast<int>((local - midnight).count() / 60)};
}

std::optional<Instant> parse_rfc3339(std::string_view text) {
  std::string whole(text.substr(0, 64));
  if (auto const point = whole.find('.'); point != std::string::npos) {
    auto const end = std::min(whole.find_first_not_of("0123456789", point + 1), whole.size());
    if (end - point < 2 || end - point > 10) return std::nullopt;
    whole.erase(point, end - point);
  }
  auto const time = parse_civil_time(whole);
  if (!time || !time->time_of_day || !time->utc_offset) return std::nullopt;
  return to_instant(*time);
}

Instant parse_instant(std::string_view text) {
  if (auto const instant = parse_rfc3339(text)) return *instant;
  auto const bare = parse_civil_time(text);
  MUSTER_REQUIRE(!bare || !bare->time_of_day,
                 "'{}' has no time zone (it could be hours off); add one, as in 2023-09-14 16:00 "
                 "America/New_York",
                 printable(text));
  auto const blank = std::min(text.rfind(' '), text.size());
  std::string_view const zone_name = text.substr(std::min(blank + 1, text.size()));
  auto const time = parse_civil_time(text.substr(0, blank));
  MUSTER_REQUIRE(!bare && time && time->time_of_day && !time->utc_offset,
                 "'{}' is not a time (it places the quotes in time); write 2023-09-14 16:00 "
                 "America/New_York or "
                 "2023-09-14T20:00:00Z",
                 printable(text));
  date::time_zone const* const zone = find_zone(zone_name);
  MUSTER_REQUIRE(zone != nullptr,
                 "'{}': the time zone '{}' is not known (the quotes cannot be placed in time); use "
                 "a tz name such as "
                 "America/New_York, UTC, or an offset such as -04:00",
                 printable(text), printable(zone_name));
  date::local_seconds const local{std::chrono::sys_days{time->date}.time_since_epoch() +
                                  *time->time_of_day};
  MUSTER_REQUIRE(zone->get_info(local).result != date::local_info::nonexistent,
                 "'{}' does not exist (the clocks skip it); use another time or UTC",
                 printable(text));
  return zone->to_sys(local, date::choose::earliest);
}

std::string to_iso(Date date) {
  return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

std::string to_new_york_text(Instant instant) {
  LocalTime const local = to_new_york(instant);
  return fmt::format("{} {:02}:{:02} New York", to_iso(local.date), local.minute / 60,
                     local.minute % 60);
}

std::optional<Date> parse_iso_date(std::string_view text) {
  auto const time = parse_civil_time(text);
  if (!time || time->time_of_day) return std::nullopt;
  return time->date;
}

unsigned month_by_name(std::string_view word) {
  static constexpr std::array<std::string_view, 12> names = {
      "january", "february", "march",     "april",   "may",      "june",
      "july",    "august",   "september", "october", "november", "december"};
  std::string lower;
  for (char c : word.substr(0, 10))
    lower += static_cast<char>(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
  if (lower.size() < 3 || word.size() > 10) return 0;
  for (unsigned i = 0; i < names.size(); ++i)
    if (lower == names[i] || lower == names[i].substr(0, 3)) return i + 1;
  return 0;
}

}  // namespace muster::io
