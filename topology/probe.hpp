// Gathers the facts about this machine.
#pragma once

#include <string>

#include "topology/facts.hpp"

namespace muster::topology {

/// Whether to look for GPUs: doing so starts the CUDA driver, which takes a second on some machines.
enum class GpuProbe { skip, look };

/// Never throws for what the machine lacks: a fact that cannot be read keeps its default.
/// Under a launcher the affinity of this process is no limit, because mpirun binds a rank to one core;
/// the cpuset of its cgroup is.
Facts probe(GpuProbe gpus);

/// Rank numbers from the environment of mpirun (Open MPI, MPICH) or srun.
Launch launch_from_environment();

/// CPUs that srun gave this machine's ranks, by SLURM_CPUS_ON_NODE and SLURM_CPUS_PER_TASK; 0 where mpirun started them, whose
/// daemons have a step of their own, or nobody says.
int granted_cpus_from_environment(Launch const& launch);

/// Exactly one JSON object.
std::string to_json(Facts const& facts);

/// For people: a tree of NUMA nodes and GPUs, and the links between these.
std::string to_tree(Facts const& facts);

}  // namespace muster::topology
