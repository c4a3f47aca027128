// What cuda_paths.cu hands to the files that compile the kernels; they are apart to be compiled in parallel.
#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "kernels/price/machine.hpp"

namespace muster::kernels {

inline constexpr int block_threads = 128;

/// One launch of the path kernel.
struct PathLaunch {
  std::uint32_t columns = 0;  ///< of path memory; a multiple of 2 * block_threads
  cudaStream_t stream = nullptr;
  bool is_plain = true;  ///< PathPlan::is_plain
  std::uint32_t random_stream = 0;
  std::uint64_t first_tile = 0;
  std::uint64_t tiles = 0;
  std::uint64_t tile_items = 0;
  std::uint64_t rows = 0;
  std::uint32_t most_rows = 1;
  void* slots = nullptr;
  double* totals = nullptr;
  std::int64_t* raw = nullptr;
};

void launch_gbm(PathLaunch const& to, PathView<float> const& view);
void launch_gbm(PathLaunch const& to, PathView<double> const& view);
void launch_merton(PathLaunch const& to, PathView<float> const& view);
void launch_merton(PathLaunch const& to, PathView<double> const& view);
void launch_heston(PathLaunch const& to, PathView<float> const& view);
void launch_heston(PathLaunch const& to, PathView<double> const& view);

}  // namespace muster::kernels
