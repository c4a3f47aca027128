// Matrix products on tensor cores: factors of short numbers, sums of fp32. An element's sum takes 16 products at a time in ascending order
// of the summed index, so that no cut into tiles shows in a result; the order within 16 is the device's. Included by cuda_tensor_passes.hpp.
#pragma once

#include "kernels/nets/cuda_groups.hpp"
#include "kernels/nets/cuda_product.hpp"

MUSTER_TENSOR_BEGIN

/// Who multiplies: each warp its own 16 rows at a time, or four warps together 64 of them.
enum class Unit { warp, group };

/// What a block computes: Rows times Columns, of which a warp has WarpRows times WarpColumns; slices of 64 summed values in turns.
template <int Rows, int Columns, int WarpRows, int WarpColumns, int Turns, int Blocks>
struct TensorCut {
  static constexpr int rows = Rows, columns = Columns, warp_rows = WarpRows, warp_columns = WarpColumns;
  static constexpr int across = Columns / WarpColumns, threads = 32 * across * (Rows / WarpRows);
  static constexpr Unit unit = Unit::warp;
  static constexpr int row_tiles = WarpRows / 16, row_step = 16, column_tiles = WarpColumns / 8;
  static constexpr int depth = 64, turns = Turns;
  static constexpr int blocks = Blocks;  ///< that a multiprocessor holds at once
};
/// The same of one group.
template <int Rows, int Columns, int Turns, int Blocks>
struct GroupCut {
  static constexpr int rows = Rows, columns = Columns, warp_rows = 16, warp_columns = Columns;
  static constexpr int across = 1, threads = 128;
  static constexpr Unit unit = Unit::group;
  static constexpr int row_tiles = Rows / 64, row_step = 64, column_tiles = Columns / 8;
  static constexpr int depth = 64, turns = Turns, blocks = Blocks;
};

struct TensorFactors {
  Short const* left = nullptr;   ///< [row][summed index], or [summed index][row]
  std::uint32_t left_stride = 0;
  Short const* right = nullptr;  ///< [column][summed index], or [summed index][column]
  std::uint32_t right_stride = 0;
  std::uint32_t rows = 0, columns = 0, depth = 0;
};

/// How a factor lies: a line has the summed index's values of one row or column, or all rows' of one summed index.
enum class Lines { of_depth, by_depth };

/// A thread's share of copying slices of a factor, of which a block wants Width rows or columns: the same piece of every so many
/// lines, of one panel after the other.
template <class Cut, int Width, Lines lie>
struct SlabCopy {
  static constexpr int lines = lie == Lines::of_depth ? Width : Cut::depth;
  static constexpr int panels = lie == Lines::of_depth ? 1 : (Width + 63) / 64, bytes = panels * lines * static_cast<int>(line_bytes);
  static constexpr int apart = Cut::threads / static_cast<int>(line_pieces), shares = (panels * lines + apart - 1) / apart;
  static_assert(apart % 8 == 0 && (panels == 1 || lines % apart == 0));
  std::uint32_t line, from, to, stride;
  std::uint32_t deep, across, count;

  /// `first` of `all` rows or columns.
  __device__ SlabCopy(std::uint32_t thread, std::uint32_t matrix_stride, std::uint32_t first, std::uint32_t all)
      : line(thread / line_pieces), stride(matrix_stride), count(all) {
    std::uint32_t const piece = thread % line_pieces;
    to = slab_offset<lines>(line, piece);
    deep = lie == Lines::of_depth ? piece * piece_values : line;
    across = first + (lie == Lines::of_depth ? line : piece * piece_values);
    from = lie == Lines::of_depth ? across * stride + deep : deep * stride + across;
  }
  /// The slice that begins at `slice`, of which `left` summed values are left.
  __device__ void fetch(Short const* slice, std::uint32_t left, std::uint32_t shared) const {
    Short const* const own = slice + from;
    MUSTER_UNROLL
    for (int i = 0; i < shares; ++i) {
      std::uint32_t const down = static_cast<std::uint32_t>(i * apart % lines), panel = static_cast<std::uint32_t>(i * apart / lines);
      bool const is_there = lie == Lines::of_depth ? deep < left && across + down < count : deep + down < left && across + panel * line_values < count;
      if (panels * lines % apart != 0 && line + static_cast<std::uint32_t>(i * apart) >= panels * lines) continue;
      copy_piece(shared + to + static_cast<std::uint32_t>(i * apart) * line_bytes, own + std::size_t{down} * stride + panel * line_values, slice, is_there);
    }
  }
};

