// Matrix products on tensor cores: factors of bf16, sums of fp32. An element's sum takes 16 products at a time in ascending order
// of the summed index, so that no cut into tiles shows in a result; the order within 16 is the device's. Included by cuda_tensor.cu.
#pragma once

#include "kernels/nets/cuda_bf16.hpp"
#include "kernels/nets/cuda_product.hpp"

MUSTER_NETS_BEGIN

/// What a block computes: Rows times Columns, of which a warp has WarpRows times WarpColumns; slices of 64 summed values in turns.
template <int Rows, int Columns, int WarpRows, int WarpColumns, int Turns, int Blocks>
struct TensorCut {
  static constexpr int rows = Rows, columns = Columns, warp_rows = WarpRows, warp_columns = WarpColumns;
  static constexpr int across = Columns / WarpColumns, threads = 32 * across * (Rows / WarpRows);
  static constexpr int row_tiles = WarpRows / 16, column_tiles = WarpColumns / 8;
  static constexpr int depth = 64, turns = Turns;
  static constexpr int blocks = Blocks;  ///< that a multiprocessor holds at once
};

struct TensorFactors {
  Bf16 const* left = nullptr;   ///< [row][summed index], or [summed index][row]
  std::uint32_t left_stride = 0;
  Bf16 const* right = nullptr;  ///< [column][summed index], or [summed index][column]
  std::uint32_t right_stride = 0;
  std::uint32_t rows = 0, columns = 0, depth = 0;
};

/// How a factor lies: a line has the summed index's values of one row or column, or all rows' of one summed index.
enum class Lines { of_depth, by_depth };

/// A thread's share of copying slices of a factor, of which a block wants Width rows or columns.
template <class Cut, int Width, Lines lie>
struct SlabCopy {
  static constexpr int lines = lie == Lines::of_depth ? Width : Cut::depth;
  static constexpr int pieces = lie == Lines::of_depth ? line_pieces : Width / 8;
  static constexpr int panels = (pieces + 7) / 8, bytes = panels * lines * static_cast<int>(line_bytes);
  static constexpr int shares = (lines * pieces + Cut::threads - 1) / Cut::threads;
  std::uint32_t from[shares], to[shares], deep[shares];

  /// `first` of `count` rows or columns.
  __device__ SlabCopy(std::uint32_t thread, std::uint32_t stride, std::uint32_t first, std::uint32_t count) {
    MUSTER_UNROLL
    for (int i = 0; i < shares; ++i) {
      std::uint32_t const u = thread + static_cast<std::uint32_t>(i * Cut::threads), line = u / pieces, piece = u % pieces;
      std::uint32_t const across = first + (lie == Lines::of_depth ? line : piece * piece_values);
      deep[i] = across >= count ? UINT32_MAX / 2 : lie == Lines::of_depth ? piece * piece_values : line;
      from[i] = lie == Lines::of_depth ? at_most(across, count - 1) * stride + piece * piece_values : line * stride + across;
      to[i] = line < lines ? slab_offset<lines>(line, piece) : UINT32_MAX;
    }
  }
  /// The slice that begins at `slice`, of which `count` summed values are left.
  __device__ void fetch(Bf16 const* slice, std::uint32_t count, std::uint32_t shared) const {
    MUSTER_UNROLL
    for (int i = 0; i < shares; ++i) {
      if (lines * pieces % Cut::threads != 0 && to[i] == UINT32_MAX) continue;
      bool const is_there = deep[i] < count;
      copy_piece(shared + to[i], is_there ? slice + from[i] : slice, is_there);
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

/// One block's part of a product.
template <class Cut, Lines lie>
class TensorTile {
 public:
  using LeftCopy = SlabCopy<Cut, Cut::rows, lie>;
  using RightCopy = SlabCopy<Cut, Cut::columns, lie>;
  static constexpr int turn_bytes = LeftCopy::bytes + RightCopy::bytes, bytes = Cut::turns * turn_bytes;

  __device__ TensorTile(TensorFactors const& factors, std::uint32_t thread, std::uint32_t first_row, std::uint32_t first_column, void* room)
      : f_(factors), thread_(thread), lane_(thread % 32), row_(first_row), column_(first_column),
        warp_row_(thread / 32 / Cut::across * Cut::warp_rows), warp_column_(thread / 32 % Cut::across * Cut::warp_columns),
        room_(shared_address(room)) {}

  template <class Work>
  __device__ void run(Work& work) {
    start(work);
    add_all(work);
    finish(work);
  }
  __device__ bool is_first_warp_row() const { return warp_row_ == 0; }
  __device__ std::uint32_t first_warp_column() const { return column_ + warp_column_; }

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
  __device__ void fetch(std::uint32_t k, std::uint32_t turn, LeftCopy const& left, RightCopy const& right) const {
    if (k < f_.depth) {
      std::uint32_t const shared = room_ + turn * turn_bytes;
      left.fetch(f_.left + step(k, f_.left_stride), f_.depth - k, shared);
      right.fetch(f_.right + step(k, f_.right_stride), f_.depth - k, shared + LeftCopy::bytes);
    }
    close_copies();
  }

  template <class Work>
  __device__ void add_all(Work& work) {
    LeftCopy const left(thread_, f_.left_stride, row_, f_.rows);
    RightCopy const right(thread_, f_.right_stride, column_, f_.columns);
    constexpr std::uint32_t ahead = Cut::turns - 1;
    for (std::uint32_t turn = 0; turn < ahead; ++turn) fetch(turn * Cut::depth, turn, left, right);
    std::uint32_t turn = 0;
    for (std::uint32_t k = 0; k < f_.depth; k += Cut::depth) {
      wait_for_copies<Cut::turns - 2>();
      __syncthreads();
      fetch(k + ahead * Cut::depth, turn == 0 ? ahead : turn - 1, left, right);
      if (f_.depth - k >= Cut::depth)
        add_whole(work, turn);
      else
        add(work, turn, (f_.depth - k + 15) / 16);
      turn = turn == ahead ? 0 : turn + 1;
    }
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
      for (int half = 0; half < 2; ++half)
        work.template finish_row<Cut::column_tiles>(row_ + warp_row_ + static_cast<std::uint32_t>(16 * m + 8 * half) + lane_ / 4,
                                                    column_ + warp_column_, lane_ % 4, sums_[m], 2 * half);
  }

  TensorFactors const& f_;
  std::uint32_t const thread_, lane_, row_, column_, warp_row_, warp_column_, room_;
  float sums_[Cut::row_tiles][Cut::column_tiles][4];
};

MUSTER_NETS_END
