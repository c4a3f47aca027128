// Training and labels on a GPU.
#pragma once

#include <memory>
#include <optional>

#include "jobs/job.hpp"
#include "jobs/train/shards.hpp"
#include "jobs/train/training.hpp"

namespace muster::jobs::train {

std::unique_ptr<TileRunner> make_device_runner(Params const& params, Training const& training, Tiling tiling, Device device);

/// For samples, weights, and as many rows of a step as there is room for.
DeviceNeed device_need(Params const& params, Training const& training, topology::Gpu const& gpu, std::uint64_t budget_bytes,
                       Team team);

}  // namespace muster::jobs::train