/// Where a lane finds its line of four 8 x 8 matrices that are 16 lines by 16 values.
struct LanePlace {
  std::uint32_t line, piece;
};
/// The second matrix is eight lines down, or one piece to the right.
__device__ inline LanePlace down_first(std::uint32_t lane) { return {lane % 16, lane / 16}; }
__device__ inline LanePlace right_first(std::uint32_t lane) { return {lane % 8 + lane / 16 * 8, lane / 8 % 2}; }

/// A matrix [rows][columns] that Work wants at the end: its part of a tile comes like a further slice.
struct Side {
  Short const* at;
  std::uint32_t stride;
};

/// One block's part of a product. Work tells the start of a column's sums, sees the right factor of each multiplication, and takes
/// rows of sums at their end, beside rows of its side matrices.
template <class Cut, Lines lie>
class TensorTile {
 public:
  using LeftCopy = SlabCopy<Cut, Cut::rows, lie>;
  using RightCopy = SlabCopy<Cut, Cut::columns, lie>;
  static constexpr int turn_bytes = LeftCopy::bytes + RightCopy::bytes, bytes = Cut::turns * turn_bytes;
  static_assert(lie == Lines::by_depth || (Cut::columns + 63) / 64 * Cut::rows * static_cast<int>(line_bytes) <= turn_bytes, "side matrices have no room");

  __device__ TensorTile(TensorFactors const& factors, std::uint32_t thread, std::uint32_t first_row, std::uint32_t first_column, void* room)
      : f_(factors), thread_(thread), lane_(thread % 32), row_(first_row), column_(first_column),
        warp_row_(thread / 32 / Cut::across * Cut::warp_rows), warp_column_(thread / 32 % Cut::across * Cut::warp_columns),
        room_(shared_address(room)) {}

  template <class Work>
  __device__ void run(Work& work) {
    start(work);
    if constexpr (Cut::unit == Unit::group)
      add_all_by_group(work);
    else
      add_all(work);
    finish(work);
  }

  /// Pairs of column tiles that a warp looks at, for sums of columns.
  static constexpr int pairs = Cut::unit == Unit::warp ? Cut::column_tiles / 2 : (Cut::column_tiles / 2 + 3) / 4;
  __device__ bool looks() const { return Cut::unit == Unit::group || warp_row_ == 0; }
  __device__ std::uint32_t pair_column(int pair) const { return column_ + pair_in_tile(pair); }

 private:
  template <class Work>
  __device__ void start(Work const& work) {
    MUSTER_UNROLL
    for (int n = 0; n < Cut::column_tiles; ++n) {
      std::uint32_t const column = column_ + warp_column_ + static_cast<std::uint32_t>(8 * n) + lane_ % 4 * 2;
      float const low = work.start(column), high = work.start(column + 1);
      MUSTER_UNROLL
      for (int m = 0; m < Cut::row_tiles; ++m) {
        sums_[m][n][0] = sums_[m][n][2] = low;
        sums_[m][n][1] = sums_[m][n][3] = high;
      }
    }
  }

  __device__ static std::size_t step(std::uint32_t k, std::uint32_t stride) { return lie == Lines::of_depth ? k : std::size_t{k} * stride; }
  /// The slice that begins at summed index k, or a side matrix behind all of them.
  template <class Work>
  __device__ void fetch(Work const& work, std::uint32_t k, std::uint32_t turn, LeftCopy const& left, RightCopy const& right) const {
    std::uint32_t const shared = room_ + turn * turn_bytes;
    if (k < f_.depth) {
      left.fetch(f_.left + step(k, f_.left_stride), f_.depth - k, shared);
      right.fetch(f_.right + step(k, f_.right_stride), f_.depth - k, shared + LeftCopy::bytes);
    } else if constexpr (Work::sides > 0) {
      std::uint32_t const side = (k - f_.depth) / Cut::depth;
      if (side < Work::sides) fetch_side(work.side(side), shared);
    }
    close_copies();
  }
  __device__ void fetch_side(Side const& side, std::uint32_t shared) const {
    constexpr std::uint32_t across = Cut::columns / 8, count = across * Cut::rows;
    MUSTER_UNROLL
    for (std::uint32_t i = 0; i < count; i += Cut::threads) {
      std::uint32_t const line = (i + thread_) / across, piece = (i + thread_) % across;
      std::uint32_t const row = row_ + line, column = column_ + piece * piece_values;
      bool const is_there = row < f_.rows && column < side.stride;
      if (i + thread_ < count) copy_piece(shared + slab_offset<Cut::rows>(line, piece), side.at + std::size_t{row} * side.stride + column, side.at, is_there);
    }
  }

