// The GPUs this process can compute on.
#pragma once

#include <string>
#include <vector>

#include "topology/facts.hpp"

namespace muster::topology {

struct GpuFacts {
  std::vector<Gpu> gpus;
  std::string note;  ///< why there are none, or what is odd; empty when all is well
};

/// CUDA's devices with what NVML adds. A build without CUDA has none and says what is there.
GpuFacts probe_gpus();

/// "00000000:1B:00.0" -> "0000:1b:00.0".
std::string normal_pci_address(std::string const& address);

}  // namespace muster::topology
