#include "topology/process_memory.hpp"

#include <unistd.h>

#include <algorithm>
#include <vector>

#include "topology/nvml_links.hpp"
#include "topology/probe_cuda.hpp"

namespace muster::topology {
namespace {

constexpr unsigned most_processes = 1024;

std::optional<std::uint64_t> own_bytes(NvmlLibrary const& library, std::string const& pci_address) {
  nvml::Device device = nullptr;
  if (!library.call("nvmlDeviceGetHandleByPciBusId_v2", pci_address.c_str(), &device)) return std::nullopt;
  std::vector<nvml::Process> processes(most_processes);
  unsigned count = most_processes;
  if (!library.call("nvmlDeviceGetComputeRunningProcesses_v3", device, &count, processes.data())) return std::nullopt;
  for (unsigned i = 0; i < std::min(count, most_processes); ++i)
    if (processes[i].id == static_cast<unsigned>(getpid()) && processes[i].used_bytes != nvml::not_available)
      return processes[i].used_bytes;
  return std::nullopt;
}

}  // namespace

std::optional<std::uint64_t> process_bytes_on(std::string const& pci_address) {
  NvmlLibrary const library;
  if (!library.is_open() || !library.call("nvmlInit_v2")) return std::nullopt;
  auto const bytes = own_bytes(library, pci_address);
  library.call("nvmlShutdown");
  return bytes;
}

std::optional<std::uint64_t> process_device_bytes(int ordinal) {
  auto const address = cuda_pci_address(ordinal);
  return address.empty() ? std::nullopt : process_bytes_on(address);
}

}  // namespace muster::topology
