// A small network's forward pass and its way back in one kernel: weights stay in the block's memory, and a group of warps carries 64
// samples through all layers in registers. The sums have the order of cuda_tensor_product.hpp, the last layer apart: its few outputs
// are chains of fp32. Included by cuda_tensor_passes.hpp.
#pragma once

#include "kernels/nets/cuda_tensor_work.hpp"

MUSTER_TENSOR_BEGIN

inline constexpr int most_fused_layers = 8, most_fused_outputs = 4, most_fused_inputs = 32;

struct FusedLayer {
  Short const* weights;  ///< [out][depth_stride]
  std::uint32_t depth_stride;
  float const* biases;
  Short *value, *slope, *delta;  ///< of what goes out; slopes lie as their threads want them
};

struct FusedView {
  FusedLayer layers[most_fused_layers];
  std::uint32_t hidden;  ///< layers; one more goes to the outputs
  Short const* inputs;    ///< two numbers each
  std::uint32_t input_stride, outputs, output_stride, rows;
  float *found, *wanted;   ///< [rows][output_stride]
  Short* by_output;         ///< [rows][8]
  float const* weight;     ///< of the loss
  Activation curve;
};

/// Where a network of hidden layers of Width lies in a block's memory.
template <int Width>
struct FusedRoom {
  static constexpr std::uint32_t panels = (Width + 63) / 64, matrix_bytes = panels * Width * line_bytes, first_bytes = Width * line_bytes;
  MUSTER_FN static constexpr std::uint32_t matrix(std::uint32_t layer) { return layer == 0 ? 0 : first_bytes + (layer - 1) * matrix_bytes; }
  MUSTER_FN static constexpr std::uint32_t floats(std::uint32_t hidden) { return matrix(hidden); }
  MUSTER_FN static constexpr std::uint32_t bytes(std::uint32_t hidden, std::uint32_t outputs) {
    return floats(hidden) + (hidden * Width + outputs * (Width + 1)) * static_cast<std::uint32_t>(sizeof(float));
  }
};

/// One group's way through a network.
template <int Width, bool Learns>
class FusedGroup {
 public:
  static constexpr int tiles = Width / 8, deep = Width / 16;

  __device__ FusedGroup(FusedView const& view, char* room, std::uint32_t thread)
      : v_(view), room_(shared_address(room)), floats_(reinterpret_cast<float*>(room + FusedRoom<Width>::floats(view.hidden))),
        thread_(thread), lane_(thread % 32), quad_(thread % 4) {}

  /// 64 rows; `slot` says whose slopes are whose.
  __device__ void run(std::uint32_t first_row, std::uint32_t slot) {
    row_ = first_row + thread_ / 32 * 16 + lane_ / 4;
    slot_ = slot;
    load_inputs();
    forward<4>(0);
    for (std::uint32_t layer = 1; layer < v_.hidden; ++layer) forward<deep>(layer);
    give_outputs();
    if constexpr (!Learns) return;
    turn_back();
    for (std::uint32_t layer = v_.hidden - 1; layer > 0; --layer) backward(layer);
  }

 private:
  __device__ float const* biases(std::uint32_t layer) const { return floats_ + layer * Width; }
  /// [outputs][Width], then their biases.
  __device__ float const* last_weights() const { return biases(v_.hidden); }

  __device__ std::uint32_t input_word(std::uint32_t row, std::uint32_t column) const {
    bool const is_there = row < v_.rows && column < v_.input_stride;
    return is_there ? *reinterpret_cast<std::uint32_t const*>(v_.inputs + std::size_t{row} * v_.input_stride + column) : 0;
  }
  __device__ void load_inputs() {
    MUSTER_UNROLL
    for (std::uint32_t k = 0; k < 4; ++k)
      MUSTER_UNROLL
      for (std::uint32_t i = 0; i < 4; ++i) left_[k][i] = input_word(row_ + i % 2 * 8, 16 * k + i / 2 * 8 + 2 * quad_);
  }

  template <int Depth, bool Turned>
  __device__ void multiply(std::uint32_t layer) {
    constexpr std::uint32_t panel = Width * line_bytes;
    std::uint32_t const matrix = room_ + FusedRoom<Width>::matrix(layer);
    hold_sums(sums_);
    open_group();
    MUSTER_UNROLL
    for (std::uint32_t k = 0; k < Depth; ++k) {
      std::uint32_t const at = Turned ? 16 * k * line_bytes : k / 4 * panel + k % 4 * 32;
      GroupProduct<Width>::template add<Turned>(sums_, left_[k], group_factor(matrix + at, panel));
    }
    close_group();
    hold_sums(sums_);
  }
  __device__ void wait() {
    wait_for_group<0>();
    hold_sums(sums_);
  }

