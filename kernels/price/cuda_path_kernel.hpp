// The GPU kernel of the path machine and its launches: a thread carries one path or antithetic pair at a time, or two. Included
// by the .cu files alone, each of which compiles some of the models.
#pragma once

// A model's constants rule branches out, loops in them included: that is meant.
#pragma nv_diag_suppress 128

#include <cstdint>

#include "kernels/price/cuda_launch.hpp"
#include "kernels/price/machine.hpp"
#include "kernels/rng/philox.hpp"
#include "kernels/sums/quantize.hpp"

MUSTER_KERNELS_BEGIN
namespace {

/// Paths (pairs) of a thread: two where their state is small, so that they share what is the same for both.
template <class Real, class Model, int Tracks>
inline constexpr int thread_lanes = sizeof(Real) == 4 && Model::state_size == 1 && Tracks == 1 ? 2 : 1;

/// Blocks a multiprocessor must hold, which limits a thread's registers: the fastest on an H200 of 4 to 10.
template <class Real, class Model, int Tracks>
inline constexpr int min_blocks = Tracks > 2 ? 1 : sizeof(Real) == 8 ? 8 : thread_lanes<Real, Model, Tracks> == 2 ? 5 : 6;

/// Sum over a warp of integers below 2^47 in magnitude: two halves, so that 32 of each fit 32 bits and the
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

/// One thread's view of the world, L paths; see events.hpp.
template <class Real, int L>
struct ThreadEnv {
  std::uint32_t stream;
  std::uint32_t slots_per_path;
  bool control;
  std::uint64_t item;  // of the first path; the next is block_threads further
  Real* slots;      // this thread's column
  double* totals;
  std::uint32_t total_rows;  // of all totals together: the samples of one contract lie behind them
  std::uint32_t most_rows;
  std::uint32_t stride;
  std::int64_t* raw;

  __device__ void normals(PhiloxKeys const& keys, std::uint32_t block, Real (*z)[L]) {
#pragma unroll
    for (int i = 0; i < L; ++i) {
      std::uint32_t w[4];
      philox(keys, item_of(i), block, stream, w);
      Real made[normals_per_block<Real>];
      if constexpr (sizeof(Real) == 4)
        block_normals(w[0], w[1], w[2], w[3], made, bits_of_2_23 - block_threads + blockDim.x);
      else
        block_normals(w[0], w[1], w[2], w[3], made);
#pragma unroll
      for (int k = 0; k < normals_per_block<Real>; ++k) z[k][i] = made[k];
    }
  }
  __device__ void minus_two_log_uniform(PhiloxKeys const& keys, std::uint32_t block, std::uint32_t word, Real (&w)[L]) {
#pragma unroll
    for (int i = 0; i < L; ++i) {
      std::uint32_t words[4];
      philox(keys, item_of(i), block, stream + 1, words);
      std::uint32_t const chosen = word < 2 ? (word == 0 ? words[0] : words[1]) : (word == 2 ? words[2] : words[3]);
      if constexpr (sizeof(Real) == 4)
        w[i] = minus_two_log(uniform_single(chosen));
      else
        w[i] = minus_two_log(uniform_double(chosen, 0x80000000u));
    }
  }
  __device__ Real* slot(int copy, std::uint32_t index) {
    return slots + (static_cast<std::uint64_t>(copy) * slots_per_path + index) * stride;
  }
  __device__ double* total(std::uint32_t index) { return totals + static_cast<std::uint64_t>(index) * stride; }

  __device__ double* sample(std::uint32_t row) { return total(total_rows + row); }
  __device__ double* control_sample(std::uint32_t row) { return total(total_rows + most_rows + row); }

  __device__ void row(std::uint64_t index, double const* y, double const* c, double scale, double control_scale) {
    std::int64_t sums[raw_sums] = {};
#pragma unroll
    for (int i = 0; i < L; ++i) add_sample(y[i] * scale, c[i] * control_scale, sums);
    std::int64_t* const to = raw + index * raw_sums;
#pragma unroll
    for (int k = 0; k < raw_bad; ++k)
      if (control || k <= raw_yy_l) add_raw(to + k, sums[k]);
    if (__any_sync(0xffffffffu, sums[raw_bad] != 0)) add_raw(to + raw_bad, sums[raw_bad]);
  }

