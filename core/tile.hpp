// Tiles: the unit of work, of leases and of verification. Their size is fixed by the job alone.
#pragma once

#include <compare>
#include <cstdint>
#include <vector>

namespace muster {

/// Half-open range of tile indices.
struct TileRange {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
  std::uint64_t end() const { return first + count; }
  friend bool operator==(TileRange const&, TileRange const&) = default;
};

/// 128-bit fingerprint of one tile's canonical accumulators and index (docs/formats/digests.md).
struct TileDigest {
  std::uint64_t high = 0;
  std::uint64_t low = 0;
  friend bool operator==(TileDigest const&, TileDigest const&) = default;
};

/// Exact accumulators: 64-bit slots added with wrap-around; each slot keeps at least 2^20 additions of
/// headroom over a tile's contribution, and `normalize_limbs` (core/wide.hpp) restores it after a merge.
using Slots = std::vector<std::int64_t>;

/// What a job in steps carried into one of its stages, kept for whoever wants to begin there.
struct Waypoint {
  std::uint64_t stage = 0;
  Slots words;
  friend bool operator==(Waypoint const&, Waypoint const&) = default;
};

}  // namespace muster
