// Path simulation of one group of contracts on a CPU thread; device_paths.hpp has it on a GPU.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "core/tile.hpp"
#include "kernels/price/path_plan.hpp"
#include "kernels/sums/slots.hpp"

namespace muster::kernels {

/// Runs tiles of one PathPlan and keeps whatever buffers the device needs. One thread at a time.
class PathRunner {
 public:
  virtual ~PathRunner() = default;
  /// Overwrites `raw` with the raw sums of every tile of `range`, tile after tile: range.count *
  /// PathPlan::rows() * raw_sums values.
  virtual void run(TileRange range, std::span<std::int64_t> raw) = 0;
  /// Item (path or antithetic pair) of `tile` whose sample was NaN, infinite or out of range first in `row`.
  virtual std::uint64_t find_bad_item(std::uint64_t tile, std::uint64_t row) = 0;
};

/// On the calling thread. The plan is copied.
std::unique_ptr<PathRunner> make_host_paths(PathPlan const& plan);

}  // namespace muster::kernels
