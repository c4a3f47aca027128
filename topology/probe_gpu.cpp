#include "topology/probe_gpu.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <cctype>

#include "topology/nvml.hpp"
#include "topology/probe_cuda.hpp"

namespace muster::topology {
namespace {

void add_nvml_facts(Gpu& gpu, NvmlFacts const& nvml) {
  for (auto const& known : nvml.gpus) {
    if (normal_pci_address(known.pci_address) != gpu.pci_address) continue;
    gpu.nvlinks = known.nvlinks;
    gpu.free_bytes = known.free_bytes;
    // A MIG slice shares its card's address; its own size is CUDA's.
    bool const is_slice = gpu.memory_bytes * 2 < known.memory_bytes;
    if (known.memory_bytes > 0 && !is_slice) gpu.memory_bytes = known.memory_bytes;
    return;
  }
}

}  // namespace

std::string normal_pci_address(std::string const& address) {
  std::string normal;
  for (char const c : address)
    normal += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  auto const colon = normal.find(':');
  if (colon != std::string::npos && colon > 4) normal.erase(0, colon - 4);
  return normal;
}

GpuFacts probe_gpus() {
  auto const nvml = read_nvml();
  GpuFacts facts;
  if (!has_cuda_build()) {
    facts.note = nvml.gpus.empty()
                     ? "this build has no CUDA, and no NVIDIA GPU answers here"
                     : fmt::format("this build has no CUDA, so {} here ({} in all) is not used; build with "
                                   "-DMUSTER_WITH_CUDA=ON",
                                   nvml.gpus.front().name, nvml.gpus.size());
    return facts;
  }
  auto cuda = probe_cuda();
  facts.gpus = std::move(cuda.gpus);
  facts.note = cuda.note.empty() || nvml.note.empty() ? cuda.note : cuda.note + "; " + nvml.note;
  for (auto& gpu : facts.gpus) add_nvml_facts(gpu, nvml);
  return facts;
}

}  // namespace muster::topology
