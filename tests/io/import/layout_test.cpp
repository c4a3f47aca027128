#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "compress.hpp"
#include "expect_error.hpp"
#include "io/import/layouts.hpp"
#include "raw_of.hpp"

namespace muster::io {
namespace {

using namespace std::chrono;
using namespace test;
using ::testing::HasSubstr;

std::string replaced(std::string text, std::string const& from, std::string const& to) {
  auto const at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

TEST(CboeLayout, ReadsBothHalves) {
  RawChain const chain = raw_of({cboe_text(cboe_row)});
  EXPECT_EQ(chain.layout, "Cboe quote table");
  EXPECT_EQ(chain.title, "Standard & Poors 500 Index");
  EXPECT_EQ(chain.last_price, 4505.1001);
  EXPECT_EQ(format_instant(chain.downloads.at(0)), "2023-09-14T20:31:00Z");
  ASSERT_EQ(chain.quotes.size(), 2u);
  OptionQuote const &call = chain.quotes[0], &put = chain.quotes[1];
  EXPECT_EQ(call.root, "SPX");
  EXPECT_EQ(call.expiry, 2023y / 10 / 20);
  EXPECT_EQ(call.right, OptionRight::call);
  EXPECT_EQ(put.right, OptionRight::put);
  EXPECT_EQ(call.strike, 4500);
  EXPECT_EQ(call.bid, 94.1);
  EXPECT_EQ(put.bid, 63.5);
  EXPECT_EQ(put.ask, 64.3);
  EXPECT_EQ(put.volume, 310);
  EXPECT_EQ(put.file_iv, 0.119);
  EXPECT_EQ(put.delta, -0.47);
  EXPECT_EQ(put.gamma, 0.0021);
  EXPECT_EQ(put.open_interest, 5002);
  EXPECT_EQ(put.line, 5u);
  EXPECT_EQ(put.fault, QuoteFault::none);
  EXPECT_EQ(
      put.text,
      "Fri Oct 20 2023,SPX231020P04500000,64.2,-3,63.5,64.3,310,0.119,-0.47,0.0021,5002,4500.00");
}

TEST(CboeLayout, ColumnsAreFoundByNameWithinTheirHalf) {
  std::string const text =
      "Expiration Date,Calls,Bid,Ask,Last Sale,Volume,IV,Delta,Gamma,Open "
      "Interest,Strike,Puts,Ask,Bid,Last Sale,Volume,"
      "IV,Delta,Gamma,Open Interest\nFri Oct 20 "
      "2023,SPX231020C04500000,1,2,0,0,0,0,0,0,4500,SPX231020P04500000,4,3,0,0,"
      "0,0,0,0\n";
  RawChain const chain = raw_of({text});
  EXPECT_EQ(chain.quotes[0].bid, 1);
  EXPECT_EQ(chain.quotes[1].bid, 3);
  EXPECT_EQ(chain.quotes[1].ask, 4);
}

TEST(CboeLayout, RowsThatCannotBeReadAreKeptAsFaults) {
  auto const fault_of = [](std::string const& row) {
    RawChain const chain = raw_of({cboe_text(row)});
    EXPECT_EQ(chain.quotes.size(), 2u);
    EXPECT_EQ(chain.quotes[1].fault, QuoteFault::unreadable);
    return chain.quotes[1].fault_text;
  };
  EXPECT_THAT(fault_of("Fri Oct 20 2023,SPX231020C04500000,95.5\n"),
              HasSubstr("has 3 fields where the header has 22"));
  EXPECT_THAT(fault_of(replaced(cboe_row, "63.5", "63.5x")),
              HasSubstr("Bid '63.5x' is not a number"));
  EXPECT_THAT(fault_of(replaced(cboe_row, "SPX231020P", "SPX231020C")),
              HasSubstr("is not the symbol of a put"));
  EXPECT_THAT(fault_of(replaced(cboe_row, "4500.00", "4600.00")),
              HasSubstr("disagrees with strike"));
  EXPECT_THAT(fault_of(replaced(cboe_row, "Oct 20", "Oct 19")),
              HasSubstr("disagrees with strike or expiration"));
  RawChain const chain = raw_of({cboe_text(replaced(cboe_row, "63.5", "nan"))});
  EXPECT_EQ(chain.quotes[1].fault, QuoteFault::not_finite);
  EXPECT_EQ(chain.quotes[0].fault, QuoteFault::none);
}

TEST(CboeLayout, HeaderTimes) {
  auto const utc = [](char const* text) {
    auto const time = parse_cboe_time(text);
    return time ? format_instant(*time) : "none";
  };
  EXPECT_EQ(utc(" February 5 2022, 8:09 PM EST"), "2022-02-06T01:09:00Z");
  EXPECT_EQ(utc("June 11, 2022, 8:47 PM EDT"), "2022-06-12T00:47:00Z");
  EXPECT_EQ(utc("January 7, 2024 at 10:52 AM EST"), "2024-01-07T15:52:00Z");
  EXPECT_EQ(utc("July 12, 2022, 12:05 PM EDT"), "2022-07-12T16:05:00Z");
  EXPECT_EQ(utc("July 12, 2022, 12:05 AM EDT"), "2022-07-12T04:05:00Z");
  for (char const* text : {"", "8 December 2023 14:00 MSK", "July 32, 2022, 1:05 PM EDT",
                           "July 12, 2022, 13:05 PM EDT", "July 12, 2022, 1:65 PM EDT",
                           "July 12, 2022, 1:05 PM PST", "July 12, 2022, :05 PM EDT"})
    EXPECT_EQ(utc(text), "none") << text;
}

TEST(CboeLayout, AnUnquotedDateIsFoundAsWell) {
  RawChain const chain = raw_of({cboe_text(cboe_row, "Date: February 5 2022, 8:09 PM EST")});
  ASSERT_EQ(chain.downloads.size(), 1u);
  EXPECT_EQ(format_instant(chain.downloads[0]), "2022-02-06T01:09:00Z");
}

TEST(LeanLayout, Reads) {
  RawChain const chain =
      raw_of({lean_header + "2014-06-06,AAPL,645.57,2014-06-21,490,P,,0,0.04,8,,0,75\n"});
  EXPECT_EQ(chain.layout, "LEAN day chain");
  OptionQuote const& quote = chain.quotes.at(0);
  EXPECT_EQ(quote.root, "AAPL");
  EXPECT_EQ(quote.expiry, 2014y / 6 / 21);
  EXPECT_EQ(quote.quote_date, 2014y / 6 / 6);
  EXPECT_EQ(quote.right, OptionRight::put);
  EXPECT_NE(quote.bid, quote.bid);  // absent
  EXPECT_EQ(quote.ask, 0.04);
  EXPECT_EQ(quote.open_interest, 75);
  EXPECT_EQ(chain.closes.at(2014y / 6 / 6), 645.57);
}

TEST(LeanLayout, Faults) {
  RawChain const chain =
      raw_of({lean_header + "2014-06-31,AAPL,1,2014-06-21,490,P,1,0,2,8,,0,75\n"
                            "2014-06-06,AAPL,1,2014-06-21,490,X,1,0,2,8,,0,75\n"
                            "2014-06-06,aa\x01pl,1,2014-06-21,490,C,1,0,2,8,,0,75\n"});
  EXPECT_EQ(chain.quotes[0].fault_text, "quote_date '2014-06-31' is not a date");
  EXPECT_EQ(chain.quotes[1].fault_text, "right 'X' is neither C nor P");
  EXPECT_THAT(chain.quotes[2].fault_text, HasSubstr("is no ticker"));
}

TEST(YahooLayout, Reads) {
  RawChain const chain =
      raw_of({yahoo_header + "0,SPY250826C00540000,2025-08-20 "
                             "14:15:57+00:00,540.0,94.91,104.27,106.98,0.0,0.0,4.0,,1.71,True,"
                             "REGULAR,USD,c,2025-08-26\n"});
  EXPECT_EQ(chain.layout, "Yahoo chain");
  OptionQuote const& quote = chain.quotes.at(0);
  EXPECT_EQ(quote.root, "SPY");
  EXPECT_EQ(quote.strike, 540);
  EXPECT_EQ(quote.ask, 106.98);
  EXPECT_EQ(quote.volume, 4);
  EXPECT_NE(quote.open_interest, quote.open_interest);
  EXPECT_EQ(quote.file_iv, 1.71);
  EXPECT_EQ(format_instant(*chain.seen), "2025-08-20T14:15:57Z");
}

std::string const page1 =
    R"({"next_page_token": "x", "snapshots": {"AAPL240426C00152500": {"latestQuote":
  {"ap": 17, "bp": 16.25, "t": "2024-04-24T19:59:59.782060288Z"}, "latestTrade": {"p": 15.87}}}})";
