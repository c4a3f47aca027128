// The usual test functions of optimisers, to be minimised: fitness is minus the value.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/evolve/search.hpp"

namespace muster::kernels {

enum class Objective : std::uint8_t { sphere, rosenbrock, rastrigin, ackley };

/// The range of every gene; pagmo2's.
Gene objective_range(Objective objective);

/// The values of genomes side by side; values.size() of them, each of genomes.size() / values.size() genes.
void objective_values(Objective objective, std::span<double const> genomes, std::span<double> values);

/// Their fitness, as integers.
void objective_fitness(Objective objective, std::span<double const> genomes, std::span<std::int64_t> fitness);

}  // namespace muster::kernels
