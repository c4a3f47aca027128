// What labels' paths on a CPU share, 64 of them side by side.
#pragma once

#include "kernels/nets/path_steps.hpp"
#include "kernels/rng/normal.hpp"
#include "kernels/rng/philox_lanes.hpp"

MUSTER_NETS_BEGIN

inline constexpr int label_lanes = 64;

/// Standard normals of a run of items.
inline void draw_lanes(PathLaw const& law, std::uint64_t item, std::uint32_t block, float (&z)[label_normals][label_lanes]) {
  std::uint32_t words[4][label_lanes];
  philox_lanes(law.keys, item, block, law.stream, words);
  MUSTER_LANES
  for (int i = 0; i < label_lanes; ++i) {
    float made[label_normals];
    block_normals(words[0][i], words[1][i], words[2][i], words[3][i], made);
    for (int k = 0; k < label_normals; ++k) z[k][i] = made[k];
  }
}

/// The sum of values on the grid. A loop of its own: gcc 12 leaves a loop with several of them scalar.
inline std::int64_t grid_sum(float const (&values)[label_lanes]) {
  std::uint64_t bits = 0;
  MUSTER_LANES
  for (int i = 0; i < label_lanes; ++i) bits += label_bits_of(values[i]);
  return static_cast<std::int64_t>(bits - label_lanes * static_cast<std::uint64_t>(rounding_magic_bits));
}

inline std::int64_t count_of(std::int32_t const (&marks)[label_lanes]) {
  std::int32_t count = 0;
  for (int i = 0; i < label_lanes; ++i) count += marks[i];
  return count;
}

inline int limited_lanes(std::uint64_t left) { return left < label_lanes ? static_cast<int>(left) : label_lanes; }

MUSTER_NETS_END