  template <int Depth>
  __device__ void forward(std::uint32_t layer) {
    MUSTER_UNROLL
    for (int n = 0; n < tiles; ++n) {
      auto const bias = load_run<2>(biases(layer) + 8 * n + 2 * quad_);
      sums_[n][0] = sums_[n][2] = bias.at[0];
      sums_[n][1] = sums_[n][3] = bias.at[1];
    }
    multiply<Depth, false>(layer);
    wait();
    switch (v_.curve) {
      case Activation::silu: activate<Activation::silu>(); break;
      case Activation::tanh: activate<Activation::tanh>(); break;
      case Activation::relu: activate<Activation::relu>(); break;
    }
    if constexpr (!Learns) return;
    store(v_.layers[layer].value);
    if (layer + 1 < v_.hidden) keep_slopes(v_.layers[layer].slope);
  }
  /// What the next layer's left factor is, and slopes beside it.
  template <Activation curve>
  __device__ void activate() {
    MUSTER_UNROLL
    for (int n = 0; n < tiles; ++n)
      MUSTER_UNROLL
      for (int half = 0; half < 2; ++half) {
        Curve const a = Quick<curve>::at(sums_[n][2 * half]), b = Quick<curve>::at(sums_[n][2 * half + 1]);
        left_[n / 2][half + n % 2 * 2] = pack_pair(a.value, b.value);
        slopes_[n / 2][half + n % 2 * 2] = pack_pair(a.slope, b.slope);
      }
  }

  /// The left factor, to a matrix [rows][Width].
  __device__ void store(Short* matrix) const {
    MUSTER_UNROLL
    for (int n = 0; n < tiles; n += 4)
      MUSTER_UNROLL
      for (std::uint32_t half = 0; half < 2; ++half)
        store_quad(matrix, Width, {row_ + 8 * half, static_cast<std::uint32_t>(8 * n), quad_, v_.rows},
                   {{left_[n / 2][half], left_[n / 2][half + 2], left_[n / 2 + 1][half], left_[n / 2 + 1][half + 2]}});
  }
  __device__ Piece* kept(Short* slopes, int k) const {
    return reinterpret_cast<Piece*>(slopes + std::size_t{slot_} * 64 * Width) + k * 128 + thread_;
  }
  __device__ void keep_slopes(Short* slopes) const {
    MUSTER_UNROLL
    for (int k = 0; k < deep; ++k) *kept(slopes, k) = {{slopes_[k][0], slopes_[k][1], slopes_[k][2], slopes_[k][3]}};
  }
  __device__ void find_slopes(Short* slopes) {
    MUSTER_UNROLL
    for (int k = 0; k < deep; ++k) {
      Piece const piece = *kept(slopes, k);
      MUSTER_UNROLL
      for (int i = 0; i < 4; ++i) slopes_[k][i] = piece.words[i];
    }
  }

  /// Calls each(value of the first row, of the second, column) for the lane's columns.
  template <class Each>
  __device__ void each_column(Each const& each) {
    MUSTER_UNROLL
    for (int k = 0; k < deep; ++k)
      MUSTER_UNROLL
      for (int i = 0; i < 2; ++i) each(left_[k][2 * i], left_[k][2 * i + 1], static_cast<std::uint32_t>(16 * k + 8 * i) + 2 * quad_);
  }
  __device__ static float over_quad(float sum) {
    sum += __shfl_xor_sync(0xffffffffu, sum, 1);
    return sum + __shfl_xor_sync(0xffffffffu, sum, 2);
  }
  __device__ void give_outputs() {
    float const* const weights = last_weights();
    MUSTER_UNROLL
    for (std::uint32_t o = 0; o < most_fused_outputs; ++o) {
      if (o >= v_.outputs) continue;
      float first = 0, second = 0;
      each_column([&](std::uint32_t upper, std::uint32_t lower, std::uint32_t column) {
        auto const w = load_run<2>(weights + o * Width + column);
        first = fma(high_of(upper), w.at[1], fma(low_of(upper), w.at[0], first));
        second = fma(high_of(lower), w.at[1], fma(low_of(lower), w.at[0], second));
      });
      float const bias = weights[v_.outputs * Width + o];
      by_output_[0][o] = give_output(row_, o, over_quad(first) + bias);
      by_output_[1][o] = give_output(row_ + 8, o, over_quad(second) + bias);
    }
  }
  /// The loss's derivative by it, as square_errors has it.
  __device__ float give_output(std::uint32_t row, std::uint32_t output, float found) const {
    if (row >= v_.rows) return 0.0f;
    std::size_t const at = std::size_t{row} * v_.output_stride + output;
    if (quad_ == 0) v_.found[at] = found;
    return Learns ? 2.0f * (*v_.weight * (found - v_.wanted[at])) : 0.0f;
  }

