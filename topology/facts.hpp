// Facts about one machine: plain data, gathered by probe.hpp or made up by a test. No decisions here.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace muster::topology {

/// Sizes of one core's caches; the last level is per package. 0 = not known.
struct Caches {
  std::uint64_t l1_bytes = 0;
  std::uint64_t l2_bytes = 0;
  std::uint64_t l3_bytes = 0;
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
  Caches caches;
};

struct Memory {
  std::uint64_t total_bytes = 0;
  std::uint64_t limit_bytes = 0;      ///< smallest limit on the cgroup path; 0 = none
  std::uint64_t available_bytes = 0;  ///< what can be taken now: MemAvailable and the room under the limits
};

struct Gpu {
  int ordinal = 0;  ///< CUDA's number in this process
  std::string name;
  std::string uuid;
  std::string pci_address;  ///< "0000:1b:00.0"
  int capability_major = 0;
  int capability_minor = 0;
  int multiprocessors = 0;
  std::uint64_t memory_bytes = 0;  ///< NVML's total where it is known, CUDA's otherwise
  std::uint64_t free_bytes = 0;
  int nvlinks = 0;  ///< active NVLink links; 0 also where NVML cannot say
};

/// This process among the ranks of its launcher.
struct Launch {
  bool is_launched = false;  ///< by mpirun or srun
  int rank = 0;
  int ranks = 1;
  int local_rank = 0;   ///< among the ranks on this machine
  int local_ranks = 1;
};

struct Facts {
  std::string host;
  std::string os;
  Cpu cpu;
  Memory memory;
  std::vector<Gpu> gpus;
  std::string gpu_note;  ///< why there are no GPUs, or what is odd about them; empty when all is well
  Launch launch;
};

}  // namespace muster::topology
