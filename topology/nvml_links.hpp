// The loaded NVML, and what it says about the ways between cards.
#pragma once

#include <dlfcn.h>

#include <vector>

#include "topology/facts.hpp"
#include "topology/nvml.hpp"
#include "topology/nvml_abi.hpp"

namespace muster::topology {

/// The library while it is loaded.
class NvmlLibrary {
 public:
  NvmlLibrary() : handle_(dlopen("libnvidia-ml.so.1", RTLD_NOW | RTLD_LOCAL)) {}
  NvmlLibrary(NvmlLibrary const&) = delete;
  NvmlLibrary& operator=(NvmlLibrary const&) = delete;
  ~NvmlLibrary() {
    if (handle_ != nullptr) dlclose(handle_);
  }
  bool is_open() const { return handle_ != nullptr; }

  /// Calls a function by name; one that the library lacks answers function_not_found.
  template <class... Args>
  nvml::Status status(char const* name, Args... args) const {
    void* const found = dlsym(handle_, name);
    if (found == nullptr) return nvml::function_not_found;
    auto* const function = reinterpret_cast<nvml::Status (*)(Args...)>(found);
    return function(args...);
  }
  /// Whether the function is there and succeeds.
  template <class... Args>
  bool call(char const* name, Args... args) const {
    return status(name, args...) == nvml::success;
  }

 private:
  void* handle_;
};

/// Active NVLink links of a card.
int count_nvlinks(NvmlLibrary const& library, nvml::Device device);

/// Links between all pairs, row by row; empty for fewer than two cards.
std::vector<Link> read_links(NvmlLibrary const& library, std::vector<nvml::Device> const& devices,
                             std::vector<Gpu> const& gpus);

/// Links between devices that are cards or slices of them; slices reach nothing directly, so a pair with a
/// slice is only as near as its cards are on PCIe.
std::vector<Link> links_of(NvmlFacts const& nvml, std::vector<std::size_t> const& card_of);

}  // namespace muster::topology
