// What is done row by row on a GPU: gathering samples, losses, sums of columns. Included by cuda_nets.cu, and by tests that
// emulate a block.
#pragma once

#include "kernels/nets/cuda_work.hpp"
#include "kernels/nets/dropout.hpp"
#include "kernels/nets/order.hpp"
#include "kernels/rng/philox.hpp"

MUSTER_NETS_BEGIN

/// Rows of a launch that belong to one block of samples.
struct BlockView {
  std::uint64_t place;  ///< of its first sample in the order
  std::uint32_t row, rows, shard;
};
/// A part of a block, whose losses are summed by themselves.
struct ChunkView {
  std::uint32_t row, rows;
};

/// Samples on the device, and where a launch wants them.
struct GatherView {
  float const *inputs, *targets, *slopes;  ///< as in SampleTable, null for none
  std::uint32_t const* places;
  std::uint32_t row_step;
  std::uint32_t input_count, output_count;
  float *to_inputs, *to_targets, *to_slopes;
  std::uint32_t input_stride, output_stride;
  std::uint32_t* to_numbers = nullptr;
};
__device__ inline void gather_row(GatherView const& v, std::uint64_t sample, std::uint32_t row) {
  float const* const inputs = v.inputs + (v.places == nullptr ? sample * v.input_count : std::uint64_t{v.places[sample]} * v.row_step);
  float const* const targets = v.targets == nullptr ? inputs : v.targets + sample * v.output_count;
  for (std::uint32_t i = 0; i < v.input_count; ++i) {
    v.to_inputs[std::size_t{row} * v.input_stride + i] = inputs[i];
    if (v.slopes != nullptr) v.to_slopes[std::size_t{row} * v.input_stride + i] = v.slopes[sample * v.input_count + i];
  }
  for (std::uint32_t i = 0; i < v.output_count; ++i)
    v.to_targets[std::size_t{row} * v.output_stride + i] = targets[i];
  if (v.to_numbers != nullptr) v.to_numbers[row] = static_cast<std::uint32_t>(sample);
}

/// A member's columns of what comes out of a hidden layer, from column `first` of all; `bend` is null without.
struct DropView {
  float *value, *slope, *bend;
  std::uint32_t const* numbers;  ///< of the rows' samples
  std::uint32_t stride, layer, first;
};
/// Of the elements 4 `four` to 4 `four` + 3 behind a layer, as drop() has them.
__device__ inline Run<4> drop_factors(Dropout const& dropout, std::uint32_t sample, std::uint32_t layer, std::uint32_t four) {
  std::uint32_t words[4];
  philox(dropout.keys, dropout_item(sample, layer, four), dropout.step, dropout.stream, words);
  Run<4> factors;
  MUSTER_UNROLL
  for (int i = 0; i < 4; ++i) factors.at[i] = dropout_factor(dropout, words[i]);
  return factors;
}
__device__ inline void drop_four(float* at, Run<4> const& factors) {
  auto run = load_run<4>(at);
  MUSTER_UNROLL
  for (int i = 0; i < 4; ++i) run.at[i] = run.at[i] * factors.at[i];
  store_run(at, run);
}
/// Four neighbours of a row times their factors.
__device__ inline void drop_four(DropView const& v, Dropout const& dropout, std::uint32_t row, std::uint32_t four) {
  auto const factors = drop_factors(dropout, v.numbers[row], v.layer, v.first / 4 + four);
  std::size_t const at = std::size_t{row} * v.stride + 4 * std::size_t{four};
  drop_four(v.value + at, factors);
  drop_four(v.slope + at, factors);
  if (v.bend != nullptr) drop_four(v.bend + at, factors);
}

/// Found and wanted values [rows][stride] of `width` columns.
struct ErrorView {
  float const *found, *wanted;
  float const* weights;
  std::uint32_t weights_step, width, stride;
  float* derivative;
};
/// square_errors of net_body.cpp by a warp, in the same order; every lane returns it.
__device__ inline double square_errors(ErrorView const& v, ChunkView const& chunk, std::uint32_t lane) {
  double loss = 0;
  std::uint32_t const count = chunk.rows * v.width;
  for (std::uint32_t first = 0; first < count; first += 32) {
    double term = 0;
    if (std::uint32_t const i = first + lane; i < count) {
      std::uint32_t const column = i % v.width;
      std::size_t const at = std::size_t{chunk.row + i / v.width} * v.stride + column;
      float const error = v.found[at] - v.wanted[at], weighted = v.weights[column * v.weights_step] * error;
      v.derivative[at] = 2.0f * weighted;
      term = static_cast<double>(weighted) * static_cast<double>(error);
    }
    int const here = static_cast<int>(count - first < 32 ? count - first : 32);
    for (int k = 0; k < here; ++k) loss += __shfl_sync(0xffffffffu, term, k, 32);
  }
  return loss;
}

MUSTER_NETS_END
