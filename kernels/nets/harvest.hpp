// Gradients of weights from a batch of rows: a tile of products of each of its parts, rounded to the grid where it lies in registers,
// and all parts' integers to memory once.
#pragma once

#include "kernels/nets/exact_gradient.hpp"
#include "kernels/nets/products.hpp"

MUSTER_NETS_BEGIN

/// A scale, and the bits of the first magnitude that is no longer rounded in one step.
struct GridScale {
  double scale = 1;
  std::int32_t limit = 0;
};
/// Adding rounding_magic to |x| < 2^51 leaves its nearest integer.
MUSTER_FN GridScale grid_scale(double scale) {
  constexpr std::int32_t infinity = 0x7f800000;
  double const limit = 0x1p51 / scale;
  return {scale, limit < 0x1p128 ? static_cast<std::int32_t>(to_bits(static_cast<float>(limit))) : infinity};
}

/// Integers of a tile, each rounding_magic_bits too large for every part that was added.
using Counts = std::int64_t[tile_rows * tile_columns];

MUSTER_FN Bits peak_of(Tile const& tile) {
  Bits most{};
  MUSTER_UNROLL
  for (int r = 0; r < tile_rows; ++r)
    MUSTER_UNROLL
    for (int p = 0; p < tile_packs; ++p) most = larger(most, magnitudes(tile[r][p]));
  return most;
}

/// counts += x on the grid, of elements below the limit; or counts = that.
template <bool is_first>
MUSTER_FN void count(float const* x, double scale, std::int64_t* counts) {
  constexpr int half = pack_floats / 2;
  Doubles const scales = Doubles{} + scale, magic = Doubles{} + rounding_magic;
#pragma GCC unroll 4
  for (int i = 0; i < tile_rows * tile_columns; i += half) {
    Doubles const rounded = fma(load_doubles(x + i), scales, magic);
    Integers sum{}, bits;
    __builtin_memcpy(&bits, &rounded, sizeof(bits));
    if constexpr (!is_first) __builtin_memcpy(&sum, counts + i, sizeof(sum));
    sum += bits;
    __builtin_memcpy(counts + i, &sum, sizeof(sum));
  }
}
/// The same of any.
inline void count_large(float const* x, bool is_first, double scale, std::int64_t* counts) {
  std::uint64_t const kept = is_first ? 0 : ~std::uint64_t{0};
  MUSTER_LANES
  for (int i = 0; i < tile_rows * tile_columns; ++i)
    counts[i] = static_cast<std::int64_t>((static_cast<std::uint64_t>(counts[i]) & kept) + static_cast<std::uint64_t>(to_grid(x[i], scale)) +
                                          static_cast<std::uint64_t>(rounding_magic_bits));
}

/// counts += tile on the grid, or = that; peak becomes the larger.
MUSTER_FN void count_tile(Tile const& tile, GridScale const& grid, bool is_first, std::int64_t* counts, std::int32_t* peak) {
  Bits const most = peak_of(tile);
  Bits before;
  __builtin_memcpy(&before, peak, sizeof(before));
  before = larger(before, most);
  __builtin_memcpy(peak, &before, sizeof(before));
  float const* const x = reinterpret_cast<float const*>(tile);
  if (!all_below(most, grid.limit))
    count_large(x, is_first, grid.scale, counts);
  else if (is_first)
    count<true>(x, grid.scale, counts);
  else
    count<false>(x, grid.scale, counts);
}

/// sums += counts less what they have too much.
MUSTER_FN void add_counts(std::int64_t const* counts, std::uint32_t columns, std::uint64_t excess, std::int64_t* sums) {
  MUSTER_LANES
  for (std::uint32_t c = 0; c < columns; ++c)
    sums[c] = static_cast<std::int64_t>(static_cast<std::uint64_t>(sums[c]) + (static_cast<std::uint64_t>(counts[c]) - excess));
}
MUSTER_FN void add_tile(Counts const& counts, std::uint32_t rows, std::uint32_t columns, std::uint32_t parts, std::size_t step, std::int64_t* sums) {
  std::uint64_t const excess = std::uint64_t{parts} * static_cast<std::uint64_t>(rounding_magic_bits);
  for (std::uint32_t r = 0; r < rows; ++r)
    if (columns >= tile_columns)
      add_counts(counts + r * tile_columns, tile_columns, excess, sums + r * step);
    else
      add_counts(counts + r * tile_columns, columns, excess, sums + r * step);
}

/// Before a tile of sums is made, so that it is near when it is added to.
MUSTER_FN void fetch_tile(std::int64_t const* sums, std::uint32_t rows, std::uint32_t columns, std::size_t step) {
  constexpr std::uint32_t line = 8;
  for (std::uint32_t r = 0; r < rows; ++r)
    for (std::uint32_t c = 0; c < columns; c += line) __builtin_prefetch(sums + r * step + c, 1);
}

