// A network in double precision on one CPU thread, with its derivatives up to the second: what predictions are made of.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/nets/shape.hpp"

namespace muster::kernels::nets {

/// Of the one output, by the inputs.
struct Derivatives {
  std::vector<double> values;  ///< [rows]
  std::vector<double> slopes;  ///< [rows][inputs]
  std::vector<double> bends;   ///< [rows]: the second derivative by one of the inputs
};

/// `inputs` [rows][inputs] as the network is given them; `along` says which one the second derivative is by. The parameters are
/// floats, all arithmetic is double: the same bits on any instruction set.
Derivatives derivatives_of(Shape const& shape, std::span<float const> parameters, std::span<double const> inputs, std::uint32_t along);

}  // namespace muster::kernels::nets
