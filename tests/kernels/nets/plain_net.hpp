// The networks' arithmetic as plain loops: in float it has the bits of the fast code, in double it is what that stands for.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "kernels/nets/net_view.hpp"
#include "kernels/scalar_math.hpp"

namespace muster::kernels::nets::plain {

template <class T>
using Matrix = std::vector<std::vector<T>>;

template <class T>
struct Curve {
  T value, slope, bend;
};

/// Of all values behind a network's layers, for one sample, from Philox as the documents have it.
template <class T>
Matrix<T> factors_of(Shape const& shape, double rate, std::uint64_t seed, std::uint32_t stream, std::uint64_t step, std::uint64_t sample) {
  Matrix<T> factors;
  for (std::size_t l = 0; l < shape.layers(); ++l) {
    auto& of = factors.emplace_back();
    for (std::uint64_t i = 0; i < shape.widths[l + 1]; ++i) {
      auto const words = exact_words(seed, (sample << 32) + (l << 16) + i / 4, static_cast<std::uint32_t>(step), stream);
      of.push_back(words[i % 4] < rate * 0x1p32 ? T(0) : static_cast<T>(1 / (1 - rate)));
    }
  }
  return factors;
}

/// One network; `Curves` gives the activation, `curves(z)`.
template <class T, class Curves>
class Net {
 public:
  Net(Shape const& shape, std::vector<T> parameters, Curves curves)
      : shape_(shape), places_(places_of(shape)), parameters_(std::move(parameters)), curves_(curves) {}

  struct Pass {
    Matrix<T> value, slope, bend, adjoint, inner;  // of each layer
  };

  /// Of dropout: what each value behind a layer counts, for all samples from here on. Layers without an activation read none.
  void set_factors(Matrix<T> factors) { factors_ = std::move(factors); }

  T weight(std::size_t l, std::size_t i, std::size_t o) const { return parameters_[places_[l].weights + i * places_[l].out + o]; }
  std::size_t layers() const { return places_.size(); }

  Pass forward(std::vector<T> const& inputs) const {
    Pass pass;
    pass.value.push_back(inputs);
    pass.slope.push_back(std::vector<T>(inputs.size(), T(1)));
    pass.bend.push_back(std::vector<T>(inputs.size(), T(0)));
    for (std::size_t l = 0; l < layers(); ++l) {
      std::vector<T> value, slope, bend;
      for (std::size_t o = 0; o < places_[l].out; ++o) {
        T z = parameters_[places_[l].biases + o];
        for (std::size_t i = 0; i < places_[l].in; ++i) z = std::fma(pass.value[l][i], weight(l, i, o), z);
        bool const is_linear = l + 1 == layers() || l == shape_.linear_layer;
        Curve<T> c = is_linear ? Curve<T>{z, T(1), T(0)} : curves_(z);
        if (!factors_.empty() && !is_linear) c = {c.value * factors_[l][o], c.slope * factors_[l][o], c.bend * factors_[l][o]};
        value.push_back(c.value);
        slope.push_back(c.slope);
        bend.push_back(c.bend);
      }
      pass.value.push_back(value);
      pass.slope.push_back(slope);
      pass.bend.push_back(bend);
    }
    return pass;
  }

  /// Of the one output.
  void twin(Pass& pass) const {
    pass.adjoint.assign(layers() + 1, {});
    pass.inner.assign(layers() + 1, {});
    pass.inner[layers()] = {T(1)};
    for (std::size_t l = layers(); l-- > 0;)
      for (std::size_t i = 0; i < places_[l].in; ++i) {
        T sum = 0;
        for (std::size_t o = 0; o < places_[l].out; ++o) sum = std::fma(pass.inner[l + 1][o], weight(l, i, o), sum);
        pass.adjoint[l].push_back(sum);
        pass.inner[l].push_back(sum * pass.slope[l][i]);
      }
  }

  /// Adds a sample's part, a chain a parameter, to `sums`, and that of the slopes to `twin_sums`.
  void add_gradient(std::vector<T> const& inputs, std::vector<T> const& targets, std::vector<T> const& slopes, T value_weight,
                    std::vector<T> const& slope_weights, std::vector<T>& sums, std::vector<T>& twin_sums) const {
    Pass pass = forward(inputs);
    Matrix<T> extra(layers() + 1);
    if (!slopes.empty()) extra = reverse_twin(pass, slopes, slope_weights, twin_sums);
    std::vector<T> delta;
    for (std::size_t o = 0; o < targets.size(); ++o) delta.push_back(T(2) * (value_weight * (pass.value.back()[o] - targets[o])));
    for (std::size_t l = layers(); l-- > 0;) {
      std::vector<T> before;
      for (std::size_t i = 0; i < places_[l].in; ++i) {
        T sum = 0;
        for (std::size_t o = 0; o < places_[l].out; ++o) {
          T& of = sums[places_[l].weights + i * places_[l].out + o];
          of = std::fma(pass.value[l][i], delta[o], of);
          sum = std::fma(delta[o], weight(l, i, o), sum);
        }
        before.push_back(slopes.empty() || l == 0 ? sum * pass.slope[l][i] : std::fma(sum, pass.slope[l][i], extra[l][i]));
      }
      for (std::size_t o = 0; o < places_[l].out; ++o) sums[places_[l].biases + o] += delta[o];
      delta = before;
    }
  }

 private:
  Matrix<T> reverse_twin(Pass& pass, std::vector<T> const& slopes, std::vector<T> const& slope_weights, std::vector<T>& twin_sums) const {
    twin(pass);
    Matrix<T> extra(layers() + 1);
    std::vector<T> from;
    for (std::size_t j = 0; j < slopes.size(); ++j) from.push_back(T(2) * (slope_weights[j] * (pass.adjoint[0][j] - slopes[j])));
    for (std::size_t l = 0; l < layers(); ++l) {
      std::vector<T> to;
      for (std::size_t o = 0; o < places_[l].out; ++o) {
        T sum = 0;
        for (std::size_t i = 0; i < places_[l].in; ++i) {
          sum = std::fma(from[i], weight(l, i, o), sum);
          T& of = twin_sums[places_[l].weights + i * places_[l].out + o];
          of = std::fma(from[i], pass.inner[l + 1][o], of);
        }
        if (l + 1 == layers()) break;
        to.push_back(sum * pass.slope[l + 1][o]);
        extra[l + 1].push_back((sum * pass.adjoint[l + 1][o]) * pass.bend[l + 1][o]);
      }
      from = to;
    }
    return extra;
  }

  Shape shape_;
  std::vector<LayerPlace> places_;
  std::vector<T> parameters_;
  Curves curves_;
  Matrix<T> factors_;
};

}  // namespace muster::kernels::nets::plain
