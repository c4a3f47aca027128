// The memory of one device, for everything in a rank that computes there: under a limit, with what was held.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "kernels/accelerator.hpp"

namespace muster::kernels {

struct PoolUse {
  std::uint64_t limit_bytes = 0;
  std::uint64_t held_bytes = 0;
  std::uint64_t high_water_bytes = 0;  ///< the most that was held, or set aside for it, at once
};

/// A device that has just been opened, and what may be taken of it from then on.
struct Opened {
  std::unique_ptr<Accelerator> device;
  std::uint64_t limit_bytes = UINT64_MAX;
};

/// Opens its device when it is first asked for something. Safe to ask from several threads.
class DevicePool {
 public:
  explicit DevicePool(std::function<Opened()> open);
  ~DevicePool();
  DevicePool(DevicePool const&) = delete;
  DevicePool& operator=(DevicePool const&) = delete;

  Accelerator& device();
  /// Null beyond the limit, and when the device has no more.
  void* take(std::size_t bytes);
  void give(void* at) noexcept;
  /// What can still be taken under the limit.
  std::uint64_t room_bytes();
  bool is_open() const;
  PoolUse use() const;
  /// Its device is lost: nothing of it is called from now on, not even its end, and nothing more is given.
  void abandon();

 private:
  Accelerator& opened();

  mutable std::mutex mutex_;
  std::function<Opened()> open_;
  std::unique_ptr<Accelerator> device_;
  std::unordered_map<void*, std::size_t> given_;
  bool is_abandoned_ = false;
  PoolUse use_;
};

/// Memory of a pool, given back by its end.
class PoolMemory {
 public:
  PoolMemory() = default;
  /// Throws OutOfMemory. No bytes are a null pointer.
  PoolMemory(DevicePool& pool, std::size_t bytes);
  ~PoolMemory();
  PoolMemory(PoolMemory&& other) noexcept;
  PoolMemory& operator=(PoolMemory&& other) noexcept;
  void* at() const { return at_; }

 private:
  DevicePool* pool_ = nullptr;
  void* at_ = nullptr;
};

/// What a request really takes: devices give memory in pieces of this.
inline constexpr std::size_t memory_piece = 512;
/// What a pool takes of its device at a time.
inline constexpr std::size_t pool_step = std::size_t{32} << 20;
constexpr std::size_t whole_steps(std::size_t bytes) { return (bytes + pool_step - 1) / pool_step * pool_step; }
/// The limit of a pool whose device must not lose more than `bytes` to it.
constexpr std::uint64_t limit_within(std::uint64_t bytes) { return bytes / pool_step * pool_step; }
constexpr std::size_t whole_pieces(std::size_t bytes) { return (bytes + memory_piece - 1) / memory_piece * memory_piece; }

}  // namespace muster::kernels
