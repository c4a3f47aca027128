// Matrix products whose bits do not depend on how they are cut: every element is one chain of fused multiply-adds in
// ascending order of the summed index, from a given start.
#pragma once

#include "kernels/nets/net_view.hpp"
#include "kernels/nets/packs.hpp"

MUSTER_NETS_BEGIN

/// Matrices of a batch lie in slabs of columns, [slab][batch_rows][slab_columns]: tiles of rows and tiles of columns both find their
/// numbers on few lines, a constant step apart.
inline constexpr std::uint32_t slab_columns = 8 * tile_rows;
inline constexpr std::size_t slab_floats = std::size_t{batch_rows} * slab_columns;
static_assert(slab_columns % tile_columns == 0 && column_grain % slab_columns == 0 && batch_rows % tile_rows == 0);

MUSTER_FN std::size_t cell(std::uint32_t row, std::uint32_t column) {
  return column / slab_columns * slab_floats + std::size_t{row} * slab_columns + column % slab_columns;
}

/// A tile of products in registers.
using Tile = Pack[tile_rows][tile_packs];

/// Elements of A: row r and summed index k lie at r * row_step + k * k_step, and `jump` further behind each `run` values of k.
struct Left {
  float const* at = nullptr;
  std::size_t run = 0;
  std::ptrdiff_t jump = 0;
};

/// tile += A B over `count` values of the summed index; a row of B is tile_columns side by side, the next b_step further. Not inlined:
/// beside other code gcc 12 keeps sums in memory.
template <int row_step, int k_step, int b_step>
__attribute__((noinline)) void multiply(Tile& tile, Left a, float const* b, std::size_t count) {
  Pack sums[tile_rows][tile_packs];
  MUSTER_UNROLL
  for (int r = 0; r < tile_rows; ++r)
    MUSTER_UNROLL
    for (int p = 0; p < tile_packs; ++p) sums[r][p] = tile[r][p];
  for (; count > 0; a.at += a.jump) {
    std::size_t const run = count < a.run ? count : a.run;
    count -= run;
    for (float const* const end = a.at + run * k_step; a.at != end; a.at += k_step, b += b_step) {
      Pack columns[tile_packs];
      MUSTER_UNROLL
      for (int p = 0; p < tile_packs; ++p) columns[p] = load(b + p * pack_floats);
      MUSTER_UNROLL
      for (int r = 0; r < tile_rows; ++r) {
        Pack const row = all(a.at[r * row_step]);
        MUSTER_UNROLL
        for (int p = 0; p < tile_packs; ++p) sums[r][p] = fma(row, columns[p], sums[r][p]);
      }
    }
  }
  MUSTER_UNROLL
  for (int r = 0; r < tile_rows; ++r)
    MUSTER_UNROLL
    for (int p = 0; p < tile_packs; ++p) tile[r][p] = sums[r][p];
}

/// Rows of a batch times a panel of weights, over summed values that begin with a slab.
MUSTER_FN void multiply_rows(Tile& tile, float const* a, float const* panel, std::size_t count) {
  constexpr int slab = slab_columns;
  multiply<slab, 1, tile_columns>(tile, {a, slab_columns, static_cast<std::ptrdiff_t>(slab_floats) - slab}, panel, count);
}
/// Columns of a batch times columns, over its rows.
MUSTER_FN void multiply_columns(Tile& tile, float const* a, float const* b, std::size_t rows) {
  constexpr int slab = slab_columns;
  multiply<1, slab, slab>(tile, {a, rows, 0}, b, rows);
}

