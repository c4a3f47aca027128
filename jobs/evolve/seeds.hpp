// Seeds that come from the job's: each purpose has numbers of its own, so that no two searches share theirs.
#pragma once

#include <cstdint>

#include "kernels/sums/slots.hpp"

namespace muster::jobs::evolve {

/// The value's upper bits tell purposes apart, its lower ones are counted.
enum class Purpose : std::uint64_t {
  null_market = 0,
  fold = 0x666f'6c64'0000'0000,   // "fold"
  trial = 0x7472'6961'6c00'0000,  // "trial"
};

inline std::uint64_t seed_for(Purpose purpose, std::uint64_t index, std::uint64_t seed) {
  return kernels::mix64(seed ^ kernels::mix64(static_cast<std::uint64_t>(purpose) + index));
}

}  // namespace muster::jobs::evolve
