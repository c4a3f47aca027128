#include "jobs/price/memory_need.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/text.hpp"
#include "kernels/price/device_paths.hpp"
#include "topology/budget.hpp"

namespace muster::jobs::price {

std::vector<kernels::PathPlan const*> plans_of(SimulationPlan const& plan) {
  std::vector<kernels::PathPlan const*> plans;
  for (auto const& group : plan.groups()) plans.push_back(&group.plan);
  return plans;
}

bool uses_devices(SimulationPlan const& plan) { return plan.tile_items() >= kernels::least_device_tile_items; }

DeviceNeed device_need(SimulationPlan const& plan, topology::Gpu const& gpu, std::uint64_t budget_bytes) {
  auto const memory = kernels::memory_of(plans_of(plan));
  kernels::Width const width{gpu.multiprocessors, topology::resident_threads(gpu)};
  auto const full = kernels::full_shape(memory, width, plan.tile_items());
  DeviceNeed need;
  auto const context = topology::context_bytes(gpu);
  auto const stacks = kernels::stack_bytes(memory, width);
  need.context_bytes = context + stacks;
  need.full_bytes = need.context_bytes + kernels::whole_steps(kernels::pool_bytes(memory, full));
  auto const limit = kernels::limit_within(budget_bytes - std::min(budget_bytes, context));
  auto const room = limit - std::min(limit, stacks);
  auto shape = full;
  while (kernels::pool_bytes(memory, shape) > room && !kernels::is_least(shape))
    shape = kernels::half_shape(memory, shape, plan.tile_items());
  need.pool_bytes = kernels::whole_steps(kernels::pool_bytes(memory, shape));
  need.fits = kernels::pool_bytes(memory, shape) <= room;
  if (shape != full) need.note = paths_at_once(shape, full);
  return need;
}

std::string paths_at_once(kernels::PathShape now, kernels::PathShape full) {
  return fmt::format("{} paths at once instead of {}", human_count(now.columns), human_count(full.columns));
}

}  // namespace muster::jobs::price
