// What the networks' bodies read and write, as plain pointers; HostNet owns the memory.
#pragma once

#include <cstdint>

#include "kernels/nets/shape.hpp"

namespace muster::kernels::nets {

struct Dropout;

/// Matrices have room for whole tiles of every instruction set.
inline constexpr std::uint32_t column_grain = 96;
constexpr std::uint32_t padded_columns(std::uint32_t columns) { return (columns + column_grain - 1) / column_grain * column_grain; }

/// Rows at a time on a CPU, of one block of samples or of several: with fewer the weights' way to a core costs more, more fall out of
/// its caches.
inline constexpr std::uint32_t batch_rows = 264;
/// Losses of a block are summed by so many rows, so it is in their bits. Blocks larger than a batch are cut into these.
inline constexpr std::uint32_t chunk_rows = 192;
/// Summed values of a product at a time, and columns, at most.
inline constexpr std::uint32_t most_depth = 288, most_tile_columns = 32;

/// One layer: its parameters, and gradients of a block that is larger than a batch, in the making.
struct LayerView {
  LayerPlace place;
  float const* weights = nullptr;  ///< [in][out]
  float* biases = nullptr;         ///< [padded_columns(out)]
  float* sums = nullptr;           ///< [padded_columns(in)][padded_columns(out)]; null until there is such a block
  float* twin_sums = nullptr;      ///< its part that comes of the slopes; null without
  float* bias_sums = nullptr;      ///< [padded_columns(out)]
};

/// What a batch of rows leaves behind a layer, matrices in slabs of columns (products.hpp). Index 0 is the inputs.
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
  float* delta[2] = {};          ///< in turns
  float* partial = nullptr;      ///< a product in the making
  float* panel = nullptr;        ///< [most_depth][most_tile_columns]: weights that are multiplied by
  std::int32_t* peaks = nullptr; ///< [batch_rows][most_tile_columns]: the largest gradients of each part of a batch
};

/// Samples to learn from. `slopes` [rows][inputs]: derivatives of the one target by the inputs; null without.
struct Samples {
  float const* inputs = nullptr;   ///< [rows][inputs]
  float const* targets = nullptr;  ///< [rows][outputs]
  float const* slopes = nullptr;
  std::uint32_t rows = 0;
  std::uint32_t const* numbers = nullptr;  ///< [rows]: of the samples among all, for dropout; null without
};

/// loss = value * sum of squared errors of the outputs + sum over inputs j of slope[j] * squared error of derivative j; gradients are
/// those of the network that dropout leaves.
struct LossWeights {
  float value = 1;
  float const* slope = nullptr;  ///< [inputs]; null without
  Dropout const* dropout = nullptr;  ///< for gradients alone; null without
  float scale = 1;  ///< on a device: gradients come out so many times as large, losses do not; a power of two
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

/// Samples whose gradient is rounded to the grid by itself; `loss` and `most` are what comes of them.
struct Block {
  Samples samples;
  std::uint32_t* most = nullptr;  ///< raised to the bits of the largest magnitude, one a bucket; above those of infinity for NaN
  BlockLoss loss{};
};

/// Rows of a block in a batch.
struct Part {
  Block* block = nullptr;
  std::uint32_t first_of_block = 0;
  std::uint32_t first = 0;  ///< in the batch
  std::uint32_t rows = 0;
  bool begins() const { return first_of_block == 0; }
  bool ends() const { return first_of_block + rows == block->samples.rows; }
};

/// Where gradients go: `scales` and the blocks' `most` are of a layer's weights, then of its biases, layer by layer.
struct HostBatch {
  Part const* parts = nullptr;
  std::uint32_t part_count = 0;
  std::uint32_t rows = 0;
  double const* scales = nullptr;
  std::int64_t* sums = nullptr;  ///< one a parameter
};

}  // namespace muster::kernels::nets
