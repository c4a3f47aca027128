// Philox constants and key schedule; see philox.hpp for the rounds.
#pragma once

#include <cstdint>

namespace muster::kernels {

inline constexpr int philox_rounds = 10;
inline constexpr std::uint32_t philox_multiplier_0 = 0xD2511F53u;
inline constexpr std::uint32_t philox_multiplier_1 = 0xCD9E8D57u;

/// Key schedule, computed once on the host: the rounds then only read it.
struct PhiloxKeys {
  std::uint32_t k0[philox_rounds];
  std::uint32_t k1[philox_rounds];
};

/// Round keys of a 64-bit seed.
inline PhiloxKeys philox_keys(std::uint64_t seed) {
  PhiloxKeys keys{};
  auto k0 = static_cast<std::uint32_t>(seed);
  auto k1 = static_cast<std::uint32_t>(seed >> 32);
  for (int round = 0; round < philox_rounds; ++round) {
    keys.k0[round] = k0;
    keys.k1[round] = k1;
    k0 += 0x9E3779B9u;
    k1 += 0xBB67AE85u;
  }
  return keys;
}

}  // namespace muster::kernels
