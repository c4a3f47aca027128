// A multilayer perceptron's shape, and where its parameters lie.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace muster::kernels::nets {

enum class Activation : std::int32_t { silu, tanh, relu };
/// As job files and feature files have them.
inline constexpr std::array<std::string_view, 3> activation_names{"silu", "tanh", "relu"};

inline constexpr std::uint32_t no_layer = UINT32_MAX;

/// Widths from the inputs to the outputs; every layer but the last, and the linear one, is followed by the activation.
struct Shape {
  std::vector<std::uint32_t> widths;
  Activation activation = Activation::silu;
  std::uint32_t linear_layer = no_layer;  ///< that an autoencoder's latent values come from

  std::size_t layers() const { return widths.size() - 1; }
  std::uint32_t inputs() const { return widths.front(); }
  std::uint32_t outputs() const { return widths.back(); }
};

/// A layer's parameters in the global order: weights [in][out], then biases [out]; layer after layer.
struct LayerPlace {
  std::uint32_t in = 0;
  std::uint32_t out = 0;
  std::size_t weights = 0;
  std::size_t biases = 0;
};

std::vector<LayerPlace> places_of(Shape const& shape);
std::size_t parameter_count(Shape const& shape);

/// A layer's weights as [out][in], of all parameters.
std::vector<float> transposed(std::span<float const> parameters, LayerPlace const& place);

/// Tensors of parameters, each with a scale of its own for exact sums: weights and biases of each layer, in global order.
struct Bucket {
  std::size_t first = 0;
  std::size_t count = 0;
  std::size_t columns = 0;  ///< outputs of its layer
};
std::vector<Bucket> buckets_of(Shape const& shape);

/// The columns of a matrix so wide that one of several members keeps: whole groups of 32, and none where there are too few.
struct Slice {
  std::uint32_t first = 0;
  std::uint32_t count = 0;
};
Slice slice_of(std::uint32_t width, std::uint32_t member, std::uint32_t members);

/// Multiply-adds of one sample's forward pass.
double forward_work(Shape const& shape);

}  // namespace muster::kernels::nets
