// Whether what Slurm says about a job is what MPI and the machine say.
#pragma once

#include <map>
#include <string>

#include "cli/selftest/line.hpp"

namespace muster::cli::selftest {

/// The variables of Slurm and of mpirun in this process's environment. Taken before MPI starts, which
/// sets some.
using Variables = std::map<std::string, std::string>;
Variables launcher_variables();

/// What is known without Slurm.
struct Started {
  int ranks = 1;
  int hosts = 1;
  int threads_here = 1;  ///< of all ranks on rank 0's machine
  int gpus_here = 0;     ///< that rank 0's process sees
};

Line judge_slurm(Variables const& variables, Started const& started);

}  // namespace muster::cli::selftest
