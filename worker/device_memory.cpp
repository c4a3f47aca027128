#include "worker/device_memory.hpp"

#include <algorithm>

#include "topology/process_memory.hpp"

namespace muster::worker {

std::unique_ptr<kernels::DevicePool> make_device_pool(jobs::Device device) {
  return std::make_unique<kernels::DevicePool>([device] {
    return kernels::Opened{kernels::open_cuda(device.ordinal), device.pool_bytes};
  });
}

void read_use(kernels::DevicePool const& pool, int ordinal, DeviceUse& use) {
  if (!pool.is_open()) return;
  auto const figures = pool.use();
  use.limit_bytes = figures.limit_bytes == UINT64_MAX ? 0 : figures.limit_bytes;
  use.pool_high_bytes = figures.high_water_bytes;
  auto const shown = topology::process_device_bytes(ordinal).value_or(0);
  use.context_bytes = shown - std::min(shown, figures.high_water_bytes);
}

}  // namespace muster::worker
