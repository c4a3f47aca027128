// The test functions have the values of their definitions.
#include "kernels/evolve/objectives.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <vector>

namespace {

using namespace muster::kernels;

double value_of(Objective objective, std::vector<double> const& x) {
  double value = 0;
  objective_values(objective, x, {&value, 1});
  return value;
}

TEST(Objectives, AreZeroAtTheirOptimum) {
  std::vector<double> const zeros(10), ones(10, 1);
  EXPECT_EQ(value_of(Objective::sphere, zeros), 0);
  EXPECT_EQ(value_of(Objective::rosenbrock, ones), 0);
  EXPECT_EQ(value_of(Objective::rastrigin, zeros), 0);
  EXPECT_NEAR(value_of(Objective::ackley, zeros), 0, 1e-15);
}

TEST(Objectives, HaveTheValuesOfTheirDefinitions) {
  std::vector<double> const x{0.5, -1.5, 2.25};
  double const n = 3, pi = std::numbers::pi;
  double sphere = 0, rastrigin = 10 * n, waves = 0;
  for (double one : x) {
    sphere += one * one;
    rastrigin += one * one - 10 * std::cos(2 * pi * one);
    waves += std::cos(2 * pi * one);
  }
  double const rosenbrock =
      100 * std::pow(-1.5 - 0.25, 2) + std::pow(0.5 - 1, 2) + 100 * std::pow(2.25 - 2.25, 2) + std::pow(-1.5 - 1, 2);
  EXPECT_EQ(value_of(Objective::sphere, x), sphere);
  EXPECT_NEAR(value_of(Objective::rosenbrock, x), rosenbrock, 1e-12);
  EXPECT_NEAR(value_of(Objective::rastrigin, x), rastrigin, 1e-12);
  EXPECT_NEAR(value_of(Objective::ackley, x),
              20 + std::numbers::e - 20 * std::exp(-0.2 * std::sqrt(sphere / n)) - std::exp(waves / n), 1e-12);
}

TEST(Objectives, FitnessIsMinusTheValue) {
  std::vector<double> const genomes{1, 2, 3, 4};
  std::vector<std::int64_t> fitness(2);
  objective_fitness(Objective::sphere, genomes, fitness);
  EXPECT_EQ(fitness_value(fitness[0]), -5);
  EXPECT_EQ(fitness_value(fitness[1]), -25);
}

}  // namespace
