// A job of small deterministic integer sums, for the engine's tests and bench.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "jobs/job.hpp"

namespace muster::test {

/// splitmix64: any tile's numbers from its index alone.
inline std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

inline TileDigest mock_digest(std::uint64_t tile) { return {mix(tile), mix(~tile)}; }

/// What slot `slot` of tile `tile` holds: small, positive and negative.
inline std::int64_t mock_value(std::uint64_t tile, std::size_t slot) {
  return static_cast<std::int64_t>(mix(tile * 31 + slot) % 2'000'001) - 1'000'000;
}

struct MockJob : jobs::Job {
  std::vector<std::uint64_t> stage_tiles{100};
  std::size_t slot_count = 4;
  std::uint64_t preferred = 4;
  /// Called for each range before it is computed; may wait, throw or spoil the thread's state.
  std::function<void(TileRange, jobs::Device)> before_range;
  std::function<bool(std::span<std::int64_t const>, std::uint64_t)> done_rule;
  /// Called when a runner is made.
  std::function<void(jobs::Device)> on_runner;
  /// Called to prepare a runner; may throw.
  std::function<void(jobs::Device)> on_prepare;
  /// What a runner does when memory is short; unset: nothing it can.
  std::function<std::optional<jobs::StepDown>(jobs::Device)> on_step_down;
  jobs::SameBits bits = jobs::SameBits::on_every_device;
  mutable std::atomic<std::uint64_t> normalizations = 0;

  std::string_view kind() const override { return "mock"; }
  std::size_t slots() const override { return slot_count; }
  std::vector<std::uint64_t> stages() const override { return stage_tiles; }
  bool is_done(std::span<std::int64_t const> sums, std::uint64_t tiles) const override {
    return done_rule && done_rule(sums, tiles);
  }
  void normalize(std::span<std::int64_t>) const override { ++normalizations; }
  jobs::SameBits same_bits() const override { return bits; }
  jobs::WorkUnit work_unit() const override { return {"items", 10}; }
  std::unique_ptr<jobs::TileRunner> make_runner(jobs::Device device) const override {
    if (on_runner) on_runner(device);
    return std::make_unique<Runner>(*this, device);
  }
  std::vector<Table> results(std::span<std::int64_t const>, std::uint64_t) const override {
    return {};
  }
  std::string summary(std::vector<Table> const&) const override { return {}; }

  struct Runner : jobs::TileRunner {
    Runner(MockJob const& of, jobs::Device on) : job(of), device(on) {}
    void prepare() override {
      if (job.on_prepare) job.on_prepare(device);
    }
    std::optional<jobs::StepDown> step_down() override {
      return job.on_step_down ? job.on_step_down(device) : std::nullopt;
    }
    void run(TileRange range, std::span<std::int64_t> sums,
             std::span<TileDigest> digests) override {
      if (job.before_range) job.before_range(range, device);
      for (std::uint64_t tile = range.first; tile < range.end(); ++tile) {
        for (std::size_t slot = 0; slot < sums.size(); ++slot) sums[slot] += mock_value(tile, slot);
        digests[tile - range.first] = mock_digest(tile);
      }
    }
    std::uint64_t preferred_tiles() const override { return job.preferred; }
    MockJob const& job;
    jobs::Device device;
  };
};

/// The sums of tiles [0, tiles), computed directly.
inline Slots direct_sums(std::uint64_t tiles, std::size_t slots) {
  Slots sums(slots, 0);
  for (std::uint64_t tile = 0; tile < tiles; ++tile)
    for (std::size_t slot = 0; slot < slots; ++slot) sums[slot] += mock_value(tile, slot);
  return sums;
}

}  // namespace muster::test
