// Plain memory of the first GPU, for tests and benchmarks that have no pool.
#pragma once

#include "kernels/price/cuda_paths.hpp"
#include "kernels/cuda_memory.hpp"

namespace muster::testing {

inline kernels::TableMemory plain_gpu_memory() {
  return {nullptr,
          [](void*, std::size_t bytes) -> void* {
            void* at = nullptr;
            return kernels::allocate_on_gpu(0, bytes, &at) == nullptr ? at : nullptr;
          },
          [](void*, void* at) { kernels::free_on_gpu(0, at); }};
}

}  // namespace muster::testing
