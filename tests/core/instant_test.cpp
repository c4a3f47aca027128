#include "core/instant.hpp"

#include <gtest/gtest.h>

namespace {

using namespace muster;
using namespace std::chrono;

std::string utc(std::string_view text) {
  auto const time = parse_civil_time(text);
  auto const instant = time ? to_instant(*time) : std::nullopt;
  return instant ? format_instant(*instant) : "none";
}

TEST(Instant, ReadsDatesAndTimes) {
  EXPECT_EQ(utc("2026-06-19T16:00:00-04:00"), "2026-06-19T20:00:00Z");
  EXPECT_EQ(utc("2026-06-19 20:00Z"), "2026-06-19T20:00:00Z");
  EXPECT_EQ(utc("2026-01-01T00:30:15+05:30"), "2025-12-31T19:00:15Z");
  EXPECT_EQ(utc("2026-06-19T16:00:00"), "none") << "a time without a zone has no instant";
}

TEST(Instant, RefusesWhatIsNone) {
  for (auto bad :
       {"", "2026", "2026-02-30", "2026-13-01", "1969-12-31", "2200-01-01", "2026-06-19T",
        "2026-06-19T24:00", "2026-06-19T10:60", "2026-06-19T10:00:60", "2026-06-19T10:00Zx",
        "2026-06-19T10:00+1", "2026-6-19", "2026-06-19x", " 2026-06-19", "2026-06-19T10:00:00.5Z"})
    EXPECT_FALSE(parse_civil_time(bad)) << bad;
}

// Closes around the clock changes of 2026 (8 March, 1 November) and by the older rule of 2006.
TEST(Instant, KnowsNewYorksClose) {
  EXPECT_EQ(utc("2026-01-02"), "2026-01-02T21:00:00Z");
  EXPECT_EQ(utc("2026-03-07"), "2026-03-07T21:00:00Z");
  EXPECT_EQ(utc("2026-03-08"), "2026-03-08T20:00:00Z");
  EXPECT_EQ(utc("2026-10-31"), "2026-10-31T20:00:00Z");
  EXPECT_EQ(utc("2026-11-01"), "2026-11-01T21:00:00Z");
  EXPECT_EQ(utc("2006-04-01"), "2006-04-01T21:00:00Z");
  EXPECT_EQ(utc("2006-04-02"), "2006-04-02T20:00:00Z");
  EXPECT_EQ(utc("2006-10-28"), "2006-10-28T20:00:00Z");
  EXPECT_EQ(utc("2006-10-29"), "2006-10-29T21:00:00Z");
}

TEST(Instant, CountsYearsInMinutes) {
  Instant const from = sys_days(2026y / January / 2) + 21h;
  EXPECT_EQ(years_between(from, from + days(365)), 1.0);
  EXPECT_EQ(years_between(from, from + minutes(1)), 1.0 / 525600.0);
  EXPECT_LT(years_between(from, from - minutes(1)), 0.0);
}

}  // namespace
