// The half of an autoencoder that makes features of bars.
#pragma once

#include <cstdint>
#include <vector>

#include "jobs/bar_inputs.hpp"
#include "kernels/nets/shape.hpp"

namespace muster::jobs {

struct Encoder {
  std::uint64_t window = 0;             ///< bars
  kernels::nets::Shape shape;           ///< from bar_inputs * window inputs to the latent values
  std::vector<float> parameters;
  InputScales scales;

  std::size_t latents() const { return shape.outputs(); }
};

/// The first half of a mirrored shape, whose linear layer is the last of it.
kernels::nets::Shape encoder_shape(kernels::nets::Shape const& whole);

/// Latent values of the window that ends with each bar. [symbol][bar][latents]; NaN where fewer bars in a row count.
std::vector<float> encode(Encoder const& encoder, BarInputs const& inputs, int threads = 1);

}  // namespace muster::jobs
