// What is counted in a topology of hwloc's, of this machine or read from XML.
#pragma once

#include <hwloc.h>

#include <algorithm>
#include <memory>

#include "topology/facts.hpp"

namespace muster::topology {

struct HwlocDestroy {
  void operator()(hwloc_topology* topology) const { hwloc_topology_destroy(topology); }
  void operator()(hwloc_bitmap_s* set) const { hwloc_bitmap_free(set); }
};
using HwlocTopology = std::unique_ptr<hwloc_topology, HwlocDestroy>;
using HwlocSet = std::unique_ptr<hwloc_bitmap_s, HwlocDestroy>;

inline int at_least_one(int count) { return std::max(count, 1); }

/// Physical cores with at least one hardware thread in the set.
int cores_in(hwloc_topology_t topology, hwloc_const_bitmap_t set);

/// Packages, NUMA nodes, cores, threads and caches; not what is usable.
void read_counts(hwloc_topology_t topology, Cpu& cpu);

/// Which cores of each NUMA node are in the set.
void read_usable(hwloc_topology_t topology, hwloc_const_bitmap_t set, Cpu& cpu);

}  // namespace muster::topology
