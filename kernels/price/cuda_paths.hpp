// The C-like door to cuda_paths.cu: nvcc and the host compiler both read it, failures are codes and text.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/price/path_plan.hpp"

namespace muster::kernels {

struct CudaPaths;

/// Where tables are kept: the device's pool.
struct TableMemory {
  void* pool = nullptr;
  void* (*take)(void* pool, std::size_t bytes) = nullptr;  ///< null when there is no more
  void (*give)(void* pool, void* at) = nullptr;
};

/// One launch. `columns` paths in flight have their memory at `path_memory`; raw sums are summed at `raw` and copied to
/// `host_raw`, which is pinned.
struct CudaRun {
  std::uint64_t first_tile = 0, tiles = 0;
  std::uint32_t columns = 0;
  void* path_memory = nullptr;
  std::int64_t* raw = nullptr;
  std::int64_t* host_raw = nullptr;
};

/// Keeps a pointer to `plan`. `stream` is a cudaStream_t. Null on failure, with a static text in `*error`.
CudaPaths* open_cuda_paths(PathPlan const& plan, int ordinal, void* stream, TableMemory const& memory, char const** error);
/// Overwrites out[tiles][rows][raw_sums]; null or an error text. Waits for the device.
char const* run_cuda_paths(CudaPaths* self, CudaRun const& launch, std::int64_t* out);
void close_cuda_paths(CudaPaths* self);

}  // namespace muster::kernels
