// Plain memory of a GPU, for tests and benchmarks that have no pool.
#pragma once

#include <cstdint>

#include "kernels/price/cuda_paths.hpp"
#include "kernels/cuda_memory.hpp"

namespace muster::testing {

inline kernels::TableMemory plain_gpu_memory(int ordinal = 0) {
  return {reinterpret_cast<void*>(static_cast<std::intptr_t>(ordinal)),
          [](void* of, std::size_t bytes) -> void* {
            void* at = nullptr;
            return kernels::allocate_on_gpu(static_cast<int>(reinterpret_cast<std::intptr_t>(of)), bytes, &at) == nullptr ? at : nullptr;
          },
          [](void* of, void* at) { kernels::free_on_gpu(static_cast<int>(reinterpret_cast<std::intptr_t>(of)), at); }};
}

}  // namespace muster::testing
