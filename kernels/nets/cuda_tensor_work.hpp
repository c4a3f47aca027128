// What happens to elements of products on tensor cores: as in cuda_work.hpp, in fp32; matrices are stored as short numbers, rounded once.
// Columns behind a matrix's width hold zeros, and stay so. Included by cuda_tensor_passes.hpp.
#pragma once

#include "kernels/nets/cuda_tensor_product.hpp"
#include "kernels/nets/cuda_work.hpp"

MUSTER_TENSOR_BEGIN

/// Four tiles of eight columns, of which a lane has two columns each while it computes, and a whole tile when it loads and stores.
struct Quad {
  std::uint32_t words[4];
};

/// A row of a matrix, from a multiple of 32 columns on; `lane` is one of four.
struct RowPlace {
  std::uint32_t row, column, lane, rows;

  __device__ std::uint32_t own_piece() const { return column + piece_values * lane; }
  __device__ bool is_inside(std::uint32_t stride) const { return row < rows && own_piece() < stride; }
  __device__ std::size_t offset(std::uint32_t stride) const { return std::size_t{row} * stride + own_piece(); }
};

/// All four lanes call these together.
__device__ inline void store_quad(Short* matrix, std::uint32_t stride, RowPlace const& at, Quad quad) {
  turn_quad(quad.words, at.lane);
  if (!at.is_inside(stride)) return;
  *reinterpret_cast<Piece*>(matrix + at.offset(stride)) = {{quad.words[0], quad.words[1], quad.words[2], quad.words[3]}};
}

/// x * factor + more.
__device__ inline Quad times(float const (&low)[4], float const (&high)[4], Quad const& factor, Quad const& more = {}) {
  Quad out;
  MUSTER_UNROLL
  for (int t = 0; t < 4; ++t)
    out.words[t] = pack_pair(fma(low[t], low_of(factor.words[t]), low_of(more.words[t])),
                             fma(high[t], high_of(factor.words[t]), high_of(more.words[t])));
  return out;
}

/// Rows of sums as groups of four tiles, for what stores short numbers. `Work` has finish(RowPlace, low[4], high[4], side matrices' quads).
template <class Work, int Sides>
struct ByQuads {
  static constexpr int sides = Sides;
  static constexpr bool sees = false;
  __device__ void see(int, std::uint32_t, std::uint32_t) const {}
  template <int Tiles, class SideWord>
  __device__ void finish_row(std::uint32_t row, std::uint32_t column, std::uint32_t lane, float const (&sums)[Tiles][4], int offset,
                             SideWord const& side_word) const {
    static_assert(Tiles % 4 == 0);
    auto const& self = static_cast<Work const&>(*this);
    MUSTER_UNROLL
    for (int n = 0; n < Tiles; n += 4) {
      float low[4], high[4];
      Quad side[Sides + 1];
      MUSTER_UNROLL
      for (int t = 0; t < 4; ++t) {
        low[t] = sums[n + t][offset];
        high[t] = sums[n + t][offset + 1];
        MUSTER_UNROLL
        for (int s = 0; s < Sides; ++s) side[s].words[t] = side_word(s, n + t);
      }
      self.finish({row, column + static_cast<std::uint32_t>(8 * n), lane, self.rows}, low, high, side);
    }
  }
};

struct TensorFromZero {
  __device__ float start(std::uint32_t) const { return 0.0f; }
};
struct TensorFromBiases {
  float const* biases;
  std::uint32_t stride;
  __device__ float start(std::uint32_t column) const { return column < stride ? biases[column] : 0.0f; }
};

/// Activations by the device's approximations of 2^x and 1 / x, which are far closer than short numbers.
__device__ inline float logistic(float z) {
  float power = 0, inverse = 0;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(power) : "f"(-1.44269504f * z));
  asm("rcp.approx.ftz.f32 %0, %1;" : "=f"(inverse) : "f"(1.0f + power));
  return inverse;
}
template <Activation>
struct Quick;
template <>
struct Quick<Activation::silu> {
  __device__ static Curve at(float z) {
    float const s = logistic(z), rest = 1.0f - s, value = z * s;
    return {value, fma(value, rest, s), (s * rest) * fma(z, fma(-2.0f, s, 1.0f), 2.0f)};
  }
};
template <>
struct Quick<Activation::tanh> {
  __device__ static Curve at(float z) {
    float const t = fma(2.0f, logistic(2.0f * z), -1.0f), slope = fma(-t, t, 1.0f);
    return {t, slope, (-2.0f * t) * slope};
  }
};
template <>
struct Quick<Activation::relu> : Activate<Activation::relu> {};

