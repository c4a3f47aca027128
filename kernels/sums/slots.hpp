// Exact sums as integers: how a row's raw sums become canonical slots, and a tile's digest.
// The proof that nothing overflows stands in docs/methods/exact-sums.md.
#pragma once

#include <cstdint>

#include "kernels/host_device.hpp"

namespace muster::kernels {

/// A sample times its row's scale is rounded to an integer q with |q| < 2^quantum_bits.
inline constexpr int quantum_bits = 44;
/// q = high 2^split_bits + low: products of the halves are exact in a double.
inline constexpr int split_bits = 22;
/// Most items a tile may have, so that raw sums stay inside 64 bits.
inline constexpr std::uint64_t max_tile_items = std::uint64_t{1} << 18;

/// Raw 64-bit sums of one row over the items of a tile. y is the sample, c its control; `_h _m _l` are the
/// sums of high*high, the cross terms, and low*low of the split integers.
enum RawSum : int {
  raw_y, raw_yy_h, raw_yy_m, raw_yy_l,
  raw_c, raw_cc_h, raw_cc_m, raw_cc_l, raw_yc_h, raw_yc_m, raw_yc_l,
  raw_bad,  ///< items whose sample or control was NaN, infinite or out of range
  raw_sums
};

/// Slots of one row. First moments take two (base 2^32, the upper signed), second moments four.
inline constexpr int slots_plain = 6;     ///< y, yy
inline constexpr int slots_control = 16;  ///< y, yy, c, cc, yc

MUSTER_HD void split_limbs(__int128 value, std::int64_t* slots, int count) {
  for (int i = 0; i + 1 < count; ++i) {
    slots[i] = static_cast<std::int64_t>(static_cast<std::uint32_t>(value));
    value >>= 32;
  }
  slots[count - 1] = static_cast<std::int64_t>(value);
}

MUSTER_HD __int128 join_halves(std::int64_t high, std::int64_t middle, std::int64_t low) {
  return (static_cast<__int128>(high) << (2 * split_bits)) + (static_cast<__int128>(middle) << split_bits) + low;
}

/// Writes the canonical slots of one row of a tile from its raw sums.
MUSTER_HD void fold_row(std::int64_t const* raw, bool with_control, std::int64_t* slots) {
  split_limbs(raw[raw_y], slots, 2);
  split_limbs(join_halves(raw[raw_yy_h], raw[raw_yy_m], raw[raw_yy_l]), slots + 2, 4);
  if (!with_control) return;
  split_limbs(raw[raw_c], slots + 6, 2);
  split_limbs(join_halves(raw[raw_cc_h], raw[raw_cc_m], raw[raw_cc_l]), slots + 8, 4);
  split_limbs(join_halves(raw[raw_yc_h], raw[raw_yc_m], raw[raw_yc_l]), slots + 12, 4);
}

/// Carries inside one number of `count` slots, so that all but the last are in [0, 2^32). Value unchanged.
MUSTER_HD void carry(std::int64_t* slots, int count) {
  for (int i = 0; i + 1 < count; ++i) {
    std::int64_t const over = slots[i] >> 32;
    slots[i] -= over * (std::int64_t{1} << 32);
    slots[i + 1] += over;
  }
}

/// carry() over every number of one row.
MUSTER_HD void carry_row(std::int64_t* slots, bool with_control) {
  carry(slots, 2);
  carry(slots + 2, 4);
  if (!with_control) return;
  carry(slots + 6, 2);
  carry(slots + 8, 4);
  carry(slots + 12, 4);
}

/// Finaliser of SplitMix64 (Steele, Lea, Flood 2014): a bijection of 64-bit words that mixes well.
MUSTER_HD std::uint64_t mix64(std::uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9u;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebu;
  x ^= x >> 31;
  return x;
}

inline constexpr std::uint64_t digest_key_high = 0x9e3779b97f4a7c15u;
inline constexpr std::uint64_t digest_key_low = 0xd1b54a32d192ed03u;

/// One slot's share of one half of a tile's digest; the shares are added, so any order will do.
MUSTER_HD std::uint64_t digest_share(std::uint64_t key, std::uint64_t slot, std::int64_t value) {
  return mix64(static_cast<std::uint64_t>(value) ^ mix64(key * (2 * slot + 1)));
}

/// Half a digest from the sum of all shares.
MUSTER_HD std::uint64_t digest_finish(std::uint64_t key, std::uint64_t tile, std::uint64_t shares) {
  return mix64(shares ^ mix64(key + tile));
}

}  // namespace muster::kernels
