// The decision: facts and demand in, plan out. Pure, so it is tested without any GPU.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "topology/budget.hpp"
#include "topology/facts.hpp"
#include "topology/profiles.hpp"

namespace muster::topology {

enum class Mode { cpu, standalone, data_parallel, model_data_parallel };
std::string to_string(Mode mode);
/// "cpu", "standalone", "data", "model+data": how --mode is spelled. nullopt for another word.
std::optional<Mode> parse_mode(std::string_view word);
/// The words that parse_mode knows, in the order of the enumerators.
inline constexpr std::array<std::string_view, 4> mode_words{"cpu", "standalone", "data", "model+data"};

enum class DeviceChoice { automatic, cpu, gpu };
/// Whether two ranks may compute on one GPU.
enum class GpuSharing { refused, allowed };
/// Whether ranks may compute on devices of different kinds (cards of one name are a kind, CPUs are one).
enum class Mixing { allowed, one_kind };

/// Where a mode was asked for.
enum class ModeSource { command_line, job_file };

/// Of a job that trains a network: whether each GPU has room for all of it.
enum class NetworkSize { unknown, fits_one_gpu, needs_several };

/// What a job and its user ask of the machine.
struct Demand {
  DeviceChoice device = DeviceChoice::automatic;
  std::optional<Mode> mode;           ///< asked for; none = by the number of GPUs
  ModeSource mode_source = ModeSource::command_line;
  std::optional<Mode> mode_overruled; ///< the job file's, where the command line asked for another
  int threads = 0;                    ///< compute threads a rank; 0 = from the machine
  int in_process_ranks = 1;           ///< ranks as threads of this process
  bool has_cuda_kernels = true;       ///< false: the kind of job has no GPU form in this build
  bool has_model_parallel_form = false;
  NetworkSize network = NetworkSize::unknown;
  bool joins_ranks = false;           ///< GPUs of several ranks compute as one, where they can
  GpuSharing sharing = GpuSharing::refused;
  Mixing mixing = Mixing::allowed;    ///< one_kind: the job has the same bits on one kind of device only
  std::uint64_t device_memory_bytes = 0;  ///< most to take of a GPU; 0 = by the card's rule
  std::uint64_t memory_bytes = 0;         ///< most to take of a machine's memory, by each process; 0 = by what is free
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
  int numa = -1;              ///< the NUMA node all its GPUs are attached to; -1 = none, or several
  CpuSet cpus = {};           ///< the hardware threads its compute threads are bound to; empty = not bound
  bool is_idle = false;       ///< on purpose: the plan has no device for this rank
  bool has_own_cores = true;  ///< false: too few cores, so `cpus` are other ranks' too
  std::vector<std::uint64_t> device_bytes = {};  ///< what it may take of each of `gpus`,
  std::vector<std::uint64_t> driver_bytes = {};  ///< and what of that the driver takes
};

/// What machines that are alike do.
struct NodePlan {
  std::string host;                      ///< as the facts name it; may be empty
  int count = 1;                         ///< machines
  std::vector<Placement> ranks;          ///< on each of them
  std::vector<std::vector<int>> groups;  ///< tensor-parallel groups of CUDA ordinals; empty = none
  Facts machine;                         ///< one of them, with the GPUs that are used
};

struct Plan {
  Mode mode = Mode::cpu;
  Tier tier = Tier::mid;      ///< of the least capable device; mid for the CPU
  int gpus = 0;               ///< used, on all machines
  int group_size = 1;         ///< GPUs in a tensor-parallel group
  int joined_ranks = 1;       ///< ranks whose GPUs sum among themselves; 1: none do
  bool shares_gpus = false;   ///< two ranks may be on one GPU
  std::optional<Profile> least;  ///< the card that decides workload settings; none for the CPU
  std::vector<Placement> ranks;  ///< the ranks on the first machine: those of the launcher, or in-process ones
  std::vector<NodePlan> nodes;
  Budget memory;                 ///< of a process on the first machine; 0 bytes: not known, so no limit
  std::uint64_t device_wish_bytes = 0;  ///< of --device-memory: most that each rank may take of a GPU; 0 = no wish
  std::uint64_t memory_wish_bytes = 0;  ///< of --memory: most that each process may take; 0 = no wish
  std::vector<Decision> decisions;
};

/// The plan for a cluster: a rank for each GPU where there are several machines, else as for one machine.
/// Throws Error (Exit::user) for impossible wishes, (Exit::environment) for a GPU asked for and absent.
Plan make_plan(Cluster const& cluster, Demand const& demand);
/// The plan for this machine.
Plan make_plan(Facts const& facts, Demand const& demand);

/// What a rank may take of its GPUs, as they are on `machine`: its part of each card that others of `all` drive too.
void budget_devices(Facts const& machine, std::vector<Placement> const& all, std::uint64_t wish_bytes, Placement& placement);

/// CPU compute threads of one of `local_ranks` ranks: usable physical cores, under the CPU quota and what Slurm
/// granted, shared evenly; at least 1.
int threads_per_rank(Cpu const& cpu, int local_ranks);

}  // namespace muster::topology
