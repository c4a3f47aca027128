// Facts about one machine: plain data, gathered by probe.hpp or made up by a test. No decisions here.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace muster::topology {

/// Sizes of one core's caches; the last level is per package. 0 = not known.
struct Caches {
  std::uint64_t l1_bytes = 0;
  std::uint64_t l2_bytes = 0;
  std::uint64_t l3_bytes = 0;
};

/// Hardware threads by the system's numbers, ascending.
using CpuSet = std::vector<int>;

struct NumaNode {
  int id = 0;  ///< the system's number
  int cores = 0;
  std::uint64_t memory_bytes = 0;
  std::vector<CpuSet> usable = {};  ///< the hardware threads of each core that may be used; empty = not known
};

struct Cpu {
  std::string model;
  int packages = 1;
  int numa_nodes = 1;
  int cores = 1;           ///< physical cores of the machine
  int threads = 1;         ///< hardware threads of the machine
  int usable_cores = 1;    ///< physical cores this process may run on (cpuset, affinity)
  int usable_threads = 1;  ///< hardware threads this process may run on
  double quota_cpus = 0;   ///< smallest CPU quota on the cgroup path, in CPUs; 0 = none
  int granted_cpus = 0;    ///< what Slurm gave srun's ranks on this machine, by its own count; 0 = not said
  Caches caches;
  std::vector<NumaNode> numa;  ///< those with CPUs; empty = not known
};

struct Memory {
  std::uint64_t total_bytes = 0;
  std::uint64_t limit_bytes = 0;      ///< smallest limit on the cgroup path; 0 = none
  std::uint64_t available_bytes = 0;  ///< what can be taken now: MemAvailable and the room under the limits
};

enum class Ecc { unknown, off, on };
/// `on`: the card is cut into slices, which are what can be computed on; `slice`: one of them.
enum class Mig { unknown, off, on, slice };

struct Gpu {
  int ordinal = 0;  ///< CUDA's number in this process
  int index = -1;   ///< the driver's number on the machine, nvidia-smi's; -1 = not known
  std::string name;
  std::string uuid;  ///< a slice's own, "MIG-…"
  std::string pci_address;  ///< "0000:1b:00.0"; a slice has its card's
  int capability_major = 0;
  int capability_minor = 0;
  int multiprocessors = 0;
  int clock_mhz = 0;               ///< highest of the multiprocessors; 0 = not known
  std::uint64_t memory_bytes = 0;  ///< NVML's total where it is known, CUDA's otherwise
  std::uint64_t free_bytes = 0;
  int nvlinks = 0;  ///< active NVLink links; 0 also where NVML cannot say
  int numa = -1;    ///< the NUMA node it is attached to; -1 = not known, or the machine has but one
  Ecc ecc = Ecc::unknown;
  Mig mig = Mig::unknown;
};

/// What the way between two GPUs passes, slowest first; nvidia-smi's words beside it.
enum class LinkKind {
  unknown,
  system,         ///< SYS: the link between sockets
  node,           ///< NODE: host bridges of one NUMA node
  host_bridge,    ///< PHB: one host bridge
  pcie_switches,  ///< PXB: several PCIe switches
  pcie_switch,    ///< PIX: one PCIe switch
  nvlink,         ///< NV#
};
/// Whether one GPU can read the other's memory directly.
enum class Peer { unknown, no, yes };

struct Link {
  LinkKind kind = LinkKind::unknown;
  int nvlinks = 0;  ///< links bonded between the two; through switches what one GPU has
  Peer peer = Peer::unknown;
  bool operator==(Link const&) const = default;
};

/// This process among the ranks of its launcher.
struct Launch {
  bool is_launched = false;  ///< by mpirun or srun
  int rank = 0;
  int ranks = 1;
  int local_rank = 0;   ///< among the ranks on this machine
  int local_ranks = 1;
};

/// What this process's environment says about which GPUs it may use.
struct GpuGrant {
  std::optional<std::string> visible;  ///< CUDA_VISIBLE_DEVICES
  std::string slurm;                   ///< SLURM_STEP_GPUS or SLURM_JOB_GPUS, the machine's numbers; empty = not said
  std::string slurm_variable;          ///< which of them
  int in_machine = 0;                  ///< cards the driver lists, whoever may use them; 0 = not known
};

struct Facts {
  std::string host;
  std::string os;
  Cpu cpu;
  Memory memory;
  std::vector<Gpu> gpus;
  std::vector<Link> links;  ///< row by row between all pairs in the order of `gpus`; empty = not known
  std::string driver_version;
  std::string gpus_unused;  ///< why this process cannot compute on the GPUs it sees; empty: it can
  std::string gpu_note;  ///< why there are no GPUs, or what is odd about them; empty when all is well
  GpuGrant grant;
  Launch launch;
  /// Where the ranks of a machine see different GPUs: what each sees, by place in `gpus`. Empty: all see all.
  std::vector<std::vector<int>> seen_by;
};

/// The way between two GPUs by their place in `gpus`.
inline Link link_between(Facts const& facts, std::size_t a, std::size_t b) {
  return facts.links.empty() ? Link{} : facts.links[a * facts.gpus.size() + b];
}

/// Machines that are alike, counted.
struct Nodes {
  Facts machine;
  int count = 1;
};

/// What a plan is made for: one machine, or many.
struct Cluster {
  std::vector<Nodes> nodes;
  std::string assumed;  ///< what was not said and therefore assumed; empty when these are facts
};
inline bool is_one_machine(Cluster const& cluster) {
  return cluster.nodes.size() == 1 && cluster.nodes.front().count == 1;
}

}  // namespace muster::topology
