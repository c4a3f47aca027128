// Which cores each rank of a machine is bound to.
#pragma once

#include <string>

#include "topology/plan.hpp"

namespace muster::topology {

/// Sets `cpus` of a machine's ranks: a rank with a NUMA node gets its share of that node's cores, the others
/// share what is left; no core is two ranks' where there are enough. Sets nothing where the machine's cores are
/// not known.
void share_cores(Cpu const& cpu, std::vector<Placement>& ranks);

/// "bound to CPUs 0-31", with what makes it odd; empty where the cores are not known.
std::string describe_binding(Placement const& rank);

}  // namespace muster::topology
