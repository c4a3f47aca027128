#include "io/import/clean.hpp"

#include <gtest/gtest.h>

namespace muster::io {
namespace {

using namespace std::chrono;

Instant const close_of_day = from_new_york({2023y / 9 / 14, 16 * 60});

OptionQuote good_quote() {
  OptionQuote quote;
  quote.root = "SPXW";
  quote.expiry = 2023y / 10 / 20;
  quote.strike = 4500;
  quote.bid = 94.1;
  quote.ask = 94.9;
  return quote;
}

template <class Change>
std::string reason_after(Change&& change) {
  OptionQuote quote = good_quote();
  change(quote);
  QuoteJudge judge(close_of_day);
  return std::string(judge.reject_reason(quote));
}

TEST(QuoteJudge, EachReason) {
  EXPECT_EQ(reason_after([](auto&) {}), "");
  EXPECT_EQ(reason_after([](auto& q) { q.fault = QuoteFault::unreadable; }), "unreadable");
  EXPECT_EQ(reason_after([](auto& q) { q.fault = QuoteFault::not_finite; }), "not_finite");
  EXPECT_EQ(reason_after([](auto& q) { q.root = "AMD1"; }), "adjusted_root");
  EXPECT_EQ(reason_after([](auto& q) { q.quote_date = 2023y / 9 / 13; }), "other_day");
  EXPECT_EQ(reason_after([](auto& q) { q.quote_date = 2023y / 9 / 14; }), "");
  EXPECT_EQ(reason_after([](auto& q) { q.quote_time = close_of_day - hours{24}; }), "stale");
  EXPECT_EQ(reason_after([](auto& q) { q.quote_time = close_of_day - minutes{1}; }), "");
  EXPECT_EQ(reason_after([](auto& q) { q.strike = 0; }), "bad_strike");
  EXPECT_EQ(reason_after([](auto& q) { q.strike = absent; }), "bad_strike");
  EXPECT_EQ(reason_after([](auto& q) { q.strike = 1e10; }), "out_of_range");
  EXPECT_EQ(reason_after([](auto& q) { q.bid = -0.5; }), "negative");
  EXPECT_EQ(reason_after([](auto& q) { q.ask = 1e10; }), "out_of_range");
  EXPECT_EQ(reason_after([](auto& q) { q.bid = q.ask = 0; }), "no_quote");
  EXPECT_EQ(reason_after([](auto& q) { q.bid = q.ask = absent; }), "no_quote");
  EXPECT_EQ(reason_after([](auto& q) { q.bid = absent; }), "one_sided");
  EXPECT_EQ(reason_after([](auto& q) { q.ask = absent; }), "one_sided");
  EXPECT_EQ(reason_after([](auto& q) { q.bid = 0; }), "zero_bid");
  EXPECT_EQ(reason_after([](auto& q) { q.ask = 0; }), "zero_ask");
  EXPECT_EQ(reason_after([](auto& q) { q.bid = 95; }), "crossed");
  EXPECT_EQ(reason_after([](auto& q) { q.bid = q.ask; }), "");  // locked is no fault
}

TEST(QuoteJudge, TheRootDecidesWhatIsExpired) {
  EXPECT_EQ(reason_after([](auto& q) { q.expiry = 2023y / 9 / 14; }),
            "expired");  // settled at this very close
  EXPECT_EQ(reason_after([](auto& q) { q.expiry = 2023y / 9 / 15; }), "");
  QuoteJudge friday_noon(from_new_york({2023y / 9 / 15, 12 * 60}));
  OptionQuote quote = good_quote();
  quote.expiry = 2023y / 9 / 15;
  EXPECT_EQ(friday_noon.reject_reason(quote), "");
  quote.root = "SPX";
  EXPECT_EQ(friday_noon.reject_reason(quote), "expired");  // settled at 09:30
}

TEST(QuoteJudge, TheSecondOfTwoIsADuplicate) {
  QuoteJudge judge(close_of_day);
  OptionQuote quote = good_quote();
  EXPECT_EQ(judge.reject_reason(quote), "");
  EXPECT_EQ(judge.reject_reason(quote), "duplicate");
  quote.root = "SPX";  // the same date and strike, another contract
  EXPECT_EQ(judge.reject_reason(quote), "");
  quote.right = OptionRight::put;
  EXPECT_EQ(judge.reject_reason(quote), "");
}

TEST(ImpossiblePrices, AskBelowIntrinsicAndBidAboveTheMost) {
  OptionQuote call = good_quote();
  call.strike = 4000;
  call.bid = 480;
  call.ask = 490;  // intrinsic 0.99 * 500 = 495; the tolerance is 2.25
  EXPECT_TRUE(is_impossible(call, Exercise::european, 4500, 0.99));
  call.ask = 494;
  EXPECT_FALSE(is_impossible(call, Exercise::european, 4500, 0.99));
  OptionQuote put = call;
  put.right = OptionRight::put;
  put.bid = 3970;  // at most 0.99 * 4000, when it cannot be exercised today
  put.ask = 3990;
  EXPECT_TRUE(is_impossible(put, Exercise::european, 4500, 0.99));
  EXPECT_FALSE(is_impossible(put, Exercise::european_equivalent, 4500, 0.99));
}

}  // namespace
}  // namespace muster::io
