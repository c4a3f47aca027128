// Packs of floats with a fused multiply-add, one register each.
#pragma once

#include <cstddef>
#include <cstdint>

#include "kernels/nets/config.hpp"

#if defined(__AVX2__)
#include <immintrin.h>
#endif

MUSTER_NETS_BEGIN

#if defined(__AVX512F__)
inline constexpr int pack_floats = 16;
/// Rows of a tile of products that stay in registers beside two packs of columns.
inline constexpr int tile_rows = 12;
#else
inline constexpr int pack_floats = 8;
inline constexpr int tile_rows = 6;
#endif
inline constexpr int tile_packs = 2;
inline constexpr int tile_columns = tile_packs * pack_floats;

typedef float Pack __attribute__((vector_size(pack_floats * sizeof(float))));

/// `at` need not be aligned.
MUSTER_FN Pack load(float const* at) {
  Pack pack;
  __builtin_memcpy(&pack, at, sizeof(Pack));
  return pack;
}
MUSTER_FN void store(float* at, Pack pack) { __builtin_memcpy(at, &pack, sizeof(Pack)); }
/// The same value in all lanes; `Pack{} + x` would be an addition.
MUSTER_FN Pack all(float x) {
#if defined(__AVX512F__)
  return _mm512_set1_ps(x);
#elif defined(__AVX2__)
  return _mm256_set1_ps(x);
#else
  return Pack{x, x, x, x, x, x, x, x};
#endif
}

/// x * y + z with one rounding, lane by lane.
MUSTER_FN Pack fma(Pack x, Pack y, Pack z) {
#if defined(__AVX512F__)
  return _mm512_fmadd_ps(x, y, z);
#elif defined(__FMA__)
  return _mm256_fmadd_ps(x, y, z);
#else
  for (int i = 0; i < pack_floats; ++i) z[i] = __builtin_fmaf(x[i], y[i], z[i]);
  return z;
#endif
}

MUSTER_NETS_END