struct QuickCurve {
  Activation curve;
  bool is_linear;

  __device__ Curve at(float z) const {
    if (is_linear) return {z, 1.0f, 0.0f};
    switch (curve) {
      case Activation::silu: return Quick<Activation::silu>::at(z);
      case Activation::tanh: return Quick<Activation::tanh>::at(z);
      case Activation::relu: break;
    }
    return Quick<Activation::relu>::at(z);
  }
};

template <bool HasBend>
struct TensorActivated : TensorFromBiases, ByQuads<TensorActivated<HasBend>, 0> {
  TensorActivated(TensorFromBiases const& from, TensorTrace const& trace, QuickCurve const& of, std::uint32_t count)
      : TensorFromBiases(from), to(trace), curve(of), rows(count) {}
  TensorTrace to;
  QuickCurve curve;
  std::uint32_t rows;

  __device__ void finish(RowPlace const& at, float const (&low)[4], float const (&high)[4], Quad const*) const {
    Quad value, slope, bend;
    MUSTER_UNROLL
    for (int t = 0; t < 4; ++t) {
      Curve const a = curve.at(low[t]), b = curve.at(high[t]);
      value.words[t] = pack_pair(a.value, b.value);
      slope.words[t] = pack_pair(a.slope, b.slope);
      bend.words[t] = pack_pair(a.bend, b.bend);
    }
    store_quad(to.value, to.stride, at, value);
    store_quad(to.slope, to.stride, at, slope);
    if constexpr (HasBend) store_quad(to.bend, to.stride, at, bend);
  }
};

/// Four neighbours of a row times their factors, rounded once more.
__device__ inline void drop_four(Short* at, Run<4> const& factors) {
  auto* const words = reinterpret_cast<std::uint32_t*>(at);
  MUSTER_UNROLL
  for (int w = 0; w < 2; ++w) words[w] = pack_pair(low_of(words[w]) * factors.at[2 * w], high_of(words[w]) * factors.at[2 * w + 1]);
}

/// What stays in fp32: outputs, and slopes by the inputs.
struct TensorOutputs : TensorFromBiases {
  static constexpr int sides = 0;
  static constexpr bool sees = false;
  float* to;
  std::uint32_t to_stride, rows;

  __device__ void see(int, std::uint32_t, std::uint32_t) const {}
  template <int Tiles, class SideWord>
  __device__ void finish_row(std::uint32_t row, std::uint32_t first, std::uint32_t lane, float const (&sums)[Tiles][4], int offset,
                             SideWord const&) const {
    if (row >= rows) return;
    MUSTER_UNROLL
    for (int n = 0; n < Tiles; ++n) {
      std::uint32_t const column = first + static_cast<std::uint32_t>(8 * n) + 2 * lane;
      if (column < to_stride) store_run(to + std::size_t{row} * to_stride + column, Run<2>{{sums[n][offset], sums[n][offset + 1]}});
    }
  }
};

/// inner = x * slope; curl = x * bend, where slopes are learned.
template <bool HasCurl>
struct TensorTwin : TensorFromZero, ByQuads<TensorTwin<HasCurl>, HasCurl ? 2 : 1> {
  TensorTwin(TensorTrace const& trace, std::uint32_t count) : to(trace), rows(count) {}
  TensorTrace to;
  std::uint32_t rows;

  __device__ Side side(std::uint32_t i) const { return {i == 0 ? to.slope : to.bend, to.stride}; }
  __device__ void finish(RowPlace const& at, float const (&low)[4], float const (&high)[4], Quad const* side) const {
    store_quad(to.inner, to.stride, at, times(low, high, side[0]));
    if constexpr (HasCurl) store_quad(to.curl, to.stride, at, times(low, high, side[1]));
  }
};

/// delta = x * slope; extra = x * curl.
struct TensorReverseTwin : TensorFromZero, ByQuads<TensorReverseTwin, 2> {
  TensorReverseTwin(TensorTrace const& trace, Short* to, std::uint32_t count) : mid(trace), delta(to), rows(count) {}
  TensorTrace mid;
  Short* delta;
  std::uint32_t rows;

  __device__ Side side(std::uint32_t i) const { return {i == 0 ? mid.slope : mid.curl, mid.stride}; }
  __device__ void finish(RowPlace const& at, float const (&low)[4], float const (&high)[4], Quad const* side) const {
    store_quad(delta, mid.stride, at, times(low, high, side[0]));
    store_quad(mid.extra, mid.stride, at, times(low, high, side[1]));
  }
};

