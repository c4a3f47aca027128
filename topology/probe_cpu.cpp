#include "topology/probe_cpu.hpp"

#include <algorithm>
#include <fstream>
#include <string>

#include "topology/cgroup.hpp"
#include "topology/cpu_sets.hpp"
#include "topology/hwloc_counts.hpp"

namespace muster::topology {
namespace {

/// The whole machine, cores that the cpuset forbids included.
HwlocTopology load_topology() {
  hwloc_topology_t raw = nullptr;
  if (hwloc_topology_init(&raw) != 0) return nullptr;
  HwlocTopology topology(raw);
  hwloc_topology_set_flags(raw, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
  if (hwloc_topology_load(raw) != 0) return nullptr;
  return topology;
}

std::uint64_t meminfo_bytes(std::string const& key) {
  std::ifstream in("/proc/meminfo");  // "MemAvailable:   12345 kB"
  std::string name, unit;
  for (std::uint64_t kilobytes = 0; in >> name >> kilobytes && std::getline(in, unit);)
    if (name == key + ":") return kilobytes * 1024;
  return 0;
}

std::string cpu_model() {
  std::ifstream in("/proc/cpuinfo");
  for (std::string line; std::getline(in, line);) {
    auto const colon = line.find(": ");
    if (line.starts_with("model name") && colon != std::string::npos) return line.substr(colon + 2);
  }
  return "unknown";
}

/// What the cpuset allows: as hwloc reads it, and as the kernel grants it, since a container may not see its
/// own control group.
void keep_allowed(hwloc_bitmap_t usable) {
  auto const widest = widest_binding();
  if (widest.empty()) return;
  HwlocSet const granted(hwloc_bitmap_alloc());
  for (int const cpu : widest) hwloc_bitmap_set(granted.get(), static_cast<unsigned>(cpu));
  if (hwloc_bitmap_intersects(usable, granted.get())) hwloc_bitmap_and(usable, usable, granted.get());
}

}  // namespace

Cpu probe_cpu(Affinity affinity) {
  Cpu cpu;
  cpu.model = cpu_model();
  cpu.quota_cpus = read_cgroup_limits().cpus.value_or(0);
  auto const topology = load_topology();
  if (!topology) return cpu;
  auto* const machine = topology.get();
  read_counts(machine, cpu);
  HwlocSet const usable(hwloc_bitmap_dup(hwloc_topology_get_allowed_cpuset(machine)));
  if (affinity == Affinity::ignore)
    keep_allowed(usable.get());
  else {
    HwlocSet const bound(hwloc_bitmap_alloc());
    if (hwloc_get_cpubind(machine, bound.get(), HWLOC_CPUBIND_PROCESS) == 0)
      hwloc_bitmap_and(usable.get(), usable.get(), bound.get());
  }
  cpu.usable_cores = cores_in(machine, usable.get());
  read_usable(machine, usable.get(), cpu);
  cpu.usable_threads = at_least_one(hwloc_bitmap_weight(usable.get()));
  return cpu;
}

Memory probe_memory() {
  Memory memory;
  auto const limits = read_cgroup_limits();
  memory.total_bytes = meminfo_bytes("MemTotal");
  memory.limit_bytes = limits.memory_bytes.value_or(0);
  if (memory.limit_bytes >= memory.total_bytes && memory.total_bytes > 0) memory.limit_bytes = 0;
  memory.available_bytes = meminfo_bytes("MemAvailable");
  if (limits.memory_room_bytes)
    memory.available_bytes = std::min(memory.available_bytes, *limits.memory_room_bytes);
  return memory;
}

}  // namespace muster::topology
