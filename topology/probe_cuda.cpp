#include "topology/probe_cuda.hpp"

#include <fmt/core.h>

#if MUSTER_HAVE_CUDA
#include <cuda_runtime_api.h>

#include <cstring>

#include "topology/cuda_uuid.hpp"
#endif

namespace muster::topology {

#if MUSTER_HAVE_CUDA

namespace {

/// The runtime's own answer is the card's, also for a slice.
std::string uuid_of(int ordinal, cudaUUID_t const& card) {
  UuidBytes bytes{};
  std::memcpy(bytes.data(), card.bytes, bytes.size());
  return driver_uuid(ordinal).value_or(uuid_text(bytes, false));
}

Gpu read_device(int ordinal, cudaDeviceProp const& properties) {
  Gpu gpu;
  gpu.ordinal = ordinal;
  gpu.name = properties.name;
  gpu.uuid = uuid_of(ordinal, properties.uuid);
  gpu.pci_address = fmt::format("{:04x}:{:02x}:{:02x}.0", properties.pciDomainID, properties.pciBusID,
                                properties.pciDeviceID);
  gpu.capability_major = properties.major;
  gpu.capability_minor = properties.minor;
  gpu.multiprocessors = properties.multiProcessorCount;
  gpu.memory_bytes = properties.totalGlobalMem;
  return gpu;
}

}  // namespace

bool has_cuda_build() { return true; }

GpuFacts probe_cuda() {
  GpuFacts facts;
  int count = 0;
  if (auto const status = cudaGetDeviceCount(&count); status != cudaSuccess) {
    facts.note = fmt::format("CUDA finds no device ({})", cudaGetErrorString(status));
    cudaGetLastError();  // the error is told; leave none behind for the first kernel
    return facts;
  }
  for (int ordinal = 0; ordinal < count; ++ordinal) {
    cudaDeviceProp properties{};
    if (auto const status = cudaGetDeviceProperties(&properties, ordinal); status != cudaSuccess) {
      facts.note += fmt::format("{}GPU {} does not answer ({})", facts.note.empty() ? "" : "; ", ordinal,
                                cudaGetErrorString(status));
      cudaGetLastError();
      continue;
    }
    facts.gpus.push_back(read_device(ordinal, properties));
  }
  return facts;
}

std::string cuda_pci_address(int ordinal) {
  char address[32] = {};
  if (cudaDeviceGetPCIBusId(address, sizeof address, ordinal) == cudaSuccess) return address;
  cudaGetLastError();
  return {};
}

#else

bool has_cuda_build() { return false; }
std::string cuda_pci_address(int) { return {}; }
GpuFacts probe_cuda() { return {{}, "this build has no CUDA"}; }

#endif

}  // namespace muster::topology