/// delta = x * slope, and `extra` where slopes are learned.
template <bool HasSlopes>
struct TensorBackward : TensorFromZero, ByQuads<TensorBackward<HasSlopes>, HasSlopes ? 2 : 1> {
  TensorBackward(TensorTrace const& trace, Short* to, std::uint32_t count) : before(trace), delta(to), rows(count) {}
  TensorTrace before;
  Short* delta;
  std::uint32_t rows;

  __device__ Side side(std::uint32_t i) const { return {i == 0 ? before.slope : before.extra, before.stride}; }
  __device__ void finish(RowPlace const& at, float const (&low)[4], float const (&high)[4], Quad const* side) const {
    Quad const extra = HasSlopes ? side[HasSlopes] : Quad{};
    store_quad(delta, before.stride, at, times(low, high, side[0], extra));
  }
};

/// A block's gradient of weights [in][out] into sums; and that of biases, which is a product of the right matrix with ones.
template <int Tiles, int Pairs>
struct TensorGradient : TensorFromZero {
  static constexpr int sides = 0;
  static constexpr bool sees = true;
  double scale;
  std::int64_t* sums;
  std::uint32_t in, out;
  bool sums_biases;
  std::uint32_t most = 0;
  float biases[2 * Pairs][4] = {};

  __device__ void see(int tile, std::uint32_t right0, std::uint32_t right1) {
    constexpr std::uint32_t ones = short_one << 16 | short_one;
    if (sums_biases) multiply_add(biases[tile], {ones, ones, ones, ones}, right0, right1);
  }
  template <int Count, class SideWord>
  __device__ void finish_row(std::uint32_t row, std::uint32_t first, std::uint32_t lane, float const (&found)[Count][4], int offset,
                             SideWord const&) {
    static_assert(Count == Tiles);
    MUSTER_UNROLL
    for (int n = 0; n < Tiles; ++n)
      add_tile(found[n][offset], found[n][offset + 1], row < in ? first + static_cast<std::uint32_t>(8 * n) : out, lane, scale,
               sums + std::size_t{row} * out, most);
  }
  /// All rows of the product with ones are the same: the first one counts.
  __device__ void finish_biases(int tile, std::uint32_t first, std::uint32_t thread, double by, std::int64_t* to, std::uint32_t& largest) const {
    add_tile(biases[tile][0], biases[tile][1], thread % 32 < 4 ? first : out, thread % 4, by, to, largest);
  }
  /// A row of a tile. Four lanes add to neighbours, which is one access to memory.
  __device__ void add_tile(float low, float high, std::uint32_t first, std::uint32_t lane, double by, std::int64_t* to, std::uint32_t& largest) const {
    MUSTER_UNROLL
    for (std::uint32_t half = 0; half < 2; ++half) {
      float const x = neighbour(low, high, 2 * half, lane);
      std::uint32_t const column = first + 4 * half + lane;
      if (column < out) add_to_grid(x, by, to + column, largest);
    }
  }
  /// Two lanes' low and high ones in turn, from lane `from` on, for lanes 0 to 3.
  __device__ static float neighbour(float low, float high, std::uint32_t from, std::uint32_t lane) {
    int const source = static_cast<int>(from + lane / 2);
    float const even = __shfl_sync(0xffffffffu, low, source, 4), odd = __shfl_sync(0xffffffffu, high, source, 4);
    return lane % 2 == 0 ? even : odd;
  }
};

// The cuts that are chosen from.
using TensorBig = TensorCut<128, 128, 64, 64, 3, 2>;
using TensorWide = TensorCut<64, 160, 16, 160, 3, 2>;
using TensorHalf = TensorCut<128, 64, 32, 64, 3, 3>;
using TensorSmall = TensorCut<64, 32, 16, 32, 3, 4>;
using TensorThin = TensorCut<128, 16, 32, 16, 3, 3>;
using TensorGradientSquare = TensorCut<64, 64, 32, 32, 3, 3>;
using TensorGradientFlat = TensorCut<16, 128, 16, 32, 3, 3>;
using GroupBig = GroupCut<128, 128, 3, 2>;
using GroupWide = GroupCut<64, 160, 3, 2>;
using GroupHalf = GroupCut<128, 64, 3, 2>;

MUSTER_TENSOR_END
