// An accelerator of so much memory whose paths run on the CPU: the same bits, and it can run short.
#pragma once

#include <algorithm>
#include <map>
#include <memory>

#include "kernels/device_pool.hpp"
#include "kernels/out_of_memory.hpp"
#include "kernels/price/path_memory.hpp"
#include "kernels/price/paths.hpp"
#include "tests/kernels/evolve/host_search.hpp"
#include "tests/kernels/nets/host_learner.hpp"

namespace muster::test {

/// What a fake device has, and what was asked of it; outlives the device.
struct FakeMemory {
  std::uint64_t bytes = 0;            ///< installed
  std::uint64_t host_bytes = 0;       ///< that it can copy to
  std::uint64_t held = 0, held_high = 0, host_held = 0;
  int launches_to_fail = 0;           ///< of the next ones: out of memory in mid-run
  std::uint32_t least_columns_seen = UINT32_MAX;
  int opened = 0;
  std::size_t most_finalists = 1024;  ///< that a search tells of
  float most_short = 65504;           ///< where numbers of fp16 end
};

class FakeAccelerator final : public kernels::Accelerator {
 public:
  FakeAccelerator(FakeMemory& memory, kernels::Width width) : memory_(memory), width_(width) { ++memory_.opened; }
  kernels::Width width() const override { return width_; }
  void* take(std::size_t bytes) override {
    if (memory_.held + bytes > memory_.bytes) return nullptr;
    memory_.held += bytes;
    memory_.held_high = std::max(memory_.held_high, memory_.held);
    return keep(bytes);
  }
  void give(void* at) noexcept override { memory_.held -= drop(at); }
  std::uint64_t set_aside_bytes() const override { return memory_.held_high; }
  void* take_host(std::size_t bytes) override {
    if (memory_.host_held + bytes > memory_.host_bytes) return nullptr;
    memory_.host_held += bytes;
    return keep(bytes);
  }
  void give_host(void* at) noexcept override { memory_.host_held -= drop(at); }
  std::unique_ptr<kernels::PathLauncher> open_paths(kernels::PathPlan const& plan, kernels::DevicePool& pool) override {
    return std::make_unique<Launcher>(memory_, plan, pool);
  }
  std::unique_ptr<kernels::DeviceSearch> open_search(kernels::SearchSettings const& settings, kernels::DevicePool& pool) override {
    return std::make_unique<HostSearch>(settings, pool, memory_.most_finalists);
  }
  std::unique_ptr<kernels::nets::DeviceLearner> open_learner(kernels::nets::DevicePlan const& plan,
                                                             std::span<kernels::DevicePool* const> pools) override {
    return std::make_unique<HostLearner>(plan, pools, memory_.most_short);
  }

 private:
  struct Launcher final : kernels::PathLauncher {
    Launcher(FakeMemory& of, kernels::PathPlan const& plan, kernels::DevicePool& pool)
        : memory(of), tables(pool, kernels::memory_of(plan).table_bytes), runner(kernels::make_host_paths(plan)) {}
    void run(TileRange range, std::uint32_t columns, kernels::PathBuffers const& buffers,
             std::span<std::int64_t> raw) override {
      if (memory.launches_to_fail > 0) {
        --memory.launches_to_fail;
        throw kernels::OutOfMemory("the fake device has no stacks for its threads (a launch failed); wait");
      }
      memory.least_columns_seen = std::min(memory.least_columns_seen, columns);
      runner->run(range, raw);
      // A device writes there; the bytes are real, so that a buffer too small is found.
      std::copy(raw.begin(), raw.end(), buffers.raw);
      std::copy(raw.begin(), raw.end(), buffers.host_raw);
    }
    FakeMemory& memory;
    kernels::PoolMemory tables;
    std::unique_ptr<kernels::PathRunner> runner;
  };

  /// Large pieces need no real memory but where something is written, at their front.
  void* keep(std::size_t bytes) {
    auto piece = std::make_unique_for_overwrite<std::byte[]>(bytes);
    void* const at = piece.get();
    pieces_.emplace(at, Piece{std::move(piece), bytes});
    return at;
  }
  std::size_t drop(void* at) {
    auto const found = pieces_.find(at);
    auto const bytes = found->second.bytes;
    pieces_.erase(found);
    return bytes;
  }

  struct Piece {
    std::unique_ptr<std::byte[]> memory;
    std::size_t bytes;
  };
  FakeMemory& memory_;
  kernels::Width width_;
  std::map<void*, Piece> pieces_;
};

/// A pool over such a device.
inline std::unique_ptr<kernels::DevicePool> fake_pool(FakeMemory& memory, kernels::Width width, std::uint64_t limit) {
  return std::make_unique<kernels::DevicePool>(
      [&memory, width, limit] { return kernels::Opened{std::make_unique<FakeAccelerator>(memory, width), limit}; });
}

}  // namespace muster::test
