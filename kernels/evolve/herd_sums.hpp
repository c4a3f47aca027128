// What a tile's fingerprint is made of.
#pragma once

#include <cstdint>

#include "kernels/host_device.hpp"
#include "kernels/sums/slots.hpp"

namespace muster::kernels {

/// Sums over individuals, in any order and any pieces.
struct HerdSums {
  std::uint64_t high = 0, low = 0;

  /// Number i of its tile.
  MUSTER_HD void add(std::uint64_t i, std::uint64_t hash, std::int64_t fitness) {
    auto const of_genes = static_cast<std::int64_t>(hash);
    high += digest_share(digest_key_high, 2 * i, of_genes) + digest_share(digest_key_high, 2 * i + 1, fitness);
    low += digest_share(digest_key_low, 2 * i, of_genes) + digest_share(digest_key_low, 2 * i + 1, fitness);
  }
};

}  // namespace muster::kernels
