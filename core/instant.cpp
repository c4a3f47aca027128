#include "core/instant.hpp"

#include <fmt/core.h>

namespace muster {
namespace {

using namespace std::chrono;

/// Takes `digits` decimal digits off the front.
std::optional<int> take_number(std::string_view& text, std::size_t digits) {
  if (text.size() < digits) return std::nullopt;
  int value = 0;
  for (char const c : text.substr(0, digits)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  text.remove_prefix(digits);
  return value;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

/// hh:mm, or nothing.
std::optional<minutes> take_hours_minutes(std::string_view& text, int most_hours) {
  auto const h = take_number(text, 2);
  if (!h || *h > most_hours || !take(text, ':')) return std::nullopt;
  auto const m = take_number(text, 2);
  if (!m || *m > 59) return std::nullopt;
  return hours(*h) + minutes(*m);
}

/// What follows a date: time and perhaps a zone.
bool take_time(std::string_view& text, CivilTime& time) {
  auto const clock = take_hours_minutes(text, 23);
  if (!clock) return false;
  time.time_of_day = *clock;
  if (take(text, ':')) {
    auto const s = take_number(text, 2);
    if (!s || *s > 59) return false;
    *time.time_of_day += seconds(*s);
  }
  if (take(text, 'Z') || take(text, 'z')) {
    time.utc_offset = minutes(0);
  } else if (!text.empty()) {
    bool const west = text.front() == '-';
    if (!take(text, '-') && !take(text, '+')) return false;
    auto const offset = take_hours_minutes(text, 18);
    if (!offset) return false;
    time.utc_offset = west ? -*offset : *offset;
  }
  return text.empty();
}

/// New York's daylight saving begins and ends at 02:00 on Sundays; a close is never near.
bool is_daylight_saving(year_month_day date) {
  sys_days const day = date;
  bool const since_2007 = date.year() >= year(2007);
  sys_days const first = since_2007 ? sys_days(date.year() / March / Sunday[2])
                                    : sys_days(date.year() / April / Sunday[1]);
  sys_days const last = since_2007 ? sys_days(date.year() / November / Sunday[1])
                                   : sys_days(date.year() / October / Sunday[std::chrono::last]);
  return day >= first && day < last;
}

}  // namespace

std::optional<CivilTime> parse_civil_time(std::string_view token) {
  auto const y = take_number(token, 4);
  if (!y || *y < 1970 || *y > 2199 || !take(token, '-')) return std::nullopt;
  auto const m = take_number(token, 2);
  if (!m || !take(token, '-')) return std::nullopt;
  auto const d = take_number(token, 2);
  if (!d) return std::nullopt;
  CivilTime time{year(*y) / *m / *d, std::nullopt, std::nullopt};
  if (!time.date.ok()) return std::nullopt;
  if (token.empty()) return time;
  if (!take(token, 'T') && !take(token, 't') && !take(token, ' ')) return std::nullopt;
  if (!take_time(token, time)) return std::nullopt;
  return time;
}

Instant new_york_close(year_month_day date) {
  return sys_days(date) + hours(is_daylight_saving(date) ? 20 : 21);
}

std::optional<Instant> to_instant(CivilTime const& time) {
  if (!time.time_of_day) return new_york_close(time.date);
  if (!time.utc_offset) return std::nullopt;
  return sys_days(time.date) + *time.time_of_day - *time.utc_offset;
}

std::string format_instant(Instant instant) {
  auto const day = floor<days>(instant);
  year_month_day const date(day);
  hh_mm_ss const clock(instant - day);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}Z", int(date.year()),
                     unsigned(date.month()), unsigned(date.day()), clock.hours().count(),
                     clock.minutes().count(), clock.seconds().count());
}

double years_between(Instant from, Instant to) {
  // Seconds over seconds a year is the same quotient as minutes over 525 600, rounded once.
  return static_cast<double>((to - from).count()) / (525'600.0 * 60.0);
}

}  // namespace muster
