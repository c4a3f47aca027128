// What a search keeps on a device.
#pragma once

#include <algorithm>
#include <cstdint>

#include "kernels/evolve/search.hpp"

namespace muster::kernels {

/// Candidates that may be among the best, of one generation: of more, all candidates are looked at.
inline constexpr std::uint64_t most_finalists = 1024;

/// Places for elites, and for those who leave their islands.
inline std::uint64_t leaving_of(SearchSettings const& settings) {
  return std::uint64_t{settings.islands} * std::max({settings.elites, settings.migrants, 1u});
}

/// Of all islands in a migration.
inline std::uint64_t arrivals_of(SearchSettings const& settings) { return migration_edges(settings).size() * settings.migrants; }

}  // namespace muster::kernels
