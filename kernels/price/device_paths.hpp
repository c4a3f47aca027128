// The groups of a job on one accelerator, as many of their paths at a time as its memory holds.
#pragma once

#include <memory>
#include <span>
#include <vector>

#include "core/tile.hpp"
#include "kernels/device_pool.hpp"
#include "kernels/price/path_memory.hpp"

namespace muster::kernels {

/// Tiles are powers of two, and hold whole blocks of a GPU's threads.
inline constexpr std::uint64_t least_device_tile_items = 256;

/// One thread at a time. Groups run one after the other and share the memory of paths in flight.
class DevicePaths {
 public:
  /// Keeps the plans and the pool; all plans have one tile size. Takes nothing yet.
  DevicePaths(std::vector<PathPlan const*> plans, DevicePool& pool);
  ~DevicePaths();

  PathShape shape() const { return shape_; }
  /// Takes what the shape needs, if it has not yet. Throws OutOfMemory.
  void prepare();
  /// Gives everything back and needs about half from now on; false when it can need no less.
  bool halve();
  /// At most shape().tiles tiles of a group into raw[tiles][rows][raw_sums]. Throws OutOfMemory.
  void run(std::size_t group, TileRange range, std::span<std::int64_t> raw);

 private:
  struct Buffers;
  void check_room() const;

  std::vector<PathPlan const*> plans_;
  DevicePool& pool_;
  Width width_;
  PathMemory memory_;
  PathShape shape_;
  std::unique_ptr<Buffers> buffers_;
};

}  // namespace muster::kernels
