#include "io/import/trading_calendar.hpp"

#include <algorithm>
#include <array>

namespace muster::io {
namespace {

using namespace std::chrono;

weekday weekday_of(Date date) { return weekday{sys_days{date}}; }
bool is_weekend(Date date) { return weekday_of(date) == Saturday || weekday_of(date) == Sunday; }

// Closures that follow no rule: mourning, terror, hurricane, snow (NYSE, since 1990).
constexpr std::array special_closures = {
    1994y / 4 / 27,  2001y / 9 / 11, 2001y / 9 / 12, 2001y / 9 / 13,
    2001y / 9 / 14,  2004y / 6 / 11, 2007y / 1 / 2,  2012y / 10 / 29,
    2012y / 10 / 30, 2018y / 12 / 5, 2025y / 1 / 9,
};

// Gregorian Easter (Butcher; Meeus, Astronomical Algorithms, ch. 8), two days earlier.
Date good_friday(year y) {
  int const n = static_cast<int>(y);
  int const a = n % 19, b = n / 100, c = n % 100, d = b / 4, e = b % 4;
  int const g = (8 * b + 13) / 25, h = (19 * a + b - d - g + 15) % 30;
  int const i = c / 4, k = c % 4, l = (32 + 2 * e + 2 * i - h - k) % 7,
            m = (a + 11 * h + 19 * l) / 433;
  int const month_number = (h + l - 7 * m + 90) / 25;
  int const day_number = (h + l - 7 * m + 33 * month_number + 19) % 32;
  return sys_days{y / month{static_cast<unsigned>(month_number)} /
                  day{static_cast<unsigned>(day_number)}} -
         days{2};
}

// A holiday of a fixed date is kept on Friday when it falls on a Saturday, on Monday when on a
// Sunday.
bool is_observed(Date date, Date holiday) {
  if (weekday_of(holiday) == Saturday) return sys_days{date} == sys_days{holiday} - days{1};
  if (weekday_of(holiday) == Sunday) return sys_days{date} == sys_days{holiday} + days{1};
  return date == holiday;
}

bool is_holiday(Date date) {
  year const y = date.year();
  Date const new_year = y / 1 / 1;
  // New Year's Day on a Saturday is not kept: the old year's books close on that Friday.
  if (weekday_of(new_year) != Saturday && is_observed(date, new_year)) return true;
  if (y >= 1998y && date == Date{sys_days{y / 1 / Monday[3]}}) return true;
  if (date == Date{sys_days{y / 2 / Monday[3]}} || date == good_friday(y)) return true;
  if (date == Date{sys_days{y / 5 / Monday[last]}}) return true;
  if (y >= 2022y && is_observed(date, y / 6 / 19)) return true;
  if (is_observed(date, y / 7 / 4) || date == Date{sys_days{y / 9 / Monday[1]}}) return true;
  return date == Date{sys_days{y / 11 / Thursday[4]}} || is_observed(date, y / 12 / 25);
}

}  // namespace

bool is_trading_day(Date date) {
  if (is_weekend(date) || is_holiday(date)) return false;
  return std::find(special_closures.begin(), special_closures.end(), date) ==
         special_closures.end();
}

Date trading_day_on_or_before(Date date) {
  while (!is_trading_day(date)) date = sys_days{date} - days{1};
  return date;
}

Date trading_day_before(Date date) { return trading_day_on_or_before(sys_days{date} - days{1}); }

int close_minute(Date trading_day) {
  constexpr int usual = 16 * 60, early = 13 * 60;
  weekday const w = weekday_of(trading_day);
  bool const mid_week = w != Friday;
  bool const after_thanksgiving =
      sys_days{trading_day} == sys_days{trading_day.year() / 11 / Thursday[4]} + days{1};
  bool const eve = (trading_day.month() == December && trading_day.day() == day{24}) ||
                   (trading_day.month() == July && trading_day.day() == day{3});
  return after_thanksgiving || (eve && mid_week) ? early : usual;
}

Instant quotes_as_of(Instant seen) {
  LocalTime const local = to_new_york(seen);
  Date day = local.date;
  if (is_trading_day(day)) {
    if (local.minute >= close_minute(day)) return from_new_york({day, close_minute(day)});
    if (local.minute >= open_minute) return from_new_york(local);
    day = sys_days{day} - std::chrono::days{1};
  }
  day = trading_day_on_or_before(day);
  return from_new_york({day, close_minute(day)});
}

}  // namespace muster::io
