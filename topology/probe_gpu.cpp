#include "topology/probe_gpu.hpp"

#include <fmt/core.h>

#include <utility>

#include "topology/nvml_links.hpp"
#include "topology/probe_cuda.hpp"

namespace muster::topology {
namespace {

Gpu const* match(Gpu const& cuda, NvmlFacts const& nvml) {
  for (auto const& slice : nvml.slices)
    if (slice.uuid == cuda.uuid) return &slice;
  for (auto const& card : nvml.gpus)
    if (card.pci_address == cuda.pci_address) return &card;
  return nullptr;
}

void add_nvml_facts(Gpu& gpu, Gpu const& known) {
  gpu.index = known.index;
  gpu.nvlinks = known.nvlinks;
  gpu.free_bytes = known.free_bytes;
  gpu.clock_mhz = known.clock_mhz;
  gpu.numa = known.numa;
  gpu.ecc = known.ecc;
  // A slice that NVML did not name shares its card's address; its own size is CUDA's.
  bool const is_slice = known.mig == Mig::on || gpu.memory_bytes * 2 < known.memory_bytes;
  gpu.mig = is_slice ? Mig::slice : known.mig;
  if (known.memory_bytes > 0 && !is_slice) gpu.memory_bytes = known.memory_bytes;
}

std::size_t place_of_card(Gpu const& gpu, NvmlFacts const& nvml) {
  for (std::size_t i = 0; i < nvml.gpus.size(); ++i)
    if (nvml.gpus[i].pci_address == gpu.pci_address) return i;
  return nvml.gpus.size();
}

/// Links between CUDA's devices, or none when NVML does not know one of them.
std::vector<Link> links_between(std::vector<Gpu> const& gpus, NvmlFacts const& nvml) {
  std::vector<std::size_t> card_of;
  for (auto const& gpu : gpus) {
    card_of.push_back(place_of_card(gpu, nvml));
    if (card_of.back() == nvml.gpus.size()) return {};
  }
  return links_of(nvml, card_of);
}

Facts seen_only(NvmlFacts const& nvml) {
  auto facts = devices_of(nvml);
  if (facts.gpus.empty()) {
    facts.gpu_note = "this build has no CUDA, and no NVIDIA GPU answers here";
    return facts;
  }
  facts.gpus_unused = fmt::format("this build has no CUDA, so {} here ({} in all) is not used; build with "
                                  "-DMUSTER_WITH_CUDA=ON", facts.gpus.front().name, facts.gpus.size());
  return facts;
}

}  // namespace

void probe_gpus(Facts& facts) {
  auto const nvml = read_nvml();
  auto found = has_cuda_build() ? Facts{} : seen_only(nvml);
  if (has_cuda_build()) {
    auto cuda = probe_cuda();
    found.gpus = std::move(cuda.gpus);
    found.gpu_note = cuda.note.empty() || nvml.note.empty() ? cuda.note : cuda.note + "; " + nvml.note;
    for (auto& gpu : found.gpus)
      if (auto const* const known = match(gpu, nvml)) add_nvml_facts(gpu, *known);
    found.links = links_between(found.gpus, nvml);
  }
  facts.driver_version = nvml.driver_version;
  facts.grant.in_machine = static_cast<int>(nvml.gpus.size());
  facts.gpus = std::move(found.gpus);
  facts.links = std::move(found.links);
  facts.gpus_unused = std::move(found.gpus_unused);
  facts.gpu_note = std::move(found.gpu_note);
}

}  // namespace muster::topology
