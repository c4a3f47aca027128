#include <gtest/gtest.h>

#include "io/import/contract_rules.hpp"
#include "io/import/occ_symbol.hpp"

namespace muster::io {
namespace {

using namespace std::chrono;

TEST(OccSymbol, Reads) {
  auto const symbol = parse_occ_symbol("SPXW230914P01205500");
  ASSERT_TRUE(symbol);
  EXPECT_EQ(symbol->root, "SPXW");
  EXPECT_EQ(symbol->expiry, 2023y / 9 / 14);
  EXPECT_EQ(symbol->right, OptionRight::put);
  EXPECT_EQ(symbol->strike, 1205.5);
  EXPECT_EQ(parse_occ_symbol("AMD1  240119C00002500")->root, "AMD1");
  EXPECT_EQ(parse_occ_symbol("A240119C00002500")->strike, 2.5);
}

TEST(OccSymbol, Refuses) {
  for (char const* text :
       {"", "240119C00002500", "TOOLONG240119C00002500", "AAPL240119X00002500",
        "AAPL241319C00002500", "AAPL240230C00002500", "AAPL240119C0000250", "aapl240119C00002500",
        "AAPL240119C0000250x", "AA PL240119C00002500", "      240119C00002500"})
    EXPECT_FALSE(parse_occ_symbol(text)) << text;
}

TEST(OccSymbol, IsWrittenAsItIsRead) {
  for (char const* text : {"SPXW230914P01205500", "A240119C00002500", "XSP991231C99999999"})
    EXPECT_EQ(format_occ_symbol(*parse_occ_symbol(text)), text);
  OccSymbol symbol = *parse_occ_symbol("A240119C00002500");
  symbol.strike = 2.50005;
  EXPECT_FALSE(format_occ_symbol(symbol)) << "no whole thousandths";
  symbol.strike = 100'000;
  EXPECT_FALSE(format_occ_symbol(symbol)) << "nine digits";
  symbol.strike = 2.5;
  symbol.root = "BRK.B";
  EXPECT_FALSE(format_occ_symbol(symbol));
}

TEST(RootRules, IndexAndEquityRoots) {
  EXPECT_EQ(root_rules("SPX").settlement, Settlement::am);
  EXPECT_EQ(root_rules("SPXW").settlement, Settlement::pm);
  EXPECT_EQ(root_rules("SPXW").underlying, "SPX");
  EXPECT_EQ(root_rules("XSP").exercise, Exercise::european);
  EXPECT_EQ(root_rules("XSP").settlement, Settlement::pm);
  EXPECT_EQ(root_rules("AAPL").exercise, Exercise::european_equivalent);
  EXPECT_EQ(root_rules("AAPL").underlying, "AAPL");
}

TEST(RootRules, AdjustedContracts) {
  EXPECT_TRUE(is_adjusted_root("AMD1"));
  EXPECT_TRUE(is_adjusted_root("2SPY"));
  EXPECT_FALSE(is_adjusted_root("AMD"));
}

std::string settled(Settlement settlement, Date expiry) {
  return to_new_york_text(settlement_instant(settlement, expiry));
}

TEST(Settlement, MorningAndAfternoonShareADate) {
  EXPECT_EQ(settled(Settlement::am, 2023y / 10 / 20), "2023-10-20 09:30 New York");
  EXPECT_EQ(settled(Settlement::pm, 2023y / 10 / 20), "2023-10-20 16:00 New York");
}

TEST(Settlement, OldSaturdaysAndHolidaysSettleTheTradingDayBefore) {
  EXPECT_EQ(settled(Settlement::pm, 2014y / 6 / 21), "2014-06-20 16:00 New York");
  EXPECT_EQ(settled(Settlement::am, 2014y / 6 / 21), "2014-06-20 09:30 New York");
  EXPECT_EQ(settled(Settlement::pm, 2014y / 4 / 19),
            "2014-04-17 16:00 New York");  // after Good Friday
  EXPECT_EQ(settled(Settlement::pm, 2015y / 12 / 24), "2015-12-24 13:00 New York");
}

TEST(Settlement, YearsAreMinutesOver525600) {
  Instant const from = from_new_york({2023y / 9 / 14, 16 * 60});
  // 36 days less 6.5 hours.
  EXPECT_EQ(years_between(from, settlement_instant(Settlement::am, 2023y / 10 / 20)),
            51450.0 / 525600.0);
}

}  // namespace
}  // namespace muster::io
