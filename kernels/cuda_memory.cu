// Memory of a GPU: the pools that jobs take it from; and for those who check it a filling kernel, timed copies.
#include "kernels/cuda_memory.hpp"

#include "kernels/cuda_peers.hpp"

namespace muster::kernels {
char const* const cuda_out_of_memory = "out of memory";
}

#if !defined(__CUDACC__)

namespace muster::kernels {
namespace {
constexpr char const* no_cuda = "this build has no CUDA; configure with -DMUSTER_WITH_CUDA=ON on a machine with nvcc";
}

CudaPool* open_cuda_pool(int, char const** error) {
  *error = no_cuda;
  return nullptr;
}
void close_cuda_pool(CudaPool*) {}
void* take_from_cuda_pool(CudaPool*, std::size_t) { return nullptr; }
void give_to_cuda_pool(CudaPool*, void*) {}
std::uint64_t cuda_pool_high_bytes(CudaPool const*) { return 0; }
int cuda_multiprocessors(CudaPool const*) { return 1; }
int cuda_resident_threads(CudaPool const*) { return 1; }
void let_read_cuda_pool(CudaPool*, int) {}
void* cuda_pool_stream(CudaPool const*) { return nullptr; }
void* take_pinned(std::size_t) { return nullptr; }
void give_pinned(void*) {}

bool is_gpu_lost(char const*) { return false; }

char const* allocate_on_gpu(int, std::size_t, void**) { return no_cuda; }
void free_on_gpu(int, void*) {}
char const* fill_on_gpu(int, void*, std::size_t, std::int64_t) { return no_cuda; }
char const* read_from_gpu(int, void const*, void*, std::size_t) { return no_cuda; }
char const* time_gpu_copy(int, void*, int, void const*, std::size_t, double*, bool*) { return no_cuda; }

}  // namespace muster::kernels

#else

#include <cstring>

#include "kernels/cuda_check.hpp"

namespace muster::kernels {

bool is_gpu_lost(char const* error) {
  for (cudaError_t const code :
       {cudaErrorIllegalAddress, cudaErrorLaunchFailure, cudaErrorLaunchTimeout, cudaErrorHardwareStackError, cudaErrorIllegalInstruction,
        cudaErrorMisalignedAddress, cudaErrorInvalidAddressSpace, cudaErrorInvalidPc, cudaErrorAssert, cudaErrorECCUncorrectable,
        cudaErrorNvlinkUncorrectable})
    if (error != nullptr && std::strcmp(error, cudaGetErrorString(code)) == 0) return true;
  return false;
}

struct CudaPool {
  int ordinal = 0;
  cudaStream_t stream = nullptr;
  cudaMemPool_t pool = nullptr;  ///< null on devices without pools, whose memory is plain
  int multiprocessors = 1, resident_threads = 1;
};

namespace {

constexpr int copies = 8;

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

int attribute_of(int ordinal, cudaDeviceAttr attribute) {
  int value = 0;
  check(cudaDeviceGetAttribute(&value, attribute, ordinal));
  return value;
}

void open(CudaPool& self) {
  check(cudaSetDevice(self.ordinal));
  check(cudaStreamCreateWithFlags(&self.stream, cudaStreamNonBlocking));
  self.multiprocessors = attribute_of(self.ordinal, cudaDevAttrMultiProcessorCount);
  self.resident_threads = attribute_of(self.ordinal, cudaDevAttrMaxThreadsPerMultiProcessor);
  if (attribute_of(self.ordinal, cudaDevAttrMemoryPoolsSupported) == 0) return;
  cudaMemPoolProps properties{};
  properties.allocType = cudaMemAllocationTypePinned;
  properties.location = {cudaMemLocationTypeDevice, self.ordinal};
  check(cudaMemPoolCreate(&self.pool, &properties));
}

cudaError_t take(CudaPool& self, std::size_t bytes, void** at) {
  if (cudaError_t const code = cudaSetDevice(self.ordinal); code != cudaSuccess) return code;
  if (self.pool == nullptr) return cudaMalloc(at, bytes);
  if (cudaError_t const code = cudaMallocFromPoolAsync(at, bytes, self.pool, self.stream); code != cudaSuccess) return code;
  return cudaStreamSynchronize(self.stream);
}

}  // namespace

CudaPool* open_cuda_pool(int ordinal, char const** error) {
  auto* const self = new CudaPool{ordinal};
  *error = on_gpu(ordinal, [self] { open(*self); });
  if (*error == nullptr) return self;
  close_cuda_pool(self);
  return nullptr;
}

void close_cuda_pool(CudaPool* self) {
  if (self == nullptr) return;
  cudaSetDevice(self->ordinal);
  if (self->pool != nullptr) cudaMemPoolDestroy(self->pool);
  if (self->stream != nullptr) cudaStreamDestroy(self->stream);
  delete self;
}

void* take_from_cuda_pool(CudaPool* self, std::size_t bytes) {
  void* at = nullptr;
  if (take(*self, bytes, &at) == cudaSuccess) return at;
  cudaGetLastError();  // answered by null
  return nullptr;
}

void give_to_cuda_pool(CudaPool* self, void* at) {
  if (cudaSetDevice(self->ordinal) != cudaSuccess) return;
  if (self->pool == nullptr) {
    cudaFree(at);
    return;
  }
  cudaFreeAsync(at, self->stream);
  cudaStreamSynchronize(self->stream);
}

std::uint64_t cuda_pool_high_bytes(CudaPool const* self) {
  std::uint64_t bytes = 0;
  if (self->pool != nullptr) cudaMemPoolGetAttribute(self->pool, cudaMemPoolAttrReservedMemHigh, &bytes);
  return bytes;
}

int cuda_multiprocessors(CudaPool const* self) { return self->multiprocessors; }
int cuda_resident_threads(CudaPool const* self) { return self->resident_threads; }
void let_read_cuda_pool(CudaPool* self, int ordinal) {
  auto const allow = [&] {
    check(cudaSetDevice(ordinal));
    if (!reach(ordinal, self->ordinal) || self->pool == nullptr || ordinal == self->ordinal) return;
    cudaMemAccessDesc access{};
    access.location = {cudaMemLocationTypeDevice, ordinal};
    access.flags = cudaMemAccessFlagsProtReadWrite;
    check(cudaMemPoolSetAccess(self->pool, &access, 1));
  };
  on_gpu(ordinal, allow);  // a failure leaves the way through the host
}
void* cuda_pool_stream(CudaPool const* self) { return self->stream; }

void* take_pinned(std::size_t bytes) {
  void* at = nullptr;
  if (cudaMallocHost(&at, bytes) == cudaSuccess) return at;
  cudaGetLastError();
  return nullptr;
}

void give_pinned(void* at) {
  if (at != nullptr) cudaFreeHost(at);
}

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