std::string const page2 =
    R"({"next_page_token": null, "snapshots": {"AAPL240426C00155000": {"greeks": {"delta": 0.95,
  "gamma": 0.01}, "impliedVolatility": 0.98, "dailyBar": {"v": 12}, "latestQuote": {"ap": 14.5, "bp": 13.6,
  "t": "2024-04-24T19:59:58Z"}}, "AAPL240426P00155000": null}})";

TEST(AlpacaLayout, JoinsPages) {
  RawChain const chain = raw_of({page1, test::gzip(page2)});
  EXPECT_EQ(chain.layout, "Alpaca option snapshots");
  ASSERT_EQ(chain.quotes.size(), 3u);
  EXPECT_EQ(chain.quotes[0].strike, 152.5);
  EXPECT_EQ(chain.quotes[0].bid, 16.25);
  EXPECT_EQ(chain.quotes[0].file, 0u);
  EXPECT_EQ(chain.quotes[1].file, 1u);
  EXPECT_EQ(chain.quotes[1].file_iv, 0.98);
  EXPECT_EQ(chain.quotes[1].volume, 12);
  EXPECT_EQ(chain.quotes[2].fault_text, "the snapshot is empty");
  EXPECT_EQ(format_instant(*chain.seen), "2024-04-24T19:59:59Z");
}

