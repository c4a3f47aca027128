// The run's exact sums on rank 0.
#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "core/error.hpp"
#include "jobs/job.hpp"

namespace muster::orchestrator {

/// Adds the sums of leases with wrap-around and normalizes before the headroom of 2^20 tiles is
/// used up.
class Accumulator {
 public:
  /// For the tiles of `stage`, which is the whole run for a job without steps.
  Accumulator(jobs::Job const& job, TileRange stage) : job_(job), sums_(slots_of_stage(job, stage), 0) {}

  void restore(Slots sums) {
    MUSTER_ASSERT(sums.size() == sums_.size(), "{} slots of {}", sums.size(), sums_.size());
    sums_ = std::move(sums);
    tiles_since_ = headroom_tiles;  // who knows: normalize before the first addition
  }
  void add(std::span<std::int64_t const> sums, TileRange range) {
    auto const window = job_.window(range);
    MUSTER_ASSERT(sums.size() == window.count, "{} slots of {}", sums.size(), window.count);
    if (tiles_since_ + range.count > headroom_tiles) normalize();
    tiles_since_ += range.count;
    std::int64_t* const to = sums_.data() + window.first;
    // Unsigned: its overflow wraps by definition.
    for (std::size_t i = 0; i < sums.size(); ++i)
      to[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(to[i]) +
                                        static_cast<std::uint64_t>(sums[i]));
  }
  /// From zero, for the next stage of a job in steps; returns what there was, in canonical form.
  Slots start_over(TileRange stage) {
    normalize();
    return std::exchange(sums_, Slots(slots_of_stage(job_, stage), 0));
  }
  /// In canonical form.
  Slots const& normalized() {
    normalize();
    return sums_;
  }

 private:
  static constexpr std::uint64_t headroom_tiles = std::uint64_t{1} << 19;

  void normalize() {
    job_.normalize(sums_);
    tiles_since_ = 0;
  }

  jobs::Job const& job_;
  Slots sums_;
  std::uint64_t tiles_since_ = 0;
};

}  // namespace muster::orchestrator
