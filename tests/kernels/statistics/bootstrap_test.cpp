#include "kernels/statistics/bootstrap.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "kernels/evolve/fitness.hpp"
#include "tests/kernels/statistics/series.hpp"

namespace {

using namespace muster::kernels;
using muster::test::made_returns;

TEST(Bootstrap, IsAPureFunctionOfSeedMarketAndLength) {
  auto const one = stationary_indices(3, 5, 400, 10);
  EXPECT_EQ(stationary_indices(3, 5, 400, 10), one);
  EXPECT_NE(stationary_indices(4, 5, 400, 10), one);
  EXPECT_NE(stationary_indices(3, 6, 400, 10), one);
}

// Frozen with the layout of random numbers (docs/formats/random.md).
TEST(Bootstrap, HasTheCommittedBits) {
  std::uint64_t digest = 0xcbf29ce484222325;
  for (std::uint32_t market = 0; market < 20; ++market)
    for (std::uint32_t i : stationary_indices(7, market, 1000, 20)) digest = (digest ^ i) * 0x100000001b3;
  EXPECT_EQ(digest, 0x61f81eee1a629531u) << std::hex << "0x" << digest;
}

TEST(Signs, AreAPureFunctionAndFair) {
  auto const one = random_signs(3, 5, 10'000);
  EXPECT_EQ(random_signs(3, 5, 10'000), one);
  EXPECT_NE(random_signs(4, 5, 10'000), one);
  EXPECT_NE(random_signs(3, 6, 10'000), one);
  for (double sign : one) EXPECT_EQ(sign * sign, 1);
  EXPECT_LT(std::abs(std::accumulate(one.begin(), one.end(), 0.0)), 350);  // 3.5 deviations
}

// Frozen with the layout of random numbers (docs/formats/random.md).
TEST(Signs, HaveTheCommittedBits) {
  std::uint64_t bits = 0;
  for (double sign : random_signs(7, 3, 64)) bits = bits << 1 | (sign < 0 ? 1u : 0u);
  EXPECT_EQ(bits, 0x51ce7fbab2a5244eu) << std::hex << "0x" << bits;
}

TEST(Bootstrap, EveryBarIsInTheMarket) {
  for (std::uint32_t bars : {1u, 2u, 3u, 1000u})
    for (std::uint32_t i : stationary_indices(1, 1, bars, 4)) EXPECT_LT(i, bars);
  EXPECT_TRUE(stationary_indices(1, 1, 0, 4).empty());
}

TEST(Bootstrap, AMeanBlockOfOneDrawsEachBarByItself) {
  auto const indices = stationary_indices(1, 1, 10000, 1);
  int follows = 0;
  for (std::size_t t = 1; t < indices.size(); ++t) follows += indices[t] == indices[t - 1] + 1 ? 1 : 0;
  EXPECT_LT(follows, 10);  // by chance one in 10 000
}

// Over many bars the blocks' lengths have the geometric law, and each bar is drawn as often as another.
TEST(Bootstrap, BlocksAreGeometricAndBarsEven) {
  constexpr std::uint32_t bars = 1000, markets = 400;
  std::vector<double> lengths, counts(bars);
  for (std::uint32_t market = 0; market < markets; ++market) {
    auto const indices = stationary_indices(2, market, bars, 25);
    double length = 0;
    for (std::size_t t = 0; t < bars; ++t) {
      counts[indices[t]] += 1;
      bool const goes_on = t > 0 && indices[t] == (indices[t - 1] + 1) % bars;
      if (t > 0 && !goes_on) lengths.push_back(length), length = 0;
      length += 1;
    }
  }
  // Blocks cut off by the end of a market are not counted, which takes about length / bars off the mean.
  double const mean = std::accumulate(lengths.begin(), lengths.end(), 0.0) / static_cast<double>(lengths.size());
  EXPECT_NEAR(mean, 25 * (1 - 25.0 / bars), 5 * 25 / std::sqrt(static_cast<double>(lengths.size())));
  double squares = 0;
  for (double count : counts) squares += (count - markets) * (count - markets);
  // Neighbours come in blocks: a count's variance is (about) markets times 2 x 25 - 1.
  EXPECT_LT(squares / bars, 1.5 * 49 * markets);
  EXPECT_GT(squares / bars, 0.1 * markets);
}

// Politis and Romano 1994, lemma 1, for a series of 60 (known_answers.py): bars x variance of the resampled mean.
TEST(Bootstrap, TheMeanHasThePublishedVariance) {
  auto const x = made_returns(9, 1, 60, 8);
  constexpr std::uint32_t markets = 40000;
  double sum = 0, squares = 0;
  for (std::uint32_t market = 0; market < markets; ++market) {
    double mean = 0;
    for (std::uint32_t i : stationary_indices(12, market, 60, 8)) mean += x[i] / 60;
    sum += mean, squares += mean * mean;
  }
  double const variance = 60 * (squares / markets - sum / markets * (sum / markets));
  EXPECT_NEAR(variance, 0.013775450385120288, 4 * std::sqrt(2.0 / markets) * 0.013775450385120288);
}

TEST(Bootstrap, DemeanedReturnsHaveNoMean) {
  auto returns = made_returns(2, 1, 500, 8);
  double const before = returns[7] - returns[3];
  demean(returns);
  EXPECT_NEAR(std::accumulate(returns.begin(), returns.end(), 0.0), 0, 1e-12);
  EXPECT_NEAR(returns[7] - returns[3], before, 1e-15);
  demean({});
}

TEST(Bootstrap, PIsTheRankAmongTheNulls) {
  std::vector<std::int64_t> nulls;
  for (int i = 0; i < 99; ++i) nulls.push_back(fitness_of(i));
  EXPECT_EQ(rank_p_value(fitness_of(98.5), nulls), 0.01);
  EXPECT_EQ(rank_p_value(fitness_of(98), nulls), 0.02);  // one as good as the observed counts
  EXPECT_EQ(rank_p_value(fitness_of(-1), nulls), 1);
  EXPECT_EQ(rank_p_value(fitness_of(0), {}), 1);
  nulls.assign(99, infeasible(Infeasible::no_trades));
  EXPECT_EQ(rank_p_value(fitness_of(-1e300), nulls), 0.01);
}

}  // namespace
