#include "topology/probe_cpu.hpp"

#include <hwloc.h>

#include <algorithm>
#include <fstream>
#include <memory>
#include <string>

#include "topology/cgroup.hpp"

namespace muster::topology {
namespace {

struct Destroy {
  void operator()(hwloc_topology* topology) const { hwloc_topology_destroy(topology); }
  void operator()(hwloc_bitmap_s* set) const { hwloc_bitmap_free(set); }
};
using Topology = std::unique_ptr<hwloc_topology, Destroy>;
using Bitmap = std::unique_ptr<hwloc_bitmap_s, Destroy>;

/// The whole machine, cores that the cpuset forbids included.
Topology load_topology() {
  hwloc_topology_t raw = nullptr;
  if (hwloc_topology_init(&raw) != 0) return nullptr;
  Topology topology(raw);
  hwloc_topology_set_flags(raw, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
  if (hwloc_topology_load(raw) != 0) return nullptr;
  return topology;
}

std::uint64_t cache_bytes(hwloc_topology_t topology, hwloc_obj_type_t type) {
  hwloc_obj_t const cache = hwloc_get_obj_by_type(topology, type, 0);
  return cache == nullptr ? 0 : cache->attr->cache.size;
}

int at_least_one(int count) { return std::max(count, 1); }

/// Physical cores with at least one hardware thread in the set.
int cores_in(hwloc_topology_t topology, hwloc_const_bitmap_t set) {
  int count = 0;
  hwloc_obj_t core = nullptr;
  while ((core = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_CORE, core)) != nullptr)
    if (hwloc_bitmap_intersects(core->cpuset, set)) ++count;
  return at_least_one(count);
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

}  // namespace

Cpu probe_cpu(Affinity affinity) {
  Cpu cpu;
  cpu.model = cpu_model();
  cpu.quota_cpus = read_cgroup_limits().cpus.value_or(0);
  auto const topology = load_topology();
  if (!topology) return cpu;
  auto* const machine = topology.get();
  cpu.packages = at_least_one(hwloc_get_nbobjs_by_type(machine, HWLOC_OBJ_PACKAGE));
  cpu.numa_nodes = at_least_one(hwloc_get_nbobjs_by_type(machine, HWLOC_OBJ_NUMANODE));
  cpu.cores = at_least_one(hwloc_get_nbobjs_by_type(machine, HWLOC_OBJ_CORE));
  cpu.threads = at_least_one(hwloc_get_nbobjs_by_type(machine, HWLOC_OBJ_PU));
  cpu.caches = {cache_bytes(machine, HWLOC_OBJ_L1CACHE), cache_bytes(machine, HWLOC_OBJ_L2CACHE),
                cache_bytes(machine, HWLOC_OBJ_L3CACHE)};
  Bitmap const usable(hwloc_bitmap_dup(hwloc_topology_get_allowed_cpuset(machine)));
  if (affinity == Affinity::respect) {
    Bitmap const bound(hwloc_bitmap_alloc());
    if (hwloc_get_cpubind(machine, bound.get(), HWLOC_CPUBIND_PROCESS) == 0)
      hwloc_bitmap_and(usable.get(), usable.get(), bound.get());
  }
  cpu.usable_cores = cores_in(machine, usable.get());
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
