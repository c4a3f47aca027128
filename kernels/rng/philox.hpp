// Philox 4x32-10: counter-based random words (Salmon, Moraes, Dror, Shaw, "Parallel random numbers:
// as easy as 1, 2, 3", SC 2011). The counter's layout is frozen in docs/formats/random.md:
//   counter = (item low 32, item high 32, block 32, stream 32), key = seed.
#pragma once

#include <cstdint>

#include "kernels/config.hpp"
#include "kernels/rng/philox_keys.hpp"

MUSTER_KERNELS_BEGIN

/// Four random words of (item, block, stream) under `keys`.
MUSTER_FN void philox(PhiloxKeys const& keys, std::uint64_t item, std::uint32_t block,
                      std::uint32_t stream, std::uint32_t (&words)[4]) {
  auto c0 = static_cast<std::uint32_t>(item);
  auto c1 = static_cast<std::uint32_t>(item >> 32);
  std::uint32_t c2 = block;
  std::uint32_t c3 = stream;
  MUSTER_UNROLL
  for (int round = 0; round < philox_rounds; ++round) {
    std::uint64_t const p0 = static_cast<std::uint64_t>(philox_multiplier_0) * c0;
    std::uint64_t const p1 = static_cast<std::uint64_t>(philox_multiplier_1) * c2;
    c0 = static_cast<std::uint32_t>(p1 >> 32) ^ c1 ^ keys.k0[round];
    c1 = static_cast<std::uint32_t>(p1);
    c2 = static_cast<std::uint32_t>(p0 >> 32) ^ c3 ^ keys.k1[round];
    c3 = static_cast<std::uint32_t>(p0);
  }
  words[0] = c0;
  words[1] = c1;
  words[2] = c2;
  words[3] = c3;
}

MUSTER_KERNELS_END
