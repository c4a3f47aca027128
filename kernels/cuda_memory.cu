// Memory of a GPU for those who check it: allocation, a filling kernel, timed copies.
#include "kernels/cuda_memory.hpp"

#if !defined(__CUDACC__)

namespace muster::kernels {
namespace {
constexpr char const* no_cuda = "this build has no CUDA; configure with -DMUSTER_WITH_CUDA=ON on a machine with nvcc";
}

char const* allocate_on_gpu(int, std::size_t, void**) { return no_cuda; }
void free_on_gpu(int, void*) {}
char const* fill_on_gpu(int, void*, std::size_t, std::int64_t) { return no_cuda; }
char const* read_from_gpu(int, void const*, void*, std::size_t) { return no_cuda; }
char const* time_gpu_copy(int, void*, int, void const*, std::size_t, double*, bool*) { return no_cuda; }

}  // namespace muster::kernels

#else

#include <cuda_runtime.h>

namespace muster::kernels {
namespace {

constexpr int copies = 8;

void check(cudaError_t code) {
  if (code == cudaSuccess) return;
  cudaGetLastError();  // the error is told; leave none behind for the next kernel
  throw cudaGetErrorString(code);
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

__global__ void fill(std::int64_t* values, std::size_t count, std::int64_t value) {
  std::size_t const stride = std::size_t{gridDim.x} * blockDim.x;
  for (std::size_t i = std::size_t{blockIdx.x} * blockDim.x + threadIdx.x; i < count; i += stride) values[i] = value;
}

/// Stream and events of one timing.
struct Stopwatch {
  cudaStream_t stream = nullptr;
  cudaEvent_t start = nullptr, stop = nullptr;
  Stopwatch() {
    check(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
    check(cudaEventCreate(&start));
    check(cudaEventCreate(&stop));
  }
  ~Stopwatch() {
    if (stop != nullptr) cudaEventDestroy(stop);
    if (start != nullptr) cudaEventDestroy(start);
    if (stream != nullptr) cudaStreamDestroy(stream);
  }
  template <class Work>
  double seconds(Work const& work) {
    check(cudaEventRecord(start, stream));
    work(stream);
    check(cudaEventRecord(stop, stream));
    check(cudaEventSynchronize(stop));
    float milliseconds = 0;
    check(cudaEventElapsedTime(&milliseconds, start, stop));
    return milliseconds * 1e-3;
  }
};

/// True when `to` may read the memory of `from` directly, which is switched on then.
bool reach(int to, int from) {
  if (to == from) return true;
  int can = 0;
  check(cudaDeviceCanAccessPeer(&can, to, from));
  if (can == 0) return false;
  cudaError_t const code = cudaDeviceEnablePeerAccess(from, 0);
  if (code == cudaErrorPeerAccessAlreadyEnabled)
    cudaGetLastError();
  else
    check(code);
  return true;
}

}  // namespace

char const* allocate_on_gpu(int ordinal, std::size_t bytes, void** at) {
  return on_gpu(ordinal, [&] { check(cudaMalloc(at, bytes)); });
}

void free_on_gpu(int ordinal, void* at) {
  if (at != nullptr && cudaSetDevice(ordinal) == cudaSuccess) cudaFree(at);
}

char const* fill_on_gpu(int ordinal, void* at, std::size_t count, std::int64_t value) {
  return on_gpu(ordinal, [&] {
    fill<<<1024, 256>>>(static_cast<std::int64_t*>(at), count, value);
    check(cudaGetLastError());
    check(cudaDeviceSynchronize());
  });
}

char const* read_from_gpu(int ordinal, void const* at, void* out, std::size_t bytes) {
  return on_gpu(ordinal, [&] { check(cudaMemcpy(out, at, bytes, cudaMemcpyDeviceToHost)); });
}

char const* time_gpu_copy(int to_ordinal, void* to, int from_ordinal, void const* from, std::size_t bytes,
                          double* seconds, bool* is_direct) {
  return on_gpu(to_ordinal, [&] {
    *is_direct = reach(to_ordinal, from_ordinal);
    Stopwatch watch;
    *seconds = 0;
    // The first one warms up.
    for (int i = 0; i <= copies; ++i) {
      double const taken = watch.seconds([&](cudaStream_t stream) {
        check(cudaMemcpyPeerAsync(to, to_ordinal, from, from_ordinal, bytes, stream));
      });
      if (i == 1 || (i > 1 && taken < *seconds)) *seconds = taken;
    }
  });
}

}  // namespace muster::kernels

#endif
