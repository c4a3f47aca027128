// A device that computes beside the CPU: its memory, and how paths run there. A CUDA device is one; tests
// make others.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include "core/tile.hpp"
#include "kernels/backtest/crossover.hpp"
#include "kernels/backtest/crossover_score.hpp"
#include "kernels/backtest/engine.hpp"
#include "kernels/evolve/device_search.hpp"
#include "kernels/nets/device_learner.hpp"
#include "kernels/price/path_plan.hpp"

namespace muster::kernels {

class DevicePool;

/// How wide a device is.
struct Width {
  int multiprocessors = 1;
  int resident_threads = 2048;  ///< of a multiprocessor
};

/// Memory of one launch of paths: on the device, and where its raw sums arrive on the host.
struct PathBuffers {
  void* columns = nullptr;
  std::int64_t* raw = nullptr;
  std::int64_t* host_raw = nullptr;
};

/// One group's tables on a device, and its launches.
class PathLauncher {
 public:
  virtual ~PathLauncher() = default;
  /// Overwrites raw[tiles][rows][raw_sums], `columns` paths in flight. Throws OutOfMemory.
  virtual void run(TileRange range, std::uint32_t columns, PathBuffers const& buffers, std::span<std::int64_t> raw) = 0;
};

/// Crossover rules on one table of a device.
class CrossoverRunner {
 public:
  virtual ~CrossoverRunner() = default;
  /// The bits of backtest::run_crossovers. Fastest from and to a Landing.
  virtual void run(std::span<backtest::Crossover const> rules, std::span<backtest::CrossoverResult> out) = 0;
  /// Of genomes on the device, table after table: the last one's fitness is that of backtest::CrossoverScore. Others of the device
  /// see it there without waiting.
  virtual void judge(DeviceHerd const& herd, backtest::CrossoverPart const& part) = 0;
};

class Accelerator {
 public:
  virtual ~Accelerator() = default;
  virtual Width width() const = 0;
  /// Memory of the device; null when it has no more.
  virtual void* take(std::size_t bytes) = 0;
  virtual void give(void* at) noexcept = 0;
  /// The most of the device that was set aside for take() at once.
  virtual std::uint64_t set_aside_bytes() const = 0;
  /// Memory of the host that the device copies to; null when there is no more.
  virtual void* take_host(std::size_t bytes) = 0;
  virtual void give_host(void* at) noexcept = 0;
  /// Keeps references to both. Throws OutOfMemory.
  virtual std::unique_ptr<PathLauncher> open_paths(PathPlan const& plan, DevicePool& pool) = 0;
  /// `rules_at_once` of them a launch. Keeps neither plan nor table; null for a device that has no form of it. Throws
  /// OutOfMemory.
  virtual std::unique_ptr<backtest::Runner> open_backtest(backtest::Plan const& /*plan*/, std::size_t /*rules_at_once*/,
                                                          DevicePool& /*pool*/) {
    return nullptr;
  }
  virtual std::unique_ptr<CrossoverRunner> open_crossovers(backtest::CrossoverTable const& /*table*/,
                                                           std::size_t /*rules_at_once*/, DevicePool& /*pool*/) {
    return nullptr;
  }
  /// Null for a device that has no form of it. Throws OutOfMemory.
  virtual std::unique_ptr<DeviceSearch> open_search(SearchSettings const& /*settings*/, DevicePool& /*pool*/) { return nullptr; }
  /// On the plan's copies times members devices of this kind, each with its pool, this one's first. Keeps no reference to the plan;
  /// null for a device that has no form of it. Throws OutOfMemory.
  virtual std::unique_ptr<nets::DeviceLearner> open_learner(nets::DevicePlan const& /*plan*/, std::span<DevicePool* const> /*pools*/) {
    return nullptr;
  }
};

/// A CUDA device of this process. Throws Error (Exit::environment) in a build without CUDA too.
std::unique_ptr<Accelerator> open_cuda(int ordinal);

}  // namespace muster::kernels
