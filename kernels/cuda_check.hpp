// Errors of CUDA inside .cu files: thrown as C strings, and answered to the host code as such. Included by them alone.
#pragma once

#include <cuda_runtime.h>

#include "kernels/cuda_memory.hpp"

namespace muster::kernels {

/// Throws the error as a C string.
inline void check(cudaError_t code) {
  if (code == cudaSuccess) return;
  cudaGetLastError();  // the error is told; leave none behind for the next launch
  throw code == cudaErrorMemoryAllocation ? cuda_out_of_memory : cudaGetErrorString(code);
}

/// Runs `work` with `ordinal` as the current device; a C string thrown is the answer.
template <class Work>
char const* on_gpu(int ordinal, Work const& work) {
  try {
    check(cudaSetDevice(ordinal));
    work();
    return nullptr;
  } catch (char const* text) {
    return text;
  }
}

}  // namespace muster::kernels
