// Generations bred on a device, one after the other, and what the host keeps of them.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "jobs/evolve/generation.hpp"
#include "jobs/evolve/ground.hpp"
#include "kernels/evolve/device_search.hpp"

namespace muster::kernels {
class DevicePool;
}

namespace muster::jobs::evolve {

/// Nobody is asked who was born of whom.
class DeviceBreeding {
 public:
  /// Null for a device that has no form of it. Throws kernels::OutOfMemory.
  static std::unique_ptr<DeviceBreeding> open(Breeding const& breeding, kernels::DevicePool& pool);
  /// Of a device's memory.
  static std::uint64_t bytes(Breeding const& breeding);

  /// How digests are cut.
  struct Tiles {
    std::uint64_t first;
    std::uint64_t tile_slots;
  };
  using JudgeOf = std::function<Judge&(std::size_t herd)>;

  /// What next() goes on from: a generation behind the first, with its candidates to be judged.
  void load(Generation const& from);
  /// Breeding::next() of `at`, whose population and candidates are on the device alone. Appends the digests of what was judged.
  void next(Generation& at, Tiles const& tiles, JudgeOf const& judge_of, std::vector<TileDigest>& digests);
  /// Fills in the population and the next candidates, and how the last generation is.
  void read(Generation& to);

 private:
  explicit DeviceBreeding(Breeding const& breeding) : breeding_(breeding) {}
  void judge(kernels::DeviceSearch& search, Judge& judge);
  void describe(std::size_t herd, Generation& at);
  kernels::HerdAnswer finish(std::size_t herd, Herd const& at, std::vector<Breeding::Place> const& trials, std::uint64_t tile_slots);
  void read_candidates(kernels::DeviceSearch& search);

  Breeding const& breeding_;
  std::vector<std::unique_ptr<kernels::DeviceSearch>> searches_;  // of each herd
  std::vector<double> candidates_;  // for a judge on the host
  std::vector<std::int64_t> fitness_;
};

}  // namespace muster::jobs::evolve
