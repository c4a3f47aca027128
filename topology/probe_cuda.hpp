// What the CUDA runtime says about its devices.
#pragma once

#include "topology/probe_gpu.hpp"

namespace muster::topology {

/// Whether this build holds CUDA code.
bool has_cuda_build();
/// Empty, with a note, where this build has no CUDA or the driver has no device.
GpuFacts probe_cuda();
/// "0000:1b:00.0"; empty for no such device.
std::string cuda_pci_address(int ordinal);

}  // namespace muster::topology