  /// Adds a path's sample and control, both scaled, to the thread's raw sums.
  __device__ void add_sample(double scaled, double held, std::int64_t (&sums)[raw_sums]) {
    bool good = on_grid(scaled);
    Quantum const p = quantize(scaled);
    sums[raw_y] += to_integer(p.q);
    sums[raw_yy_h] += to_integer(p.high * p.high);
    sums[raw_yy_m] += to_integer((p.high + p.high) * p.low);
    sums[raw_yy_l] += to_integer(p.low * p.low);
    if (control) {
      good = good && on_grid(held);
      Quantum const q = quantize(held);
      sums[raw_c] += to_integer(q.q);
      sums[raw_cc_h] += to_integer(q.high * q.high);
      sums[raw_cc_m] += to_integer((q.high + q.high) * q.low);
      sums[raw_cc_l] += to_integer(q.low * q.low);
      sums[raw_yc_h] += to_integer(p.high * q.high);
      sums[raw_yc_m] += to_integer(fma(p.high, q.low, p.low * q.high));
      sums[raw_yc_l] += to_integer(p.low * q.low);
    }
    sums[raw_bad] += good ? 0 : 1;
  }

 private:
  __device__ std::uint64_t item_of(int i) const { return item + static_cast<std::uint64_t>(i * block_threads); }
};

/// Blocks stride over the tiles' chunks of a block's items.
template <class Real, class Model, int Tracks>
__global__ void __launch_bounds__(block_threads, min_blocks<Real, Model, Tracks>)
    path_kernel(__grid_constant__ PathView<Real> const plan, std::uint32_t stream, std::uint64_t first_tile, std::uint64_t tiles,
                std::uint64_t tile_items, std::uint64_t rows, std::uint32_t most_rows, Real* slots, double* totals,
                std::int64_t* raw) {
  constexpr int lanes = thread_lanes<Real, Model, Tracks>;
  constexpr std::uint32_t block_items = block_threads * lanes;
  std::uint32_t const stride = gridDim.x * block_items;
  std::uint32_t const column = (blockIdx.x * block_threads + threadIdx.x) * lanes;
  std::uint64_t const chunks_per_tile = tile_items / block_items;
  for (std::uint64_t chunk = blockIdx.x; chunk < tiles * chunks_per_tile; chunk += gridDim.x) {
    std::uint64_t const tile = chunk / chunks_per_tile;
    std::uint64_t const item = (first_tile + tile) * tile_items + (chunk % chunks_per_tile) * block_items + threadIdx.x;
    ThreadEnv<Real, lanes> env{stream, plan.slots_per_path, plan.control, item, slots + column, totals + column,
                        plan.totals * plan.total_rows, most_rows, stride, raw + tile * rows * raw_sums};
    Real state[Tracks][Model::state_size][lanes];
    Real before[Tracks * Model::assets][lanes];
    Real now[Tracks * Model::assets][lanes];
    Real growth[Tracks * Model::assets][lanes];
    Seen<Real, lanes> const seen{before, now, growth};
    PathMachine<Real, Model, Model, Tracks, lanes, ThreadEnv<Real, lanes>> machine(plan, env, state, seen, Model{});
    machine.run();
  }
}

template <class Real, class Model, int Tracks>
void launch(PathLaunch const& to, PathView<Real> const& view) {
  std::uint32_t const blocks = to.columns / (block_threads * thread_lanes<Real, Model, Tracks>);
  path_kernel<Real, Model, Tracks><<<blocks, block_threads, 0, to.stream>>>(
      view, to.random_stream, to.first_tile, to.tiles, to.tile_items, to.rows, to.most_rows, static_cast<Real*>(to.slots),
      to.totals, to.raw);
}

template <class Real, class Model>
void launch_model(PathLaunch const& to, PathView<Real> const& view) {
  if (!to.is_plain)
    launch<Real, Model, static_cast<int>(most_states(Model::assets))>(to, view);
  else if (view.antithetic)
    launch<Real, Model, 2>(to, view);
  else
    launch<Real, Model, 1>(to, view);
}

template <class Real>
void launch_assets(PathLaunch const& to, PathView<Real> const& view) {
  switch (view.assets) {
    case 1: return launch_model<Real, Gbm<Real, 1>>(to, view);
    case 2: return launch_model<Real, Gbm<Real, 2>>(to, view);
    case 4: return launch_model<Real, Gbm<Real, 4>>(to, view);
    case 8: return launch_model<Real, Gbm<Real, 8>>(to, view);
    default: return launch_model<Real, Gbm<Real, 16>>(to, view);
  }
}

}  // namespace
MUSTER_KERNELS_END
