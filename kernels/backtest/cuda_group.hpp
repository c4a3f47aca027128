// Groups of lanes of a warp, a rule each: how symbols lie in them, and what they share. Included by cuda_backtest.cu alone.
#pragma once

#include <cstdint>

#include "kernels/backtest/decider.hpp"
#include "kernels/backtest/group_layout.hpp"

MUSTER_BACKTEST_BEGIN

inline constexpr unsigned whole_warp = 0xffffffffu;

/// A GroupLayout as a type.
template <int Slots, int Lanes>
struct GroupShape {
  static constexpr int slots = Slots;
  static constexpr int lanes = Lanes;
  static constexpr int groups = 32 / Lanes;
  static constexpr int quads = GroupLayout{Slots, Lanes}.quads();
  static constexpr int row = static_cast<int>(GroupLayout{Slots, Lanes}.row());  ///< cells of a bar

  /// Cell of a lane's slot in a row.
  __device__ static constexpr int cell(int slot, int lane) { return ((slot / 4) * Lanes + lane) * 4 + slot % 4; }
};

/// Market and features on the device, in rows of a shape; arrays are [bar][row].
template <class T>
struct GroupMarket {
  std::uint32_t windows = 0;
  std::uint64_t table_size = 0;
  T const* open = nullptr;  ///< the close where the symbol does not trade
  T const* high = nullptr;
  T const* low = nullptr;
  T const* close = nullptr;
  T const* split = nullptr;  ///< 1 without an event, 0 for a delisting
  T const* inverse_split = nullptr;
  T const* dividend = nullptr;
  T const* volatility_scale = nullptr;
  std::uint32_t const* flags = nullptr;  ///< [bar][lane]: slots that trade, and those with events from bit 16 on
  std::int16_t const* cells = nullptr;
};

/// A rule as its group reads it.
template <class T>
struct GroupRule {
  std::uint32_t tables[most_terms];
  std::int32_t weights[most_terms];
  Decider<T> decider;
};

inline constexpr int most_tally_sums = 10;

/// What a warp shares: the positions of its rules, [slot][lane of the warp], and room to pass values on.
template <class T, class Shape>
struct GroupShared {
  T shares[Shape::slots][32];  ///< 0: flat
  T lower[Shape::slots][32];   ///< level that closes the position from above: a long's stop, a short's target
  T upper[Shape::slots][32];
  T flow[Shape::slots][32];
  std::int32_t due[Shape::slots][32];  ///< bar from which on the holding limit closes it
  GroupRule<T> rules[Shape::groups];
  double sums[most_tally_sums][33];
};

/// Sum over the lanes of a group; all lanes of the warp call it and all get theirs.
template <class Shape>
__device__ inline std::int64_t group_sum(std::int64_t value) {
#pragma unroll
  for (int offset = Shape::lanes / 2; offset > 0; offset /= 2) value += __shfl_xor_sync(whole_warp, value, offset);
  return value;
}
template <class Shape>
__device__ inline std::int32_t group_sum(std::int32_t value) {
#pragma unroll
  for (int offset = Shape::lanes / 2; offset > 0; offset /= 2) value += __shfl_xor_sync(whole_warp, value, offset);
  return value;
}
template <class Shape>
__device__ inline double group_most(double value) {
#pragma unroll
  for (int offset = Shape::lanes / 2; offset > 0; offset /= 2) {
    double const other = __shfl_xor_sync(whole_warp, value, offset);
    value = other > value ? other : value;
  }
  return value;
}

/// The most of the whole warp.
__device__ inline int warp_most(int value) {
  for (int offset = 16; offset > 0; offset /= 2) {
    int const other = __shfl_xor_sync(whole_warp, value, offset);
    value = other > value ? other : value;
  }
  return value;
}

__device__ inline void load_quad(float const* at, float (&out)[4]) {
  float4 const v = *reinterpret_cast<float4 const*>(at);
  out[0] = v.x, out[1] = v.y, out[2] = v.z, out[3] = v.w;
}
__device__ inline void load_quad(double const* at, double (&out)[4]) {
  double2 const v = *reinterpret_cast<double2 const*>(at), w = *reinterpret_cast<double2 const*>(at + 2);
  out[0] = v.x, out[1] = v.y, out[2] = w.x, out[3] = w.y;
}

MUSTER_BACKTEST_END
