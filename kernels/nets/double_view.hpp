// What the double-precision network's body reads and writes, as plain pointers; derivatives_of() owns the memory.
#pragma once

#include <cstdint>

#include "kernels/nets/shape.hpp"

namespace muster::kernels::nets {

/// A matrix of weights [in][out].
struct DoubleWeights {
  float const* at = nullptr;
  std::uint32_t in = 0, out = 0;
};

/// What the activation is applied to, with its first two derivatives by one input, and what came of it; each [count].
struct DoubleTrace {
  double* value = nullptr;   ///< replaced by the activation
  double* first = nullptr;   ///< its derivative, replaced by the activation's
  double* second = nullptr;  ///< likewise
  double* slope = nullptr;   ///< the activation's derivative by its argument
};

}  // namespace muster::kernels::nets
