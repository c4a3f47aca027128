// Damaged files: every one ends in an Error with a message, or in a market that keeps every row.
#include <gtest/gtest.h>

#include <cstdint>

#include "compress.hpp"
#include "core/error.hpp"
#include "io/import/chain.hpp"
#include "raw_of.hpp"

namespace muster::io {
namespace {

using namespace test;

/// A fixed sequence (xorshift), the same on every machine.
class Dice {
 public:
  std::uint32_t roll(std::size_t sides) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return state_ % static_cast<std::uint32_t>(sides);
  }

 private:
  std::uint32_t state_ = 2463534242u;
};

std::string damaged(std::string text, Dice& dice) {
  std::string const pieces = "\"\n\r,0-{}[]:eE.x\xff";
  for (std::uint32_t edits = 1 + dice.roll(4); edits > 0 && !text.empty(); --edits) {
    std::size_t const at = dice.roll(text.size());
    switch (dice.roll(4)) {
      case 0:
        text[at] = pieces[dice.roll(pieces.size())];
        break;
      case 1:
        text.erase(at, 1 + dice.roll(20));
        break;
      case 2:
        text.insert(at, 1, pieces[dice.roll(pieces.size())]);
        break;
      default:
        text.insert(at, text.substr(dice.roll(text.size()), 1 + dice.roll(60)));
    }
  }
  return text;
}

void import_or_refuse(std::string const& text, std::size_t& refused) {
  try {
    ImportedChain const chain = import_raw(raw_of({text}));
    ASSERT_EQ(chain.market.rows.size() + chain.market.rejected.size(), chain.report.rows_read);
    for (MarketRow const& row : chain.market.rows) {
      ASSERT_TRUE(row.iv >= 0 && row.mid > 0 && row.strike > 0);
      ASSERT_EQ(row.iv > 0, has_volatility(row.iv_status));
    }
  } catch (Error const& error) {
    ASSERT_EQ(static_cast<int>(error.code()), static_cast<int>(Exit::user)) << error.what();
    ++refused;
  }
}

void expect_sane(std::string const& text) {
  Dice dice;
  std::size_t refused = 0;
  for (int i = 0; i < 1500; ++i) import_or_refuse(damaged(text, dice), refused);
  EXPECT_GT(refused, 0u);     // some damage must be beyond reading
  EXPECT_LT(refused, 1500u);  // and some must not
}

std::string rows(int count) {
  std::string text;
  for (int i = 0; i < count; ++i) {
    std::string const strike = std::to_string(4400 + 25 * i);
    std::string row = cboe_row;
    for (std::size_t at = 0; (at = row.find("4500", at)) != std::string::npos; at += 4)
      row.replace(at, 4, strike);
    text += row;
  }
  return text;
}

TEST(Damage, CboeTable) { expect_sane(cboe_text(rows(8))); }

TEST(Damage, LeanTable) {
  expect_sane(lean_header +
              "2014-06-06,AAPL,100,2014-06-21,100,C,2.0,1,2.2,1,,7,9\n"
              "2014-06-06,AAPL,100,2014-06-21,100,P,1.9,1,2.1,1,,7,9\n"
              "2014-06-06,AAPL,100,2014-06-21,105,C,,0,0.4,1,,7,\n");
}

TEST(Damage, YahooTable) {
  expect_sane(yahoo_header +
              "0,SPY250926C00640000,2025-08-26 "
              "14:15:57+00:00,640.0,9.9,10.2,10.4,0.0,0.0,4.0,3.0,0.2,True,REGULAR,USD,c,"
              "2025-09-26\n1,SPY250926P00640000,2025-08-26 "
              "14:15:57+00:00,640.0,6.9,7.2,7.4,0.0,0.0,4.0,3.0,0.2,True,"
              "REGULAR,USD,p,2025-09-26\n");
}

TEST(Damage, AlpacaPage) {
  expect_sane(
      R"({"next_page_token": null, "snapshots": {"AAPL240426C00155000": {"impliedVolatility": 0.98,
    "greeks": {"delta": 0.95}, "latestQuote": {"ap": 14.5, "bp": 13.6, "t": "2024-04-24T19:59:58Z"}},
    "AAPL240426P00155000": {"latestQuote": {"ap": 0.5, "bp": 0.4, "t": "2024-04-24T19:59:57Z"}}}})");
}

TEST(Damage, EveryPrefixOfATable) {
  std::string const text = cboe_text(rows(2));
  std::size_t refused = 0;
  for (std::size_t size = 0; size < text.size(); ++size)
    import_or_refuse(text.substr(0, size), refused);
  EXPECT_GT(refused, 300u);  // the preamble and the header are longer than that
}

}  // namespace
}  // namespace muster::io