  __device__ void turn_back() {
    MUSTER_UNROLL
    for (std::uint32_t half = 0; half < 2; ++half) {
      float const(&d)[most_fused_outputs] = by_output_[half];
      if (quad_ == half && row_ + 8 * half < v_.rows)
        *reinterpret_cast<Piece*>(v_.by_output + std::size_t{row_ + 8 * half} * piece_values) = {{pack_pair(d[0], d[1]), pack_pair(d[2], d[3]), 0, 0}};
    }
    MUSTER_UNROLL
    for (int n = 0; n < tiles; ++n)
      MUSTER_UNROLL
      for (int i = 0; i < 4; ++i) sums_[n][i] = 0;
    MUSTER_UNROLL
    for (std::uint32_t o = 0; o < most_fused_outputs; ++o) {
      if (o >= v_.outputs) continue;
      MUSTER_UNROLL
      for (int n = 0; n < tiles; ++n) {
        auto const w = load_run<2>(last_weights() + o * Width + 8 * n + 2 * quad_);
        MUSTER_UNROLL
        for (int i = 0; i < 4; ++i) sums_[n][i] = fma(by_output_[i / 2][o], w.at[i % 2], sums_[n][i]);
      }
    }
    give_delta(v_.hidden - 1);
  }
  /// delta = x * slope, of what comes out of a layer.
  __device__ void give_delta(std::uint32_t layer) {
    MUSTER_UNROLL
    for (int n = 0; n < tiles; ++n)
      MUSTER_UNROLL
      for (int half = 0; half < 2; ++half) {
        std::uint32_t const slope = slopes_[n / 2][half + n % 2 * 2];
        left_[n / 2][half + n % 2 * 2] = pack_pair(sums_[n][2 * half] * low_of(slope), sums_[n][2 * half + 1] * high_of(slope));
      }
    store(v_.layers[layer].delta);
  }
  __device__ void backward(std::uint32_t layer) {
    MUSTER_UNROLL
    for (int n = 0; n < tiles; ++n)
      MUSTER_UNROLL
      for (int i = 0; i < 4; ++i) sums_[n][i] = 0;
    multiply<deep, true>(layer);
    find_slopes(v_.layers[layer - 1].slope);
    wait();
    give_delta(layer - 1);
  }

  FusedView const& v_;
  std::uint32_t const room_;
  float const* const floats_;
  std::uint32_t const thread_, lane_, quad_;
  std::uint32_t row_ = 0, slot_ = 0;
  float sums_[tiles][4];
  std::uint32_t left_[deep < 4 ? 4 : deep][4], slopes_[deep][4];
  float by_output_[2][most_fused_outputs] = {};
};

/// All of a block: weights as slabs, then biases and the last layer in fp32.
template <int Width>
__device__ void load_network(FusedView const& v, char* room) {
  for (std::uint32_t layer = 0; layer < v.hidden; ++layer) {
    auto const& from = v.layers[layer];
    std::uint32_t const pieces = layer == 0 ? line_pieces : FusedRoom<Width>::panels * line_pieces, base = FusedRoom<Width>::matrix(layer);
    for (std::uint32_t u = threadIdx.x; u < Width * pieces; u += blockDim.x) {
      std::uint32_t const line = u / pieces, piece = u % pieces;
      bool const is_there = piece * piece_values < from.depth_stride;
      auto const* const source = from.weights + std::size_t{line} * from.depth_stride + piece * piece_values;
      *reinterpret_cast<Piece*>(room + base + slab_offset<Width>(line, piece)) = is_there ? *reinterpret_cast<Piece const*>(source) : Piece{};
    }
  }
  auto* const floats = reinterpret_cast<float*>(room + FusedRoom<Width>::floats(v.hidden));
  for (std::uint32_t i = threadIdx.x; i < v.hidden * Width; i += blockDim.x) floats[i] = v.layers[i / Width].biases[i % Width];
  auto const& last = v.layers[v.hidden];
  for (std::uint32_t i = threadIdx.x; i < v.outputs * (Width + 1); i += blockDim.x)
    floats[v.hidden * Width + i] = i < v.outputs * Width ? low_of(last.weights[std::size_t{i / Width} * last.depth_stride + i % Width])
                                                         : last.biases[i - v.outputs * Width];
  show_to_groups();
  __syncthreads();
}

MUSTER_TENSOR_END
