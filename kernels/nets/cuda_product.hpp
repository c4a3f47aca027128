// Matrix products on a GPU with the bits of products.hpp: every element is one chain of fused multiply-adds in ascending
// order of the summed index, so that no cut into tiles shows in a result. Included by cuda_nets.cu, and by tests that
// emulate a block.
#pragma once

#include <cstdint>

#include "kernels/math/base.hpp"
#include "kernels/nets/config.hpp"

MUSTER_NETS_BEGIN

/// Strides of matrices on a device are whole ones: loads take four floats, and read what lies behind a row's end.
inline constexpr std::uint32_t device_grain = 4;

template <int Count>
struct alignas(4 * Count) Run {
  float at[Count];
};

template <int Count>
__device__ inline Run<Count> load_run(float const* from) {
  return *reinterpret_cast<Run<Count> const*>(from);
}
template <int Count>
__device__ inline void store_run(float* to, Run<Count> const& run) {
  *reinterpret_cast<Run<Count>*>(to) = run;
}

/// Four floats from the device's memory into a block's. They are there when wait_for_copies() says so and the block has met.
__device__ inline void copy_four(float* shared, float const* from) {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16;" ::"r"(static_cast<unsigned>(__cvta_generic_to_shared(shared))), "l"(from) : "memory");
#else
  store_run(shared, load_run<4>(from));
#endif
}
/// Copies since the last call belong together.
__device__ inline void close_copies() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile("cp.async.commit_group;" ::: "memory");
#endif
}
/// For all but the `Late` last groups.
template <int Late>
__device__ inline void wait_for_copies() {
#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
  asm volatile("cp.async.wait_group %0;" ::"n"(Late) : "memory");
#endif
}

__device__ inline std::uint32_t at_most(std::uint32_t value, std::uint32_t most) { return value < most ? value : most; }

/// What a block of threads computes of a product: Rows times Columns, of which a thread has TileRows times TileColumns.
template <int Rows, int Columns, int TileRows, int TileColumns, int Turns = 2>
struct Cut {
  static constexpr int rows = Rows, columns = Columns, tile_rows = TileRows, tile_columns = TileColumns;
  static constexpr int across = Columns / TileColumns, down = Rows / TileRows, threads = across * down;
  static constexpr int depth = 16;     ///< summed values at a time
  static constexpr int turns = Turns;  ///< slices of them in the block's memory
  /// Neighbours of a thread's rows and columns.
  static constexpr int row_run = TileRows % 4 == 0 ? 4 : TileRows % 2 == 0 ? 2 : 1;
  static constexpr int column_run = TileColumns % 4 == 0 ? 4 : TileColumns % 2 == 0 ? 2 : 1;

  static __device__ std::uint32_t row_of(std::uint32_t thread, int i) {
    return static_cast<std::uint32_t>(i / row_run * down * row_run + static_cast<int>(thread) / across * row_run + i % row_run);
  }
  static __device__ std::uint32_t column_of(std::uint32_t thread, int j) {
    return static_cast<std::uint32_t>(j / column_run * across * column_run + static_cast<int>(thread) % across * column_run + j % column_run);
  }
};

/// How the left matrix lies: [row][summed index], or the other way round.
enum class Left { by_rows, by_depth };

struct Factors {
  float const* left = nullptr;
  std::uint32_t left_stride = 0;
  float const* right = nullptr;  ///< [summed index][column]
  std::uint32_t right_stride = 0;
  std::uint32_t rows = 0, columns = 0, depth = 0;
};

/// Slices of both matrices, in turns.
template <class Cut>
struct alignas(16) Slices {
  float left[Cut::turns][Cut::depth][Cut::rows + 4];
  float right[Cut::turns][Cut::depth][Cut::columns];
};

/// A thread's share of copying slices of Width values of a matrix [summed index][stride].
template <class Cut, int Width>
struct DeepCopy {
  static constexpr int fours = Width * Cut::depth / 4, shares = (fours + Cut::threads - 1) / Cut::threads;
  std::uint32_t from[shares], to[shares], deep[shares];

