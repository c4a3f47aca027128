// The GPU executor of the path machine: memory, transfers and the choice of a kernel.
#include "kernels/price/cuda_paths.hpp"

#if !defined(__CUDACC__)

namespace muster::kernels {

CudaPaths* open_cuda_paths(PathPlan const&, int, char const** error) {
  *error = "this build has no CUDA; configure with -DMUSTER_WITH_CUDA=ON on a machine with nvcc";
  return nullptr;
}
char const* run_cuda_paths(CudaPaths*, std::uint64_t, std::uint64_t, std::int64_t*) { return "this build has no CUDA"; }
std::uint64_t cuda_paths_tiles(CudaPaths const*) { return 1; }
void close_cuda_paths(CudaPaths*) {}

}  // namespace muster::kernels

#else

#include <algorithm>
#include <vector>

#include "kernels/price/cuda_launch.hpp"
#include "kernels/sums/slots.hpp"

namespace muster::kernels {

/// Everything one plan keeps on one device.
struct CudaPaths {
  int ordinal = 0;
  int multiprocessors = 1;
  cudaStream_t stream = nullptr;
  PathPlan const* plan = nullptr;
  std::uint64_t rows = 0;
  std::uint32_t columns = 0;         ///< of path memory; every path of a launch has one
  std::vector<void*> allocations;
  PathView<float> view_single{};
  PathView<double> view_double{};
  void* slots = nullptr;             ///< [2 copies * slots][columns]
  double* totals = nullptr;          ///< [totals * total_rows, then twice most_rows][columns]
  std::int64_t* raw = nullptr;       ///< [tiles][rows][raw_sums]
  std::uint64_t raw_tiles = 0;
  std::int64_t* host_raw = nullptr;  ///< pinned
};

inline namespace MUSTER_ISA {
namespace {

/// Copies a host array to the device; null for an empty one. Throws the CUDA error as a C string.
template <class T>
T* upload(CudaPaths& self, std::vector<T> const& values) {
  if (values.empty()) return nullptr;
  void* at = nullptr;
  if (cudaError_t const e = cudaMalloc(&at, values.size() * sizeof(T)); e != cudaSuccess) throw cudaGetErrorString(e);
  self.allocations.push_back(at);
  if (cudaError_t const e = cudaMemcpy(at, values.data(), values.size() * sizeof(T), cudaMemcpyHostToDevice); e != cudaSuccess)
    throw cudaGetErrorString(e);
  return static_cast<T*>(at);
}

void check(cudaError_t e) {
  if (e != cudaSuccess) throw cudaGetErrorString(e);
}

template <class Real>
PathView<Real> make_view(CudaPaths& self, PathPlan const& plan) {
  std::vector<Real> const coefficients(plan.coefficients.begin(), plan.coefficients.end());
  return view_of<Real>(plan, upload(self, coefficients), [&](auto const& values) { return upload(self, values); });
}

void open(CudaPaths& self, PathPlan const& plan, int ordinal) {
  self.ordinal = ordinal;
  self.plan = &plan;
  self.rows = plan.rows.size();
  check(cudaSetDevice(ordinal));
  check(cudaDeviceGetAttribute(&self.multiprocessors, cudaDevAttrMultiProcessorCount, ordinal));
  check(cudaStreamCreateWithFlags(&self.stream, cudaStreamNonBlocking));
  self.columns = static_cast<std::uint32_t>(self.multiprocessors) * 2048u;
  if (plan.single_precision)
    self.view_single = make_view<float>(self, plan);
  else
    self.view_double = make_view<double>(self, plan);
  std::uint64_t const real = plan.single_precision ? sizeof(float) : sizeof(double);
  std::uint64_t const slot_bytes = 2 * plan.slots_per_path * real;
  std::uint64_t const total_bytes = (std::uint64_t{plan.totals} * plan.total_rows + 2 * plan.most_rows) * sizeof(double);
  std::size_t available = 0;
  std::size_t installed = 0;
  check(cudaMemGetInfo(&available, &installed));
  // Fewer columns where a path needs much memory: slower, the same bits.
  while ((slot_bytes + total_bytes) * self.columns > available / 2 && self.columns > 2 * block_threads)
    self.columns = std::max(self.columns / 4 / block_threads, 1u) * 2 * block_threads;
  if (slot_bytes > 0) {
    check(cudaMalloc(&self.slots, slot_bytes * self.columns));
    self.allocations.push_back(self.slots);
  }
  void* totals = nullptr;
  check(cudaMalloc(&totals, total_bytes * self.columns));
  self.allocations.push_back(totals);
  self.totals = static_cast<double*>(totals);
}

void reserve(CudaPaths& self, std::uint64_t tiles) {
  if (tiles <= self.raw_tiles) return;
  if (self.raw != nullptr) check(cudaFree(self.raw));
  if (self.host_raw != nullptr) check(cudaFreeHost(self.host_raw));
  self.raw = nullptr;
  self.host_raw = nullptr;
  self.raw_tiles = 0;
  std::uint64_t const bytes = tiles * self.rows * raw_sums * sizeof(std::int64_t);
  void* at = nullptr;
  check(cudaMalloc(&at, bytes));
  self.raw = static_cast<std::int64_t*>(at);
  check(cudaMallocHost(&at, bytes));
  self.host_raw = static_cast<std::int64_t*>(at);
  self.raw_tiles = tiles;
}

template <class Real>
void launch(PathLaunch const& to, Model model, PathView<Real> const& view) {
  switch (model) {
    case Model::merton: return launch_merton(to, view);
    case Model::heston: return launch_heston(to, view);
    case Model::gbm: return launch_gbm(to, view);
  }
}

void run(CudaPaths& self, std::uint64_t first_tile, std::uint64_t tiles, std::int64_t* raw) {
  check(cudaSetDevice(self.ordinal));
  reserve(self, tiles);
  std::uint64_t const bytes = tiles * self.rows * raw_sums * sizeof(std::int64_t);
  check(cudaMemsetAsync(self.raw, 0, bytes, self.stream));
  PathPlan const& plan = *self.plan;
  PathLaunch const to{self.columns, self.stream, plan.is_plain(), plan.stream, first_tile, tiles, plan.tile_items,
                      self.rows, plan.most_rows, self.slots, self.totals, self.raw};
  if (plan.single_precision)
    launch(to, plan.model, self.view_single);
  else
    launch(to, plan.model, self.view_double);
  check(cudaGetLastError());
  check(cudaMemcpyAsync(self.host_raw, self.raw, bytes, cudaMemcpyDeviceToHost, self.stream));
  check(cudaStreamSynchronize(self.stream));
  for (std::uint64_t i = 0; i < bytes / sizeof(std::int64_t); ++i) raw[i] = self.host_raw[i];
}

}  // namespace
}  // namespace MUSTER_ISA

void close_cuda_paths(CudaPaths* self) {
  if (self == nullptr) return;
  cudaSetDevice(self->ordinal);
  for (void* at : self->allocations) cudaFree(at);
  if (self->raw != nullptr) cudaFree(self->raw);
  if (self->host_raw != nullptr) cudaFreeHost(self->host_raw);
  if (self->stream != nullptr) cudaStreamDestroy(self->stream);
  delete self;
}

CudaPaths* open_cuda_paths(PathPlan const& plan, int ordinal, char const** error) {
  auto* const self = new CudaPaths;
  try {
    open(*self, plan, ordinal);
    return self;
  } catch (char const* text) {
    *error = text;
    close_cuda_paths(self);
    return nullptr;
  }
}

char const* run_cuda_paths(CudaPaths* self, std::uint64_t first_tile, std::uint64_t tiles, std::int64_t* raw) {
  try {
    run(*self, first_tile, tiles, raw);
    return nullptr;
  } catch (char const* text) {
    return text;
  }
}

std::uint64_t cuda_paths_tiles(CudaPaths const* self) {
  // So many waves of the whole device in one launch that the last, incomplete one matters little.
  std::uint64_t const items = std::uint64_t{16} * self->columns;
  return (items + self->plan->tile_items - 1) / self->plan->tile_items;
}

}  // namespace muster::kernels

#endif
