// Multiplications by groups of four warps, which read their factors from the block's memory themselves (compute capability 9.0).
// Included by cuda_tensor_product.hpp.
#pragma once

#include "kernels/nets/cuda_short.hpp"

#if defined(__CUDA_ARCH_FEAT_SM90_ALL)
#define MUSTER_HAS_GROUPS 1
#else
#define MUSTER_HAS_GROUPS 0
#endif

MUSTER_TENSOR_BEGIN

/// How a group finds a factor: its first line, and how far eight lines and panels of lines lie apart. It has no distance between
/// pieces: they change places as slab_offset says (PTX ISA, "Matrix descriptor format", 128-byte swizzling).
__device__ inline std::uint64_t group_factor(std::uint32_t shared, std::uint32_t panel_bytes) {
  constexpr std::uint64_t swizzled = std::uint64_t{1} << 62, eight_lines = 8 * line_bytes;
  return swizzled | eight_lines / 16 << 32 | std::uint64_t{panel_bytes / 16 & 0x3fff} << 16 | (shared / 16 & 0x3fff);
}

/// What threads wrote, or copied and waited for, is there for groups once the block has met.
__device__ inline void show_to_groups() {
#if MUSTER_HAS_GROUPS
  asm volatile("fence.proxy.async.shared::cta;" ::: "memory");
#endif
}
/// Before the first multiplication, and after sums were touched.
__device__ inline void open_group() {
#if MUSTER_HAS_GROUPS
  asm volatile("wgmma.fence.sync.aligned;" ::: "memory");
#endif
}
/// Multiplications since the last call belong together.
__device__ inline void close_group() {
#if MUSTER_HAS_GROUPS
  asm volatile("wgmma.commit_group.sync.aligned;" ::: "memory");
#endif
}
/// For all but the `Late` last ones.
template <int Late>
__device__ inline void wait_for_group() {
#if MUSTER_HAS_GROUPS
  asm volatile("wgmma.wait_group.sync.aligned %0;" ::"n"(Late) : "memory");
#endif
}
/// The compiler shall not move sums that are still being added to.
template <int Tiles>
__device__ inline void hold_sums(float (&sums)[Tiles][4]) {
  MUSTER_UNROLL
  for (int t = 0; t < Tiles; ++t)
    MUSTER_UNROLL
    for (int i = 0; i < 4; ++i) asm volatile("" : "+f"(sums[t][i])::"memory");
}

// What a multiplication names: registers %0 and on in its text, and the sums that they stand for.
#define MUSTER_REGISTERS_32                                                                                                 \
  "%0, %1, %2, %3, %4, %5, %6, %7, %8, %9, %10, %11, %12, %13, %14, %15, %16, %17, %18, %19, %20, %21, %22, %23, %24, %25, " \
  "%26, %27, %28, %29, %30, %31"
#define MUSTER_REGISTERS_64                                                                                                     \
  MUSTER_REGISTERS_32 ", %32, %33, %34, %35, %36, %37, %38, %39, %40, %41, %42, %43, %44, %45, %46, %47, %48, %49, %50, %51, " \
                      "%52, %53, %54, %55, %56, %57, %58, %59, %60, %61, %62, %63"
#define MUSTER_REGISTERS_80 \
  MUSTER_REGISTERS_64 ", %64, %65, %66, %67, %68, %69, %70, %71, %72, %73, %74, %75, %76, %77, %78, %79"
#define MUSTER_TILE(t) "+f"(s[t][0]), "+f"(s[t][1]), "+f"(s[t][2]), "+f"(s[t][3])
#define MUSTER_TILES_4(t) MUSTER_TILE(t), MUSTER_TILE(t + 1), MUSTER_TILE(t + 2), MUSTER_TILE(t + 3)
#define MUSTER_TILES_8 MUSTER_TILES_4(0), MUSTER_TILES_4(4)
#define MUSTER_TILES_16 MUSTER_TILES_8, MUSTER_TILES_4(8), MUSTER_TILES_4(12)
#define MUSTER_TILES_20 MUSTER_TILES_16, MUSTER_TILES_4(16)
/// Of so many columns; `operands` are the factors and what may be turned.
#define MUSTER_MULTIPLY(columns, registers, operands)                                                                       \
  "{ .reg .pred adds; setp.eq.u32 adds, 0, 0; wgmma.mma_async.sync.aligned.m64n" columns "k16.f32." MUSTER_SHORT_TYPE "." \
  MUSTER_SHORT_TYPE " {" registers "} , " operands "; }"

