// Migration between islands.
#pragma once

#include "kernels/evolve/search.hpp"

namespace muster::kernels {

/// All migrants leave at once, from the state before; then each island, in order, keeps its best of residents and
/// arrivals.
void migrate(SearchSettings const& settings, Population& population);

}  // namespace muster::kernels
