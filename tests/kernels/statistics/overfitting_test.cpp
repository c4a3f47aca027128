#include "kernels/statistics/overfitting.hpp"

#include <gtest/gtest.h>

#include "tests/kernels/statistics/series.hpp"

namespace {

using namespace muster::kernels;
using muster::test::made_returns;

// known_answers.py goes through the splits as the paper writes them.
TEST(Overfitting, IsWhatThePaperComputes) {
  auto const sixteen = overfitting_of(made_returns(3, 12, 330, 2), 12);
  EXPECT_EQ(sixteen.splits, 12870u);
  EXPECT_NEAR(sixteen.probability, 0.574980574980575, 1e-15);
  EXPECT_NEAR(sixteen.loss, 0.33123543123543125, 1e-15);
  EXPECT_NEAR(sixteen.slope, -0.8836597828521022, 1e-10);
  auto const eight = overfitting_of(made_returns(4, 31, 165, 0), 31, 8);
  EXPECT_EQ(eight.splits, 70u);
  EXPECT_NEAR(eight.probability, 0.6285714285714286, 1e-15);
  EXPECT_NEAR(eight.loss, 0.5285714285714286, 1e-15);
  EXPECT_NEAR(eight.slope, -0.432862940094031, 1e-10);
}

TEST(Overfitting, ATrialThatIsAlwaysBestIsNone) {
  auto returns = made_returns(8, 10, 320, 4);
  for (int t = 0; t < 320; ++t) returns[static_cast<std::size_t>(7 * 320 + t)] += 1;
  auto const result = overfitting_of(returns, 10);
  EXPECT_EQ(result.probability, 0);
  EXPECT_EQ(result.loss, 0);
}

TEST(Overfitting, OfEqualTrialsIsCertain) {
  auto const one = made_returns(8, 1, 320, 4);
  std::vector<double> same;
  for (int i = 0; i < 5; ++i) same.insert(same.end(), one.begin(), one.end());
  EXPECT_EQ(overfitting_of(same, 5).probability, 1);  // the best of one half is the median of the other
  EXPECT_EQ(overfitting_of(std::vector<double>(640, 0.0), 2).loss, 0);
}

TEST(Overfitting, EqualReturnsAreNoSharpeRatio) {
  auto returns = made_returns(3, 12, 330, 2);
  auto const without = overfitting_of(returns, 12);
  returns.insert(returns.end(), 330, 0.1);  // would be the best of all by the rounding of its variance
  EXPECT_GT(overfitting_of(returns, 13).loss, 0.9 * without.loss);
}

TEST(Overfitting, HasNoAnswerForTooLittle) {
  auto const returns = made_returns(8, 10, 320, 4);
  for (int blocks : {0, 1, 3, 18, -2}) EXPECT_EQ(overfitting_of(returns, 10, blocks).splits, 0u) << blocks;
  EXPECT_EQ(overfitting_of(returns, 1).splits, 0u);
  EXPECT_EQ(overfitting_of(std::vector<double>(310), 10).splits, 0u);
}

}  // namespace
