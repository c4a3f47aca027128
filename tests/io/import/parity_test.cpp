#include "io/import/parity.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace muster::io {
namespace {

struct Truth {
  double forward = 4510.25, discount = 0.9871, deviation = 0.08;
};

double normal_cdf(double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); }

/// Undiscounted Black call times the discount.
double black_call(Truth const& t, double strike) {
  double const d1 = std::log(t.forward / strike) / t.deviation + t.deviation / 2;
  return t.discount * (t.forward * normal_cdf(d1) - strike * normal_cdf(d1 - t.deviation));
}

std::vector<ParityPair> exact_pairs(Truth const& t) {
  std::vector<ParityPair> pairs;
  for (double strike = 3000; strike <= 6000; strike += 25) {
    double const call = black_call(t, strike);
    pairs.push_back({strike, call, call - t.discount * (t.forward - strike),
                     0.5 + std::abs(strike - t.forward) / 200});
  }
  return pairs;
}

TEST(Parity, ExactPricesGiveExactForwardAndDiscount) {
  Truth const truth;
  ParityLine const line = fit_parity(exact_pairs(truth), {});
  ASSERT_TRUE(line.found);
  EXPECT_NEAR(line.forward, truth.forward, 1e-8);
  EXPECT_NEAR(line.discount, truth.discount, 1e-11);
  EXPECT_LT(line.discount_error, 1e-11);
  EXPECT_EQ(line.pairs, line.pairs_in_window);
}

TEST(Parity, TicksAndWildPairsAreSeenThrough) {
  Truth const truth;
  auto pairs = exact_pairs(truth);
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    pairs[i].call = std::round(pairs[i].call * 20) / 20;
    pairs[i].put = std::round(pairs[i].put * 20) / 20;
    if (i % 5 == 2)
      pairs[i].call += (i % 2 == 0 ? 1 : -1) * 40.0;  // every fifth is off by a percent
  }
  ParityLine const line = fit_parity(pairs, {});
  ASSERT_TRUE(line.found);
  EXPECT_NEAR(line.forward, truth.forward, 0.05);
  EXPECT_NEAR(line.discount, truth.discount, 2e-4);
  EXPECT_LT(line.pairs, line.pairs_in_window);
  // The error that is claimed covers the error that was made.
  EXPECT_LT(std::abs(line.discount - truth.discount), 4 * line.discount_error);
}

TEST(Parity, TooFewPairsGiveNoLine) {
  auto pairs = exact_pairs({});
  pairs.resize(5);
  EXPECT_FALSE(fit_parity(pairs, {}).found);
  EXPECT_FALSE(fit_parity({}, {}).found);
}

TEST(Parity, ALineThatRisesIsNoDiscount) {
  auto pairs = exact_pairs({});
  for (auto& pair : pairs) pair.put = pair.call - 0.5 * (pair.strike - 4500);
  EXPECT_FALSE(fit_parity(pairs, {}).found);
}

TEST(Parity, OneStrikeManyTimesGivesNoLine) {
  std::vector<ParityPair> const pairs(20, ParityPair{4500, 90, 85, 1});
  EXPECT_FALSE(fit_parity(pairs, {}).found);
}

TEST(Parity, ForwardAtAKnownDiscount) {
  Truth const truth;
  auto pairs = exact_pairs(truth);
  ForwardEstimate const estimate = forward_at(pairs, truth.discount);
  EXPECT_NEAR(estimate.forward, truth.forward, 1e-8);
  EXPECT_GT(estimate.pairs, 10u);
  pairs[60].call += 50;  // one bad pair at the money cannot move a median
  EXPECT_NEAR(forward_at(pairs, truth.discount).forward, truth.forward, 1e-8);
}

TEST(Parity, ForwardFromASinglePairOrNone) {
  std::vector<ParityPair> const one{{100, 7, 5, 0.1}};
  EXPECT_EQ(forward_at(one, 0.5).forward, 104);
  EXPECT_EQ(forward_at({}, 0.5).forward, 0);
  EXPECT_EQ(forward_at(one, 0).forward, 0);
}

}  // namespace
}  // namespace muster::io
