// Every layout of bars, and what becomes of its rows.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>

#include "bars_of.hpp"
#include "compress.hpp"
#include "expect_error.hpp"
#include "io/bars_rules.hpp"

namespace muster::test {
namespace {

using io::BarInterval;
using io::BarsOptions;
using io::BarStatus;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr std::int64_t day = 86'400;
constexpr std::int64_t first_session = 1'577'923'200;  // 2020-01-02

TEST(ImportBars, ReadsATableWithEvents) {
  std::string const text = event_header + "BBB,2020-01-02,10,11,9.5,10.5,9,1000,0.0,1.0\n" +
                           "AAA,2020-01-02,100,101,99,100.5,49,2000,0.25,1.0\n" +
                           "AAA,2020-01-03,50,51,49,50.5,50,3000,0.0,2.0\n";
  auto const [bars, report] = bars_of(text);
  EXPECT_THAT(bars.symbols, ElementsAre("AAA", "BBB"));
  EXPECT_THAT(bars.times, ElementsAre(first_session, first_session + day));
  EXPECT_EQ(bars.interval, BarInterval::day);
  EXPECT_THAT(bars.split, ElementsAre(1, 1, 2, 1));
  EXPECT_THAT(bars.dividend, ElementsAre(0.25, 0, 0, 0));
  EXPECT_THAT(bars.status, ElementsAre(BarStatus::traded, BarStatus::traded, BarStatus::traded,
                                       BarStatus::missing));
  EXPECT_EQ(bars.open[2], 50);
  EXPECT_EQ(bars.high[2], 51);
  EXPECT_EQ(bars.low[2], 49);
  EXPECT_EQ(bars.close[2], 50.5);
  EXPECT_EQ(bars.volume[2], 3000);
  EXPECT_TRUE(std::isnan(bars.close[3]));
  EXPECT_EQ(report.rows_read, 3u);
  EXPECT_TRUE(report.dropped.empty() && report.mended.empty() && report.notes.empty());
  EXPECT_EQ(report.symbols[0].splits, 1u);
  EXPECT_EQ(report.symbols[0].dividends, 1u);
  EXPECT_EQ(io::find_fault(bars), "");
  EXPECT_THAT(bars.source, HasSubstr("bars with events: file.csv"));
}

TEST(ImportBars, ReadsCompressedFiles) {
  std::string const text = event_header + event_row("AAA,2020-01-02", 10, 11);
  for (auto const& packed : {gzip(text), xz(text), zstd(text), zip(text)})
    EXPECT_EQ(io::bars_digest(bars_of(packed).bars), io::bars_digest(bars_of(text).bars));
}

TEST(ImportBars, ReadsLeanHours) {
  std::string const rows =
      "20200102 09:00,973100,975300,970300,970300,384500\n"
      "20200102 10:00,970200,971300,965300,970500,585900\n"
      "20200702 09:00,969100,972200,968800,970000,147900\n";
  auto const with_header =
      bars_of({{"data/spy_hour.csv",
                "datetime_et,open_x1e4,high_x1e4,low_x1e4,close_x1e4,volume\n" + rows}});
  auto const bare = bars_of({{"spy.csv", rows}});
  EXPECT_EQ(io::bars_digest(with_header.bars), io::bars_digest(bare.bars));
  EXPECT_EQ(bare.bars.interval, BarInterval::hour);
  EXPECT_THAT(bare.bars.symbols, ElementsAre("SPY"));
  EXPECT_EQ(bare.bars.times[0], first_session + 14 * 3600);  // winter: 9:00 is 14:00 UTC
  EXPECT_EQ(bare.bars.times[2] % day, 13 * 3600);
  EXPECT_EQ(bare.bars.open[0], 97.31);
  EXPECT_EQ(bare.bars.close[2], 97.0);
  EXPECT_THAT(bare.report.notes,
              ElementsAre(HasSubstr("SPY is taken from the file's name"), HasSubstr("--factors")));
}

TEST(ImportBars, ReadsLeanDaysAndMinutes) {
  auto const days = bars_of({{"spy.csv",
                              "20200102 00:00,973100,975300,970300,970300,384500\n"
                              "20200103 00:00,973100,975300,970300,970300,384500\n"}});
  EXPECT_EQ(days.bars.interval, BarInterval::day);
  EXPECT_THAT(days.bars.times, ElementsAre(first_session, first_session + day));
  std::string const minutes =
      "34200000,973100,975300,970300,970300,27\n34260000,973100,975300,970300,970300,27\n";
  auto const named = bars_of({{"20200102_spy_minute_trade.csv", minutes}}, {.symbol = "SPY"});
  EXPECT_EQ(named.bars.interval, BarInterval::minute);
  EXPECT_EQ(named.bars.times[0], first_session + 14 * 3600 + 1800);
  EXPECT_EQ(named.bars.times[1], named.bars.times[0] + 60);
  auto const told = bars_of({{"x", minutes}}, {.symbol = "SPY", .date = "2020-01-02"});
  EXPECT_EQ(io::bars_digest(told.bars), io::bars_digest(named.bars));
}

std::string alpaca_bar(std::string const& time, double close) {
  return R"({"t":")" + time + R"(","o":10,"h":20,"l":5,"c":)" + std::to_string(close) +
         R"(,"v":100,"n":7,"vw":9.5})";
}
std::string alpaca_page(std::string const& bars, std::string const& token = "null") {
  return R"({"bars":{"META":[)" + bars + R"(]},"next_page_token":)" + token + "}";
}

TEST(ImportBars, JoinsAlpacasPages) {
  std::string const a = alpaca_bar("2020-01-02T05:00:00Z", 11),
                    b = alpaca_bar("2020-07-02T04:00:00Z", 12);
  auto const imported = bars_of({{"p1", alpaca_page(a, "\"more\"")}, {"p2", alpaca_page(b)}});
  EXPECT_EQ(imported.bars.interval, BarInterval::day);
  EXPECT_EQ(imported.bars.times[0], first_session);
  EXPECT_EQ(imported.bars.times[1] % day, 0);
  EXPECT_THAT(imported.bars.close, ElementsAre(11, 12));
  auto const overlapping =
      bars_of({{"p1", alpaca_page(a, "\"more\"")}, {"p2", alpaca_page(a + "," + b)}});
  EXPECT_EQ(io::bars_digest(overlapping.bars), io::bars_digest(imported.bars));
  EXPECT_EQ(overlapping.report.dropped.at("duplicate").count, 1u);
  auto const unfinished = bars_of({{"p1", alpaca_page(a, "\"more\"")}});
  EXPECT_THAT(unfinished.report.notes[0], HasSubstr("bars after the last page given are missing"));
}

TEST(ImportBars, ReadsAlpacasOtherShapes) {
  std::string const bar = alpaca_bar("2020-01-02T15:30:00Z", 11),
                    next = alpaca_bar("2020-01-02T15:31:00Z", 11);
  auto const list = bars_of(R"({"bars":[)" + bar + "," + next + R"(],"symbol":"META"})");
  EXPECT_THAT(list.bars.symbols, ElementsAre("META"));
  EXPECT_EQ(list.bars.interval, BarInterval::minute);
  auto const latest = bars_of(R"({"bars":{"META":)" + bar + "}}", {.interval = "minute"});
  EXPECT_EQ(latest.bars.times[0], first_session + 15 * 3600 + 1800);
  auto const dirty = bars_of(alpaca_page(bar + "," + next + R"(,{"t":"x"},{"o":1},7)"));
  EXPECT_EQ(dirty.report.dropped.at("unreadable").count, 3u);
}

TEST(ImportBars, DropsAndMendsDirtyRows) {
  std::string const text = plain_header +
                           "AAA,2020-01-02,10,11,9,10,100\n"
                           "AAA,2020-01-03,0,11,9,10,100\n"       // not_positive
                           "AAA,2020-01-06,10,9,11,10,100\n"      // high_below_low
                           "AAA,2020-01-07,nan,11,9,10,100\n"     // not_a_number
                           "AAA,2020-01-08,10,11,9,10,-1\n"       // volume_out_of_range
                           "AAA,2020-01-09,10,2e9,9,10,100\n"     // out_of_range
                           "AAA,2020-13-09,10,11,9,10,100\n"      // unreadable
                           "AAA,2020-01-13,10,11\n"               // unreadable
                           "A A,2020-01-13,10,11,9,10,100\n"      // unreadable
                           "AAA,2020-01-10,10,10.5,9.5,10.6,0\n"  // range_widened
                           "AAA,2020-01-02,10,11,9,10,100\n";     // sorted, duplicate
  auto const [bars, report] = bars_of(text);
  EXPECT_EQ(report.rows_read, 11u);
  EXPECT_EQ(report.dropped.size(), 7u);
  for (char const* reason : {"not_positive", "high_below_low", "not_a_number",
                             "volume_out_of_range", "out_of_range", "duplicate"})
    EXPECT_EQ(report.dropped.at(reason).count, 1u) << reason;
  EXPECT_EQ(report.dropped.at("unreadable").count, 3u);
  EXPECT_THAT(report.dropped.at("unreadable").examples[0], HasSubstr("file.csv:8: AAA,2020-13-09"));
  EXPECT_THAT(report.dropped.at("not_positive").examples[0],
              HasSubstr("AAA 2020-01-03 open 0 high 11 low 9 close 10 volume 100 (file.csv:3)"));
  EXPECT_EQ(report.mended.at("range_widened").count, 1u);
  EXPECT_EQ(report.mended.at("sorted").count, 1u);
  EXPECT_EQ(bars.size(), 7u);
  EXPECT_EQ(bars.status[1], BarStatus::missing);
  EXPECT_EQ(bars.high[6], 10.6);
  EXPECT_EQ(report.symbols[0].bars, 2u);
  EXPECT_EQ(report.symbols[0].missing, 5u);
}

TEST(ImportBars, KeepsTheEventsOfDroppedRows) {
  auto const [bars, report] =
      bars_of(event_header + event_row("AAA,2020-01-02", 10, 10) +
              "AAA,2020-01-03,0,0,0,0,,0,0.5,2\n" + event_row("AAA,2020-01-06", 5, 5));
  EXPECT_EQ(bars.status[1], BarStatus::missing);
  EXPECT_EQ(bars.split[1], 2);
  EXPECT_EQ(bars.dividend[1], 0.5);
  EXPECT_EQ(io::forward_factor(bars)[2], 2 + 1.0 / 5);
}

TEST(ImportBars, RoundsNoisySplits) {
  auto const [bars, report] = bars_of(event_header + event_row("AAA,2020-01-02", 70, 70) +
                                      event_row("AAA,2020-01-03", 10, 10, "0", "7.00000700001") +
                                      event_row("AAA,2020-01-06", 10, 10, "0", "1.589"));
  EXPECT_EQ(bars.split[1], 7);
  EXPECT_EQ(bars.split[2], 1.589);
  EXPECT_EQ(report.mended.at("split_rounded").count, 1u);
}

TEST(ImportBars, TellsTheCalendar) {
  std::string text = plain_header;
  for (int date = 2; date <= 28; ++date) {  // January 2020, weekends and Martin Luther King Day too
    std::string const two = (date < 10 ? "0" : "") + std::to_string(date);
    if (date != 15 && date != 4) text += "AAA,2020-01-" + two + ",10,11,9,10,100\n";
  }
  EXPECT_THAT(message_of([&] { bars_of(text); }), HasSubstr("8 of 25 bars are on days when"));
  auto const any = bars_of(text, {.calendar = io::BarCalendar::none});
  EXPECT_EQ(any.bars.size(), 25u);
  EXPECT_EQ(any.bars.calendar, "none");
  std::string few = plain_header + "AAA,2020-01-04,10,11,9,10,100\n";
  for (int year = 10; year < 30; ++year)
    for (char const* date : {"-01-06", "-01-07", "-01-08", "-01-09", "-01-10"})
      few += "AAA,20" + std::to_string(year) + date + ",10,11,9,10,100\n";
  auto const [bars, report] = bars_of(few, {.from = "2020-01-01", .to = "2020-01-31"});
  EXPECT_EQ(bars.size(), 5u);
  EXPECT_EQ(report.rows_left_out, 95u);
}

TEST(ImportBars, CountsSessionsThatAreMissing) {
  auto const [bars, report] = bars_of(plain_header +
                                      "AAA,2020-01-02,10,11,9,10,100\n"
                                      "AAA,2020-01-22,10,11,9,10,100\n");
  EXPECT_EQ(report.sessions_missing, 12u);
  EXPECT_THAT(report.first_missing,
              ElementsAre("2020-01-03", "2020-01-06", "2020-01-07", "2020-01-08", "2020-01-09"));
}

TEST(ImportBars, LeavesOutWhatIsNotAskedFor) {
  std::string const text = plain_header +
                           "AAA,2020-01-02,10,11,9,10,100\nBBB,2020-01-02,10,11,9,10,100\n"
                           "AAA,2020-01-03,10,11,9,10,100\nAAA,2020-01-06,10,11,9,10,100\n";
  auto const [bars, report] =
      bars_of(text, {.symbols = {"AAA"}, .from = "2020-01-03", .to = "2020-01-03"});
  EXPECT_THAT(bars.symbols, ElementsAre("AAA"));
  EXPECT_THAT(bars.times, ElementsAre(first_session + day));
  EXPECT_EQ(report.rows_left_out, 3u);
}

TEST(ImportBars, CountsASymbolOutAfterTwentySessions) {
  std::string text = plain_header;
  for (int date = 2; date <= 31; ++date) {
    std::string const two = (date < 10 ? "0" : "") + std::to_string(date);
    for (char const* month : {"-01-", "-02-"})
      if (date < 30 || month[2] == '1') text += "AAA,2020" + (month + two) + ",10,11,9,10,100\n";
  }
  text += "BBB,2020-01-03,10,11,9,10,100\n";
  auto const bars = bars_of(text, {.calendar = io::BarCalendar::none}).bars;
  auto const status = [&](std::size_t t) { return bars.status[bars.at(t, 1)]; };
  EXPECT_EQ(status(0), BarStatus::not_listed);
  EXPECT_EQ(status(1), BarStatus::traded);
  EXPECT_EQ(status(2), BarStatus::missing);
  EXPECT_EQ(status(21), BarStatus::missing);
  EXPECT_EQ(status(22), BarStatus::delisted);
  EXPECT_EQ(status(bars.size() - 1), BarStatus::delisted);
}

std::vector<std::string> reasons_of(io::Bars const& bars) {
  std::vector<std::string> reasons;
  for (auto const& flag : bars.flags) reasons.push_back(flag.reason);
  return reasons;
}

/// Flags of a second day after a close of 100.
std::vector<std::string> flags_after(double open, std::string const& dividend,
                                     std::string const& split) {
  return reasons_of(bars_of(event_header + event_row("AAA,2020-01-02", 100, 100) +
                            event_row("AAA,2020-01-03", open, open, dividend, split))
                        .bars);
}

TEST(BarFlags, FollowTheirRules) {
  EXPECT_THAT(flags_after(98, "2", "1"), ElementsAre());
  EXPECT_THAT(flags_after(70, "0", "1"), ElementsAre());
  EXPECT_THAT(flags_after(50, "0", "2"), ElementsAre());
  EXPECT_THAT(flags_after(60, "40", "1"), ElementsAre("large_dividend"));
  EXPECT_THAT(flags_after(99, "40", "1"), ElementsAre("large_dividend", "dividend_without_fall"));
  EXPECT_THAT(flags_after(63, "0", "1.589"), ElementsAre("odd_split"));
  EXPECT_THAT(flags_after(49, "1", "2"), ElementsAre("split_with_dividend"));
  EXPECT_THAT(flags_after(400, "0", "0.142857142857"), ElementsAre("price_against_split"));
  EXPECT_THAT(flags_after(33, "0", "1"), ElementsAre("jump_without_event"));
  auto const bars = bars_of(event_header +
                            "AAA,2020-01-02,100,100,100,100,50,1,0,1\n"
                            "AAA,2020-01-03,100,100,100,100,51,1,0,1\n")
                        .bars;
  EXPECT_THAT(reasons_of(bars), ElementsAre("adjusted_close_differs"));
  EXPECT_EQ(
      bars.flags[0].text,
      "AAA 2020-01-03: the vendor's adjusted close moves by 1.0200, close and events by 1.0000");
}

TEST(LeanFactors, BecomeEvents) {
  std::string const bars_text = plain_header +
                                "AAPL,2014-06-06,645,650,640,645.57,100\n"
                                "AAPL,2014-06-09,92.7,93.9,91.8,93.7,100\n"
                                "AAPL,2014-08-06,95,95,94,94.97,100\n"
                                "AAPL,2014-08-07,94.9,95.9,94,94.5,100\n";
  std::string const factors =
      "symbol,date,price_factor,split_factor,reference_price\n"
      "AAPL,19980102,0.8613657,0.03571430,1\nAAPL,20140606,0.9011818,0.03571430,645.57\n"
      "AAPL,20140806,0.9011818,0.25,94.97\nAAPL,20141105,0.9056639,0.25,108.86\n"
      "AAPL,20501231,1,1,0\n";
  auto const [bars, report] = bars_of({{"a", bars_text}}, {}, {{"f", factors}});
  EXPECT_THAT(bars.split, ElementsAre(1, 7, 1, 1));
  EXPECT_THAT(bars.dividend, ElementsAre(0, 0, 0, 0.47));
  std::string bare = factors.substr(factors.find('\n') + 1);
  for (auto at = bare.find("AAPL,"); at != std::string::npos; at = bare.find("AAPL,"))
    bare.erase(at, 5);
  auto const again = bars_of({{"a", bars_text}}, {}, {{"factors/aapl.csv", bare}});
  EXPECT_EQ(io::bars_digest(again.bars), io::bars_digest(bars));
}

TEST(LeanFactors, WaitForNewYorksNextDay) {
  std::string const minutes =
      "20140106 19:30,5450000,5450000,5450000,5450000,100\n"  // 00:30 UTC
      "20140107 09:30,2725000,2725000,2725000,2725000,100\n";
  BarsOptions options;
  options.interval = "minute";
  auto const bars = bars_of({{"aapl.csv", minutes}}, options,
                            {{"aapl.csv", "20140106,1,0.5,545\n20501231,1,1,0\n"}})
                        .bars;
  EXPECT_THAT(bars.split, ElementsAre(1, 2));
}

/// What both have: the same bits in every column and in the forward-adjusted closes.
void expect_prefix(io::Bars const& cut, io::Bars const& whole) {
  ASSERT_EQ(cut.symbols, whole.symbols);
  auto const a = io::forward_factor(cut), b = io::forward_factor(whole);
  for (std::size_t i = 0; i < cut.cells(); ++i) {
    EXPECT_EQ(std::bit_cast<std::uint64_t>(cut.close[i]),
              std::bit_cast<std::uint64_t>(whole.close[i]));
    EXPECT_EQ(std::bit_cast<std::uint64_t>(a[i]), std::bit_cast<std::uint64_t>(b[i]));
    EXPECT_EQ(cut.split[i], whole.split[i]);
    EXPECT_EQ(cut.dividend[i], whole.dividend[i]);
    EXPECT_EQ(cut.status[i], whole.status[i]);
  }
}

TEST(ImportBars, OfACutFileIsAPrefix) {
  std::vector<std::string> const dates = {"02", "03", "06", "07", "08", "09", "10"};
  std::vector<std::string> texts{event_header};
  for (std::size_t i = 0; i < dates.size(); ++i) {
    std::string const dividend = i == 2 ? "3" : i == 5 ? "20" : "0", split = i == 4 ? "2.5" : "1";
    auto const fall = static_cast<double>(i);
    std::string const halted = i == 3 ? "" : event_row("BBB,2020-01-" + dates[i], 10, 11);
    texts.push_back(
        texts.back() + halted +
        event_row("AAA,2020-01-" + dates[i], 100 - 7 * fall, 99 - 5 * fall, dividend, split));
  }
  auto const whole = bars_of(texts.back());
  for (std::size_t count = 1; count < texts.size(); ++count)
    expect_prefix(bars_of(texts[count]).bars, whole.bars);
}

}  // namespace
}  // namespace muster::test
