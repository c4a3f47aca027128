// Where a launch's kernels add gradients. Included by .cu files alone.
#pragma once

#include "kernels/nets/cuda_work.hpp"

MUSTER_NETS_BEGIN

/// Of a bucket: its scale, its part of all sums, and its largest of a shard.
struct GradientView {
  double const* scale;
  std::int64_t* sums;
  std::uint32_t* most;
  std::uint32_t buckets;

  __device__ void raise(std::uint32_t shard, std::uint32_t largest) const {
    largest = warp_most(largest);
    if (threadIdx.x % 32 == 0) atomicMax(most + shard * buckets, largest);
  }
};

MUSTER_NETS_END
