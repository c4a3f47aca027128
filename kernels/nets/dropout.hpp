// Dropout: which hidden values of a sample count in a step, by key alone, on any device.
#pragma once

#include <cstdint>

#include "kernels/host_device.hpp"
#include "kernels/rng/philox_keys.hpp"

namespace muster::kernels::nets {

/// Values behind an activation are dropped by chance, and the others scaled so that their mean stays. The network that learns is the
/// one that is left: its activation is so many times the factor, and so are both derivatives.
struct Dropout {
  PhiloxKeys keys{};
  std::uint32_t step = 0;
  std::uint32_t stream = 0;
  std::uint32_t threshold = 0;  ///< words below it drop their value
  float scale = 1;              ///< of the others
};

/// Of a rate below 1.
inline Dropout dropout_of(double rate, std::uint64_t seed, std::uint32_t stream, std::uint64_t step) {
  return {philox_keys(seed), static_cast<std::uint32_t>(step), stream, static_cast<std::uint32_t>(rate * 0x1p32), static_cast<float>(1 / (1 - rate))};
}

/// The item whose four words, at the step's block, are those of the elements 4 `four` to 4 `four` + 3 behind a layer.
MUSTER_HD std::uint64_t dropout_item(std::uint32_t sample, std::uint32_t layer, std::uint32_t four) {
  return std::uint64_t{sample} << 32 | std::uint64_t{layer} << 16 | four;
}
MUSTER_HD float dropout_factor(Dropout const& dropout, std::uint32_t word) { return word < dropout.threshold ? 0.0f : dropout.scale; }

}  // namespace muster::kernels::nets
