// What NVIDIA's management library knows beyond CUDA, loaded at run time: no header, no link, no error
// where it is missing.
#pragma once

#include <string>
#include <vector>

#include "topology/facts.hpp"

namespace muster::topology {

struct NvmlFacts {
  bool is_loaded = false;
  std::string driver_version;
  std::vector<Gpu> gpus;    ///< whole cards, in NVML's order
  std::vector<Link> links;  ///< between `gpus`, row by row
  std::vector<Gpu> slices;  ///< MIG slices of those whose `mig` is on
  std::string note;         ///< why there is nothing to tell; empty when all is well
};

/// Loads libnvidia-ml.so.1, asks, and unloads it. A card that does not answer is left out and named in the
/// note; a field that cannot be read keeps its default.
NvmlFacts read_nvml();

/// What a process can compute on, by NVML alone: the cards, a cut one's slices in its place.
Facts devices_of(NvmlFacts const& nvml);

/// "00000000:1B:00.0" -> "0000:1b:00.0".
std::string normal_pci_address(std::string const& address);

}  // namespace muster::topology
