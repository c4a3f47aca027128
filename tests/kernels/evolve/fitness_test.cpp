#include "kernels/evolve/fitness.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace {

using namespace muster::kernels;
using Limits = std::numeric_limits<double>;

TEST(Fitness, KeepsTheOrderOfValues) {
  std::vector<double> values{-Limits::max(),       -1e300, -3, -1, -Limits::min(), -Limits::denorm_min(), 0,
                             Limits::denorm_min(), 0.1,    1,  7,  Limits::max()};
  for (std::size_t i = 1; i < values.size(); ++i)
    EXPECT_LT(fitness_of(values[i - 1]), fitness_of(values[i])) << values[i];
}

TEST(Fitness, ComesBackAsTheValue) {
  for (double value : {-Limits::max(), -2.5, -Limits::denorm_min(), 0.0, 1e-300, 3.75, Limits::max()})
    EXPECT_EQ(fitness_value(fitness_of(value)), value);
}

TEST(Fitness, ZerosAreEqual) { EXPECT_EQ(fitness_of(-0.0), fitness_of(0.0)); }

TEST(Fitness, WhatIsNoNumberIsInfeasible) {
  for (double value : {Limits::quiet_NaN(), -Limits::quiet_NaN(), Limits::infinity(), -Limits::infinity()}) {
    EXPECT_FALSE(is_feasible(fitness_of(value)));
    EXPECT_EQ(reason_of(fitness_of(value)), Infeasible::not_finite);
  }
}

TEST(Fitness, EveryReasonIsBelowEveryValue) {
  for (int reason = 0; reason < infeasible_reasons; ++reason) {
    std::int64_t const fitness = infeasible(static_cast<Infeasible>(reason));
    EXPECT_LT(fitness, fitness_of(-Limits::max()));
    EXPECT_FALSE(is_feasible(fitness));
    EXPECT_EQ(static_cast<int>(reason_of(fitness)), reason);
    EXPECT_TRUE(std::isnan(fitness_value(fitness)));
  }
  EXPECT_TRUE(is_feasible(fitness_of(-Limits::max())));
}

}  // namespace
