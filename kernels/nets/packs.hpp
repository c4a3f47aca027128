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
/// The bits of a pack, as integers.
typedef std::int32_t Bits __attribute__((vector_size(pack_floats * sizeof(float))));
/// Half as many, as doubles and their bits.
typedef double Doubles __attribute__((vector_size(pack_floats * sizeof(float))));
typedef std::int64_t Integers __attribute__((vector_size(pack_floats * sizeof(float))));

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

MUSTER_FN Doubles fma(Doubles x, Doubles y, Doubles z) {
#if defined(__AVX512F__)
  return _mm512_fmadd_pd(x, y, z);
#elif defined(__FMA__)
  return _mm256_fmadd_pd(x, y, z);
#else
  for (int i = 0; i < pack_floats / 2; ++i) z[i] = __builtin_fma(x[i], y[i], z[i]);
  return z;
#endif
}

/// Half a pack from memory, as doubles.
MUSTER_FN Doubles load_doubles(float const* at) {
#if defined(__AVX512F__)
  return _mm512_cvtps_pd(_mm256_loadu_ps(at));
#elif defined(__AVX2__)
  return _mm256_cvtps_pd(_mm_loadu_ps(at));
#else
  Doubles x;
  for (int i = 0; i < pack_floats / 2; ++i) x[i] = static_cast<double>(at[i]);
  return x;
#endif
}

/// Bits of magnitudes: NaN is above infinity.
MUSTER_FN Bits magnitudes(Pack x) {
  Bits bits;
  __builtin_memcpy(&bits, &x, sizeof(Bits));
  return bits & 0x7fffffff;
}
MUSTER_FN Bits larger(Bits x, Bits y) {
#if defined(__AVX512F__)
  return reinterpret_cast<Bits>(_mm512_max_epi32(reinterpret_cast<__m512i>(x), reinterpret_cast<__m512i>(y)));
#elif defined(__AVX2__)
  return reinterpret_cast<Bits>(_mm256_max_epi32(reinterpret_cast<__m256i>(x), reinterpret_cast<__m256i>(y)));
#else
  for (int i = 0; i < pack_floats; ++i) x[i] = x[i] > y[i] ? x[i] : y[i];
  return x;
#endif
}
/// Whether no lane reaches `limit`.
MUSTER_FN bool all_below(Bits x, std::int32_t limit) {
#if defined(__AVX512F__)
  return _mm512_cmpge_epi32_mask(reinterpret_cast<__m512i>(x), _mm512_set1_epi32(limit)) == 0;
#elif defined(__AVX2__)
  return _mm256_movemask_epi8(_mm256_cmpgt_epi32(_mm256_set1_epi32(limit), reinterpret_cast<__m256i>(x))) == -1;
#else
  bool below = true;
  for (int i = 0; i < pack_floats; ++i) below = below && x[i] < limit;
  return below;
#endif
}
MUSTER_FN std::uint32_t largest(Bits x) {
  std::int32_t most = x[0];
  for (int i = 1; i < pack_floats; ++i) most = x[i] > most ? x[i] : most;
  return static_cast<std::uint32_t>(most);
}

MUSTER_NETS_END
