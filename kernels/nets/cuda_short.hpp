// Matrices of short numbers on a GPU, which are bf16 in cuda_bf16.cu and fp16 in cuda_fp16.cu: how they lie in a block's memory, and
// the instructions that load and multiply them (compute capability 8.0 and up). Included by cuda_tensor_passes.hpp.
#pragma once

#include <cstdint>

#include "kernels/math/base.hpp"
#include "kernels/nets/config.hpp"
#include "kernels/nets/device_layout.hpp"

#if defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800
#define MUSTER_HAS_TENSOR 1
#else
#define MUSTER_HAS_TENSOR 0
#endif

#if MUSTER_SHORT_IS_FP16
#define MUSTER_SHORT_TYPE "f16"
#define MUSTER_SHORT_SPACE fp16
#else
#define MUSTER_SHORT_TYPE "bf16"
#define MUSTER_SHORT_SPACE bf16
#endif
/// What is compiled for each of them.
#define MUSTER_TENSOR_BEGIN \
  MUSTER_NETS_BEGIN         \
  namespace MUSTER_SHORT_SPACE {
#define MUSTER_TENSOR_END \
  }                       \
  MUSTER_NETS_END

MUSTER_TENSOR_BEGIN

/// Two neighbours of a row, the first in the low half.
__device__ inline std::uint32_t pack_pair(float low, float high) {
  std::uint32_t word = 0;
#if MUSTER_HAS_TENSOR
  asm("cvt.rn." MUSTER_SHORT_TYPE "x2.f32 %0, %1, %2;" : "=r"(word) : "f"(high), "f"(low));
#endif
  return word;
}
#if MUSTER_SHORT_IS_FP16
inline constexpr std::uint32_t short_one = 0x3c00;
__device__ inline float widen(std::uint32_t bits) {
  float value = 0;
  asm("cvt.f32.f16 %0, %1;" : "=f"(value) : "h"(static_cast<std::uint16_t>(bits)));
  return value;
}
__device__ inline float low_of(std::uint32_t word) { return widen(word & 0xffffu); }
__device__ inline float high_of(std::uint32_t word) { return widen(word >> 16); }
#else
inline constexpr std::uint32_t short_one = 0x3f80;
__device__ inline float low_of(std::uint32_t word) { return from_bits(word << 16); }
__device__ inline float high_of(std::uint32_t word) { return from_bits(word & 0xffff0000u); }
#endif

/// Values of a matrix that travel together.
inline constexpr std::uint32_t piece_values = 8;
struct alignas(16) Piece {
  std::uint32_t words[4];
};

/// A slab in a block's memory: lines of 64 values, of which pieces change places by the line, so that neither copies nor loads
/// of eight lines collide. Wider lines are several panels.
inline constexpr std::uint32_t line_bytes = 128, line_pieces = 8, line_values = 64;
template <int Lines>
__device__ inline std::uint32_t slab_offset(std::uint32_t line, std::uint32_t piece) {
  return (piece / line_pieces * Lines + line) * line_bytes + (piece % line_pieces ^ line % 8) * sizeof(Piece);
}

__device__ inline std::uint32_t shared_address(void const* at) { return static_cast<std::uint32_t>(__cvta_generic_to_shared(at)); }

/// A piece from the device's memory into a block's, or zeros; `matrix` is an address that may be read.
__device__ inline void copy_piece(std::uint32_t shared, Short const* from, Short const* matrix, bool is_there) {
#if MUSTER_HAS_TENSOR
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(shared), "l"(is_there ? from : matrix), "r"(is_there ? 16 : 0) : "memory");
#endif
}

__device__ inline std::uint32_t load_word(std::uint32_t shared) {
  std::uint32_t word = 0;
  asm volatile("ld.shared.u32 %0, [%1];" : "=r"(word) : "r"(shared) : "memory");
  return word;
}

/// Four 8 x 8 matrices, whose lines the lanes point at.
__device__ inline void load_matrices(std::uint32_t (&to)[4], std::uint32_t shared) {
#if MUSTER_HAS_TENSOR
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3]) : "r"(shared) : "memory");
#endif
}
/// The same, turned around.
__device__ inline void load_turned(std::uint32_t (&to)[4], std::uint32_t shared) {
#if MUSTER_HAS_TENSOR
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0, %1, %2, %3}, [%4];"
               : "=r"(to[0]), "=r"(to[1]), "=r"(to[2]), "=r"(to[3]) : "r"(shared) : "memory");
#endif
}

/// sums += left right, of 16 x 16 and 16 x 8 values.
__device__ inline void multiply_add(float (&sums)[4], std::uint32_t const (&left)[4], std::uint32_t right0, std::uint32_t right1) {
#if MUSTER_HAS_TENSOR
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32." MUSTER_SHORT_TYPE "." MUSTER_SHORT_TYPE ".f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, {%8, %9}, {%0, %1, %2, %3};"
               : "+f"(sums[0]), "+f"(sums[1]), "+f"(sums[2]), "+f"(sums[3])
               : "r"(left[0]), "r"(left[1]), "r"(left[2]), "r"(left[3]), "r"(right0), "r"(right1));
#endif
}

/// Among four neighbouring lanes: the word of tile t in lane q goes to word q of lane t. Twice is nothing.
__device__ inline void turn_quad(std::uint32_t (&words)[4], std::uint32_t lane) {
  auto const swap = [&](std::uint32_t& low, std::uint32_t& high, std::uint32_t distance) {
    bool const is_upper = (lane & distance) != 0;
    std::uint32_t const got = __shfl_xor_sync(0xffffffffu, is_upper ? low : high, static_cast<int>(distance));
    (is_upper ? low : high) = got;
  };
  swap(words[0], words[1], 1);
  swap(words[2], words[3], 1);
  swap(words[0], words[2], 2);
  swap(words[1], words[3], 2);
}

MUSTER_TENSOR_END
