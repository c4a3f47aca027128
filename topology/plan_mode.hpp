// The first half of a plan: which GPUs count, and the mode they are driven in.
#pragma once

#include <string>
#include <vector>

#include "topology/plan.hpp"

namespace muster::topology {

/// The cluster with the GPUs that are used, and why none or not all are.
struct Usable {
  Cluster cluster;
  int gpus = 0;
  std::string why_cpu;   ///< empty when GPUs are used
  std::string left_out;  ///< GPUs that are there and not used, with the reason; may be empty
};

/// Machines in a row that differ only in names, addresses and what is free, counted as one sort.
Cluster with_alike_counted(Cluster const& cluster);

/// Throws for wishes that contradict each other or the machine.
Usable usable_gpus(Cluster const& cluster, Demand const& demand);

struct ModeChoice {
  Mode mode = Mode::cpu;
  std::string reason;
  int group_size = 1;
};

/// By the number of GPUs and the links between them, or as asked for. Throws when what was asked for cannot
/// be.
ModeChoice choose_mode(Usable const& usable, Demand const& demand);

/// Keeps the GPUs at these places, ascending, and the links between them.
void keep_gpus(Facts& machine, std::vector<int> const& places);

/// "1 GPU", "8 GPUs".
std::string plural(std::int64_t count, std::string_view noun);

}  // namespace muster::topology
