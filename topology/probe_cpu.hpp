// CPUs, caches and memory of this machine, by hwloc and the control groups.
#pragma once

#include "topology/facts.hpp"

namespace muster::topology {

enum class Affinity { respect, ignore };

/// `ignore` counts every CPU of the cpuset, whatever this process is bound to.
Cpu probe_cpu(Affinity affinity);
Memory probe_memory();

}  // namespace muster::topology
