// The threads that share one rule on a GPU: all of a block. Included by cuda_backtest.cu alone.
#pragma once

#include <cstdint>

#include "kernels/backtest/config.hpp"

MUSTER_BACKTEST_BEGIN

inline constexpr int most_team_warps = 32;
inline constexpr int most_team_sums = 8;

/// Sum over a warp of integers below 2^53 in magnitude: in halves that the hardware's 32-bit reduction holds.
__device__ inline std::int64_t warp_sum(std::int64_t value) {
#if __CUDA_ARCH__ >= 800
  unsigned const low = __reduce_add_sync(0xffffffffu, static_cast<unsigned>(value) & 0x7ffffffu);
  int const high = static_cast<int>(__reduce_add_sync(0xffffffffu, static_cast<unsigned>(value >> 27)));
  return static_cast<std::int64_t>(high) * (std::int64_t{1} << 27) + low;
#else
  for (int offset = 16; offset > 0; offset >>= 1) value += __shfl_xor_sync(0xffffffffu, value, offset);
  return value;
#endif
}

/// The warps of a block. All calls are made by all threads.
struct Team {
  int warps = 1;
  int warp = 0;
  int lane = 0;
  std::int64_t* scratch = nullptr;  ///< [most_team_sums][most_team_warps], shared

  __device__ bool leads() const { return warp == 0 && lane == 0; }
  __device__ void sync() const { __syncthreads(); }
  __device__ bool any(bool mine) const { return __syncthreads_or(mine) != 0; }
  /// Every thread gets the sums over all.
  template <int Count>
  __device__ void sum(std::int64_t (&values)[Count]) const {
#pragma unroll
    for (int i = 0; i < Count; ++i) values[i] = warp_sum(values[i]);
    if (lane == 0)
      for (int i = 0; i < Count; ++i) scratch[i * most_team_warps + warp] = values[i];
    __syncthreads();
#pragma unroll
    for (int i = 0; i < Count; ++i) {
      values[i] = 0;
      for (int w = 0; w < warps; ++w) values[i] += scratch[i * most_team_warps + w];
    }
    __syncthreads();
  }
};

MUSTER_BACKTEST_END
