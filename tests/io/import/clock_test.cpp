#include "io/import/clock.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "expect_error.hpp"
#include "io/import/trading_calendar.hpp"

namespace muster::io {
namespace {

using namespace std::chrono;
using test::message_of;
using ::testing::HasSubstr;

std::string utc(std::string_view text) { return format_instant(parse_instant(text)); }

TEST(Clock, OneInstantInManyWritings) {
  for (char const* text : {"2023-09-14 16:00 America/New_York", "2023-09-14T16:00:00-04:00",
                           "2023-09-14T20:00Z", "2023-09-14 20:00 UTC",
                           "2023-09-14 21:00:00 Europe/London", "2023-09-14T20:00:00.123456789Z"})
    EXPECT_EQ(utc(text), "2023-09-14T20:00:00Z") << text;
  EXPECT_EQ(utc("2022-02-04 16:00 America/New_York"), "2022-02-04T21:00:00Z");
}

TEST(Clock, ALocalTimeThatComesTwiceMeansTheFirst) {
  EXPECT_EQ(utc("2023-11-05 01:30 America/New_York"), "2023-11-05T05:30:00Z");
}

TEST(Clock, Refusals) {
  EXPECT_THAT(message_of([] { parse_instant("2023-09-14 16:00"); }), HasSubstr("has no time zone"));
  EXPECT_THAT(message_of([] { parse_instant("2023-09-14 16:00 Mars/Base"); }),
              HasSubstr("'Mars/Base' is not known"));
  EXPECT_THAT(message_of([] { parse_instant("2023-03-12 02:30 America/New_York"); }),
              HasSubstr("the clocks skip it"));
  for (char const* text :
       {"", "yesterday", "2023-09-14", "2023-13-14 16:00 UTC", "2023-09-14 25:00 UTC", "16:00 UTC",
        "2023-09-14T20:00Z UTC", "2023-09-14 16:00 "})
    EXPECT_NE(message_of([&] { parse_instant(text); }), "") << text;
  EXPECT_THAT(message_of([] { parse_instant("2023-09-14 16:00 ../../etc/passwd"); }),
              HasSubstr("is not known"));
}

TEST(Clock, NewYorkBothWays) {
  Instant const summer = parse_instant("2023-07-03T17:00Z");
  EXPECT_EQ(to_new_york(summer).date, 2023y / 7 / 3);
  EXPECT_EQ(to_new_york(summer).minute, 13 * 60);
  EXPECT_EQ(from_new_york({2023y / 7 / 3, 13 * 60}), summer);
  EXPECT_EQ(to_new_york(parse_instant("2023-01-01T03:00Z")).date, 2022y / 12 / 31);
  EXPECT_EQ(to_new_york_text(summer), "2023-07-03 13:00 New York");
}

TEST(Clock, MonthNames) {
  EXPECT_EQ(month_by_name("September"), 9u);
  EXPECT_EQ(month_by_name("sep"), 9u);
  EXPECT_EQ(month_by_name("DEC"), 12u);
  for (char const* word : {"", "Se", "Sept", "Septembers", "01"})
    EXPECT_EQ(month_by_name(word), 0u) << word;
}

// NYSE holiday calendars of these years, as published.
TEST(TradingCalendar, HolidaysOf2021To2023) {
  std::vector<Date> const closed = {
      2021y / 1 / 1,  2021y / 1 / 18,  2021y / 2 / 15,  2021y / 4 / 2,   2021y / 5 / 31,
      2021y / 7 / 5,  2021y / 9 / 6,   2021y / 11 / 25, 2021y / 12 / 24, 2022y / 1 / 17,
      2022y / 2 / 21, 2022y / 4 / 15,  2022y / 5 / 30,  2022y / 6 / 20,  2022y / 7 / 4,
      2022y / 9 / 5,  2022y / 11 / 24, 2022y / 12 / 26, 2023y / 1 / 2,   2023y / 1 / 16,
      2023y / 2 / 20, 2023y / 4 / 7,   2023y / 5 / 29,  2023y / 6 / 19,  2023y / 7 / 4,
      2023y / 9 / 4,  2023y / 11 / 23, 2023y / 12 / 25};
  std::vector<Date> found;
  for (sys_days day = 2021y / 1 / 1; day <= sys_days{2023y / 12 / 31}; day += days{1})
    if (weekday{day} != Saturday && weekday{day} != Sunday && !is_trading_day(Date{day}))
      found.push_back(Date{day});
  EXPECT_EQ(found, closed);
}

TEST(TradingCalendar, EarlyCloses) {
  EXPECT_EQ(close_minute(2015y / 12 / 24), 13 * 60);
  EXPECT_EQ(close_minute(2023y / 7 / 3), 13 * 60);
  EXPECT_EQ(close_minute(2023y / 11 / 24), 13 * 60);
  EXPECT_EQ(close_minute(2014y / 7 / 3), 13 * 60);  // a Thursday
  EXPECT_EQ(close_minute(2023y / 9 / 14), 16 * 60);
}

std::string rolled(std::string_view seen) {
  return to_new_york_text(quotes_as_of(parse_instant(seen)));
}

TEST(TradingCalendar, TheLastCloseBeforeADownload) {
  EXPECT_EQ(rolled("2022-02-05 20:09 America/New_York"), "2022-02-04 16:00 New York");  // Saturday
  EXPECT_EQ(rolled("2024-01-07 10:52 America/New_York"), "2024-01-05 16:00 New York");  // Sunday
  EXPECT_EQ(rolled("2024-01-15 12:00 America/New_York"),
            "2024-01-12 16:00 New York");  // a Monday holiday
  EXPECT_EQ(rolled("2023-09-14 16:31 America/New_York"), "2023-09-14 16:00 New York");
  EXPECT_EQ(rolled("2023-09-14 09:00 America/New_York"),
            "2023-09-13 16:00 New York");  // before the open
  EXPECT_EQ(rolled("2022-07-12 11:55 America/New_York"),
            "2022-07-12 11:55 New York");  // in the session
  EXPECT_EQ(rolled("2015-12-24 14:00 America/New_York"),
            "2015-12-24 13:00 New York");  // after an early close
}

}  // namespace
}  // namespace muster::io
