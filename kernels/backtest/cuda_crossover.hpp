// Crossover rules on a GPU. Included by cuda_backtest.cu alone.
#pragma once

#include "kernels/backtest/crossover_score.hpp"
#include "kernels/backtest/crossover_step.hpp"
#include "kernels/backtest/cuda_tables.hpp"

MUSTER_BACKTEST_BEGIN

inline constexpr int crossover_threads = 128;
inline constexpr int crossover_lanes = 2;                          ///< rules a thread, so that one's arithmetic hides the other's
inline constexpr std::uint32_t crossover_chunk = crossover_threads;  ///< bars whose growth a block shares; a thread fetches one
inline constexpr std::uint32_t chunk_words = crossover_chunk / crossover_block;

/// A CrossoverTable on a device.
struct CrossoverTape {
  float const* averages = nullptr;
  float4 const* growth = nullptr;
  std::uint32_t const* positions = nullptr;  ///< [fast - 2][slow - 2][words]: bit k of a word: long after the open of its bar k
  std::uint32_t words = 0;                   ///< of a pair; 0: no such table
  std::uint32_t bars = 0;
  std::uint32_t stride = 0;
};

__device__ inline bool is_told_long(CrossoverTape const& tape, std::uint32_t fast, std::uint32_t slow, std::uint32_t bar) {
  std::uint32_t const warm = (fast > slow ? fast : slow) - 1;
  std::size_t const stride = tape.stride;
  return bar >= warm && bar < tape.stride && tape.averages[(fast - 2) * stride + bar] > tape.averages[(slow - 2) * stride + bar];
}

/// A block for each pair of windows; a warp makes a word at a time.
static __global__ void __launch_bounds__(crossover_threads) positions_kernel(CrossoverTape tape, std::uint32_t* positions) {
  std::uint32_t const fast = blockIdx.x / crossover_windows + 2, slow = blockIdx.x % crossover_windows + 2;
  std::uint32_t* const row = positions + std::size_t{blockIdx.x} * tape.words;
  std::uint32_t const lane = threadIdx.x % 32;
  for (std::uint32_t word = threadIdx.x / 32; word < tape.words; word += crossover_threads / 32) {
    std::uint32_t const bar = word * crossover_block + lane;
    unsigned const votes = __ballot_sync(0xffffffffu, bar > 0 && is_told_long(tape, fast, slow, bar - 1));
    if (lane == 0) row[word] = votes;
  }
}

struct CrossoverLane {
  Crossover rule;
  CrossoverState<float> state;
  CrossoverSums<double> sums;
  std::uint32_t before = 0;  ///< the position before the block's first open
  uint4 positions{};
};

/// Without a table: for each rule of the warp, its lanes compare 32 bars at once.
__device__ inline std::uint32_t voted_word(CrossoverTape const& tape, Crossover rule, std::uint32_t bar) {
  std::uint32_t const lane = threadIdx.x % 32;
  unsigned const windows = static_cast<unsigned>(rule.fast) << 16 | rule.slow;
  std::uint32_t word = 0;
  for (std::uint32_t j = 0; j < 32; ++j) {
    unsigned const of = __shfl_sync(0xffffffffu, windows, static_cast<int>(j));
    bool const is_long = bar + lane > 0 && is_told_long(tape, of >> 16, of & 0xffffu, bar + lane - 1);
    unsigned const votes = __ballot_sync(0xffffffffu, is_long);
    word = j == lane ? votes : word;
  }
  return word;
}

__device__ inline uint4 positions_from(CrossoverTape const& tape, Crossover rule, std::uint32_t bar) {
  if (tape.words == 0)
    return {voted_word(tape, rule, bar), voted_word(tape, rule, bar + 32), voted_word(tape, rule, bar + 64), voted_word(tape, rule, bar + 96)};
  std::size_t const pair = (rule.fast - 2u) * crossover_windows + (rule.slow - 2u);
  return *reinterpret_cast<uint4 const*>(tape.positions + pair * tape.words + bar / crossover_block);
}

__device__ inline std::uint32_t word_of(uint4 const& positions, std::uint32_t at) {
  return at == 0 ? positions.x : at == 1 ? positions.y : at == 2 ? positions.z : positions.w;
}

