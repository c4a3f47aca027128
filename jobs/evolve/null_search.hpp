// The whole search again on a market without a pattern.
#pragma once

#include <cstdint>

#include "io/bars.hpp"
#include "jobs/evolve/ground.hpp"
#include "jobs/evolve/params.hpp"

namespace muster::jobs::evolve {

/// The fitness integer of its champion's statistic, as choose_champion has it; the search is the job's but for its seed, and
/// that it ends with so many generations. `threads` build its features.
std::int64_t null_statistic(Params const& params, std::uint64_t generations, io::Bars const& bars, Field const& field,
                            std::uint64_t index, Device device, int threads);

}  // namespace muster::jobs::evolve
