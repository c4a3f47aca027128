#include "topology/budget.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/text.hpp"
#include "topology/profiles.hpp"

namespace muster::topology {
namespace {

constexpr std::uint64_t mib = std::uint64_t{1} << 20;
constexpr std::uint64_t stack_of_a_context = 1024;
constexpr double host_share = 0.9;

void lower(Budget& budget, std::uint64_t bytes, std::string reason) {
  if (bytes < budget.bytes) budget = {bytes, std::move(reason)};
}

}  // namespace

Budget device_budget(Gpu const& gpu, std::uint64_t wish_bytes, int ranks) {
  auto const nominal_gb = nominal_memory_gb(gpu.memory_bytes);
  auto const fraction = memory_fraction(nominal_gb);
  auto const shared = ranks > 1 ? fmt::format(", shared by {} ranks", ranks) : "";
  auto const sharers = static_cast<std::uint64_t>(std::max(ranks, 1));
  Budget budget{static_cast<std::uint64_t>(fraction * static_cast<double>(gpu.memory_bytes)) / sharers,
                fmt::format("{:.0f} % of {} GB{}", 100 * fraction, nominal_gb, shared)};
  // 0: nobody knows, where NVML is missing.
  if (gpu.free_bytes > 0)
    lower(budget, (gpu.free_bytes - std::min(gpu.free_bytes, spare_device_bytes)) / sharers,
          fmt::format("{} are free, of which {} stay so{}", human_bytes(gpu.free_bytes), human_bytes(spare_device_bytes), shared));
  if (wish_bytes > 0) lower(budget, wish_bytes, "asked for with --device-memory");
  return budget;
}

std::uint64_t context_bytes(Gpu const& gpu) {
  auto const multiprocessors = static_cast<std::uint64_t>(std::max(gpu.multiprocessors, 1));
  auto const stacks = multiprocessors * static_cast<std::uint64_t>(resident_threads(gpu)) * stack_of_a_context;
  return 100 * mib + multiprocessors * mib * 117 / 100 + stacks;
}

int resident_threads(Gpu const& gpu) {
  switch (gpu.capability_major * 10 + gpu.capability_minor) {
    case 75: return 1024;
    case 86: case 87: case 89: case 120: case 121: return 1536;
    default: return 2048;
  }
}

Budget host_budget(Memory const& memory, int processes, std::uint64_t wish_bytes) {
  Budget budget{wish_bytes, "asked for with --memory"};
  if (memory.available_bytes == 0) return wish_bytes > 0 ? budget : Budget{};
  auto const share = host_share * static_cast<double>(memory.available_bytes) / std::max(processes, 1);
  auto const reason = fmt::format("{:.0f} % of the {} that can be taken now{}", 100 * host_share,
                                  human_bytes(memory.available_bytes),
                                  processes > 1 ? fmt::format(", shared by {} processes", processes) : "");
  if (wish_bytes == 0) return {static_cast<std::uint64_t>(share), reason};
  lower(budget, static_cast<std::uint64_t>(share), reason);
  return budget;
}

}  // namespace muster::topology
