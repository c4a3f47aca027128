// Migration between islands.
#pragma once

#include "kernels/evolve/search.hpp"

namespace muster::kernels {

/// All migrants leave at once, from the state before; then each island, in order, keeps its best of residents and
/// arrivals.
void migrate(SearchSettings const& settings, Population& population);

/// Of random migration: the indices of those who leave each island, island after island.
std::vector<std::uint32_t> drawn_migrants(SearchSettings const& settings, std::uint64_t generation);

}  // namespace muster::kernels