  template <class Work>
  __device__ void add_all(Work& work) {
    LeftCopy const left(thread_, f_.left_stride, row_, f_.rows);
    RightCopy const right(thread_, f_.right_stride, column_, f_.columns);
    constexpr std::uint32_t ahead = Cut::turns - 1;
    static_assert(Work::sides <= ahead);
    for (std::uint32_t turn = 0; turn < ahead; ++turn) fetch(work, turn * Cut::depth, turn, left, right);
    for (std::uint32_t k = 0; k < f_.depth; k += Cut::depth) {
      wait_for_copies<Cut::turns - 2>();
      __syncthreads();
      fetch(work, k + ahead * Cut::depth, turn_ == 0 ? ahead : turn_ - 1, left, right);
      if (f_.depth - k >= Cut::depth)
        add_whole(work, turn_);
      else
        add(work, turn_, (f_.depth - k + 15) / 16);
      turn_ = turn_ == ahead ? 0 : turn_ + 1;
    }
    if constexpr (Work::sides == 0) return;
    wait_for_copies<0>();
    __syncthreads();
  }
  template <class Work>
  __device__ void add_all_by_group(Work& work) {
    LeftCopy const left(thread_, f_.left_stride, row_, f_.rows);
    RightCopy const right(thread_, f_.right_stride, column_, f_.columns);
    constexpr std::uint32_t ahead = Cut::turns - 1;
    static_assert(Work::sides <= ahead);
    for (std::uint32_t turn = 0; turn < ahead; ++turn) fetch(work, turn * Cut::depth, turn, left, right);
    for (std::uint32_t k = 0; k < f_.depth; k += Cut::depth) {
      wait_for_copies<Cut::turns - 2>();
      show_to_groups();
      __syncthreads();
      hold();
      open_group();
      multiply(turn_);
      close_group();
      if constexpr (Work::sees) look(work, turn_);
      hold();
      wait_for_group<1>();  // the slice before is done with
      __syncthreads();
      fetch(work, k + ahead * Cut::depth, turn_ == 0 ? ahead : turn_ - 1, left, right);
      turn_ = turn_ == ahead ? 0 : turn_ + 1;
    }
    wait_for_group<0>();
    hold();
    if constexpr (Work::sides > 0) {
      wait_for_copies<0>();
      __syncthreads();
    }
  }
  __device__ void hold() {
    MUSTER_UNROLL
    for (int m = 0; m < Cut::row_tiles; ++m) hold_sums(sums_[m]);
  }
  __device__ void multiply(std::uint32_t turn) {
    constexpr bool turned = lie == Lines::by_depth;
    constexpr std::uint32_t panel = Cut::depth * line_bytes, of_16 = turned ? 16 * line_bytes : 32;
    std::uint32_t const slab = room_ + turn * turn_bytes;
    std::uint64_t const left = group_factor(slab, panel), right = group_factor(slab + LeftCopy::bytes, panel);
    MUSTER_UNROLL
    for (std::uint32_t k = 0; k < Cut::depth / 16; ++k)
      MUSTER_UNROLL
      for (int m = 0; m < Cut::row_tiles; ++m)
        GroupProduct<Cut::columns>::template add<turned, turned>(sums_[m], left + (static_cast<std::uint32_t>(m) * 64 * line_bytes + k * of_16) / 16,
                                                                      right + k * of_16 / 16);
  }
  template <class Work>
  __device__ void look(Work& work, std::uint32_t turn) const {
    if (!work.sums_biases) return;
    std::uint32_t const slab = room_ + turn * turn_bytes + LeftCopy::bytes;
    MUSTER_UNROLL
    for (std::uint32_t k = 0; k < Cut::depth / 16; ++k)
      MUSTER_UNROLL
      for (int pair = 0; pair < pairs; ++pair) {
        if (pair_in_tile(pair) >= Cut::columns) continue;
        std::uint32_t right[4];
        load<RightCopy>(right, slab, down_first(lane_), k, pair_in_tile(pair));
        work.see(2 * pair, right[0], right[1]);
        work.see(2 * pair + 1, right[2], right[3]);
      }
  }
  __device__ std::uint32_t pair_in_tile(int pair) const {
    return Cut::unit == Unit::warp ? warp_column_ + static_cast<std::uint32_t>(16 * pair)
                                   : thread_ / 32 * 16 + static_cast<std::uint32_t>(64 * pair);
  }

