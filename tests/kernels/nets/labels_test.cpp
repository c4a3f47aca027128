// Labels against closed forms, published prices and finite differences.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "kernels/nets/labels.hpp"

namespace muster::kernels::nets {
namespace {

constexpr std::array names{"spot", "expiry", "volatility", "rate", "dividend", "known average"};

Label label(CallContract const& contract, std::uint64_t pairs, std::uint64_t seed = 11) {
  LabelSums sums{};
  EXPECT_EQ(add_label_paths(contract, seed, 5, 3, pairs, sums), 0u);
  return label_of(contract, sums, pairs);
}

double& input(CallContract& c, std::size_t i) {
  double* const all[] = {&c.spot, &c.expiry_years, &c.volatility, &c.rate, &c.dividend, &c.known_average};
  return *all[i];
}

TEST(Labels, OfEuropeanCallsAreTheClosedFormsWithinTheirErrors) {
  std::mt19937 engine(5);
  auto const draw = [&](double a, double b) { return std::uniform_real_distribution<double>(a, b)(engine); };
  double squares = 0;
  int count = 0;
  for (int i = 0; i < 60; ++i) {
    CallContract const c{draw(.5, 1.5), draw(.02, 2), draw(.05, .6), draw(-.02, .08), draw(0, .05)};
    auto const exact = closed_label(c);
    // The spread of many labels of few paths tells the standard error of their mean.
    constexpr int repeats = 32;
    std::array<double, 6> sum{}, square{};
    for (int r = 0; r < repeats; ++r) {
      auto const one = label(c, 500, static_cast<std::uint64_t>(1000 * i + r));
      for (std::size_t s = 0; s < 6; ++s) {
        double const error = (s == 0 ? one.price - exact.price : one.slopes[s - 1] - exact.slopes[s - 1]);
        sum[s] += error;
        square[s] += error * error;
      }
    }
    for (std::size_t s = 0; s < 6; ++s) {
      double const mean = sum[s] / repeats, error = std::sqrt((square[s] / repeats - mean * mean) / (repeats - 1));
      // Far from the strike all samples may be alike.
      if (!(error >= 1e-6)) {
        EXPECT_NEAR(mean, 0, 1e-4) << i << " " << s;
        continue;
      }
      squares += mean * mean / (error * error);
      ++count;
      EXPECT_LT(std::abs(mean), 5 * error) << i << " " << s;
    }
  }
  // The mean square of z with 31 degrees of freedom is 1.07.
  EXPECT_NEAR(squares / count, 31.0 / 29, 0.35);
}

TEST(Labels, ClosedFormDerivativesAreFiniteDifferences) {
  CallContract const c{1.1, 0.7, 0.25, 0.03, 0.01};
  auto const exact = closed_label(c);
  for (std::size_t i = 0; i < 5; ++i) {
    CallContract up = c, down = c;
    input(up, i) += 1e-5;
    input(down, i) -= 1e-5;
    EXPECT_NEAR(exact.slopes[i], (closed_label(up).price - closed_label(down).price) / 2e-5, 1e-8) << names[i];
  }
}

TEST(Labels, DerivativesAreThoseOfTheEstimate) {
  for (CallContract const& c : {CallContract{1.05, 0.9, 0.3, 0.04, 0.02, 12, 0, 0}, CallContract{0.97, 0.5, 0.4, 0.01, 0.03, 12, 7, 1.04},
                                CallContract{1.2, 1.5, 0.2, 0.05, 0, 12, 11, 0.9}, CallContract{1, 1, 0.2, 0.03, 0.01}}) {
    constexpr std::uint64_t pairs = 100'000;
    auto const at = label(c, pairs);
    for (std::size_t i = 0; i <= by_known_average; ++i) {
      if (i == by_known_average && c.known == 0) continue;
      constexpr double h = 2e-3;
      CallContract up = c, down = c;
      input(up, i) += h;
      input(down, i) -= h;
      // The same random numbers on both sides; what is left is curvature, and paths that cross the strike.
      EXPECT_NEAR(at.slopes[i], (label(up, pairs).price - label(down, pairs).price) / (2 * h), 4e-4) << names[i] << ", " << c.known << " known";
    }
  }
}

TEST(Labels, OfAsianCallsAreThePublishedPrices) {
  // Twelve fixings in a year, spot 100, rate 3.67 %, volatility 17.801 %; by a density recursion to nine digits.
  for (auto const& [strike, price] : {std::pair{90.0, 12.196712294}, {100.0, 5.288791751}, {110.0, 1.651191296}})
    EXPECT_NEAR(label({100 / strike, 1, 0.17801, 0.0367, 0, 12}, 400'000).price * strike, price, 2e-3) << strike;
}

TEST(Labels, OfKnownFixingsAreThoseOfALowerStrike) {
  // Six of twelve known at 1: the six to come must exceed 6 on average 1, which is a call on an average of six.
  CallContract const part{1.03, 0.5, 0.3, 0.02, 0.01, 12, 6, 1}, whole{1.03, 0.5, 0.3, 0.02, 0.01, 6};
  EXPECT_NEAR(label(part, 50'000).price, 0.5 * label(whole, 50'000).price, 1e-6);
}

TEST(Labels, OfOneSeedDoNotDependOnTheCut) {
  // One more pair changes the sums by that pair alone: those before it are the same.
  CallContract const c{1, 1, 0.2, 0.03, 0.01, 12, 3, 1};
  LabelSums few{}, more{};
  add_label_paths(c, 1, 5, 3, 63, few);
  add_label_paths(c, 1, 5, 3, 64, more);
  EXPECT_EQ(few[7], 0);
  EXPECT_NE(few[1], more[1]);
  EXPECT_LE(more[0] - few[0], 2);
}

TEST(Labels, TellValuesThatNoSumHolds) {
  LabelSums sums{};
  EXPECT_GT(add_label_paths({1e7, 1, 0.2, 0.03, 0.01}, 1, 5, 3, 10, sums), 0u);
}

}  // namespace
}  // namespace muster::kernels::nets
