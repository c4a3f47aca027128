// One cluster out of what the ranks of a run say of their machines, and what must not be among them.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "topology/plan.hpp"

namespace muster::topology {

/// Where a rank sits in a gathered cluster.
struct Seat {
  int node = -1;              ///< its machine, by place in `Cluster::nodes`; -1 = it said nothing
  int local = 0;              ///< its number among the ranks there
  std::vector<int> ordinals;  ///< CUDA's number in this rank of each GPU of the machine; -1 = it does not see it
};

struct Gathered {
  Cluster cluster;          ///< a node for each host, in the order of their first ranks
  std::vector<Seat> seats;  ///< by rank
};

/// Ranks with one host name are on one machine, whose GPUs are all that any of them sees. Nullopt is a rank that
/// said nothing; one rank at least must have.
Gathered gather(std::vector<std::optional<Facts>> const& ranks);

/// What the plan for the gathered cluster gives a rank, by the rank's own CUDA ordinals.
Placement placement_of(Plan const& plan, Gathered const& gathered, int rank);

/// Refuses a rank that sees other GPUs than CUDA_VISIBLE_DEVICES or Slurm gave it. Looks at nothing where no GPU
/// is asked for. Throws Error (Exit::environment) naming the rank.
void check_grants(std::vector<std::optional<Facts>> const& ranks, Demand const& demand);

/// Refuses two ranks on one GPU unless the demand allows it. Throws Error (Exit::user) naming both.
void check_doubles(Plan const& plan, Gathered const& gathered, Demand const& demand);

}  // namespace muster::topology
