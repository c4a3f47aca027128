// One text for a lane and for a pack of them: the bodies are templates over F, which is float, double, or on a CPU a
// pack of floats or doubles (a vector of the compiler's). gcc 12 left loops over lanes with many selects scalar.
#pragma once

#include <cstdint>
#if defined(__AVX2__) && !defined(__CUDACC__)
#include <immintrin.h>
#endif

#include "kernels/backtest/config.hpp"
#include "kernels/backtest/money.hpp"
#include "kernels/math/base.hpp"

MUSTER_BACKTEST_BEGIN

template <class F>
struct Lane {
  using Real = F;
  using Mask = bool;
  using Int = std::int32_t;
};
template <class F>
using RealOf = typename Lane<F>::Real;
template <class F>
using MaskOf = typename Lane<F>::Mask;
template <class F>
using IntOf = typename Lane<F>::Int;

/// The same value in all lanes.
template <class F>
MUSTER_FN F all_lanes(RealOf<F> x) {
  return F{} + x;
}
template <class F>
MUSTER_FN IntOf<F> all_lanes_int(std::int32_t x) {
  return IntOf<F>{} + x;
}

/// 1 where true.
MUSTER_FN std::int32_t ones_of(bool mask) { return mask ? 1 : 0; }
MUSTER_FN bool none_of(bool mask) { return !mask; }

MUSTER_FN float magnitude(float x) { return abs(x); }
MUSTER_FN double magnitude(double x) { return abs(x); }
MUSTER_FN double root_of(double x) { return sqrt(x); }

#if !defined(__CUDACC__)

#if defined(__AVX512F__)
inline constexpr int pack_bytes = 64;
#else
inline constexpr int pack_bytes = 32;
#endif

typedef float FloatPack __attribute__((vector_size(pack_bytes)));
typedef double DoublePack __attribute__((vector_size(pack_bytes)));
typedef std::int32_t IntPack __attribute__((vector_size(pack_bytes)));
typedef std::int64_t WidePack __attribute__((vector_size(pack_bytes)));
typedef float HalfFloatPack __attribute__((vector_size(pack_bytes / 2)));
typedef std::int32_t HalfIntPack __attribute__((vector_size(pack_bytes / 2)));
typedef std::int16_t HalfShortPack __attribute__((vector_size(pack_bytes / 2)));
typedef std::int16_t QuarterShortPack __attribute__((vector_size(pack_bytes / 4)));

template <>
struct Lane<FloatPack> {
  using Real = float;
  using Mask = IntPack;
  using Int = IntPack;
};
template <>
struct Lane<DoublePack> {
  using Real = double;
  using Mask = WidePack;
  using Int = WidePack;
};

/// The pack of a precision.
template <class T>
struct PackOf;
template <>
struct PackOf<float> {
  using type = FloatPack;
};
template <>
struct PackOf<double> {
  using type = DoublePack;
};

MUSTER_FN FloatPack magnitude(FloatPack x) { return (FloatPack)((IntPack)x & 0x7fffffff); }
MUSTER_FN DoublePack magnitude(DoublePack x) { return (DoublePack)((WidePack)x & 0x7fffffffffffffff); }
MUSTER_FN DoublePack root_of(DoublePack x) {
#if defined(__AVX512F__)
  return _mm512_sqrt_pd(x);
#elif defined(__AVX2__)
  return _mm256_sqrt_pd(x);
#else
  for (std::size_t i = 0; i < sizeof(x) / sizeof(x[0]); ++i) x[i] = sqrt(x[i]);
  return x;
#endif
}
MUSTER_FN IntPack ones_of(IntPack mask) { return -mask; }
MUSTER_FN WidePack ones_of(WidePack mask) { return -mask; }
MUSTER_FN IntPack none_of(IntPack mask) { return ~mask; }
MUSTER_FN WidePack none_of(WidePack mask) { return ~mask; }

/// `at` need not be aligned.
template <class P, class T>
MUSTER_FN P load_pack(T const* at) {
  P pack;
  __builtin_memcpy(&pack, at, sizeof(P));
  return pack;
}
template <class P, class T>
MUSTER_FN void store_pack(T* at, P pack) {
  __builtin_memcpy(at, &pack, sizeof(P));
}

/// Integers of 32 or 16 bits as wide as the lanes of F.
template <class F>
MUSTER_FN IntOf<F> load_ints(std::int32_t const* at) {
  if constexpr (sizeof(RealOf<F>) == 4)
    return load_pack<IntPack>(at);
  else
    return __builtin_convertvector(load_pack<HalfIntPack>(at), WidePack);
}
template <class F>
MUSTER_FN F load_shorts(std::int16_t const* at) {
  if constexpr (sizeof(RealOf<F>) == 4)
    return __builtin_convertvector(__builtin_convertvector(load_pack<HalfShortPack>(at), IntPack), FloatPack);
  else
    return __builtin_convertvector(__builtin_convertvector(load_pack<QuarterShortPack>(at), HalfIntPack), DoublePack);
}

template <class P>
MUSTER_FN std::int64_t sum_of_lanes(P pack) {
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < sizeof(P) / sizeof(pack[0]); ++i) sum += pack[i];
  return sum;
}

/// Adds up amounts, a pack at a time; all additions are of integers.
class MoneyPacks {
 public:
  MUSTER_FN void add(DoublePack amounts) {
    bits_ += (WidePack)(amounts + money_magic);
    count_ += sizeof(DoublePack) / sizeof(double);
  }
  MUSTER_FN void add(FloatPack amounts) {
    HalfFloatPack half[2];
    __builtin_memcpy(half, &amounts, sizeof(half));
    add(__builtin_convertvector(half[0], DoublePack));
    add(__builtin_convertvector(half[1], DoublePack));
  }
  /// In money units.
  MUSTER_FN std::int64_t sum() const {
    return static_cast<std::int64_t>(static_cast<std::uint64_t>(sum_of_lanes_modulo()) -
                                     count_ * static_cast<std::uint64_t>(money_magic_bits));
  }

 private:
  MUSTER_FN std::uint64_t sum_of_lanes_modulo() const {
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < sizeof(WidePack) / 8; ++i) sum += static_cast<std::uint64_t>(bits_[i]);
    return sum;
  }
  WidePack bits_{};
  std::uint64_t count_ = 0;
};

#endif

MUSTER_BACKTEST_END
