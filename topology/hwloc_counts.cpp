#include "topology/hwloc_counts.hpp"

namespace muster::topology {
namespace {

std::uint64_t cache_bytes(hwloc_topology_t topology, hwloc_obj_type_t type) {
  hwloc_obj_t const cache = hwloc_get_obj_by_type(topology, type, 0);
  return cache == nullptr ? 0 : cache->attr->cache.size;
}

int count_of(hwloc_topology_t topology, hwloc_obj_type_t type) {
  return at_least_one(hwloc_get_nbobjs_by_type(topology, type));
}

/// NUMA nodes with CPUs; memory alone, such as a GPU's on Grace Hopper, is no place for a rank.
std::vector<NumaNode> numa_nodes(hwloc_topology_t topology) {
  std::vector<NumaNode> nodes;
  hwloc_obj_t node = nullptr;
  while ((node = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, node)) != nullptr)
    if (node->cpuset != nullptr && !hwloc_bitmap_iszero(node->cpuset))
      nodes.push_back({static_cast<int>(node->os_index), cores_in(topology, node->cpuset),
                       node->attr->numanode.local_memory});
  return nodes;
}

CpuSet cpus_in(hwloc_const_bitmap_t set) {
  CpuSet cpus;
  for (int cpu = hwloc_bitmap_first(set); cpu >= 0; cpu = hwloc_bitmap_next(set, cpu)) cpus.push_back(cpu);
  return cpus;
}

}  // namespace

int cores_in(hwloc_topology_t topology, hwloc_const_bitmap_t set) {
  int count = 0;
  hwloc_obj_t core = nullptr;
  while ((core = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_CORE, core)) != nullptr)
    if (hwloc_bitmap_intersects(core->cpuset, set)) ++count;
  return at_least_one(count);
}

void read_counts(hwloc_topology_t topology, Cpu& cpu) {
  cpu.packages = count_of(topology, HWLOC_OBJ_PACKAGE);
  cpu.cores = count_of(topology, HWLOC_OBJ_CORE);
  cpu.threads = count_of(topology, HWLOC_OBJ_PU);
  cpu.caches = {cache_bytes(topology, HWLOC_OBJ_L1CACHE), cache_bytes(topology, HWLOC_OBJ_L2CACHE),
                cache_bytes(topology, HWLOC_OBJ_L3CACHE)};
  cpu.numa = numa_nodes(topology);
  cpu.numa_nodes = at_least_one(static_cast<int>(cpu.numa.size()));
}

void read_usable(hwloc_topology_t topology, hwloc_const_bitmap_t set, Cpu& cpu) {
  HwlocSet const here(hwloc_bitmap_alloc());
  HwlocSet const left(hwloc_bitmap_dup(set));  // a core near two kinds of memory counts once
  for (auto& node : cpu.numa) {
    auto* const object = hwloc_get_numanode_obj_by_os_index(topology, static_cast<unsigned>(node.id));
    if (object == nullptr) continue;
    for (hwloc_obj_t core = nullptr;
         (core = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_CORE, core)) != nullptr;) {
      hwloc_bitmap_and(here.get(), core->cpuset, left.get());
      if (hwloc_bitmap_iszero(here.get()) || !hwloc_bitmap_isincluded(core->cpuset, object->cpuset)) continue;
      node.usable.push_back(cpus_in(here.get()));
      hwloc_bitmap_andnot(left.get(), left.get(), here.get());
    }
  }
}

}  // namespace muster::topology
