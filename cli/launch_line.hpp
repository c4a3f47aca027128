// The command that starts a run's ranks as processes: a pure function of what was asked and where.
#pragma once

#include <string>
#include <vector>

#include "cli/options.hpp"

namespace muster::cli {

/// A machine of an allocation, by the name that Slurm has for it.
struct Node {
  std::string name;
  int tasks = 1;  ///< ranks it has room for
};

/// What the launch depends on besides the options.
struct LaunchPlace {
  std::string program;           ///< this binary's path
  bool is_root = false;
  bool is_one_machine = true;    ///< no network is needed then
  bool is_in_allocation = false;  ///< of a batch system, which knows the slots
  bool has_open_mpi_4 = true;    ///< 5 calls shared memory by another name
  int cpus_per_task = 0;         ///< for srun, which gives one unless told; 0: unknown
  std::vector<Node> nodes;       ///< the only ones to use; empty: all of the allocation
  bool has_lost_gpus = false;    ///< which the environment names
  std::string session_folder;    ///< of mpirun and its daemons; empty: their own choice
  std::string more_options;      ///< for mpirun, between blanks: MUSTER_MPI_OPTIONS
};

/// What Slurm says of an allocation; empty and 0 outside of one.
struct Allocation {
  std::string cpus_per_node;  ///< SLURM_JOB_CPUS_PER_NODE: "64(x2),32"
  int cpus_per_task = 0;      ///< SLURM_CPUS_PER_TASK: what the job was given
  int nodes = 1;
};
/// CPUs for each of `ranks` tasks: the threads asked for, what the job was given, or an even share of its smallest
/// node; 0 where none is known.
int cpus_per_task(int ranks, int threads_asked, Allocation const& allocation);

/// The words of a rank's own command line: without the launcher, and without --fresh when the run is
/// to go on from what an earlier start left.
std::vector<std::string> words_of_rank(std::vector<std::string> const& words, Start start);

/// `mpirun ... muster run ...` or `srun ... muster run ...`.
std::vector<std::string> launch_line(Launcher launcher, int ranks, std::vector<std::string> const& rank_words,
                                     LaunchPlace const& place);

}  // namespace muster::cli
