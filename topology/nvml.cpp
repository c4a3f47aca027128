#include "topology/nvml.hpp"

#include <dlfcn.h>
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

namespace muster::topology {
namespace {

// NVML's ABI, declared here so that a build needs no nvml.h. Versions with a suffix are frozen by NVIDIA.
using NvmlDevice = void*;
using NvmlStatus = int;
constexpr NvmlStatus nvml_success = 0;
struct NvmlMemory {
  unsigned long long total, free, used;
};
struct NvmlPci {  // nvmlPciInfo_t, version 3
  char legacy_bus_id[16];
  unsigned domain, bus, device, pci_device_id, pci_subsystem_id;
  char bus_id[32];
};
constexpr unsigned max_nvlinks = 18;

/// The library while it is loaded.
class Library {
 public:
  Library() : handle_(dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL)) {}
  Library(Library const&) = delete;
  Library& operator=(Library const&) = delete;
  ~Library() {
    if (handle_ != nullptr) dlclose(handle_);
  }
  bool is_open() const { return handle_ != nullptr; }

  /// Calls a function by name; a library without it answers like one that does not support it.
  template <class... Args>
  bool call(char const* name, Args... args) const {
    void* const found = dlsym(handle_, name);
    if (found == nullptr) return false;
    auto* const function = reinterpret_cast<NvmlStatus (*)(Args...)>(found);
    return function(args...) == nvml_success;
  }

 private:
  void* handle_;
};

template <std::size_t Size>
std::string as_text(std::array<char, Size> const& buffer) {
  return {buffer.data(), strnlen(buffer.data(), Size)};
}

int count_nvlinks(Library const& library, NvmlDevice device) {
  int active = 0;
  for (unsigned link = 0; link < max_nvlinks; ++link) {
    unsigned state = 0;
    if (library.call("nvmlDeviceGetNvLinkState", device, link, &state) && state == 1) ++active;
  }
  return active;
}

NvmlGpu read_gpu(Library const& library, NvmlDevice device) {
  NvmlGpu gpu;
  std::array<char, 96> text{};
  if (library.call("nvmlDeviceGetName", device, text.data(), 96U)) gpu.name = as_text(text);
  text.fill('\0');
  if (library.call("nvmlDeviceGetUUID", device, text.data(), 96U)) gpu.uuid = as_text(text);
  NvmlPci pci{};
  if (library.call("nvmlDeviceGetPciInfo_v3", device, &pci))
    gpu.pci_address.assign(pci.bus_id, strnlen(pci.bus_id, sizeof pci.bus_id));
  NvmlMemory memory{};
  if (library.call("nvmlDeviceGetMemoryInfo", device, &memory)) {
    gpu.memory_bytes = memory.total;
    gpu.free_bytes = memory.free;
  }
  gpu.nvlinks = count_nvlinks(library, device);
  return gpu;
}

}  // namespace

NvmlFacts read_nvml() {
  NvmlFacts facts;
  Library const library;
  if (!library.is_open()) {
    facts.note = "no NVIDIA driver on this machine (libnvidia-ml.so.1 was not found)";
    return facts;
  }
  facts.is_loaded = true;
  if (!library.call("nvmlInit_v2")) {
    facts.note = "the NVIDIA driver did not start (nvmlInit_v2 failed); see nvidia-smi";
    return facts;
  }
  std::array<char, 96> version{};
  if (library.call("nvmlSystemGetDriverVersion", version.data(), 96U)) facts.driver_version = as_text(version);
  unsigned count = 0;
  if (!library.call("nvmlDeviceGetCount_v2", &count)) count = 0;
  for (unsigned index = 0; index < std::min(count, 1024U); ++index) {
    NvmlDevice device = nullptr;
    if (library.call("nvmlDeviceGetHandleByIndex_v2", index, &device))
      facts.gpus.push_back(read_gpu(library, device));
    else
      facts.note += fmt::format("GPU {} of {} does not answer (it may be lost or not permitted); ", index, count);
  }
  if (facts.note.ends_with("; ")) facts.note.resize(facts.note.size() - 2);
  library.call("nvmlShutdown");
  return facts;
}

}  // namespace muster::topology
