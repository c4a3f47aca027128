// What the networks' bodies read and write, as plain pointers; HostNet owns the memory.
#pragma once

#include <cstdint>

#include "kernels/nets/shape.hpp"

namespace muster::kernels::nets {

/// Matrices have room for whole tiles of every instruction set. Rows begin an odd number of cache lines apart, so that a
/// column does not fall into few sets of a cache.
inline constexpr std::uint32_t column_grain = 32;
inline constexpr std::uint32_t row_grain = 12;
constexpr std::uint32_t padded_columns(std::uint32_t columns) {
  return (columns + column_grain - 1) / column_grain * column_grain + column_grain / 2;
}
constexpr std::uint32_t padded_rows(std::uint32_t rows) { return (rows + row_grain - 1) / row_grain * row_grain; }

/// Rows at a time on a CPU: fewer cost more loads and stores of gradients, more fall out of a core's caches. Losses are summed
/// by so many rows, so it is in their bits.
inline constexpr std::uint32_t chunk_rows = 192;
static_assert(chunk_rows % row_grain == 0);

/// One layer: its weights as both products want them, and its gradient in the making.
struct LayerView {
  LayerPlace place;
  std::uint32_t in_stride = 0;
  std::uint32_t out_stride = 0;
  float* forward = nullptr;    ///< weights in panels of columns
  float* backward = nullptr;   ///< the transposed ones
  float* biases = nullptr;     ///< [out_stride]
  float* sums = nullptr;       ///< [padded_rows(in)][out_stride]: gradient of the weights
  float* twin_sums = nullptr;  ///< its part that comes of the slopes; null without
  float* bias_sums = nullptr;  ///< [out_stride]
};

/// What a chunk of rows leaves behind a layer, matrices [rows][stride of the layer's width]. Index 0 is the inputs.
struct TraceView {
  float* value = nullptr;
  float* slope = nullptr;    ///< the activation's first derivative
  float* bend = nullptr;     ///< its second
  float* adjoint = nullptr;  ///< of the output by the layer's value
  float* inner = nullptr;    ///< of the output by what the activation is applied to
  float* extra = nullptr;    ///< what the slopes' loss adds to the loss's derivative by that
};

struct NetView {
  LayerView const* layers = nullptr;
  TraceView const* trace = nullptr;  ///< [layers + 1]
  std::uint32_t layer_count = 0;
  Activation activation = Activation::silu;
  std::uint32_t linear_layer = no_layer;  ///< the slopes behind it are always 1
  bool has_slopes = false;
  float* delta[2] = {};          ///< [chunk_rows][widest stride], in turns
  float* strips = nullptr;       ///< [widest, padded][chunk_rows]: a matrix as outer products want it
  float* partial = nullptr;      ///< [chunk_rows][column_grain]: tiles of a long product in the making
};

/// Samples to learn from. `slopes` [rows][inputs]: derivatives of the one target by the inputs; null without.
struct Samples {
  float const* inputs = nullptr;   ///< [rows][inputs]
  float const* targets = nullptr;  ///< [rows][outputs]
  float const* slopes = nullptr;
  std::uint32_t rows = 0;
};

/// loss = value * sum of squared errors of the outputs + sum over inputs j of slope[j] * squared error of derivative j.
struct LossWeights {
  float value = 1;
  float const* slope = nullptr;  ///< [inputs]; null without
};

/// Sums over a block of samples.
struct BlockLoss {
  double value = 0;
  double slope = 0;
  BlockLoss& operator+=(BlockLoss const& more) {
    value += more.value;
    slope += more.slope;
    return *this;
  }
};

}  // namespace muster::kernels::nets
