// The holiday rules against the days on which the market did trade.
#include <gtest/gtest.h>

#include <set>

#include "io/import/csv.hpp"
#include "io/import/trading_calendar.hpp"
#include "market_data.hpp"

namespace muster::io {
namespace {

std::set<std::chrono::sys_days> days_in(std::filesystem::path const& path, std::size_t column,
                                        char const* symbol) {
  std::set<std::chrono::sys_days> days;
  auto const source = open_text(path);
  CsvReader reader(*source);
  for (CsvRecord record; reader.next(record);) {
    if (record.fields.size() <= column || (symbol != nullptr && record.fields[0] != symbol))
      continue;
    if (auto const date = parse_iso_date(record.fields[column]))
      days.insert(std::chrono::sys_days{*date});
  }
  return days;
}

void expect_same_days(std::set<std::chrono::sys_days> const& traded, std::chrono::sys_days from,
                      std::chrono::sys_days to) {
  for (auto day = from; day <= to; day += std::chrono::days{1})
    ASSERT_EQ(is_trading_day(Date{day}), traded.contains(day)) << to_iso(Date{day});
}

TEST(TradingCalendarData, SpyTradedOnEveryTradingDaySince1998) {
  MUSTER_DATA_FILE(path, "etf_daily_lean_raw_1998_2021.csv.xz");
  auto const traded = days_in(path, 1, "SPY");
  ASSERT_GT(traded.size(), 5800u);
  expect_same_days(traded, *traded.begin(), *traded.rbegin());
}

TEST(TradingCalendarData, VixWasPublishedOnEveryTradingDayOf2005To2021) {
  MUSTER_DATA_FILE(path, "vix_daily_1990_2023.csv.xz");
  auto const traded = days_in(path, 0, nullptr);
  ASSERT_GT(traded.size(), 8500u);
  // Before, the file lacks 1999-12-31, a day of trading, and has 2004-06-11, a day of mourning;
  // since 2022 the index is published on some holidays as well.
  using std::chrono::year;
  expect_same_days(traded, std::chrono::sys_days{year{2005} / 1 / 1},
                   std::chrono::sys_days{year{2021} / 12 / 31});
}

}  // namespace
}  // namespace muster::io