  __device__ DeepCopy(std::uint32_t thread, std::uint32_t stride, std::uint32_t first, int step) {
    MUSTER_UNROLL
    for (int i = 0; i < shares; ++i) {
      std::uint32_t const u = thread + static_cast<std::uint32_t>(i * Cut::threads), at = u % (Width / 4) * 4;
      deep[i] = u < fours ? u / (Width / 4) : UINT32_MAX / 2;
      from[i] = deep[i] * stride + at_most(first + at, stride - 4);
      to[i] = deep[i] * static_cast<std::uint32_t>(step) + at;
    }
  }
  /// The slice that begins at `slice`, of which `count` values are left.
  __device__ void fetch(float const* slice, std::uint32_t count, float* shared) const {
    MUSTER_UNROLL
    for (int i = 0; i < shares; ++i)
      if (deep[i] < count) copy_four(shared + to[i], slice + from[i]);
  }
};

/// The same of a matrix [row][stride], turned around on the way through registers.
template <class Cut>
struct RowCopy {
  static constexpr int fours = Cut::rows * Cut::depth / 4, shares = (fours + Cut::threads - 1) / Cut::threads;
  static constexpr std::uint32_t quarters = Cut::depth / 4;
  std::uint32_t from[shares], row[shares], deep[shares];
  Run<4> held[shares];

  __device__ RowCopy(std::uint32_t thread, std::uint32_t stride, std::uint32_t first, std::uint32_t rows) {
    MUSTER_UNROLL
    for (int i = 0; i < shares; ++i) {
      std::uint32_t const u = thread + static_cast<std::uint32_t>(i * Cut::threads);
      row[i] = u / quarters;
      deep[i] = u < fours ? u % quarters * 4 : UINT32_MAX / 2;
      from[i] = at_most(first + row[i], rows - 1) * stride + u % quarters * 4;
    }
  }
  __device__ void fetch(float const* slice, std::uint32_t count) {
    MUSTER_UNROLL
    for (int i = 0; i < shares; ++i)
      if (deep[i] < count) held[i] = load_run<4>(slice + from[i]);
  }
  __device__ void put(float (&to)[Cut::depth][Cut::rows + 4]) const {
    MUSTER_UNROLL
    for (int i = 0; i < shares; ++i)
      if (deep[i] < Cut::depth)
        MUSTER_UNROLL
        for (std::uint32_t e = 0; e < 4; ++e) to[deep[i] + e][row[i]] = held[i].at[e];
  }
};

/// One block's part of a product. Work tells the start of a column's chains, sees each slice of the right matrix, and takes runs of
/// columns at their end.
template <class Cut, Left lies>
class Tile {
 public:
  __device__ Tile(Factors const& factors, std::uint32_t thread, std::uint32_t first_row, std::uint32_t first_column, Slices<Cut>& slices)
      : f_(factors), thread_(thread), row_(first_row), column_(first_column), slices_(slices) {}

  template <class Work>
  __device__ void run(Work& work) {
    start(work);
    DeepCopy<Cut, Cut::columns> right(thread_, f_.right_stride, column_, Cut::columns);
    if constexpr (lies == Left::by_depth) {
      DeepCopy<Cut, Cut::rows> left(thread_, f_.left_stride, row_, Cut::rows + 4);
      add_all(work, right, left);
    } else {
      static_assert(Cut::turns == 2);
      RowCopy<Cut> left(thread_, f_.left_stride, row_, f_.rows);
      add_all(work, right, left);
    }
    finish(work);
  }

 private:
  template <class Work>
  __device__ void start(Work const& work) {
    MUSTER_UNROLL
    for (int j = 0; j < Cut::tile_columns; ++j) {
      float const first = work.start(column_ + Cut::column_of(thread_, j));
      MUSTER_UNROLL
      for (int i = 0; i < Cut::tile_rows; ++i) sums_[i][j] = first;
    }
  }

