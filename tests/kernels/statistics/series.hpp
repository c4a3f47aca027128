// Returns that known_answers.py makes too, to the same bits: a linear congruence and exact arithmetic alone.
#pragma once

#include <cstdint>
#include <vector>

namespace muster::test {

/// Returns of `trials` trials, each a share of a common one and a part of its own, in 2^-20ths.
inline std::vector<double> made_returns(std::uint64_t seed, int trials, int bars, int common_share) {
  std::vector<double> returns;
  auto const noise = [](std::uint64_t& state) {
    state = state * 6364136223846793005u + 1442695040888963407u;
    return static_cast<double>(static_cast<std::int64_t>(state >> 48) - 32768);
  };
  for (int i = 0; i < trials; ++i) {
    std::uint64_t common = seed, own = seed * 1000 + static_cast<std::uint64_t>(i) + 1;
    for (int t = 0; t < bars; ++t) {
      double const shared = noise(common), alone = noise(own);
      returns.push_back((shared * common_share + alone * (8 - common_share)) * 0x1p-20 + (i % 5 == 0 ? 0x1p-9 : 0));
    }
  }
  return returns;
}

}  // namespace muster::test
