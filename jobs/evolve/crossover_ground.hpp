// Two moving averages on one symbol as a ground: long while the fast one is above the slow one.
#pragma once

#include <memory>

#include "jobs/evolve/ground.hpp"

namespace muster::jobs::evolve {

std::vector<kernels::Gene> crossover_genes();
std::unique_ptr<Ground> make_crossover_ground(Params const& params, Field const& field);

}  // namespace muster::jobs::evolve
