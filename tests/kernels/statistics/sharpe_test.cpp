// Published answers, and those that known_answers.py computes with numpy and scipy.
#include "kernels/statistics/sharpe.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "tests/kernels/statistics/series.hpp"

namespace {

using namespace muster::kernels;
using muster::test::made_returns;

TEST(Sharpe, MomentsAreNumpys) {
  auto const moments = moments_of(made_returns(11, 1, 250, 3));
  EXPECT_EQ(moments.count, 250u);
  EXPECT_NEAR(moments.mean, -0.004721691131591797, 1e-17);
  EXPECT_NEAR(moments.deviation, 0.11080278376900503, 1e-15);
  EXPECT_NEAR(moments.skewness, 0.1073164356977959, 1e-13);
  EXPECT_NEAR(moments.kurtosis, 2.322805040540795, 1e-13);
  EXPECT_DOUBLE_EQ(moments.sharpe(), moments.mean / moments.deviation);
}

// The mean of a thousand times 0.1 is not 0.1.
TEST(Sharpe, WithoutAVarianceItIsZero) {
  for (std::size_t n : {0, 1, 5, 1000}) {
    auto const moments = moments_of(std::vector<double>(n, 0.1));
    EXPECT_EQ(moments.sharpe(), 0);
    EXPECT_EQ(moments.kurtosis, 3);
    EXPECT_EQ(moments.skewness, 0);
  }
}

// Bailey and Lopez de Prado, The Deflated Sharpe Ratio, 2014, the numerical example: an annual Sharpe ratio of 2.5 over
// 1 250 days, the trials' variance 1/2 a year, 250 days a year.
TEST(Sharpe, DeflatedAsPublished) {
  SharpeEstimate const estimate{2.5 / std::sqrt(250), 1250, -3, 10};
  EXPECT_NEAR(deflated_sharpe(estimate, 0.5 / 250, 100), 0.9004, 5e-5);
  EXPECT_NEAR(deflated_sharpe(estimate, 0.5 / 250, 46), 0.9505, 5e-5);
  EXPECT_NEAR(deflated_sharpe(estimate, 0.5 / 250, 100), 0.9003968344493909, 1e-13);
  EXPECT_NEAR(deflated_sharpe(estimate, 0.5 / 250, 46), 0.9505017068755786, 1e-13);
}

TEST(Sharpe, ProbabilisticIsScipys) {
  EXPECT_NEAR(probabilistic_sharpe({0.1, 500, -0.5, 5}, 0.02), 0.9586960299538809, 1e-14);
  EXPECT_DOUBLE_EQ(probabilistic_sharpe({0.1, 500, -0.5, 5}, 0.1), 0.5);
}

TEST(Sharpe, ProbabilisticHasNoAnswerWithoutAnErrorOfTheEstimate) {
  EXPECT_TRUE(std::isnan(probabilistic_sharpe({0.1, 1, 0, 3}, 0)));
  EXPECT_TRUE(std::isnan(probabilistic_sharpe({1, 100, 2, 1}, 0)));
}

TEST(Sharpe, LargestOfManyGrowsWithTheirNumber) {
  EXPECT_EQ(expected_largest_sharpe(1, 1), 0);
  EXPECT_EQ(expected_largest_sharpe(0, 100), 0);
  EXPECT_EQ(expected_largest_sharpe(1, 1.05), 0);  // the formula is below zero there
  EXPECT_NEAR(expected_largest_sharpe(1, 2), 0.5197553442805939, 1e-14);
  EXPECT_NEAR(expected_largest_sharpe(1, 10), 1.57459830134575, 1e-13);
  EXPECT_NEAR(expected_largest_sharpe(1, 1000), 3.255121513652725, 1e-13);
  EXPECT_NEAR(expected_largest_sharpe(1, 1e6), 4.867860037837305, 1e-13);
  EXPECT_NEAR(expected_largest_sharpe(4, 10), 2 * 1.57459830134575, 1e-13);
}

TEST(Sharpe, AverageCorrelationIsNumpys) {
  auto const average = average_correlation(made_returns(5, 20, 300, 3), 20);
  EXPECT_EQ(average.trials, 20u);
  EXPECT_NEAR(average.correlation, 0.2661809022660659, 1e-14);
}

TEST(Sharpe, TrialsWithoutVarianceAreLeftOut) {
  auto returns = made_returns(5, 20, 300, 3);
  returns.resize(23 * 300, 0.1);
  auto const average = average_correlation(returns, 23);
  EXPECT_EQ(average.trials, 20u);
  EXPECT_NEAR(average.correlation, 0.2661809022660659, 1e-14);
  EXPECT_EQ(average_correlation(std::vector<double>(600, 1), 2).correlation, 0);
  EXPECT_EQ(average_correlation({}, 0).trials, 0u);
}

TEST(Sharpe, EffectiveTrialsLieBetweenOneAndAll) {
  EXPECT_EQ(effective_trials(0, 100), 100);
  EXPECT_EQ(effective_trials(1, 100), 1);
  EXPECT_EQ(effective_trials(0.5, 101), 51);
  EXPECT_EQ(effective_trials(-0.2, 100), 100);
  EXPECT_EQ(effective_trials(1.0000001, 100), 1);
}

}  // namespace
