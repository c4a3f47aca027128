// The GPU executor of the path machine: a thread carries one path (or antithetic pair) at a time.
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

#include <cstdio>
#include <new>
#include <vector>

#include "kernels/price/machine.hpp"
#include "kernels/sums/quantize.hpp"
#include "kernels/rng/philox.hpp"

namespace muster::kernels {

/// Everything one plan keeps on one device.
struct CudaPaths {
  int ordinal = 0;
  int multiprocessors = 1;
  cudaStream_t stream = nullptr;
  PathPlan const* plan = nullptr;
  std::uint64_t rows = 0;
  std::uint32_t threads = 0;         ///< resident threads of one launch, each with its own path memory
  std::vector<void*> allocations;
  void* coefficients = nullptr;      ///< float or double
  PathView<float> view_single{};
  PathView<double> view_double{};
  void* slots = nullptr;             ///< [2 copies * slots][threads]
  double* totals = nullptr;          ///< [totals * total_rows, then twice most_rows][threads]
  std::int64_t* raw = nullptr;       ///< [tiles][rows][raw_sums]
  std::uint64_t raw_tiles = 0;
  std::int64_t* host_raw = nullptr;  ///< pinned
};

inline namespace MUSTER_ISA {
namespace {

constexpr int block_threads = 128;
/// Blocks a multiprocessor must hold: 64 registers a thread; of 1, 4, 6, 8 and 10 the fastest on an H200.
constexpr int min_blocks = 8;

/// Sum over a warp of integers below 2^46 in magnitude: two halves, so that 32 of each fit 32 bits and the
/// hardware's integer reduction does the rest (Ampere and newer).
__device__ std::int64_t warp_sum(std::int64_t value) {
#if __CUDA_ARCH__ >= 800
  int const high = __reduce_add_sync(0xffffffffu, static_cast<int>(value >> 22));
  unsigned const low = __reduce_add_sync(0xffffffffu, static_cast<unsigned>(value) & 0x3fffffu);
  return static_cast<std::int64_t>(high) * (std::int64_t{1} << 22) + low;
#else
#pragma unroll
  for (int offset = 16; offset > 0; offset >>= 1) value += __shfl_down_sync(0xffffffffu, value, offset);
  return value;
#endif
}

/// Adds a warp's share of one raw sum to the tile's.
__device__ void add_raw(std::int64_t* to, std::int64_t value) {
  std::int64_t const sum = warp_sum(value);
  if ((threadIdx.x & 31u) == 0) atomicAdd(reinterpret_cast<unsigned long long*>(to), static_cast<unsigned long long>(sum));
}

/// One thread's view of the world; see machine.hpp.
template <class Real>
struct ThreadEnv {
  std::uint32_t stream;
  std::uint32_t slots_per_path;
  bool control;
  std::uint64_t item;
  Real* slots;      // this thread's column
  double* totals;
  std::uint32_t total_rows;  // of all totals together: the samples of one contract lie behind them
  std::uint32_t most_rows;
  std::uint32_t stride;
  std::int64_t* raw;

  __device__ void normals(PhiloxKeys const& keys, std::uint32_t block, Real (*z)[1]) {
    std::uint32_t w[4];
    philox(keys, item, block, stream, w);
    Real made[normals_per_block<Real>];
    block_normals(w[0], w[1], w[2], w[3], made);
#pragma unroll
    for (int k = 0; k < normals_per_block<Real>; ++k) z[k][0] = made[k];
  }
  __device__ void minus_two_log_uniform(PhiloxKeys const& keys, std::uint32_t block, std::uint32_t word, Real (&w)[1]) {
    std::uint32_t words[4];
    philox(keys, item, block, stream + 1, words);
    std::uint32_t const chosen = word < 2 ? (word == 0 ? words[0] : words[1]) : (word == 2 ? words[2] : words[3]);
    if constexpr (sizeof(Real) == 4)
      w[0] = minus_two_log(uniform_single(chosen));
    else
      w[0] = minus_two_log(uniform_double(chosen, 0x80000000u));
  }
  __device__ Real* slot(int copy, std::uint32_t index) {
    return slots + (static_cast<std::uint64_t>(copy) * slots_per_path + index) * stride;
  }
  __device__ double* total(std::uint32_t index) { return totals + static_cast<std::uint64_t>(index) * stride; }

  __device__ double* sample(std::uint32_t row) { return total(total_rows + row); }
  __device__ double* control_sample(std::uint32_t row) { return total(total_rows + most_rows + row); }

  __device__ void row(std::uint64_t index, double const* y, double const* c, double scale, double control_scale) {
    std::int64_t* const to = raw + index * raw_sums;
    double const scaled = y[0] * scale;
    bool good = on_grid(scaled);
    Quantum const p = quantize(scaled);
    add_raw(to + raw_y, to_integer(p.q));
    add_raw(to + raw_yy_h, to_integer(p.high * p.high));
    add_raw(to + raw_yy_m, to_integer((p.high + p.high) * p.low));
    add_raw(to + raw_yy_l, to_integer(p.low * p.low));
    if (control) {
      double const held = c[0] * control_scale;
      good = good && on_grid(held);
      Quantum const q = quantize(held);
      add_raw(to + raw_c, to_integer(q.q));
      add_raw(to + raw_cc_h, to_integer(q.high * q.high));
      add_raw(to + raw_cc_m, to_integer((q.high + q.high) * q.low));
      add_raw(to + raw_cc_l, to_integer(q.low * q.low));
      add_raw(to + raw_yc_h, to_integer(p.high * q.high));
      add_raw(to + raw_yc_m, to_integer(fma(p.high, q.low, p.low * q.high)));
      add_raw(to + raw_yc_l, to_integer(p.low * q.low));
    }
    unsigned const bad = __ballot_sync(0xffffffffu, !good);
    if (bad != 0 && (threadIdx.x & 31u) == 0)
      atomicAdd(reinterpret_cast<unsigned long long*>(to + raw_bad), static_cast<unsigned long long>(__popc(bad)));
  }
};

/// Blocks stride over the tiles' chunks of block_threads items.
template <class Real, class Model, int Tracks>
__global__ void __launch_bounds__(block_threads, Tracks <= 2 ? min_blocks : 1)
    path_kernel(__grid_constant__ PathView<Real> const plan, std::uint32_t stream, std::uint64_t first_tile, std::uint64_t tiles,
                std::uint64_t tile_items, std::uint64_t rows, std::uint32_t most_rows, Real* slots, double* totals,
                std::int64_t* raw) {
  std::uint32_t const stride = gridDim.x * block_threads;
  std::uint32_t const thread = blockIdx.x * block_threads + threadIdx.x;
  std::uint64_t const chunks_per_tile = tile_items / block_threads;
  for (std::uint64_t chunk = blockIdx.x; chunk < tiles * chunks_per_tile; chunk += gridDim.x) {
    std::uint64_t const tile = chunk / chunks_per_tile;
    std::uint64_t const item = (first_tile + tile) * tile_items + (chunk % chunks_per_tile) * block_threads + threadIdx.x;
    ThreadEnv<Real> env{stream, plan.slots_per_path, plan.control, item, slots + thread, totals + thread,
                        plan.totals * plan.total_rows, most_rows, stride, raw + tile * rows * raw_sums};
    Real state[Tracks][Model::state_size][1];
    Real before[Tracks * Model::assets][1];
    Real now[Tracks * Model::assets][1];
    Real growth[Tracks * Model::assets][1];
    Seen<Real, 1> const seen{before, now, growth};
    PathMachine<Real, Model, Model, Tracks, 1, ThreadEnv<Real>> machine(plan, env, state, seen, Model{});
    machine.run();
  }
}

template <class Real, class Model, int Tracks>
void launch(CudaPaths& self, PathView<Real> const& view, std::uint64_t first_tile, std::uint64_t tiles) {
  path_kernel<Real, Model, Tracks><<<self.threads / block_threads, block_threads, 0, self.stream>>>(
      view, self.plan->stream, first_tile, tiles, self.plan->tile_items, self.rows, self.plan->most_rows,
      static_cast<Real*>(self.slots), self.totals, self.raw);
}

template <class Real, class Model>
void launch_model(CudaPaths& self, PathView<Real> const& view, std::uint64_t first_tile, std::uint64_t tiles) {
  if (!self.plan->is_plain())
    launch<Real, Model, static_cast<int>(most_states(Model::assets))>(self, view, first_tile, tiles);
  else if (self.plan->antithetic)
    launch<Real, Model, 2>(self, view, first_tile, tiles);
  else
    launch<Real, Model, 1>(self, view, first_tile, tiles);
}

template <class Real>
void launch_assets(CudaPaths& self, PathView<Real> const& view, std::uint64_t first_tile, std::uint64_t tiles) {
  if (self.plan->model == Model::merton) return launch_model<Real, Merton<Real>>(self, view, first_tile, tiles);
  if (self.plan->model == Model::heston) return launch_model<Real, Heston<Real>>(self, view, first_tile, tiles);
  switch (self.plan->assets) {
    case 1: return launch_model<Real, Gbm<Real, 1>>(self, view, first_tile, tiles);
    case 2: return launch_model<Real, Gbm<Real, 2>>(self, view, first_tile, tiles);
    case 4: return launch_model<Real, Gbm<Real, 4>>(self, view, first_tile, tiles);
    case 8: return launch_model<Real, Gbm<Real, 8>>(self, view, first_tile, tiles);
    default: return launch_model<Real, Gbm<Real, 16>>(self, view, first_tile, tiles);
  }
}

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
  self.threads = static_cast<std::uint32_t>(self.multiprocessors) * 2048u;
  if (plan.single_precision)
    self.view_single = make_view<float>(self, plan);
  else
    self.view_double = make_view<double>(self, plan);
  std::uint64_t const real = plan.single_precision ? sizeof(float) : sizeof(double);
  if (plan.slots_per_path > 0) {
    check(cudaMalloc(&self.slots, 2 * plan.slots_per_path * real * self.threads));
    self.allocations.push_back(self.slots);
  }
  void* totals = nullptr;
  check(cudaMalloc(&totals, (plan.totals * plan.total_rows + 2 * plan.most_rows) * sizeof(double) * self.threads));
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

void run(CudaPaths& self, std::uint64_t first_tile, std::uint64_t tiles, std::int64_t* raw) {
  check(cudaSetDevice(self.ordinal));
  reserve(self, tiles);
  std::uint64_t const bytes = tiles * self.rows * raw_sums * sizeof(std::int64_t);
  check(cudaMemsetAsync(self.raw, 0, bytes, self.stream));
  if (self.plan->single_precision)
    launch_assets<float>(self, self.view_single, first_tile, tiles);
  else
    launch_assets<double>(self, self.view_double, first_tile, tiles);
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
  // Some four waves of the whole device in one launch.
  std::uint64_t const items = std::uint64_t{4} * self->threads;
  return (items + self->plan->tile_items - 1) / self->plan->tile_items;
}

}  // namespace muster::kernels

#endif
