#include "kernels/sums/slots.hpp"

#include <gtest/gtest.h>

#include <limits>
#include <random>
#include <vector>

namespace {

using namespace muster::kernels;

__int128 value_of(std::int64_t const* slots, int count) {
  __int128 value = 0;
  for (int i = count; i-- > 0;) value = value * (__int128{1} << 32) + slots[i];
  return value;
}

TEST(Slots, FoldKeepsTheValue) {
  std::mt19937_64 any(5);
  for (int i = 0; i < 10000; ++i) {
    std::int64_t raw[raw_sums];
    for (auto& x : raw) x = static_cast<std::int64_t>(any()) >> (any() % 60);
    std::int64_t slots[slots_control];
    fold_row(raw, true, slots);
    EXPECT_TRUE(value_of(slots, 2) == raw[raw_y]);
    EXPECT_TRUE(value_of(slots + 2, 4) == join_halves(raw[raw_yy_h], raw[raw_yy_m], raw[raw_yy_l]));
    EXPECT_TRUE(value_of(slots + 12, 4) == join_halves(raw[raw_yc_h], raw[raw_yc_m], raw[raw_yc_l]));
    for (int s : {0, 2, 3, 4, 6, 8, 9, 10, 12, 13, 14}) {
      EXPECT_GE(slots[s], 0);
      EXPECT_LT(slots[s], std::int64_t{1} << 32);
    }
  }
}

// The worst a tile can hold stays inside 64 bits: max_tile_items items of the largest quantum.
TEST(Slots, RawSumsHoldTheLargestTile) {
  __int128 const most = std::numeric_limits<std::int64_t>::max();
  __int128 const items = max_tile_items;
  EXPECT_TRUE(items * (__int128{1} << quantum_bits) <= most);                     // sum of q
  EXPECT_TRUE(items * (__int128{1} << (2 * split_bits)) <= most);                 // sum of high * high
  EXPECT_TRUE(items * 2 * (__int128{1} << (split_bits + split_bits - 1)) <= most);  // cross terms
}

// 2^20 tiles of the extreme, merged with carries now and then, equal the exact product.
TEST(Slots, MergingKeepsTheValue) {
  std::int64_t raw[raw_sums] = {};
  raw[raw_y] = -(std::int64_t{1} << 62);
  raw[raw_yy_h] = std::int64_t{1} << 62;
  raw[raw_yy_m] = -(std::int64_t{1} << 61);
  raw[raw_yy_l] = (std::int64_t{1} << 62) - 1;
  std::int64_t tile[slots_plain];
  fold_row(raw, false, tile);
  std::int64_t sums[slots_plain] = {};
  constexpr int tiles = 1 << 20;
  for (int t = 0; t < tiles; ++t) {
    for (int s = 0; s < slots_plain; ++s) sums[s] += tile[s];
    if (t % 65536 == 0) carry_row(sums, false);
  }
  carry_row(sums, false);
  EXPECT_TRUE(value_of(sums, 2) == static_cast<__int128>(raw[raw_y]) * tiles);
  EXPECT_TRUE(value_of(sums + 2, 4) == join_halves(raw[raw_yy_h], raw[raw_yy_m], raw[raw_yy_l]) * tiles);
}

// One changed slot or another tile index gives another digest.
TEST(Slots, DigestSeesEverySlotAndTheTile) {
  std::vector<std::int64_t> slots(100, 0);
  auto const digest = [&](std::uint64_t tile) {
    std::uint64_t shares = 0;
    for (std::size_t i = 0; i < slots.size(); ++i) shares += digest_share(digest_key_high, i, slots[i]);
    return digest_finish(digest_key_high, tile, shares);
  };
  std::uint64_t const base = digest(0);
  EXPECT_NE(digest(1), base);
  for (auto& slot : slots) {
    slot = 1;
    EXPECT_NE(digest(0), base);
    slot = 0;
  }
  std::swap(slots[0] = 7, slots[1]);
  std::uint64_t const one = digest(0);
  std::swap(slots[0], slots[1]);
  EXPECT_NE(digest(0), one);
}

}  // namespace
