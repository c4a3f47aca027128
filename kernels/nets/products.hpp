// Matrix products whose bits do not depend on how they are cut: every element is one chain of fused multiply-adds in
// ascending order of the summed index, from a given start.
#pragma once

#include "kernels/nets/packs.hpp"

MUSTER_NETS_BEGIN

/// Elements of A: row r and summed index k lie at r * row_step + k * k_step.
struct Left {
  float const* at = nullptr;
  std::ptrdiff_t row_step = 0;
  std::ptrdiff_t k_step = 0;
};
/// Elements of B: summed index k begins at k * k_step, columns lie side by side.
struct Right {
  float const* at = nullptr;
  std::ptrdiff_t k_step = 0;
};

/// A tile of products in registers.
using Tile = Pack[tile_rows][tile_packs];

/// tile += A B over `count` values of the summed index. Not inlined: beside other code gcc 12 keeps sums in memory.
__attribute__((noinline)) inline void multiply(Tile& tile, Left a, Right b, std::size_t count) {
  Pack sums[tile_rows][tile_packs];
  MUSTER_UNROLL
  for (int r = 0; r < tile_rows; ++r)
    MUSTER_UNROLL
    for (int p = 0; p < tile_packs; ++p) sums[r][p] = tile[r][p];
  for (std::size_t k = 0; k < count; ++k) {
    Pack columns[tile_packs];
    MUSTER_UNROLL
    for (int p = 0; p < tile_packs; ++p) columns[p] = load(b.at + p * pack_floats);
    MUSTER_UNROLL
    for (int r = 0; r < tile_rows; ++r) {
      Pack const row = all(a.at[r * a.row_step]);
      MUSTER_UNROLL
      for (int p = 0; p < tile_packs; ++p) sums[r][p] = fma(row, columns[p], sums[r][p]);
    }
    a.at += a.k_step;
    b.at += b.k_step;
  }
  MUSTER_UNROLL
  for (int r = 0; r < tile_rows; ++r)
    MUSTER_UNROLL
    for (int p = 0; p < tile_packs; ++p) tile[r][p] = sums[r][p];
}

/// Summed values at a time: a panel of them fits in a core's first cache beside the rows.
inline constexpr std::uint32_t depth_block = 256;

/// A matrix [rows][columns] in panels of tile_columns columns, [panel][row][tile_columns]; the last is filled up with zeros.
inline void pack_panels(float const* matrix, std::size_t rows, std::size_t columns, float* panels) {
  for (std::size_t first = 0; first < columns; first += tile_columns)
    for (std::size_t row = 0; row < rows; ++row, panels += tile_columns)
      for (std::size_t c = 0; c < tile_columns; ++c) panels[c] = first + c < columns ? matrix[row * columns + first + c] : 0.0f;
}

/// The same of the transpose of a matrix [columns][rows].
inline void pack_transposed(float const* matrix, std::size_t rows, std::size_t columns, float* panels) {
  for (std::size_t first = 0; first < columns; first += tile_columns, panels += rows * tile_columns)
    for (std::size_t c = 0; c < tile_columns; ++c)
      for (std::size_t row = 0; row < rows; ++row)
        panels[row * tile_columns + c] = first + c < columns ? matrix[(first + c) * rows + row] : 0.0f;
}

MUSTER_NETS_END