/// Growth of bar k of a block, whose four ways lie side by side.
__device__ inline float grown(float4 const* growth, std::uint32_t word, std::uint32_t before, std::uint32_t k) {
  std::uint32_t const ways = k == 0 ? (word << 1 | before) << 2 : k < 3 ? word << (3 - k) : word >> (k - 3);
  return *reinterpret_cast<float const*>(reinterpret_cast<char const*>(growth + k) + (ways & 12u));
}

/// 32 bars of a thread's rules.
__device__ inline void step_block(CrossoverLane* lanes, float4 const* growth, std::uint32_t at) {
#pragma unroll
  for (int l = 0; l < crossover_lanes; ++l) {
    lanes[l].state.equity = 1;
    lanes[l].state.sum = lanes[l].state.squares = 0;
  }
#pragma unroll
  for (std::uint32_t k = 0; k < crossover_block; ++k)
#pragma unroll
    for (int l = 0; l < crossover_lanes; ++l)
      lanes[l].state.step(grown(growth, word_of(lanes[l].positions, at), lanes[l].before, k), 1.0f);
#pragma unroll
  for (int l = 0; l < crossover_lanes; ++l) {
    auto const& state = lanes[l].state;
    lanes[l].sums.add(static_cast<double>(state.equity), static_cast<double>(state.sum), static_cast<double>(state.squares));
    lanes[l].before = word_of(lanes[l].positions, at) >> 31;
  }
}

/// Rules, and where what came of them goes.
struct PlainRules {
  Crossover const* rules;
  CrossoverResult* out;
  __device__ Crossover rule(std::uint64_t at) const { return rules[at]; }
  __device__ void put(std::uint64_t at, CrossoverResult const& result) const { out[at] = result; }
};

/// Genomes, and their scores; of several tables, whether a rule is flat stays in the fitness until the last.
struct GenomeRules {
  double const* genomes;
  std::int64_t* fitness;
  double* sums;
  CrossoverPart part;
  __device__ Crossover rule(std::uint64_t at) const {
    auto const genes = *reinterpret_cast<double2 const*>(genomes + 2 * at);
    return {static_cast<std::uint16_t>(genes.x), static_cast<std::uint16_t>(genes.y)};
  }
  __device__ void put(std::uint64_t at, CrossoverResult const& result) const {
    CrossoverScore score;
    if (part.table > 0) score = {sums[at], fitness[at] != 0};
    score.add(part.metric, result);
    bool const is_last = part.table + 1 == part.tables;
    if (!is_last) sums[at] = score.sum;
    fitness[at] = is_last ? score.fitness(part.tables) : score.is_flat;
  }
};

template <class Door>
static __global__ void __launch_bounds__(crossover_threads) crossover_kernel(CrossoverTape tape, double year_root, std::uint64_t count, Door door) {
  __shared__ float4 growth[crossover_chunk];
  std::uint64_t const first = (std::uint64_t{blockIdx.x} * crossover_lanes) * crossover_threads + threadIdx.x;
  CrossoverLane lanes[crossover_lanes];
#pragma unroll
  for (int l = 0; l < crossover_lanes; ++l) {
    std::uint64_t const at = first + static_cast<std::uint64_t>(l) * crossover_threads;
    lanes[l].rule = at < count ? door.rule(at) : Crossover{};
    lanes[l].state.under = lanes[l].state.lowest = 1;
  }
  for (std::uint32_t bar = 0; bar < tape.bars; bar += crossover_chunk) {
#pragma unroll
    for (int l = 0; l < crossover_lanes; ++l) lanes[l].positions = positions_from(tape, lanes[l].rule, bar);
    __syncthreads();
    if (bar + threadIdx.x < tape.stride) growth[threadIdx.x] = tape.growth[bar + threadIdx.x];
    __syncthreads();
#pragma unroll 1
    for (std::uint32_t w = 0; w < chunk_words && bar + w * crossover_block < tape.bars; ++w)
      step_block(lanes, growth + w * crossover_block, w);
  }
#pragma unroll
  for (int l = 0; l < crossover_lanes; ++l) {
    std::uint64_t const at = first + static_cast<std::uint64_t>(l) * crossover_threads;
    if (at >= count) continue;
    auto const figures = crossover_figures(lanes[l].sums, tape.bars - 1.0, year_root);
    door.put(at, {static_cast<float>(figures.total_return), static_cast<float>(figures.sharpe), 1 - lanes[l].state.lowest});
  }
}

MUSTER_BACKTEST_END
