// The decision: facts and demand in, plan out. Pure, so it is tested without any GPU.
#pragma once

#include <string>
#include <vector>

#include "topology/facts.hpp"
#include "topology/profiles.hpp"

namespace muster::topology {

enum class Mode { cpu, standalone, data_parallel, model_data_parallel };
std::string to_string(Mode mode);

enum class DeviceChoice { automatic, cpu, gpu };

/// What a job and its user ask of the machine.
struct Demand {
  DeviceChoice device = DeviceChoice::automatic;
  int threads = 0;                    ///< compute threads a rank; 0 = from the machine
  int in_process_ranks = 1;           ///< ranks as threads of this process
  bool has_cuda_kernels = true;       ///< false: the kind of job has no GPU form in this build
  bool has_model_parallel_form = false;
};

/// One decided value and why.
struct Decision {
  std::string what;
  std::string value;
  std::string reason;
};

/// What one rank does with its machine.
struct Placement {
  int rank = 0;               ///< within this machine
  std::vector<int> gpus;      ///< CUDA ordinals this rank drives; empty = it computes on the CPU
  int threads = 1;            ///< CPU compute threads when `gpus` is empty
};

struct Plan {
  Mode mode = Mode::cpu;
  Tier tier = Tier::mid;      ///< of the least capable device; mid for the CPU
  std::vector<Placement> ranks;  ///< the ranks on this machine: those of the launcher, or in-process ones
  std::vector<Decision> decisions;
};

/// Throws Error (Exit::user) for impossible wishes, (Exit::environment) for a GPU asked for and absent.
Plan make_plan(Facts const& facts, Demand const& demand);

/// CPU compute threads of one of `local_ranks` ranks: usable physical cores, under the CPU quota, shared
/// evenly; at least 1.
int threads_per_rank(Cpu const& cpu, int local_ranks);

}  // namespace muster::topology
