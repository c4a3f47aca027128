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

/// Fills in GPUs, links, driver and notes: CUDA's devices with what NVML adds. A build without CUDA lists
/// what NVML sees and says in `gpus_unused` that it cannot compute there.
void probe_gpus(Facts& facts);

}  // namespace muster::topology
