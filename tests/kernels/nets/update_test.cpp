// Steps of the optimizers against their definitions.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

#include "kernels/nets/update.hpp"

namespace muster::kernels::nets {
namespace {

struct State {
  std::vector<float> parameters, first, second, average;
  Moments from() const { return {parameters, first, second, average}; }
  MomentsOut to() { return {parameters, first, second, average}; }
};

State start(std::size_t count) {
  State state{std::vector<float>(count), std::vector<float>(count, 0), std::vector<float>(count, 0), std::vector<float>(count)};
  for (std::size_t i = 0; i < count; ++i) state.parameters[i] = state.average[i] = static_cast<float>(i) / 100 - 1;
  return state;
}

std::vector<std::int64_t> sums_of(std::size_t count, int step) {
  std::vector<std::int64_t> sums(count);
  for (std::size_t i = 0; i < count; ++i) sums[i] = static_cast<std::int64_t>((i * 7919 + static_cast<std::size_t>(step) * 104729) % 2001) - 1000;
  return sums;
}

TEST(Update, AdamwIsItsDefinition) {
  constexpr std::size_t count = 300;
  constexpr double b1 = 0.9, b2 = 0.99, rate = 0.01, decay = 0.1, scale = 0x1p-10;
  State state = start(count);
  std::vector<double> p(state.parameters.begin(), state.parameters.end()), m(count), v(count), average = p;
  for (int t = 1; t <= 20; ++t) {
    auto const sums = sums_of(count, t);
    State const before = state;
    update({.gradient_scale = scale, .learning_rate = rate, .keep = static_cast<float>(1 - rate * decay), .momentum = b1,
            .square_momentum = b2, .correction = static_cast<float>(1 / (1 - std::pow(b1, t))),
            .square_correction = static_cast<float>(1 / (1 - std::pow(b2, t))), .epsilon = 1e-8f, .average_keep = 0.5f},
           sums, before.from(), state.to());
    for (std::size_t i = 0; i < count; ++i) {
      double const g = static_cast<double>(sums[i]) * scale;
      m[i] = b1 * m[i] + (1 - b1) * g;
      v[i] = b2 * v[i] + (1 - b2) * g * g;
      p[i] = p[i] * (1 - rate * decay) - rate * (m[i] / (1 - std::pow(b1, t))) / (std::sqrt(v[i] / (1 - std::pow(b2, t))) + 1e-8);
      average[i] = 0.5 * average[i] + 0.5 * p[i];
    }
  }
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_NEAR(state.parameters[i], p[i], 2e-6) << i;
    EXPECT_NEAR(state.average[i], average[i], 2e-6) << i;
  }
}

TEST(Update, TakesSumsOfAnySizeForTheNearestDouble) {
  std::vector<std::int64_t> sums{0, 1, -1, INT64_MAX, INT64_MIN, (std::int64_t{1} << 53) + 1, -(std::int64_t{1} << 53) - 3, UINT32_MAX, -std::int64_t{UINT32_MAX} - 1};
  std::mt19937_64 engine(1);
  while (sums.size() < 5100) sums.push_back(static_cast<std::int64_t>(engine()) >> engine() % 63);
  State state{std::vector<float>(sums.size()), std::vector<float>(sums.size()), std::vector<float>(sums.size()), std::vector<float>(sums.size())};
  State const before = state;
  update({.optimizer = Optimizer::sgd, .gradient_scale = 0x1p-40, .learning_rate = -1, .keep = 1, .momentum = 0}, sums, before.from(), state.to());
  for (std::size_t i = 0; i < sums.size(); ++i)
    ASSERT_EQ(state.parameters[i], static_cast<float>(static_cast<double>(sums[i]) * 0x1p-40)) << sums[i];
  // 300 rows of 17 columns, the last 44 of them a part of their own.
  constexpr std::size_t columns = 17;
  sums.resize(300 * columns);
  double expected = 0;
  for (std::size_t first : {0, 256}) {
    double lanes[8] = {}, sum = 0;
    for (std::size_t c = 0; c < columns; ++c) {
      double chain = 0;
      for (std::size_t row = first; row < std::min<std::size_t>(first + 256, 300); ++row) {
        double const x = static_cast<double>(sums[row * columns + c]) * 0x1p-40;
        chain = std::fma(x, x, chain);
      }
      lanes[c % 8] += chain;
    }
    for (double const lane : lanes) sum += lane;
    expected += sum;
  }
  EXPECT_EQ(squared_norm(sums, columns, 0x1p-40), expected);
}

TEST(Update, SgdIsItsDefinition) {
  State state = start(10);
  State const before = state;
  auto const sums = sums_of(10, 1);
  update({.optimizer = Optimizer::sgd, .gradient_scale = 0x1p-10, .learning_rate = 0.5f, .momentum = 0.9f}, sums, before.from(), state.to());
  for (std::size_t i = 0; i < 10; ++i) {
    float const g = static_cast<float>(sums[i]) * 0x1p-10f;
    EXPECT_EQ(state.first[i], g);
    EXPECT_EQ(state.parameters[i], std::fma(-0.5f, g, before.parameters[i]));
    EXPECT_EQ(state.average[i], state.parameters[i]);
  }
}

TEST(Update, NormIsTheSumOfSquares) {
  std::vector<std::int64_t> const sums = sums_of(9000, 3);
  double expected = 0;
  for (auto const s : sums) expected += static_cast<double>(s * s) / 16;
  EXPECT_NEAR(squared_norm(sums, 30, 0.25), expected, 1e-12 * expected);
}

}  // namespace
}  // namespace muster::kernels::nets