  using Right = DeepCopy<Cut, Cut::columns>;
  __device__ void fetch(std::uint32_t k, std::uint32_t turn, Right const& right, DeepCopy<Cut, Cut::rows> const& left) {
    if (k < f_.depth) {
      right.fetch(f_.right + std::size_t{k} * f_.right_stride, f_.depth - k, &slices_.right[turn][0][0]);
      left.fetch(f_.left + std::size_t{k} * f_.left_stride, f_.depth - k, &slices_.left[turn][0][0]);
    }
    close_copies();
  }
  __device__ void fetch(std::uint32_t k, std::uint32_t turn, Right const& right, RowCopy<Cut>& left) {
    if (k < f_.depth) {
      right.fetch(f_.right + std::size_t{k} * f_.right_stride, f_.depth - k, &slices_.right[turn][0][0]);
      left.fetch(f_.left + k, f_.depth - k);
    }
    close_copies();
  }
  __device__ void put(std::uint32_t, DeepCopy<Cut, Cut::rows> const&) {}
  __device__ void put(std::uint32_t turn, RowCopy<Cut> const& left) { left.put(slices_.left[turn]); }

  template <class Work, class LeftCopy>
  __device__ void add_all(Work& work, Right const& right, LeftCopy& left) {
    constexpr std::uint32_t ahead = Cut::turns - 1;
    for (std::uint32_t turn = 0; turn < ahead; ++turn) fetch(turn * Cut::depth, turn, right, left);
    put(0, left);
    std::uint32_t turn = 0;
    for (std::uint32_t k = 0; k < f_.depth; k += Cut::depth) {
      wait_for_copies<Cut::turns - 2>();
      __syncthreads();
      std::uint32_t const free = turn == 0 ? ahead : turn - 1;
      fetch(k + ahead * Cut::depth, free, right, left);
      std::uint32_t const count = at_most(f_.depth - k, Cut::depth);
      if (count == Cut::depth)
        add_whole(turn);
      else
        add(turn, count);
      work.see(slices_.right[turn], count);
      if (k + ahead * Cut::depth < f_.depth) put(free, left);
      turn = turn == ahead ? 0 : turn + 1;
    }
  }

  __device__ void add_one(std::uint32_t turn, std::uint32_t k) {
    float left[Cut::tile_rows], right[Cut::tile_columns];
    MUSTER_UNROLL
    for (int i = 0; i < Cut::tile_rows; i += Cut::row_run) {
      auto const run = load_run<Cut::row_run>(&slices_.left[turn][k][Cut::row_of(thread_, i)]);
      MUSTER_UNROLL
      for (int e = 0; e < Cut::row_run; ++e) left[i + e] = run.at[e];
    }
    MUSTER_UNROLL
    for (int j = 0; j < Cut::tile_columns; j += Cut::column_run) {
      auto const run = load_run<Cut::column_run>(&slices_.right[turn][k][Cut::column_of(thread_, j)]);
      MUSTER_UNROLL
      for (int e = 0; e < Cut::column_run; ++e) right[j + e] = run.at[e];
    }
    MUSTER_UNROLL
    for (int i = 0; i < Cut::tile_rows; ++i)
      MUSTER_UNROLL
      for (int j = 0; j < Cut::tile_columns; ++j) sums_[i][j] = fma(left[i], right[j], sums_[i][j]);
  }
  __device__ void add_whole(std::uint32_t turn) {
    MUSTER_UNROLL
    for (std::uint32_t k = 0; k < Cut::depth; ++k) add_one(turn, k);
  }
  __device__ void add(std::uint32_t turn, std::uint32_t count) {
    for (std::uint32_t k = 0; k < count; ++k) add_one(turn, k);
  }

  template <class Work>
  __device__ void finish(Work& work) {
    MUSTER_UNROLL
    for (int i = 0; i < Cut::tile_rows; ++i) {
      std::uint32_t const row = row_ + Cut::row_of(thread_, i);
      MUSTER_UNROLL
      for (int j = 0; j < Cut::tile_columns; j += Cut::column_run) {
        std::uint32_t const column = column_ + Cut::column_of(thread_, j);
        Run<Cut::column_run> run;
        MUSTER_UNROLL
        for (int e = 0; e < Cut::column_run; ++e) run.at[e] = sums_[i][j + e];
        if (row < f_.rows && column < f_.columns) work.finish(row, column, run);
      }
    }
  }

  Factors const& f_;
  std::uint32_t const thread_, row_, column_;
  Slices<Cut>& slices_;
  float sums_[Cut::tile_rows][Cut::tile_columns];
};

MUSTER_NETS_END