  template <class Work>
  __device__ void add_whole(Work& work, std::uint32_t turn) {
    MUSTER_UNROLL
    for (std::uint32_t k = 0; k < Cut::depth / 16; ++k) add_one(work, turn, k);
  }
  template <class Work>
  __device__ void add(Work& work, std::uint32_t turn, std::uint32_t count) {
    for (std::uint32_t k = 0; k < count; ++k) add_one(work, turn, k);
  }

  /// 16 by 16 values of a factor, from the k-th 16 summed ones.
  template <class Copy>
  __device__ void load(std::uint32_t (&to)[4], std::uint32_t slab, LanePlace place, std::uint32_t k, std::uint32_t first) const {
    if constexpr (lie == Lines::of_depth)
      load_matrices(to, slab + slab_offset<Copy::lines>(first + place.line, 2 * k + place.piece));
    else
      load_turned(to, slab + slab_offset<Copy::lines>(16 * k + place.line, first / 8 + place.piece));
  }
  template <class Work>
  __device__ void add_one(Work& work, std::uint32_t turn, std::uint32_t k) {
    std::uint32_t const slab = room_ + turn * turn_bytes;
    LanePlace const one = down_first(lane_), other = right_first(lane_);
    std::uint32_t left[Cut::row_tiles][4];
    MUSTER_UNROLL
    for (int m = 0; m < Cut::row_tiles; ++m)
      load<LeftCopy>(left[m], slab, lie == Lines::of_depth ? one : other, k, warp_row_ + static_cast<std::uint32_t>(16 * m));
    MUSTER_UNROLL
    for (int n = 0; n < Cut::column_tiles; n += 2) {
      std::uint32_t right[4];
      load<RightCopy>(right, slab + LeftCopy::bytes, lie == Lines::of_depth ? other : one, k, warp_column_ + static_cast<std::uint32_t>(8 * n));
      MUSTER_UNROLL
      for (int e = 0; e < 2 && n + e < Cut::column_tiles; ++e) {
        work.see(n + e, right[2 * e], right[2 * e + 1]);
        MUSTER_UNROLL
        for (int m = 0; m < Cut::row_tiles; ++m) multiply_add(sums_[m][n + e], left[m], right[2 * e], right[2 * e + 1]);
      }
    }
  }

  template <class Work>
  __device__ void finish(Work& work) {
    MUSTER_UNROLL
    for (int m = 0; m < Cut::row_tiles; ++m)
      MUSTER_UNROLL
      for (int half = 0; half < 2; ++half) {
        std::uint32_t const line = warp_row_ + static_cast<std::uint32_t>(Cut::row_step * m + 8 * half) + lane_ / 4;
        work.template finish_row<Cut::column_tiles>(row_ + line, column_ + warp_column_, lane_ % 4, sums_[m], 2 * half,
                                                    [&](int side, int tile) { return side_word(side, line, tile); });
      }
  }
  /// Two neighbours of a side matrix, where the lane has its sums.
  __device__ std::uint32_t side_word(int side, std::uint32_t line, int tile) const {
    std::uint32_t const turn = (turn_ + static_cast<std::uint32_t>(side)) % Cut::turns;
    return load_word(room_ + turn * turn_bytes + slab_offset<Cut::rows>(line, warp_column_ / 8 + static_cast<std::uint32_t>(tile)) + lane_ % 4 * 4);
  }

  TensorFactors const& f_;
  std::uint32_t const thread_, lane_, row_, column_, warp_row_, warp_column_, room_;
  std::uint32_t turn_ = 0;
  float sums_[Cut::row_tiles][Cut::column_tiles][4];
};

MUSTER_TENSOR_END
