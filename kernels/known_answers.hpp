// Published and committed answers of the random numbers and the special functions, for the machine at hand.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace muster::kernels {

struct KnownAnswer {
  std::string_view name;
  std::uint64_t computed = 0;
  std::uint64_t expected = 0;
  bool holds() const { return computed == expected; }
};

/// Philox's published words, and a fingerprint of every special function that paths use, in both
/// precisions; by the copy of the bodies that this CPU runs. Takes milliseconds.
std::vector<KnownAnswer> known_answers();

}  // namespace muster::kernels
