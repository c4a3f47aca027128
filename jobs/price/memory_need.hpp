// What a price job takes of a card's memory.
#pragma once

#include <string>
#include <vector>

#include "jobs/job.hpp"
#include "jobs/price/simulation.hpp"
#include "kernels/price/path_memory.hpp"

namespace muster::jobs::price {

std::vector<kernels::PathPlan const*> plans_of(SimulationPlan const& plan);

/// Tiles too small for a GPU are computed on the CPU, with the same bits.
bool uses_devices(SimulationPlan const& plan);

DeviceNeed device_need(SimulationPlan const& plan, topology::Gpu const& gpu, std::uint64_t budget_bytes);

/// "33 792 paths at once instead of 270 336".
std::string paths_at_once(kernels::PathShape now, kernels::PathShape full);

}  // namespace muster::jobs::price
