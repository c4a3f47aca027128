// How a train job is cut into tiles, and their fingerprints.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>
#include <span>

#include "core/tile.hpp"
#include "jobs/train/network.hpp"
#include "jobs/train/schedule.hpp"
#include "jobs/train/training.hpp"
#include "kernels/nets/net_view.hpp"
#include "kernels/sums/slots.hpp"

namespace muster::jobs::train {

/// Labels come first, then `shards` tiles a stage: a step, or a validation.
struct Tiling {
  std::uint64_t label_tiles, tile_samples, labels, shards, stages;

  std::uint64_t shard_of(std::uint64_t tile) const { return (tile - label_tiles) % shards; }
  bool is_label(std::uint64_t tile) const { return tile < label_tiles; }
  std::uint64_t first_sample(std::uint64_t tile) const { return std::min(tile * tile_samples, labels); }
};

inline Tiling tiling_of(Params const& params, Training const& training) {
  // Windows need no labels, and a file has its own.
  bool const has_labels = params.model == Model::surrogate && params.data.file.empty();
  auto const labels = has_labels ? params.samples.total() : 0;
  // Spare stages that are not needed are never entered.
  auto const of_a_run = step_count(params) + validation_count(params) + (params.start ? 1 : 0);
  auto const stages = run_count(params) * of_a_run + spare_stages(params) + training.check_stages();
  return {(labels + params.data.tile_samples - 1) / params.data.tile_samples, params.data.tile_samples, labels, params.training.shards, stages};
}

/// A tile's fingerprint: what it told, in order.
class Fingerprint {
 public:
  void add(std::int64_t value) {
    high_ += kernels::digest_share(kernels::digest_key_high, row_, value);
    low_ += kernels::digest_share(kernels::digest_key_low, row_++, value);
  }
  void add(std::span<std::int64_t const> values) {
    for (auto const value : values) add(value);
  }
  TileDigest of(std::uint64_t tile) const {
    return {kernels::digest_finish(kernels::digest_key_high, tile, high_), kernels::digest_finish(kernels::digest_key_low, tile, low_)};
  }

 private:
  std::uint64_t high_ = 0, low_ = 0, row_ = 0;
};

/// Of a shard, by its report; a validation's first one speaks for the parameters too.
inline TileDigest digest_of_shard(Network const& network, std::uint64_t tile, std::uint64_t shard, std::span<std::int64_t const> report) {
  Fingerprint print;
  print.add(report);
  if (network.phase != Phase::learn && shard == 0)
    for (float const x : network.weights->parameters) print.add(std::int64_t{std::bit_cast<std::int32_t>(x)});
  return print.of(tile);
}

inline TileDigest digest_of_findings(std::uint64_t tile, std::span<std::int64_t const> report) {
  Fingerprint print;
  print.add(report);
  return print.of(tile);
}

/// How the samples' errors count, and how much more in a step's gradients.
inline kernels::nets::LossWeights loss_weights(Network const& network, std::optional<kernels::nets::Dropout> const& dropout = std::nullopt) {
  return {network.data->value_weight, network.data->slope_weights.data(), dropout ? &*dropout : nullptr,
          network.phase == Phase::learn ? static_cast<float>(loss_scale_of(network)) : 1.0f};
}

}  // namespace muster::jobs::train
