#include "orchestrator/range_set.hpp"

#include <gtest/gtest.h>

#include <random>
#include <set>

#include "core/error.hpp"

namespace muster::orchestrator {
namespace {

using Ranges = std::vector<TileRange>;

TEST(RangeSet, neighbours_join) {
  RangeSet set;
  set.insert({10, 5});
  set.insert({20, 5});
  EXPECT_EQ(set.ranges(), (Ranges{{10, 5}, {20, 5}}));
  set.insert({15, 5});
  EXPECT_EQ(set.ranges(), (Ranges{{10, 15}}));
  set.insert({0, 3});
  set.insert({25, 1});
  EXPECT_EQ(set.ranges(), (Ranges{{0, 3}, {10, 16}}));
  EXPECT_EQ(set.total(), 19u);
}

TEST(RangeSet, a_tile_twice_is_a_bug) {
  RangeSet set;
  set.insert({10, 5});
  for (TileRange range : Ranges{{10, 5}, {14, 1}, {5, 6}, {0, 100}, {12, 1}})
    EXPECT_THROW(set.insert(range), Error);
  EXPECT_EQ(set.total(), 5u);
}

TEST(RangeSet, empty_ranges_change_nothing) {
  RangeSet set;
  set.insert({10, 0});
  EXPECT_TRUE(set.empty());
  EXPECT_FALSE(set.intersects({0, 100}));
  EXPECT_EQ(set.take_front(5), TileRange{});
}

TEST(RangeSet, takes_from_the_front_without_crossing_a_gap) {
  RangeSet set;
  set.insert({10, 5});
  set.insert({20, 5});
  EXPECT_EQ(set.take_front(3), (TileRange{10, 3}));
  EXPECT_EQ(set.take_front(3), (TileRange{13, 2}));
  EXPECT_EQ(set.take_front(9), (TileRange{20, 5}));
  EXPECT_TRUE(set.empty());
}

TEST(RangeSet, gaps_are_the_complement) {
  RangeSet set;
  set.insert({10, 5});
  set.insert({20, 5});
  EXPECT_EQ(set.gaps(0, 30), (Ranges{{0, 10}, {15, 5}, {25, 5}}));
  EXPECT_EQ(set.gaps(12, 22), (Ranges{{15, 5}}));
  EXPECT_EQ(set.gaps(10, 15), Ranges{});
}

TEST(RangeSet, agrees_with_a_set_of_tiles) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 50; ++round) {
    RangeSet ranges;
    std::set<std::uint64_t> tiles;
    for (int step = 0; step < 200; ++step) {
      TileRange const range{random() % 300, 1 + random() % 8};
      bool overlaps = false;
      for (auto tile = range.first; tile < range.end(); ++tile) overlaps |= tiles.contains(tile);
      ASSERT_EQ(ranges.intersects(range), overlaps);
      if (!overlaps) {
        ranges.insert(range);
        for (auto tile = range.first; tile < range.end(); ++tile) tiles.insert(tile);
      } else if (random() % 4 == 0) {
        TileRange const taken = ranges.take_front(1 + random() % 5);
        for (auto tile = taken.first; tile < taken.end(); ++tile) ASSERT_EQ(tiles.erase(tile), 1u);
      }
      ASSERT_EQ(ranges.total(), tiles.size());
    }
  }
}

}  // namespace
}  // namespace muster::orchestrator
