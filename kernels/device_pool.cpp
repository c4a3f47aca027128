#include "kernels/device_pool.hpp"

#include <algorithm>
#include <utility>
#include <vector>

#include "core/text.hpp"
#include "kernels/device_lost.hpp"
#include "kernels/out_of_memory.hpp"

namespace muster::kernels {
namespace {

/// Devices that are lost are kept to the end of the process, for their end would call them.
void keep_for_good(std::unique_ptr<Accelerator> device) {
  static std::mutex guard;
  static auto* const kept = new std::vector<std::unique_ptr<Accelerator>>;
  std::lock_guard const lock(guard);
  kept->push_back(std::move(device));
}

}  // namespace

DevicePool::DevicePool(std::function<Opened()> open) : open_(std::move(open)) {}

DevicePool::~DevicePool() {
  for (auto const& [at, bytes] : given_) device_->give(at);
}

void DevicePool::abandon() {
  std::lock_guard lock(mutex_);
  is_abandoned_ = true;
  given_.clear();
  use_.held_bytes = 0;
  if (device_) keep_for_good(std::move(device_));
}

Accelerator& DevicePool::opened() {
  if (is_abandoned_) throw DeviceLost("a device that is lost was asked for more (this process can use it no more); run again");
  if (device_) return *device_;
  auto made = open_();
  device_ = std::move(made.device);
  use_.limit_bytes = made.limit_bytes;
  return *device_;
}

Accelerator& DevicePool::device() {
  std::lock_guard lock(mutex_);
  return opened();
}

void* DevicePool::take(std::size_t bytes) {
  std::lock_guard lock(mutex_);
  auto& device = opened();
  auto const whole = whole_pieces(bytes);
  if (whole < bytes || whole > use_.limit_bytes - use_.held_bytes) return nullptr;
  void* const at = device.take(whole);
  if (at == nullptr) return nullptr;
  given_.emplace(at, whole);
  use_.held_bytes += whole;
  use_.high_water_bytes = std::max(use_.high_water_bytes, use_.held_bytes);
  return at;
}

void DevicePool::give(void* at) noexcept {
  std::lock_guard lock(mutex_);
  auto const found = given_.find(at);
  if (found == given_.end()) return;
  use_.held_bytes -= found->second;
  given_.erase(found);
  device_->give(at);
}

std::uint64_t DevicePool::room_bytes() {
  std::lock_guard lock(mutex_);
  opened();
  return use_.limit_bytes - use_.held_bytes;
}

bool DevicePool::is_open() const {
  std::lock_guard lock(mutex_);
  return device_ != nullptr;
}

PoolUse DevicePool::use() const {
  std::lock_guard lock(mutex_);
  auto use = use_;
  if (device_) use.high_water_bytes = std::max(use.high_water_bytes, device_->set_aside_bytes());
  return use;
}

PoolMemory::PoolMemory(DevicePool& pool, std::size_t bytes) : pool_(&pool) {
  if (bytes == 0) return;
  at_ = pool.take(bytes);
  if (at_ == nullptr)
    throw OutOfMemory(fmt::format("the device has no {} more for this job (which holds {}); use one with more memory, or "
                                  "--device cpu", human_bytes(bytes), human_bytes(pool.use().held_bytes)));
}

PoolMemory::~PoolMemory() {
  if (at_ != nullptr) pool_->give(at_);
}

PoolMemory::PoolMemory(PoolMemory&& other) noexcept
    : pool_(other.pool_), at_(std::exchange(other.at_, nullptr)) {}

PoolMemory& PoolMemory::operator=(PoolMemory&& other) noexcept {
  std::swap(pool_, other.pool_);
  std::swap(at_, other.at_);
  return *this;
}

}  // namespace muster::kernels
