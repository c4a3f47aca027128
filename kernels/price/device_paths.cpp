#include "kernels/price/device_paths.hpp"

#include <utility>

#include "core/text.hpp"
#include "kernels/landing.hpp"
#include "kernels/out_of_memory.hpp"

namespace muster::kernels {

/// All that a prepared device holds.
struct DevicePaths::Buffers {
  PoolMemory columns, raw;
  Landing host_raw;
  std::vector<std::unique_ptr<PathLauncher>> launchers;

  Buffers(DevicePool& pool, PathMemory const& memory, PathShape shape)
      : columns(pool, memory.column_bytes * shape.columns),
        raw(pool, memory.tile_bytes * shape.tiles),
        host_raw(pool.device(), memory.tile_bytes * shape.tiles) {}
};

DevicePaths::DevicePaths(std::vector<PathPlan const*> plans, DevicePool& pool)
    : plans_(std::move(plans)),
      pool_(pool),
      width_(pool.device().width()),
      memory_(memory_of(plans_)),
      shape_(full_shape(memory_, width_, plans_.front()->tile_items)) {}

DevicePaths::~DevicePaths() = default;

/// Before anything is taken: a device filled to its limit by halves would have to give it back again.
void DevicePaths::check_room() const {
  auto const wanted = pool_bytes(memory_, shape_) + stack_bytes(memory_, width_);
  if (wanted > pool_.room_bytes())
    throw OutOfMemory(fmt::format("{} paths at once need {} of the device (which may give {}); raise --device-memory, or use "
                                  "--device cpu", human_count(shape_.columns), human_bytes(wanted),
                                  human_bytes(pool_.room_bytes())));
}

void DevicePaths::prepare() {
  if (buffers_) return;
  check_room();
  auto made = std::make_unique<Buffers>(pool_, memory_, shape_);
  for (auto const* plan : plans_) made->launchers.push_back(pool_.device().open_paths(*plan, pool_));
  buffers_ = std::move(made);
}

bool DevicePaths::halve() {
  buffers_.reset();
  if (is_least(shape_)) return false;
  shape_ = half_shape(memory_, shape_, plans_.front()->tile_items);
  return true;
}

void DevicePaths::run(std::size_t group, TileRange range, std::span<std::int64_t> raw) {
  prepare();
  PathBuffers const buffers{buffers_->columns.at(), static_cast<std::int64_t*>(buffers_->raw.at()),
                            static_cast<std::int64_t*>(buffers_->host_raw.at())};
  buffers_->launchers[group]->run(range, shape_.columns, buffers, raw);
}

}  // namespace muster::kernels
