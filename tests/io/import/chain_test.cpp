#include "io/import/chain.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "expect_error.hpp"
#include "raw_of.hpp"

namespace muster::io {
namespace {

using namespace test;
using ::testing::HasSubstr;

/// A LEAN row of AAPL on a quote date.
std::string lean_row(std::string const& day, std::string const& expiry, char const* strike,
                     char right, std::string const& bid, std::string const& ask) {
  return day + ",AAPL,100," + expiry + "," + strike + "," + right + "," + bid + ",1," + ask +
         ",1,,7,9\n";
}

std::string lean_chain() {
  return lean_header + lean_row("2014-06-05", "2014-06-21", "100", 'C', "2.0", "2.2") +
         lean_row("2014-06-06", "2014-06-21", "100", 'C', "2.0", "2.2") +
         lean_row("2014-06-06", "2014-06-21", "100", 'P', "1.9", "2.1") +
         lean_row("2014-06-06", "2014-06-21", "105", 'C', "", "0.4") +
         lean_row("2014-06-06", "2014-06-21", "90", 'C', "9.8", "9.9") +
         lean_row("2014-06-06", "2014-06-21", "90", 'C', "9.8", "9.9") +
         lean_row("2014-06-06", "2014-06-06", "100", 'C', "0.1", "0.2") +
         lean_row("2014-06-06", "2014-07-19", "100", 'C', "3.0", "3.2");
}

TEST(ImportChain, EveryRowIsKeptOrKeptApart) {
  ImportedChain const chain = import_raw(raw_of({lean_chain()}));
  EXPECT_EQ(chain.report.rows_read, 8u);
  EXPECT_EQ(chain.report.rows_kept, 4u);
  EXPECT_EQ(chain.market.rows.size(), 4u);
  std::map<std::string, std::size_t> const expected{
      {"other_day", 1}, {"one_sided", 1}, {"duplicate", 1}, {"expired", 1}};
  EXPECT_EQ(chain.report.rejected, expected);
  ASSERT_EQ(chain.market.rejected.size(), 4u);
  EXPECT_EQ(chain.market.rejected[0].line, 2);
  EXPECT_EQ(chain.market.rejected[0].file, "file1");
  EXPECT_EQ(chain.market.rejected[0].reason, "other_day");
  EXPECT_EQ(chain.market.rejected[0].text + "\n",
            lean_row("2014-06-05", "2014-06-21", "100", 'C', "2.0", "2.2"));
}

TEST(ImportChain, FillsTheMarketFile) {
  MarketFile const market = import_raw(raw_of({lean_chain()})).market;
  EXPECT_EQ(market.underlying, "AAPL");
  EXPECT_EQ(market.as_of_utc, "2014-06-06T20:00:00Z");
  EXPECT_EQ(market.spot, 100);
  EXPECT_EQ(market.exercise, Exercise::european_equivalent);
  EXPECT_EQ(market.currency, "USD");
  EXPECT_THAT(market.source,
              HasSubstr("LEAN day chain: file1. Quotes are taken as of 2014-06-06 16:00 New York"));
  ASSERT_EQ(market.expiries.size(), 2u);
  MarketExpiry const& june = market.expiries[0];
  EXPECT_EQ(june.root, "AAPL");
  EXPECT_EQ(june.expiry_utc, "2014-06-20T20:00:00Z");  // a Saturday expiry, settled on Friday
  EXPECT_EQ(june.settlement, Settlement::pm);
  EXPECT_EQ(june.years, 14.0 * 1440 / 525600);
  EXPECT_NEAR(june.forward, 100.1, 1e-12);  // strike + call - put, at the rate of 0 that is assumed
  EXPECT_EQ(june.quality, ExpiryQuality::doubtful);
  EXPECT_EQ(market.expiries[1].quality, ExpiryQuality::unusable);
  MarketRow const& first = market.rows[0];
  EXPECT_EQ(first.strike, 90);
  EXPECT_DOUBLE_EQ(first.mid, 9.85);
  EXPECT_EQ(first.iv_status, "below_intrinsic");
  EXPECT_EQ(first.iv, 0);
  MarketRow const& call = market.rows[1];
  EXPECT_EQ(call.strike, 100);
  EXPECT_EQ(call.right, OptionRight::call);
  EXPECT_EQ(call.volume, 7);
  EXPECT_EQ(call.open_interest, 9);
  EXPECT_EQ(call.iv_status, "ok");
  EXPECT_NEAR(call.iv, 0.2625, 0.005);  // 2.05 = 0.4 forward * vol * sqrt(years), about
  EXPECT_EQ(market.rows[3].iv_status, "no_forward");
}

TEST(ImportChain, ANegativeRateIsAStatusWithAVolatility) {
  ImportOptions options;
  options.rate = -0.01;
  ImportedChain const chain = import_raw(raw_of({lean_chain()}), options);
  MarketRow const& call = chain.market.rows[1];
  EXPECT_GT(chain.market.expiries[call.expiry].discount, 1);
  EXPECT_EQ(call.iv_status, "negative_rate");
  EXPECT_TRUE(has_volatility(call.iv_status));
  EXPECT_NEAR(call.iv, 0.2625, 0.005);
  EXPECT_GT(chain.report.iv_statuses.at("negative_rate"), 0u);
}

TEST(ImportChain, APastDayByAsOf) {
  ImportOptions options;
  options.as_of = "2014-06-05 16:00 America/New_York";
  ImportedChain const chain = import_raw(raw_of({lean_chain()}), options);
  EXPECT_EQ(chain.report.rows_kept, 1u);
  EXPECT_EQ(chain.report.rejected.at("other_day"), 7u);
  EXPECT_THAT(chain.report.notes.at(0), HasSubstr("as of 2014-06-05 16:00 New York, as asked"));
}

TEST(ImportChain, ACboeDownloadOnTheWeekendMeansFridaysClose) {
  ImportedChain const chain =
      import_raw(raw_of({cboe_text(cboe_row, "\"Date: September 16, 2023 at 4:31 PM EDT\"")}));
  EXPECT_EQ(chain.market.as_of_utc, "2023-09-15T20:00:00Z");
  EXPECT_EQ(chain.market.expiries.at(0).settlement, Settlement::am);
  EXPECT_EQ(chain.market.expiries.at(0).expiry_utc, "2023-10-20T13:30:00Z");
  EXPECT_EQ(chain.market.exercise, Exercise::european);
  EXPECT_EQ(chain.market.spot, 4505.1001);
  EXPECT_THAT(chain.report.notes.at(0),
              HasSubstr("with the exchange shut; quotes are taken as of the last close"));
}

TEST(ImportChain, ARateReplacesParity) {
  ImportOptions options;
  options.rate = 0.05;
  MarketFile const market = import_raw(raw_of({lean_chain()}), options).market;
  EXPECT_NEAR(market.expiries[0].discount, 1 - 0.05 * 14 / 365.0, 2e-6);
  EXPECT_EQ(market.expiries[0].quality, ExpiryQuality::good);
}

TEST(ImportChain, HostileTextStaysPrintable) {
  std::string const text =
      lean_chain() + "2014-06-06,A\xff\x1b[2JPL,1,2014-06-21,90,C,1,1,2,1,,0,0\n";
  MarketFile const market = import_raw(raw_of({text})).market;
  EXPECT_EQ(market.rejected.back().reason, "unreadable");
  EXPECT_EQ(market.rejected.back().text.find('\x1b'), std::string::npos);
  EXPECT_EQ(market.rejected.back().text.find('\xff'), std::string::npos);
}

TEST(ImportChain, Refusals) {
  auto const import_with = [](std::string const& text, ImportOptions const& options = {}) {
    return message_of([&] { import_raw(raw_of({text}), options); });
  };
  std::string const googl = "2014-06-06,GOOGL,100,2014-06-21,100,C,1,1,2,1,,0,0\n";
  EXPECT_THAT(import_with(lean_chain() + googl), HasSubstr("hold options on AAPL and on GOOGL"));
  EXPECT_THAT(import_with(cboe_text(cboe_row, "Datum: irgendwann")),
              HasSubstr("shows no time that muster can read"));
  ImportOptions late;
  late.as_of = "2024-06-05 16:00 America/New_York";
  EXPECT_THAT(
      import_with(cboe_text(cboe_row), late),
      HasSubstr("no usable row among 2 (2 expired; there is nothing to price); check --as-of"));
  ImportOptions options;
  options.currency = "dollars";
  EXPECT_THAT(import_with(cboe_text(cboe_row), options), HasSubstr("currency = 'dollars'"));
  options = {};
  options.rate = 5;
  EXPECT_THAT(import_with(cboe_text(cboe_row), options), HasSubstr("rate = 5 "));
  options = {};
  options.as_of = "2023-09-14 16:00";
  EXPECT_THAT(import_with(cboe_text(cboe_row), options), HasSubstr("has no time zone"));
}

TEST(ImportChain, FilesOfDifferentDaysAreRefused) {
  auto const one = cboe_text(cboe_row),
             other = cboe_text(cboe_row, "\"Date: September 15, 2023 at 4:31 PM EDT\"");
  EXPECT_THAT(message_of([&] {
                import_raw(raw_of({one, other}));
              }),
              HasSubstr("the quotes of 2023-09-14 and of 2023-09-15"));
}

TEST(ImportReport, SaysWhatHappened) {
  std::string const text = to_text(import_raw(raw_of({lean_chain()})).report);
  EXPECT_THAT(text, HasSubstr("contracts read 8, kept 4, kept apart 4: 1 duplicate, 1 expired, 1 "
                              "one_sided, 1 other_day"));
  EXPECT_THAT(text, HasSubstr("implied volatilities: 1 below_intrinsic, 1 no_forward, 2 ok"));
  EXPECT_THAT(text, HasSubstr("2014-06-21"));
  EXPECT_THAT(text, HasSubstr("unusable: no strike with both"));
  EXPECT_THAT(to_text(import_raw(raw_of({lean_chain()})).report, 1),
              HasSubstr("... and 1 more expiries"));
}

}  // namespace
}  // namespace muster::io
