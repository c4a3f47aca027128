// The order in which an epoch visits its samples: a permutation drawn by (seed, epoch).
#pragma once

#include <bit>
#include <cstdint>

#include "kernels/sums/slots.hpp"

namespace muster::kernels::nets {

/// Four Feistel rounds over an even number of bits, walked until the result is inside.
struct RowOrder {
  std::uint64_t samples = 1;
  std::uint64_t key = 0;
  unsigned half_bits = 0;  ///< 0: samples as they lie

  /// Number of the sample at a place.
  MUSTER_HD std::uint64_t at(std::uint64_t place) const {
    if (half_bits == 0) return place;
    std::uint64_t const mask = (std::uint64_t{1} << half_bits) - 1;
    do {
      std::uint64_t left = place >> half_bits, right = place & mask;
      for (std::uint64_t round = 0; round < 4; ++round) {
        std::uint64_t const mixed = left ^ (mix64(key + (round << 56) + right) & mask);
        left = right;
        right = mixed;
      }
      place = left << half_bits | right;
    } while (place >= samples);
    return place;
  }
};

inline RowOrder shuffled_order(std::uint64_t samples, std::uint64_t seed, std::uint64_t epoch) {
  unsigned const bits = static_cast<unsigned>(std::bit_width(samples - 1));
  return {samples, mix64(seed ^ mix64(0x73687566666c65 + epoch)), bits < 2 ? 1 : (bits + 1) / 2};
}

}  // namespace muster::kernels::nets