/// sums += left right of 64 rows, and of 16 summed values: factors are group_factor's, or the left one is in registers.
template <int Columns>
struct GroupProduct;

/// Of 64 columns.
template <>
struct GroupProduct<64> {
  template <bool LeftTurned, bool RightTurned>
  __device__ static void add(float (&s)[8][4], std::uint64_t left, std::uint64_t right) {
#if MUSTER_HAS_GROUPS
    asm volatile(MUSTER_MULTIPLY("64", MUSTER_REGISTERS_32, "%32, %33, adds, 1, 1, %34, %35")
                 : MUSTER_TILES_8
                 : "l"(left), "l"(right), "n"(LeftTurned ? 1 : 0), "n"(RightTurned ? 1 : 0));
#endif
  }
  template <bool RightTurned>
  __device__ static void add(float (&s)[8][4], std::uint32_t const (&left)[4], std::uint64_t right) {
#if MUSTER_HAS_GROUPS
    asm volatile(MUSTER_MULTIPLY("64", MUSTER_REGISTERS_32, "{%32, %33, %34, %35}, %36, adds, 1, 1, %37")
                 : MUSTER_TILES_8
                 : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]), "l"(right), "n"(RightTurned ? 1 : 0));
#endif
  }
};

/// Of 128 columns.
template <>
struct GroupProduct<128> {
  template <bool LeftTurned, bool RightTurned>
  __device__ static void add(float (&s)[16][4], std::uint64_t left, std::uint64_t right) {
#if MUSTER_HAS_GROUPS
    asm volatile(MUSTER_MULTIPLY("128", MUSTER_REGISTERS_64, "%64, %65, adds, 1, 1, %66, %67")
                 : MUSTER_TILES_16
                 : "l"(left), "l"(right), "n"(LeftTurned ? 1 : 0), "n"(RightTurned ? 1 : 0));
#endif
  }
  template <bool RightTurned>
  __device__ static void add(float (&s)[16][4], std::uint32_t const (&left)[4], std::uint64_t right) {
#if MUSTER_HAS_GROUPS
    asm volatile(MUSTER_MULTIPLY("128", MUSTER_REGISTERS_64, "{%64, %65, %66, %67}, %68, adds, 1, 1, %69")
                 : MUSTER_TILES_16
                 : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]), "l"(right), "n"(RightTurned ? 1 : 0));
#endif
  }
};

/// Of 160 columns.
template <>
struct GroupProduct<160> {
  template <bool LeftTurned, bool RightTurned>
  __device__ static void add(float (&s)[20][4], std::uint64_t left, std::uint64_t right) {
#if MUSTER_HAS_GROUPS
    asm volatile(MUSTER_MULTIPLY("160", MUSTER_REGISTERS_80, "%80, %81, adds, 1, 1, %82, %83")
                 : MUSTER_TILES_20
                 : "l"(left), "l"(right), "n"(LeftTurned ? 1 : 0), "n"(RightTurned ? 1 : 0));
#endif
  }
  template <bool RightTurned>
  __device__ static void add(float (&s)[20][4], std::uint32_t const (&left)[4], std::uint64_t right) {
#if MUSTER_HAS_GROUPS
    asm volatile(MUSTER_MULTIPLY("160", MUSTER_REGISTERS_80, "{%80, %81, %82, %83}, %84, adds, 1, 1, %85")
                 : MUSTER_TILES_20
                 : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]), "l"(right), "n"(RightTurned ? 1 : 0));
#endif
  }
};

#undef MUSTER_REGISTERS_32
#undef MUSTER_REGISTERS_64
#undef MUSTER_REGISTERS_80
#undef MUSTER_TILE
#undef MUSTER_TILES_4
#undef MUSTER_TILES_8
#undef MUSTER_TILES_16
#undef MUSTER_TILES_20
#undef MUSTER_MULTIPLY

MUSTER_TENSOR_END
