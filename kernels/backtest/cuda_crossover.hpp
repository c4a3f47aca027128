// Crossover rules on a GPU. Included by cuda_backtest.cu alone.
#pragma once

#include "kernels/backtest/crossover_step.hpp"
#include "kernels/backtest/cuda_tables.hpp"

MUSTER_BACKTEST_BEGIN

inline constexpr int crossover_threads = 128;
inline constexpr int crossover_lanes = 2;  ///< rules a thread, which share the loads of a bar's growth

/// Word of positions of this lane's rule: for each rule of the warp, its lanes compare 32 bars at once.
__device__ inline std::uint32_t signal_word(float const* averages, std::uint32_t stride, Crossover rule, std::uint32_t bar) {
  std::uint32_t const lane = threadIdx.x % 32;
  unsigned const windows = static_cast<unsigned>(rule.fast) << 16 | rule.slow;
  std::uint32_t word = 0;
#pragma unroll 8
  for (std::uint32_t j = 0; j < 32; ++j) {
    unsigned const of = __shfl_sync(0xffffffffu, windows, static_cast<int>(j));
    float const fast = averages[((of >> 16) - 2) * stride + bar + lane];
    float const slow = averages[((of & 0xffffu) - 2) * stride + bar + lane];
    unsigned const votes = __ballot_sync(0xffffffffu, fast > slow);
    word = j == lane ? votes : word;
  }
  std::uint32_t const warm = static_cast<std::uint32_t>(rule.fast > rule.slow ? rule.fast : rule.slow) - 1;
  if (bar >= warm) return word;
  return warm - bar >= 32 ? 0 : word >> (warm - bar) << (warm - bar);
}

struct CrossoverLane {
  Crossover rule;
  CrossoverState<float> state;
  CrossoverSums sums;
  std::uint32_t last = 0;  ///< the last signal of the block before
  std::uint32_t word = 0;
  bool before = false;
};

static __global__ void __launch_bounds__(crossover_threads)
    crossover_kernel(float const* averages, float const* __restrict__ hold, float const* __restrict__ enter,
                     float const* __restrict__ leave, std::uint32_t bars, std::uint32_t stride, double year_root,
                     Crossover const* rules, std::uint64_t count, CrossoverResult* out) {
  std::uint64_t const first = (std::uint64_t{blockIdx.x} * crossover_lanes) * crossover_threads + threadIdx.x;
  CrossoverLane lanes[crossover_lanes];
#pragma unroll
  for (int l = 0; l < crossover_lanes; ++l) {
    std::uint64_t const at = first + static_cast<std::uint64_t>(l) * crossover_threads;
    lanes[l].rule = at < count ? rules[at] : Crossover{};
    lanes[l].state.under = lanes[l].state.lowest = 1;
  }
  for (std::uint32_t bar = 0; bar < bars; bar += crossover_block) {
#pragma unroll
    for (int l = 0; l < crossover_lanes; ++l) {
      CrossoverLane& lane = lanes[l];
      std::uint32_t const word = signal_word(averages, stride, lane.rule, bar);
      lane.word = word << 1 | lane.last;
      lane.last = word >> 31;
      lane.state.equity = 1;
      lane.state.sum = lane.state.squares = 0;
    }
#pragma unroll 8
    for (std::uint32_t k = 0; k < crossover_block; ++k) {
      float const held = hold[bar + k], entered = enter[bar + k], left = leave[bar + k];
#pragma unroll
      for (int l = 0; l < crossover_lanes; ++l) {
        bool const now = (lanes[l].word >> k & 1u) != 0;
        lanes[l].state.step(lanes[l].before, now, 1.0f, held, entered, left);
        lanes[l].before = now;
      }
    }
#pragma unroll
    for (int l = 0; l < crossover_lanes; ++l)
      lanes[l].sums.add(lanes[l].state.equity, lanes[l].state.sum, lanes[l].state.squares);
  }
#pragma unroll
  for (int l = 0; l < crossover_lanes; ++l) {
    std::uint64_t const at = first + static_cast<std::uint64_t>(l) * crossover_threads;
    if (at < count) out[at] = crossover_result(lanes[l].sums, lanes[l].state.lowest, bars - 1.0, year_root);
  }
}

MUSTER_BACKTEST_END
