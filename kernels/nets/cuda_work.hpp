// What happens to elements of products on a GPU: activations, their derivatives, and rounding to the grid; the arithmetic
// of net_body.cpp. Matrices are [rows][stride]. Included by cuda_nets.cu, and by tests that emulate a block.
#pragma once

#include "kernels/nets/activations.hpp"
#include "kernels/nets/cuda_product.hpp"
#include "kernels/nets/exact_gradient.hpp"
#include "kernels/nets/net_view.hpp"

MUSTER_NETS_BEGIN

struct NoLooks {
  static constexpr bool is_costly = false;  ///< needs registers of its own at the end
  template <int Depth, int Columns>
  __device__ void see(float const (&)[Depth][Columns], std::uint32_t) const {}
};
struct FromZero : NoLooks {
  __device__ float start(std::uint32_t) const { return 0.0f; }
};
struct FromBiases : NoLooks {
  float const* biases;
  std::uint32_t stride;
  __device__ float start(std::uint32_t column) const { return biases[at_most(column, stride - 1)]; }
};

/// The last layer's outputs.
struct Outputs : FromBiases {
  float* to;

  template <int Count>
  __device__ void finish(std::uint32_t row, std::uint32_t column, Run<Count> const& z) const {
    store_run(to + std::size_t{row} * stride + column, z);
  }
};

__device__ inline Curve curve_at(Activation curve, float z) {
  switch (curve) {
    case Activation::silu: return Activate<Activation::silu>::at(z);
    case Activation::tanh: return Activate<Activation::tanh>::at(z);
    case Activation::relu: break;
  }
  return Activate<Activation::relu>::at(z);
}

/// A hidden layer, and its bend where slopes are learned.
template <bool HasBend>
struct Activated : FromBiases {
  static constexpr bool is_costly = true;
  Activation curve;
  TraceView to;

  template <int Count>
  __device__ void finish(std::uint32_t row, std::uint32_t column, Run<Count> const& z) const {
    Run<Count> value, slope, bend;
    MUSTER_UNROLL
    for (int e = 0; e < Count; ++e) {
      Curve const c = curve_at(curve, z.at[e]);
      value.at[e] = c.value;
      slope.at[e] = c.slope;
      bend.at[e] = c.bend;
    }
    std::size_t const at = std::size_t{row} * stride + column;
    store_run(to.value + at, value);
    store_run(to.slope + at, slope);
    if constexpr (HasBend) store_run(to.bend + at, bend);
  }
};

/// adjoint = x; inner = x * slope, behind a layer.
struct Twin : FromZero {
  TraceView to;
  std::uint32_t stride;

  template <int Count>
  __device__ void finish(std::uint32_t row, std::uint32_t column, Run<Count> const& x) const {
    std::size_t const at = std::size_t{row} * stride + column;
    store_run(to.adjoint + at, x);
    if (to.inner == nullptr) return;
    Run<Count> inner = load_run<Count>(to.slope + at);
    MUSTER_UNROLL
    for (int e = 0; e < Count; ++e) inner.at[e] = x.at[e] * inner.at[e];
    store_run(to.inner + at, inner);
  }
};

/// delta = x * slope; extra = x * adjoint * bend.
struct ReverseTwin : FromZero {
  TraceView mid;
  float* delta;
  std::uint32_t stride;

  template <int Count>
  __device__ void finish(std::uint32_t row, std::uint32_t column, Run<Count> const& x) const {
    std::size_t const at = std::size_t{row} * stride + column;
    Run<Count> slope = load_run<Count>(mid.slope + at), extra = load_run<Count>(mid.adjoint + at);
    Run<Count> const bend = load_run<Count>(mid.bend + at);
    MUSTER_UNROLL
    for (int e = 0; e < Count; ++e) {
      slope.at[e] = x.at[e] * slope.at[e];
      extra.at[e] = (x.at[e] * extra.at[e]) * bend.at[e];
    }
    store_run(delta + at, slope);
    store_run(mid.extra + at, extra);
  }
};

/// delta = x * slope, and `extra` where slopes are learned.
template <bool HasSlopes>
struct Backward : FromZero {
  TraceView before;
  float* delta;
  std::uint32_t stride;

  template <int Count>
  __device__ void finish(std::uint32_t row, std::uint32_t column, Run<Count> const& x) const {
    std::size_t const at = std::size_t{row} * stride + column;
    Run<Count> slope = load_run<Count>(before.slope + at), extra{};
    if constexpr (HasSlopes) extra = load_run<Count>(before.extra + at);
    MUSTER_UNROLL
    for (int e = 0; e < Count; ++e) slope.at[e] = HasSlopes ? fma(x.at[e], slope.at[e], extra.at[e]) : x.at[e] * slope.at[e];
    store_run(delta + at, slope);
  }
};

/// An element of a gradient onto the grid.
__device__ inline void add_to_grid(float x, double scale, std::int64_t* sum, std::uint32_t& most) {
  std::uint32_t const magnitude = to_bits(x) & 0x7fffffffu;
  most = magnitude > most ? magnitude : most;
  atomicAdd(reinterpret_cast<unsigned long long*>(sum), static_cast<unsigned long long>(to_grid(x, scale)));
}

/// The largest of a warp.
__device__ inline std::uint32_t warp_most(std::uint32_t most) {
  for (int offset = 16; offset > 0; offset >>= 1) {
    std::uint32_t const other = __shfl_xor_sync(0xffffffffu, most, offset);
    most = other > most ? other : most;
  }
  return most;
}

/// A block's gradient of weights [in][out] into sums; and that of biases, which are the sums of the right matrix's columns.
template <class Cut>
struct WeightGradient : FromZero {
  static constexpr int shares = (Cut::columns + Cut::threads - 1) / Cut::threads;
  double scale;
  std::int64_t* sums;
  std::uint32_t out;
  std::uint32_t thread;   ///< its biases are every Cut::threads-th column of the slices; beyond them all for none
  std::uint32_t most = 0;
  float biases[shares] = {};

  __device__ void see(float const (&slice)[Cut::depth][Cut::columns], std::uint32_t count) {
    MUSTER_UNROLL
    for (int i = 0; i < shares; ++i)
      if (std::uint32_t const column = thread + static_cast<std::uint32_t>(i * Cut::threads); column < Cut::columns)
        for (std::uint32_t k = 0; k < count; ++k) biases[i] += slice[k][column];
  }
  template <int Count>
  __device__ void finish(std::uint32_t row, std::uint32_t first, Run<Count> const& x) {
    MUSTER_UNROLL
    for (int e = 0; e < Count; ++e)
      if (first + static_cast<std::uint32_t>(e) < out)
        add_to_grid(x.at[e], scale, sums + std::size_t{row} * out + first + static_cast<std::uint32_t>(e), most);
  }
};

// The cuts that are chosen from.
using Wide = Cut<64, 160, 4, 10>;
using Square = Cut<128, 128, 8, 8>;
using Narrow = Cut<128, 16, 4, 2>;
using Thin = Cut<256, 4, 1, 4>;
using Small = Cut<32, 32, 2, 4>;
using GradientWide = Cut<80, 160, 5, 10, 3>;
using GradientShort = Cut<8, 160, 1, 10, 4>;
using GradientThin = Cut<160, 4, 1, 4, 4>;

MUSTER_NETS_END
