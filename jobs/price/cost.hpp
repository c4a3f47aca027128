// What a price job takes of time and memory.
#pragma once

#include <cstdint>

#include "jobs/job.hpp"
#include "jobs/price/simulation.hpp"

namespace muster::jobs::price {

/// Of the paths: seconds a tile on the reference machines, and host memory.
topology::Cost cost_of_paths(SimulationPlan const& plan);
/// Seconds of all closed forms, once, on one core of the reference CPU.
double closed_seconds(Params const& params);
/// The largest power of two of items a tile with which it takes a device of this kind about `tile_s` at most.
std::uint64_t items_within(SimulationPlan const& plan, Device::Kind kind, double tile_s);

}  // namespace muster::jobs::price
