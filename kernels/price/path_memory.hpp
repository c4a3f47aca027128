// What a group's paths take of a device's memory: by the plan alone, so that a plan for a machine that is not
// here knows it too.
#pragma once

#include <cstdint>
#include <span>

#include "kernels/accelerator.hpp"
#include "kernels/price/path_plan.hpp"

namespace muster::kernels {

/// Paths in flight and tiles of one launch: how much of a job is on a device at once. Any shape gives the same bits.
struct PathShape {
  std::uint32_t columns = 0;  ///< a multiple of least_columns
  std::uint64_t tiles = 0;
  bool operator==(PathShape const&) const = default;
};

/// Two blocks of threads, two paths each.
inline constexpr std::uint32_t least_columns = 256;

struct PathMemory {
  std::uint64_t table_bytes = 0;   ///< the plan's arrays
  std::uint64_t column_bytes = 0;  ///< of one path in flight
  std::uint64_t tile_bytes = 0;    ///< raw sums of a tile
  std::uint64_t stack_bytes = 0;   ///< of a thread
};
PathMemory memory_of(PathPlan const& plan);

/// Groups of one job run one after the other: each keeps its tables, they share the rest.
PathMemory memory_of(std::span<PathPlan const* const> plans);

/// Fills the device, with so many waves a launch that the last, incomplete one matters little. Raw sums of a
/// launch stay below a bound.
PathShape full_shape(PathMemory const& memory, Width width, std::uint64_t tile_items);
/// With half the columns, and the tiles that go with them.
PathShape half_shape(PathMemory const& memory, PathShape shape, std::uint64_t tile_items);
inline bool is_least(PathShape shape) { return shape.columns <= least_columns; }

/// What a shape takes of the pool, whole pieces.
std::uint64_t pool_bytes(PathMemory const& memory, PathShape shape);
/// What the driver sets aside for the stacks of a device full of threads, beyond those that every process has.
std::uint64_t stack_bytes(PathMemory const& memory, Width width);

}  // namespace muster::kernels
