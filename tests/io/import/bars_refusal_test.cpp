// What an import of bars refuses, and what it says.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bars_of.hpp"
#include "expect_error.hpp"

namespace muster::test {
namespace {

using io::BarsOptions;
using ::testing::HasSubstr;

std::string refusal(std::string const& text, BarsOptions const& options = {}) {
  return message_of([&] { bars_of(text, options); });
}
std::string refusal(std::vector<NamedText> const& files, BarsOptions const& options = {},
                    std::vector<NamedText> const& factors = {}) {
  return message_of([&] { bars_of(files, options, factors); });
}

std::string const row = "AAA,2020-01-02,10,11,9,10,100\n";
std::string const good = plain_header + row;

TEST(BarsRefusal, OfFiles) {
  EXPECT_THAT(refusal(std::vector<NamedText>{}), HasSubstr("no file to import"));
  EXPECT_THAT(refusal(""), HasSubstr("file.csv: is empty"));
  EXPECT_THAT(refusal("a,b\n1,2\n"), HasSubstr("no known header; expected columns of time, open"));
  EXPECT_THAT(refusal(plain_header), HasSubstr("no row that can be read, of 0"));
  EXPECT_THAT(refusal(plain_header + "x\n"), HasSubstr("no row that can be read, of 1"));
  EXPECT_THAT(refusal({{"_.csv", "date,open,high,low,close\n2020-01-02,1,1,1,1\n"}}),
              HasSubstr("has no symbols"));
  EXPECT_THAT(refusal({{"spy.csv", "34200000,1,1,1,1,27\n"}}),
              HasSubstr("has times of day but no date"));
  EXPECT_THAT(refusal({{"a", good}, {"b", R"({"bars":{"A":[{"t":"2020-01-02T05:00:00Z"}]}})"}}),
              HasSubstr("b: has times of day, other rows have dates"));
  EXPECT_THAT(refusal(good + row, {.limits = {1 << 20, 1}}), HasSubstr("more than 1 rows"));
}

TEST(BarsRefusal, OfTooManySymbols) {
  std::string text = plain_header;
  for (int i = 0; i <= 65'536; ++i) text += "S" + std::to_string(i) + ",2020-01-02,1,1,1,1,1\n";
  EXPECT_THAT(refusal(text), HasSubstr("more than 65536 symbols"));
}

TEST(BarsRefusal, OfJson) {
  EXPECT_THAT(refusal("{\"bars\":"), HasSubstr("is not whole JSON"));
  EXPECT_THAT(refusal("{\"trades\":{}}"),
              HasSubstr("expected JSON with the key 'bars', found trades"));
  EXPECT_THAT(refusal("[1]"), HasSubstr("expected JSON with the key 'bars', found none"));
  EXPECT_THAT(refusal(R"({"bars":{"A":[],"A":[]}})"), HasSubstr("a symbol stands twice"));
  EXPECT_THAT(refusal(R"({"bars":[]})"), HasSubstr("a list of bars without a symbol"));
  EXPECT_THAT(refusal(R"({"bars":{"A":7}})"), HasSubstr("A has no list of bars"));
  EXPECT_THAT(refusal(std::string(100, '[') + std::string(100, ']')),
              HasSubstr("nested more than 64 deep"));
  EXPECT_THAT(refusal(R"({"bars":null})"), HasSubstr("no row that can be read"));
}

TEST(BarsRefusal, OfTimes) {
  std::string const header = "symbol,timestamp,open,high,low,close\n";
  EXPECT_THAT(refusal(header + "A,2020-01-02 09:30,1,1,1,1\n"),
              HasSubstr("file.csv:2: '2020-01-02 09:30' has no time zone"));
  std::string const first = "A,2020-01-02T14:30:00Z,1,1,1,1\n";
  EXPECT_THAT(refusal(header + first), HasSubstr("no symbol has two bars of one day"));
  EXPECT_THAT(refusal(header + first + "A,2020-01-02T14:45:00Z,1,1,1,1\n"),
              HasSubstr("a bar every 900 s"));
  EXPECT_THAT(refusal(header + first + "A,2020-01-02T14:45:00Z,1,1,1,1\n", {.interval = "hour"}),
              HasSubstr("--interval hour, but file.csv has a bar every 900 s"));
  EXPECT_THAT(refusal(header + first, {.interval = "week"}),
              HasSubstr("--interval week (must be day, hour or minute)"));
  EXPECT_THAT(refusal(good, {.interval = "hour"}), HasSubstr("has dates without times"));
}

TEST(BarsRefusal, OfOptions) {
  EXPECT_THAT(
      refusal(good, {.symbols = {"ZZZ"}}),
      HasSubstr("--symbols ZZZ: no such symbol in the files (which have 1, AAA the first)"));
  EXPECT_THAT(refusal(good, {.from = "yesterday"}), HasSubstr("--from yesterday (must be a date)"));
  EXPECT_THAT(refusal(good, {.to = "2020-02-30"}), HasSubstr("--to 2020-02-30 (must be a date)"));
  EXPECT_THAT(refusal(good, {.from = "2021-01-01"}), HasSubstr("no bar is left of 0 rows"));
  EXPECT_THAT(refusal(good, {.symbol = "A B"}), HasSubstr("--symbol A B (must be 1 to 32"));
  EXPECT_THAT(refusal(good, {.date = "x"}), HasSubstr("--date x (must be a date)"));
  EXPECT_THAT(refusal(good, {.currency = "usd"}), HasSubstr("--currency usd (three capital"));
}

TEST(BarsRefusal, OfRows) {
  EXPECT_THAT(refusal(good + "AAA,2020-01-02,10,11,9,10,101\n"),
              HasSubstr("volume 100 (file.csv:2) and AAA 2020-01-02 open 10 high 11 low 9 close 10 "
                        "volume 101 (file.csv:3) are two bars of one time that differ"));
  EXPECT_THAT(refusal(event_header + event_row("AAA,2020-01-02", 1, 1, "0", "x")),
              HasSubstr("file.csv:2: 'x' is no split or dividend"));
  EXPECT_THAT(refusal(event_header + event_row("AAA,2020-01-02", 1, 1, "-1")),
              HasSubstr("split 1 and dividend -1"));
  EXPECT_THAT(refusal(event_header + event_row("AAA,2020-01-02", 1, 1, "0", "1e5")),
              HasSubstr("split 100000 and dividend 0"));
  EXPECT_THAT(refusal(plain_header + "AAA,2020-01-02,0,0,0,0,0\n"),
              HasSubstr("no bar is left of 1"));
}

TEST(BarsRefusal, OfAdjustedPrices) {
  std::string text = plain_header;
  for (int i = 0; i < 60; ++i)
    text +=
        "S" + std::to_string(i) + ",2010-01-04,10,11,9,10." + std::to_string(101 + i) + ",100\n";
  EXPECT_THAT(refusal(text), HasSubstr("closes have fractions of a cent"));
  std::string sixteenths = text;
  for (auto at = sixteenths.find("2010"); at != std::string::npos; at = sixteenths.find("2010"))
    sixteenths.replace(at, 10, "2000-01-03");
  EXPECT_EQ(bars_of(sixteenths).bars.symbols.size(), 60u);
}

TEST(BarsRefusal, OfATableOfNothing) {
  std::string text = plain_header;
  for (int i = 0; i < 1100; ++i) {
    auto const date = std::chrono::sys_days{std::chrono::year{2000} / 1 / 1} + std::chrono::days{i};
    text += "S" + std::to_string(i) + "," + io::to_iso(std::chrono::year_month_day{date}) +
            ",1,1,1,1,1\n";
  }
  EXPECT_THAT(refusal(text, {.calendar = io::BarCalendar::none}),
              HasSubstr("1100 symbols over 1100 times, of 1100 rows"));
}

TEST(BarsRefusal, OfFactors) {
  EXPECT_THAT(refusal({{"a", good}}, {}, {{"aaa.csv", "20200101,1\n"}}),
              HasSubstr("aaa.csv:1: '20200101,1' is no row of a LEAN factor file"));
  std::string const split = "20191231,1,1,1\n20200102,1,1e-9,1\n";
  EXPECT_THAT(refusal({{"a", good}}, {}, {{"aaa.csv", split}}),
              HasSubstr("factors of AAA: a split of 1e-09 and a dividend of 0 after 2019-12-31"));
  std::string const events = event_header + event_row("AAA,2020-01-02", 10, 10) +
                             event_row("AAA,2020-01-03", 5, 5, "0", "2");
  EXPECT_THAT(refusal({{"a", events}}, {}, {{"aaa.csv", "20200102,1,0.5,10\n20200110,1,1,1\n"}}),
              HasSubstr("AAA has an event at 2020-01-03 in the bars and in the factors"));
  std::string many;
  for (int i = 0; i <= 1'000'000; ++i) many += "20200101,1,1,1\n";
  EXPECT_THAT(refusal({{"a", good}}, {}, {{"aaa.csv", many}}),
              HasSubstr("more than a million rows"));
}

}  // namespace
}  // namespace muster::test
