// A set of tile indices kept as disjoint ranges: small while the tiles come nearly in order.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "core/tile.hpp"

namespace muster::orchestrator {

/// Have they a tile in common?
inline bool overlap(TileRange a, TileRange b) { return a.first < b.end() && b.first < a.end(); }

class RangeSet {
 public:
  /// Adds a range that shares no tile with the set (else: Error (Exit::bug), for a tile would count
  /// twice); neighbours join.
  void insert(TileRange range);
  /// Adds those tiles of the range that are not in the set yet.
  void cover(TileRange range);
  /// Takes up to `count` tiles out of the first range; an empty range when the set is empty.
  TileRange take_front(std::uint64_t count);
  bool intersects(TileRange range) const;
  /// The tiles of [first, end) that are not in the set.
  std::vector<TileRange> gaps(std::uint64_t first, std::uint64_t end) const;
  /// Number of tiles.
  std::uint64_t total() const { return total_; }
  bool empty() const { return total_ == 0; }
  /// Sorted, disjoint, not adjacent.
  std::vector<TileRange> ranges() const;

 private:
  std::map<std::uint64_t, std::uint64_t> ends_;  // first -> end
  std::uint64_t total_ = 0;
};

}  // namespace muster::orchestrator