inline void clear_peaks(NetView const& net, HostBatch const& batch) {
  for (std::size_t i = 0; i < std::size_t{batch.part_count} * pack_floats; ++i) net.peaks[i] = 0;
}
/// To the blocks, of a bucket.
inline void raise_most(NetView const& net, HostBatch const& batch, std::uint32_t bucket) {
  for (std::uint32_t p = 0; p < batch.part_count; ++p) {
    Bits peak;
    __builtin_memcpy(&peak, net.peaks + std::size_t{p} * pack_floats, sizeof(peak));
    std::uint32_t& most = batch.parts[p].block->most[bucket];
    most = largest(peak) > most ? largest(peak) : most;
  }
}

/// What A^T D over the rows of each part is of a layer: A [rows][in], D [rows][out], `carry` of its kind.
struct Outer {
  float const* a = nullptr;
  float const* d = nullptr;
  float* carry = nullptr;
};

/// Tiles of a block's part that begins or ends in another batch.
MUSTER_FN void each_carried(float* carry, std::size_t step, std::uint32_t i, std::uint32_t column, auto work) {
  for (int r = 0; r < tile_rows; ++r)
    for (int p = 0; p < tile_packs; ++p)
      work(r, p, carry + (i + static_cast<std::uint32_t>(r)) * step + column + static_cast<std::uint32_t>(p * pack_floats));
}

/// Of rows i, i + 1, ... of a layer's weights and columns from `column`.
MUSTER_FN std::uint32_t harvest_tile(NetView const& net, HostBatch const& batch, Outer const& of, std::size_t carry_step, std::uint32_t i,
                                     std::uint32_t column, GridScale const& grid, Counts& counts) {
  std::uint32_t counted = 0;
  for (std::uint32_t p = 0; p < batch.part_count; ++p) {
    Part const& part = batch.parts[p];
    Tile tile;
    from_zero(tile, 0, 0);
    if (!part.begins()) each_carried(of.carry, carry_step, i, column, [&](int r, int q, float* at) { tile[r][q] = load(at); });
    multiply_columns(tile, of.a + cell(part.first, i), of.d + cell(part.first, column), part.rows);
    if (part.ends()) {
      count_tile(tile, grid, counted == 0, counts, net.peaks + std::size_t{p} * pack_floats);
      ++counted;
    } else {
      each_carried(of.carry, carry_step, i, column, [&](int r, int q, float* at) { store(at, tile[r][q]); });
    }
  }
  return counted;
}

/// Columns of A at a time: they stay in a core's second cache.
inline constexpr std::uint32_t near_columns = 192;

/// sums += A^T D on the grid, part by part.
inline void harvest(NetView const& net, HostBatch const& batch, std::uint32_t l, Outer const& of) {
  LayerPlace const& at = net.layers[l].place;
  GridScale const grid = grid_scale(batch.scales[2 * l]);
  std::size_t const carry_step = padded_columns(at.out);
  clear_peaks(net, batch);
  for (std::uint32_t first = 0; first < at.in; first += near_columns) {
    std::uint32_t const end = first + near_columns < at.in ? first + near_columns : at.in;
    for (std::uint32_t column = 0; column < at.out; column += tile_columns)
      for (std::uint32_t i = first; i < end; i += tile_rows) {
        std::uint32_t const rows = at.in - i < tile_rows ? at.in - i : tile_rows;
        std::uint32_t const columns = at.out - column < tile_columns ? at.out - column : tile_columns;
        std::int64_t* const sums = batch.sums + at.weights + std::size_t{i} * at.out + column;
        fetch_tile(sums, rows, columns, at.out);
        Counts counts;
        std::uint32_t const counted = harvest_tile(net, batch, of, carry_step, i, column, grid, counts);
        if (counted > 0) add_tile(counts, rows, columns, counted, at.out, sums);
      }
  }
  raise_most(net, batch, 2 * l);
}

/// sums[i] += column i of D over the rows of a part, for slab_columns columns, in registers.
MUSTER_FN void add_columns(float const* d, std::uint32_t rows, float* sums) {
  constexpr int packs = slab_columns / pack_floats;
  Pack chains[packs];
  for (int p = 0; p < packs; ++p) chains[p] = load(sums + p * pack_floats);
  for (std::uint32_t row = 0; row < rows; ++row, d += slab_columns)
    for (int p = 0; p < packs; ++p) chains[p] += load(d + p * pack_floats);
  for (int p = 0; p < packs; ++p) store(sums + p * pack_floats, chains[p]);
}

/// Sums of columns of D, part by part, on the grid of a bucket; `sums` and `carry` [columns].
inline void harvest_columns(HostBatch const& batch, std::uint32_t bucket, float const* d, std::uint32_t columns, float* carry,
                               std::int64_t* sums) {
  double const scale = batch.scales[bucket];
  for (std::uint32_t p = 0; p < batch.part_count; ++p) {
    Part const& part = batch.parts[p];
    for (std::uint32_t first = 0; first < columns; first += slab_columns) {
      float chains[slab_columns] = {};
      if (!part.begins()) __builtin_memcpy(chains, carry + first, sizeof(chains));
      add_columns(d + cell(part.first, first), part.rows, chains);
      if (part.ends())
        fold(chains, columns - first < slab_columns ? columns - first : slab_columns, scale, sums + first, part.block->most[bucket]);
      else
        __builtin_memcpy(carry + first, chains, sizeof(chains));
    }
  }
}

MUSTER_NETS_END