TEST(AlpacaLayout, Refusals) {
  EXPECT_THAT(message_of([] { raw_of({R"({"bars": {}, "next_page_token": null})"}); }),
              HasSubstr("expected JSON with the key 'snapshots', found "
                        "bars, next_page_token"));
  EXPECT_THAT(message_of([] { raw_of({R"({"snapshots": 7})"}); }),
              HasSubstr("'snapshots' is no list of contracts"));
  EXPECT_THAT(message_of([] { raw_of({page1.substr(0, 100)}); }), HasSubstr("is not whole JSON"));
  EXPECT_THAT(message_of([] {
                raw_of({R"({"snapshots": {"A240426C00152500": {}, "A240426C00152500": {}}})"});
              }),
              HasSubstr("a contract stands twice in one page"));
  EXPECT_THAT(message_of([] { raw_of({std::string(100'000, '[')}); }),
              HasSubstr("nested more than 64 deep"));
  EXPECT_THAT(message_of([] {
                raw_of({R"({"snapshots": {"A240426C00152500": {"latestQuote": {"bp": 1e999}}}})"});
              }),
              HasSubstr("is not whole JSON"));
}

TEST(ChainSource, AnUnknownHeaderNamesWhatWasExpectedAndFound) {
  std::string const message =
      message_of([] { raw_of({"date,open,high,low,close\n2020-01-02,1,2,0.5,1\n"}); });
  EXPECT_THAT(message, HasSubstr("file1: no known header; expected"));
  EXPECT_THAT(message, HasSubstr("'Expiration Date,Calls,' (Cboe quote table)"));
  EXPECT_THAT(message, HasSubstr("found 'date,open,high,low,close'"));
}

TEST(ChainSource, AMissingColumnIsNamed) {
  std::string const lean = replaced(lean_header, "strike,", "");
  EXPECT_THAT(message_of([&] { raw_of({lean + "x\n"}); }),
              HasSubstr("file1:1: the header has no column 'strike'"));
  std::string const cboe =
      replaced(cboe_text(cboe_row), "Puts,Last Sale,Net,Bid,Ask", "Puts,Last Sale,Net,Bid,Offer");
  EXPECT_THAT(message_of([&] { raw_of({cboe}); }),
              HasSubstr("file1:4: the header has no column 'Ask'"));
}

TEST(ChainSource, Refusals) {
  EXPECT_THAT(message_of([] { raw_of({""}); }), HasSubstr("is empty"));
  EXPECT_THAT(message_of([] { raw_of({}); }), HasSubstr("no file to import"));
  EXPECT_THAT(message_of([] { raw_of({lean_header}); }), HasSubstr("has a header but no row"));
  EXPECT_THAT(message_of([] {
                raw_of({cboe_text(cboe_row), page1});
              }),
              HasSubstr("file2: holds Alpaca option snapshots, but file1 holds Cboe quote table"));
  EXPECT_THAT(message_of([] {
                raw_of({cboe_text(cboe_row + cboe_row)}, {1 << 20, 3});
              }),
              HasSubstr("more than 3 contracts"));
}

}  // namespace
}  // namespace muster::io