/// work(index of the row in the tile, pack, offset in the matrix) over a tile of a batch's matrix.
template <class Work>
MUSTER_FN void each_pack(std::uint32_t row, std::uint32_t column, Work work) {
  std::size_t const first = cell(row, column);
  MUSTER_UNROLL
  for (int r = 0; r < tile_rows; ++r)
    MUSTER_UNROLL
    for (int p = 0; p < tile_packs; ++p) work(r, p, first + static_cast<std::size_t>(r) * slab_columns + static_cast<std::size_t>(p * pack_floats));
}
MUSTER_FN void load_tile(Tile& tile, std::uint32_t row, std::uint32_t column, float const* from) {
  each_pack(row, column, [&](int r, int p, std::size_t at) { tile[r][p] = load(from + at); });
}
MUSTER_FN void store_tile(Tile const& tile, std::uint32_t row, std::uint32_t column, float* to) {
  each_pack(row, column, [&](int r, int p, std::size_t at) { store(to + at, tile[r][p]); });
}
MUSTER_FN void from_zero(Tile& tile, std::uint32_t, std::uint32_t) {
  MUSTER_UNROLL
  for (int r = 0; r < tile_rows; ++r)
    MUSTER_UNROLL
    for (int p = 0; p < tile_packs; ++p) tile[r][p] = Pack{};
}

/// The right factor of a product: weights [depth][columns] as they are learned, or the transpose of those [columns][depth].
struct Weights {
  float const* at = nullptr;
  std::uint32_t depth = 0;
  std::uint32_t columns = 0;
  bool is_transposed = false;
};

/// Summed values [first, first + count) and tile_columns columns from `column`.
struct Panel {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
  std::uint32_t column = 0;
};

/// Eight rows of eight, turned.
MUSTER_FN void transpose_eight(float const* from, std::size_t from_step, float* to) {
  typedef float Eight __attribute__((vector_size(32)));
  typedef std::int32_t Order __attribute__((vector_size(32)));
  Eight rows[8], pairs[8], fours[8];
  MUSTER_UNROLL
  for (std::size_t i = 0; i < 8; ++i) __builtin_memcpy(&rows[i], from + i * from_step, sizeof(Eight));
  MUSTER_UNROLL
  for (std::size_t i = 0; i < 8; i += 2) {
    pairs[i] = __builtin_shuffle(rows[i], rows[i + 1], Order{0, 8, 1, 9, 4, 12, 5, 13});
    pairs[i + 1] = __builtin_shuffle(rows[i], rows[i + 1], Order{2, 10, 3, 11, 6, 14, 7, 15});
  }
  MUSTER_UNROLL
  for (std::size_t i = 0; i < 8; i += 4)
    MUSTER_UNROLL
    for (std::size_t j = 0; j < 2; ++j) {
      fours[i + 2 * j] = __builtin_shuffle(pairs[i + j], pairs[i + j + 2], Order{0, 1, 8, 9, 4, 5, 12, 13});
      fours[i + 2 * j + 1] = __builtin_shuffle(pairs[i + j], pairs[i + j + 2], Order{2, 3, 10, 11, 6, 7, 14, 15});
    }
  MUSTER_UNROLL
  for (std::size_t i = 0; i < 4; ++i) {
    Eight const low = __builtin_shuffle(fours[i], fours[i + 4], Order{0, 1, 2, 3, 8, 9, 10, 11});
    Eight const high = __builtin_shuffle(fours[i], fours[i + 4], Order{4, 5, 6, 7, 12, 13, 14, 15});
    __builtin_memcpy(to + i * tile_columns, &low, sizeof(Eight));
    __builtin_memcpy(to + (i + 4) * tile_columns, &high, sizeof(Eight));
  }
}

/// A panel of rows as they lie, filled up with zeros.
inline void pack_rows(Weights const& weights, Panel const& panel, float* to) {
  std::uint32_t const left = weights.columns - panel.column;
  float const* from = weights.at + std::size_t{panel.first} * weights.columns + panel.column;
  for (std::uint32_t k = 0; k < panel.count; ++k, from += weights.columns, to += tile_columns)
    if (left >= tile_columns)
      for (int p = 0; p < tile_packs; ++p) store(to + p * pack_floats, load(from + p * pack_floats));
    else
      for (std::uint32_t c = 0; c < tile_columns; ++c) to[c] = c < left ? from[c] : 0.0f;
}

