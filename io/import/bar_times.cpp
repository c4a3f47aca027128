#include "io/import/bar_times.hpp"

namespace muster::io {
namespace {

/// Exactly `count` digits as a number.
std::optional<int> digits_at(std::string_view text, std::size_t from, std::size_t count) {
  if (text.size() < from + count) return std::nullopt;
  int value = 0;
  for (char const c : text.substr(from, count)) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

}  // namespace

std::optional<Date> bare_date(std::string_view text) {
  auto const year = digits_at(text, 0, 4), month = digits_at(text, 4, 2),
             day = digits_at(text, 6, 2);
  if (!year || !month || !day || *year < 1900 || *year > 2199) return std::nullopt;
  Date const date{std::chrono::year{*year}, std::chrono::month{static_cast<unsigned>(*month)},
                  std::chrono::day{static_cast<unsigned>(*day)}};
  return date.ok() ? std::optional(date) : std::nullopt;
}

std::optional<LocalTime> lean_time(std::string_view text) {
  auto const date = bare_date(text);
  auto const hour = digits_at(text, 9, 2), minute = digits_at(text, 12, 2);
  bool const is_whole = text.size() == 14 && text[8] == ' ' && text[11] == ':';
  if (!date || !is_whole || !hour || !minute || *hour > 23 || *minute > 59) return std::nullopt;
  return LocalTime{*date, *hour * 60 + *minute};
}

std::int64_t utc_seconds(Instant instant) { return instant.time_since_epoch().count(); }
std::int64_t utc_seconds(Date date) { return utc_seconds(Instant{std::chrono::sys_days{date}}); }

}  // namespace muster::io
