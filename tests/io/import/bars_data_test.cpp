// Bars of real vendors.
#include <gmock/gmock.h>

#include <bit>
#include <set>
#include <sstream>

#include "bars_of.hpp"
#include "expect_error.hpp"
#include "market_data.hpp"

namespace muster::test {
namespace {

using io::BarInterval;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::size_t total(io::BarsReport const& report, std::size_t io::SymbolReport::*member) {
  std::size_t sum = 0;
  for (auto const& one : report.symbols) sum += one.*member;
  return sum;
}

bool has_flag(io::Bars const& bars, std::string const& name_and_date, std::string const& reason) {
  for (auto const& flag : bars.flags)
    if (flag.reason == reason && flag.text.starts_with(name_and_date + ":")) return true;
  return false;
}

TEST(BarsData, TwoHundredSymbols) {
  MUSTER_DATA_FILE(file, "sp500_daily_200sym_2010_2021.csv.xz");
  auto const [bars, report] = io::import_bars({file});
  EXPECT_EQ(bars.symbols.size(), 200u);
  EXPECT_EQ(bars.size(), 2844u);
  EXPECT_EQ(report.rows_read, 568'800u);
  EXPECT_EQ(total(report, &io::SymbolReport::bars), 568'800u);
  EXPECT_EQ(total(report, &io::SymbolReport::splits), 50u);
  EXPECT_EQ(total(report, &io::SymbolReport::dividends), 7307u);
  EXPECT_EQ(report.sessions_missing, 0u);
  EXPECT_THAT(report.dropped, IsEmpty());
  EXPECT_EQ(report.mended.count("range_widened"), 0u);
  EXPECT_EQ(bars.sources.size(), 1u);
  // What the data's own notes name, found by rule.
  for (char const* spin_off :
       {"ABT 2013-01-02", "EBAY 2015-07-20", "GOOGL 2014-04-03", "PENN 2013-11-04",
        "HPQ 2015-11-02", "MDLZ 2012-10-02", "JCI 2012-10-01"})
    EXPECT_TRUE(has_flag(bars, spin_off, "large_dividend")) << spin_off;
  for (char const* odd : {"RTX 2020-04-03", "DD 2019-04-02", "MET 2017-08-07", "PFE 2020-11-17",
                          "HON 2018-10-01", "HON 2018-10-29"})
    EXPECT_TRUE(has_flag(bars, odd, "odd_split")) << odd;
  EXPECT_TRUE(has_flag(bars, "MSI 2011-01-04", "price_against_split"));
  EXPECT_TRUE(has_flag(bars, "TMUS 2013-05-01", "dividend_without_fall"));
  for (char const* event : {"RTX 2020-04-03", "ROST 2015-06-12", "MET 2017-08-07"})
    EXPECT_TRUE(has_flag(bars, event, "split_with_dividend")) << event;
  // A dividend is for a share after the split: so read, the vendor's adjustment agrees with the
  // events everywhere else.
  EXPECT_TRUE(has_flag(bars, "TMUS 2013-05-01", "adjusted_close_differs"));
  EXPECT_EQ(report.flags.at("adjusted_close_differs"), 1u);
  EXPECT_FALSE(has_flag(bars, "AAPL 2014-06-09", "price_against_split"));
  EXPECT_LT(bars.flags.size(), 100u);
}

/// The lines of these symbols, up to and without `date`.
std::string lines_before(std::string const& text, std::set<std::string> const& symbols,
                         std::string const& date) {
  std::istringstream lines(text);
  std::string line, cut;
  std::getline(lines, line);
  cut = line + "\n";
  while (std::getline(lines, line)) {
    auto const comma = line.find(',');
    if (symbols.contains(line.substr(0, comma)) && line.substr(comma + 1, 10) < date)
      cut += line + "\n";
  }
  return cut;
}

void expect_same_past(io::Bars const& cut, io::Bars const& whole) {
  ASSERT_EQ(cut.symbols, whole.symbols);
  ASSERT_LT(cut.size(), whole.size());
  auto const a = io::forward_factor(cut), b = io::forward_factor(whole);
  auto const bits = [](double value) { return std::bit_cast<std::uint64_t>(value); };
  std::size_t differences = 0;
  for (std::size_t i = 0; i < cut.cells(); ++i) {
    differences +=
        bits(cut.open[i]) != bits(whole.open[i]) || bits(cut.high[i]) != bits(whole.high[i]);
    differences +=
        bits(cut.low[i]) != bits(whole.low[i]) || bits(cut.close[i]) != bits(whole.close[i]);
    differences += cut.status[i] != whole.status[i] || cut.volume[i] != whole.volume[i];
    differences +=
        bits(a[i]) != bits(b[i]) || bits(cut.close[i] * a[i]) != bits(whole.close[i] * b[i]);
  }
  EXPECT_EQ(differences, 0u);
}

TEST(BarsData, CutBeforeASplitOrDividendKeepTheirPast) {
  MUSTER_DATA_FILE(file, "sp500_daily_200sym_2010_2021.csv.xz");
  std::string const text = io::read_all(*io::open_text(file));
  std::set<std::string> const symbols = {"AAPL", "GE", "HON", "MSI", "NFLX", "RTX", "TMUS"};
  auto const whole = bars_of(lines_before(text, symbols, "9999")).bars;
  for (char const* event : {"2011-01-04", "2013-05-01", "2014-06-09", "2015-07-15", "2018-10-01",
                            "2020-04-03", "2020-08-31", "2021-02-05"})
    expect_same_past(bars_of(lines_before(text, symbols, event)).bars, whole);
}

TEST(BarsData, LeanDaysWithAndWithoutFactors) {
  MUSTER_DATA_FILE(file, "etf_daily_lean_raw_1998_2021.csv.xz");
  MUSTER_DATA_FILE(factors, "lean_factor_files.csv.xz");
  auto const bare = io::import_bars({file});
  EXPECT_EQ(bare.report.rows_read, 21'909u);
  EXPECT_THAT(bare.report.dropped, IsEmpty());
  for (char const* jump : {"EEM 2005-06-09", "EEM 2008-07-24", "IWM 2005-06-09", "USO 2020-04-29"})
    EXPECT_TRUE(has_flag(bare.bars, jump, "jump_without_event")) << jump;
  EXPECT_EQ(bare.bars.flags.size(), 4u);
  io::BarsOptions options;
  options.factors = {factors};
  auto const known = io::import_bars({file}, options);
  EXPECT_EQ(total(known.report, &io::SymbolReport::splits), 4u);
  EXPECT_GT(total(known.report, &io::SymbolReport::dividends), 200u);
  EXPECT_THAT(known.bars.flags, IsEmpty());
  auto const& [bars, report] = known;
  auto const uso = bars.symbols.size() - 1;
  for (std::size_t t = 0; t < bars.size(); ++t)
    if (double const split = bars.split[bars.at(t, uso)]; split != 1) {
      EXPECT_EQ(split, 0.125);
    }
}

TEST(BarsData, LeanHoursAndMinutes) {
  MUSTER_DATA_FILE(spy, "spy_hour_bars_lean_1998_2021.csv.xz");
  MUSTER_DATA_FILE(aapl, "aapl_hour_bars_lean_1998_2021.csv.xz");
  MUSTER_DATA_FILE(goog, "goog_minute_bars_2015-12-24.csv.xz");
  auto const [bars, report] = io::import_bars({spy, aapl});
  EXPECT_EQ(bars.interval, BarInterval::hour);
  EXPECT_EQ(bars.size(), 40'840u);
  EXPECT_EQ(total(report, &io::SymbolReport::bars), 40'832u + 40'831u);
  EXPECT_EQ(total(report, &io::SymbolReport::missing), 17u);
  auto const minutes = io::import_bars({goog});
  EXPECT_EQ(minutes.bars.interval, BarInterval::minute);
  EXPECT_EQ(minutes.report.rows_read, 227u);
  EXPECT_EQ(minutes.bars.symbols.front(), "GOOG");
  EXPECT_EQ(minutes.bars.times.front(), 1'450'967'280);  // 2015-12-24 09:28 New York
}

TEST(BarsData, AdjustedPricesAreRefused) {
  MUSTER_DATA_FILE(file, "etf_daily_kaggle_adj_2005_2017.csv.xz");
  EXPECT_THAT(message_of([&] { io::import_bars({file}); }),
              HasSubstr("these prices are adjusted for later splits and dividends"));
}

TEST(BarsData, AlpacasPages) {
  MUSTER_DATA_FILE(first, "alpaca/stock_bars_daily_page1.json.gz");
  MUSTER_DATA_FILE(second, "alpaca/stock_bars_daily_page2.json.gz");
  auto const [bars, report] = io::import_bars({first, second});
  EXPECT_EQ(bars.interval, BarInterval::day);
  EXPECT_EQ(bars.size(), 4u);
  EXPECT_EQ(bars.close[3], 164.26);
  EXPECT_EQ(report.sessions_missing, 0u);
  EXPECT_THAT(report.notes[0], HasSubstr("Every page names a next one"));
  EXPECT_EQ(io::import_bars({first, second, first}).report.dropped.at("duplicate").count, 2u);
}

TEST(BarsData, OtherAnswersOfAlpaca) {
  MUSTER_DATA_FILE(quarters, "alpaca/stock_bars_15min.json.gz");
  MUSTER_DATA_FILE(crypto, "alpaca/crypto_bars.json.gz");
  MUSTER_DATA_FILE(actions, "alpaca/corporate_actions.json.gz");
  MUSTER_DATA_FILE(options, "alpaca/option_bars_hourly.json.gz");
  EXPECT_THAT(message_of([&] { io::import_bars({quarters}); }), HasSubstr("a bar every 900 s"));
  EXPECT_THAT(message_of([&] { io::import_bars({actions}); }),
              HasSubstr("with the key 'bars', found corporate_actions"));
  EXPECT_EQ(io::import_bars({crypto}).bars.interval, BarInterval::minute);
  EXPECT_EQ(io::import_bars({options}).bars.interval, BarInterval::hour);
}

}  // namespace
}  // namespace muster::test
