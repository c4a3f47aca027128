// From settings to what the bodies read.
#pragma once

#include <cstdint>
#include <vector>

#include "kernels/evolve/view.hpp"

namespace muster::kernels {

/// Generations are counted in 32 bits of a random number's item.
inline constexpr std::uint64_t most_generations = 0xffffffff;
/// A mutation rate's level, in quarters of a doubling, stays within this of zero.
inline constexpr std::int32_t most_rate_level = 24;

/// The settings' part of a view, and the tables that it points to.
struct SearchPlan {
  explicit SearchPlan(SearchSettings const& settings);
  SearchPlan(SearchPlan const&) = delete;  // the view points into it
  std::vector<GeneRange> ranges;
  SearchView view;
};

/// The population's part of a view: its next generation.
void point_to(SearchView& view, Population const& population);

/// The chance that a gene mutates at a level, 2^32 for certain.
std::uint64_t mutation_chance(SearchSettings const& settings, std::int32_t level);

}  // namespace muster::kernels
