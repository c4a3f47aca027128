#include "topology/nvml.hpp"

#include <dlfcn.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstring>

#include "topology/cards.hpp"
#include "topology/nvml_abi.hpp"
#include "topology/nvml_links.hpp"

namespace muster::topology {
namespace {

constexpr unsigned most_gpus = 1024;
constexpr unsigned most_slices = 16;

template <std::size_t Size>
std::string as_text(std::array<char, Size> const& buffer) {
  return {buffer.data(), strnlen(buffer.data(), Size)};
}

std::string text_from(NvmlLibrary const& library, char const* function, nvml::Device device) {
  std::array<char, 96> text{};
  return library.call(function, device, text.data(), 96U) ? as_text(text) : "";
}

int numa_of(NvmlLibrary const& library, nvml::Device device) {
  std::array<unsigned long, 16> nodes{};
  if (!library.call("nvmlDeviceGetMemoryAffinity", device, 16U, nodes.data(), nvml::affinity_of_node)) return -1;
  for (int bit = 0; bit < 16 * 64; ++bit)
    if ((nodes[static_cast<std::size_t>(bit / 64)] >> (bit % 64) & 1) != 0) return bit;
  return -1;
}

void read_memory(NvmlLibrary const& library, nvml::Device device, Gpu& gpu) {
  nvml::Memory memory{};
  if (!library.call("nvmlDeviceGetMemoryInfo", device, &memory)) return;
  gpu.memory_bytes = memory.total;
  gpu.free_bytes = memory.free;
}

void read_modes(NvmlLibrary const& library, nvml::Device device, Gpu& gpu) {
  unsigned current = 0, pending = 0;
  if (library.call("nvmlDeviceGetEccMode", device, &current, &pending))
    gpu.ecc = current == nvml::feature_enabled ? Ecc::on : Ecc::off;
  if (library.call("nvmlDeviceGetMigMode", device, &current, &pending))
    gpu.mig = current == nvml::feature_enabled ? Mig::on : Mig::off;
}

Gpu read_gpu(NvmlLibrary const& library, nvml::Device device) {
  Gpu gpu;
  gpu.name = text_from(library, "nvmlDeviceGetName", device);
  gpu.uuid = text_from(library, "nvmlDeviceGetUUID", device);
  nvml::Pci pci{};
  if (library.call("nvmlDeviceGetPciInfo_v3", device, &pci))
    gpu.pci_address = normal_pci_address({pci.bus_id, strnlen(pci.bus_id, sizeof pci.bus_id)});
  read_memory(library, device, gpu);
  read_modes(library, device, gpu);
  unsigned clock = 0;
  if (library.call("nvmlDeviceGetMaxClockInfo", device, nvml::clock_sm, &clock)) gpu.clock_mhz = static_cast<int>(clock);
  if (!library.call("nvmlDeviceGetCudaComputeCapability", device, &gpu.capability_major, &gpu.capability_minor))
    gpu.capability_major = gpu.capability_minor = 0;
  if (auto const* const card = find_card(gpu.name)) gpu.multiprocessors = card->multiprocessors;
  gpu.numa = numa_of(library, device);
  gpu.nvlinks = count_nvlinks(library, device);
  return gpu;
}

/// A slice has its card's place and capability, and its own name, UUID, memory and multiprocessors.
Gpu read_slice(NvmlLibrary const& library, nvml::Device device, Gpu const& card) {
  Gpu slice = card;
  slice.mig = Mig::slice;
  slice.nvlinks = 0;
  slice.memory_bytes = slice.free_bytes = 0;
  slice.name = text_from(library, "nvmlDeviceGetName", device);
  if (slice.name.empty()) slice.name = card.name + " MIG";
  slice.uuid = text_from(library, "nvmlDeviceGetUUID", device);
  read_memory(library, device, slice);
  nvml::Attributes attributes{};
  if (library.call("nvmlDeviceGetAttributes_v2", device, &attributes))
    slice.multiprocessors = static_cast<int>(attributes.multiprocessors);
  return slice;
}

void read_slices(NvmlLibrary const& library, nvml::Device device, Gpu const& card, std::vector<Gpu>& slices) {
  unsigned most = 0;
  if (!library.call("nvmlDeviceGetMaxMigDeviceCount", device, &most)) return;
  for (unsigned i = 0; i < std::min(most, most_slices); ++i) {
    nvml::Device slice = nullptr;
    if (library.call("nvmlDeviceGetMigDeviceHandleByIndex", device, i, &slice))
      slices.push_back(read_slice(library, slice, card));
  }
}

std::string reason_of(nvml::Status status) {
  switch (status) {
    case nvml::no_permission: return "no permission; see the rights on /dev/nvidia*";
    case nvml::gpu_is_lost: return "it is lost: fallen off the bus; reset it or the machine";
    case nvml::driver_not_loaded: return "the driver is not loaded";
    case nvml::function_not_found: return "the library is too old";
    default: return fmt::format("NVML says {}", status);
  }
}

void read_cards(NvmlLibrary const& library, NvmlFacts& facts) {
  unsigned count = 0;
  if (!library.call("nvmlDeviceGetCount_v2", &count)) count = 0;
  std::vector<nvml::Device> devices;
  for (unsigned index = 0; index < std::min(count, most_gpus); ++index) {
    nvml::Device device = nullptr;
    auto const status = library.status("nvmlDeviceGetHandleByIndex_v2", index, &device);
    if (status != nvml::success) {
      facts.note += fmt::format("{}GPU {} of {} does not answer ({})", facts.note.empty() ? "" : "; ", index, count,
                                reason_of(status));
      continue;
    }
    devices.push_back(device);
    facts.gpus.push_back(read_gpu(library, device));
    facts.gpus.back().index = static_cast<int>(index);
    if (facts.gpus.back().mig == Mig::on) read_slices(library, device, facts.gpus.back(), facts.slices);
  }
  facts.links = read_links(library, devices, facts.gpus);
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

NvmlFacts read_nvml() {
  NvmlFacts facts;
  NvmlLibrary const library;
  if (!library.is_open()) {
    facts.note = "no NVIDIA driver on this machine (libnvidia-ml.so.1 was not found)";
    return facts;
  }
  facts.is_loaded = true;
  if (auto const status = library.status("nvmlInit_v2"); status != nvml::success) {
    facts.note = fmt::format("the NVIDIA driver did not start ({}); see nvidia-smi", reason_of(status));
    return facts;
  }
  std::array<char, 96> version{};
  if (library.call("nvmlSystemGetDriverVersion", version.data(), 96U)) facts.driver_version = as_text(version);
  read_cards(library, facts);
  library.call("nvmlShutdown");
  return facts;
}

Facts devices_of(NvmlFacts const& nvml) {
  Facts facts;
  facts.driver_version = nvml.driver_version;
  std::vector<std::size_t> card_of;  // of each device, its place in nvml.gpus
  auto const add = [&](Gpu gpu, std::size_t card) {
    gpu.ordinal = static_cast<int>(facts.gpus.size());
    facts.gpus.push_back(std::move(gpu));
    card_of.push_back(card);
  };
  for (std::size_t card = 0; card < nvml.gpus.size(); ++card) {
    if (nvml.gpus[card].mig != Mig::on) add(nvml.gpus[card], card);
    for (auto const& slice : nvml.slices)
      if (nvml.gpus[card].mig == Mig::on && slice.pci_address == nvml.gpus[card].pci_address) add(slice, card);
  }
  facts.links = links_of(nvml, card_of);
  facts.gpu_note = nvml.note;
  return facts;
}

}  // namespace muster::topology
