// The C-like door to cuda_paths.cu: nvcc and the host compiler both read it, failures are codes and text.
#pragma once

#include <cstdint>

#include "kernels/price/path_plan.hpp"

namespace muster::kernels {

struct CudaPaths;

/// A block's paths: tiles are powers of two, and hold whole blocks.
inline constexpr std::uint64_t least_cuda_tile_items = 256;

/// Keeps a pointer to `plan`. Null on failure, with a static text in `*error`.
CudaPaths* open_cuda_paths(PathPlan const& plan, int ordinal, char const** error);
/// Overwrites raw[tiles][rows][raw_sums]; null or an error text. Waits for the device.
char const* run_cuda_paths(CudaPaths* self, std::uint64_t first_tile, std::uint64_t tiles, std::int64_t* raw);
/// Tiles of one launch that fill the device.
std::uint64_t cuda_paths_tiles(CudaPaths const* self);
void close_cuda_paths(CudaPaths* self);

}  // namespace muster::kernels