/// A panel of columns [first, end) of weights that are turned, element by element.
inline void pack_edge(Weights const& weights, Panel const& panel, std::uint32_t first, std::uint32_t end, std::uint32_t first_k, float* to) {
  for (std::uint32_t c = first; c < end; ++c)
    for (std::uint32_t k = first_k; k < panel.count; ++k)
      to[std::size_t{k} * tile_columns + c] =
          panel.column + c < weights.columns ? weights.at[std::size_t{panel.column + c} * weights.depth + panel.first + k] : 0.0f;
}
inline void pack_turned(Weights const& weights, Panel const& panel, float* to) {
  std::uint32_t const whole = panel.count / 8 * 8;
  for (std::uint32_t c = 0; c < tile_columns; c += 8) {
    bool const is_whole = panel.column + c + 8 <= weights.columns;
    float const* const from = weights.at + std::size_t{panel.column + c} * weights.depth + panel.first;
    for (std::uint32_t k = 0; is_whole && k < whole; k += 8) transpose_eight(from + k, weights.depth, to + std::size_t{k} * tile_columns + c);
    pack_edge(weights, panel, c, c + 8, is_whole ? whole : 0, to);
  }
}
inline void pack(Weights const& weights, Panel const& panel, float* to) {
  weights.is_transposed ? pack_turned(weights, panel, to) : pack_rows(weights, panel, to);
}

/// Asks for a part of the parts of a panel, which is packed soon.
MUSTER_FN void fetch_panel(Weights const& weights, Panel const& panel, std::uint32_t part, std::uint32_t parts) {
  constexpr std::uint32_t line = 16;
  if (panel.column >= weights.columns) return;
  if (weights.is_transposed) {
    std::uint32_t const left = weights.columns - panel.column, rows = left < tile_columns ? left : tile_columns;
    for (std::uint32_t c = rows * part / parts; c < rows * (part + 1) / parts; ++c)
      for (std::uint32_t k = 0; k < panel.count; k += line)
        __builtin_prefetch(weights.at + std::size_t{panel.column + c} * weights.depth + panel.first + k);
  } else {
    for (std::uint32_t k = panel.count * part / parts; k < panel.count * (part + 1) / parts; ++k)
      for (std::uint32_t c = 0; c < tile_columns; c += line)
        __builtin_prefetch(weights.at + std::size_t{panel.first + k} * weights.columns + panel.column + c);
  }
}

/// Summed values at a time: a panel of them stays in a core's first cache beside a tile's rows, so many of a whole batch in the second.
inline constexpr std::uint32_t depth_slabs = most_depth / slab_columns;
static_assert(most_depth % slab_columns == 0);

/// Tiles of rows of `a` times weights: start(tile, row, column), then the products, then finish(tile, row, column).
template <class Start, class Finish>
MUSTER_FN void product(NetView const& net, float const* a, std::uint32_t rows, Weights const& weights, Start start, Finish finish) {
  std::uint32_t const slabs = (weights.depth + slab_columns - 1) / slab_columns, pieces = (slabs + depth_slabs - 1) / depth_slabs;
  std::uint32_t const tiles = (rows + tile_rows - 1) / tile_rows;
  for (std::uint32_t piece = 0; piece < pieces; ++piece) {
    std::uint32_t const first = slabs * piece / pieces * slab_columns, next = slabs * (piece + 1) / pieces * slab_columns;
    std::uint32_t const count = (next < weights.depth ? next : weights.depth) - first;
    for (std::uint32_t column = 0; column < weights.columns; column += tile_columns) {
      pack(weights, {first, count, column}, net.panel);
      for (std::uint32_t t = 0; t < tiles; ++t) {
        std::uint32_t const row = t * tile_rows;
        fetch_panel(weights, {first, count, column + tile_columns}, t, tiles);
        Tile tile;
        piece == 0 ? start(tile, row, column) : load_tile(tile, row, column, net.partial);
        multiply_rows(tile, a + cell(row, first), net.panel, count);
        piece + 1 == pieces ? finish(tile, row, column) : store_tile(tile, row, column, net.partial);
      }
    }
  }
}

MUSTER_NETS_END
