// What NVIDIA's management library knows beyond CUDA, loaded at run time: no header, no link, no error
// where it is missing.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace muster::topology {

struct NvmlGpu {
  std::string uuid;  ///< "GPU-8f1b…"
  std::string name;
  std::string pci_address;  ///< "00000000:1B:00.0", NVML's spelling
  std::uint64_t memory_bytes = 0;
  std::uint64_t free_bytes = 0;
  int nvlinks = 0;
};

struct NvmlFacts {
  bool is_loaded = false;
  std::string driver_version;
  std::vector<NvmlGpu> gpus;
  std::string note;  ///< why there is nothing to tell; empty when all is well
};

/// Loads libnvidia-ml.so.1, asks, and unloads it. A card or a field that cannot be read keeps its default.
NvmlFacts read_nvml();

}  // namespace muster::topology
