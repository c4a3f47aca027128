// Money on a grid of 2^-20 dollars: every amount is rounded to it once, and sums are integers, so that no
// order of symbols, lanes or threads can change a bit.
#pragma once

#include <cstdint>

#include "kernels/backtest/config.hpp"
#include "kernels/math/base.hpp"

MUSTER_BACKTEST_BEGIN

inline constexpr double money_unit = 0x1p-20;
/// Adding it to |x| <= 2^31 leaves x, rounded to the grid, in the low mantissa bits.
inline constexpr double money_magic = 0x1.8p32;
inline constexpr std::int64_t money_magic_bits = __builtin_bit_cast(std::int64_t, money_magic);
/// The sum, in units, from which a bar is out of range.
inline constexpr std::int64_t money_limit = std::int64_t{1} << 51;

/// Units of `amount`, |amount| <= 2^31, plus money_magic_bits: what lanes add up.
template <class T>
MUSTER_FN std::int64_t money_bits(T amount) {
  return __builtin_bit_cast(std::int64_t, static_cast<double>(amount) + money_magic);
}

template <class T>
MUSTER_FN std::int64_t to_money(T amount) {
  return money_bits(amount) - money_magic_bits;
}

MUSTER_FN double to_usd(std::int64_t units) { return static_cast<double>(units) * money_unit; }

MUSTER_BACKTEST_END
