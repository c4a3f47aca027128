#include "kernels/nets/double_net.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "kernels/isa.hpp"
#include "kernels/nets/net_body.hpp"

namespace muster::kernels::nets {
namespace {

/// Rows at a time: their sums stay near the core beside a row of weights.
constexpr std::size_t most_rows = 16;

/// Forward with the derivatives by one input, then the twin network back to all of them.
class DoubleNet {
 public:
  DoubleNet(Shape const& shape, std::span<float const> parameters, std::uint32_t along)
      : shape_(shape), places_(places_of(shape)), parameters_(parameters), along_(along), slopes_(places_.size()) {
    for (auto const& place : places_) transposed_.push_back(transposed(parameters_, place));
  }

  /// Adds the rows to `to`.
  void run(std::span<double const> inputs, Derivatives& to) {
    rows_ = static_cast<std::uint32_t>(inputs.size() / shape_.inputs());
    value_.assign(inputs.begin(), inputs.end());
    first_.assign(inputs.size(), 0);
    second_.assign(inputs.size(), 0);
    for (std::uint32_t row = 0; row < rows_; ++row) first_[std::size_t{row} * shape_.inputs() + along_] = 1;
    for (std::size_t l = 0; l < places_.size(); ++l) forward(l);
    to.values.insert(to.values.end(), value_.begin(), value_.end());
    to.bends.insert(to.bends.end(), second_.begin(), second_.end());
    auto const slopes = twin();
    to.slopes.insert(to.slopes.end(), slopes.begin(), slopes.end());
  }

 private:
  std::vector<double> product(std::vector<double> const& from, DoubleWeights const& weights, std::vector<double> start) const {
    MUSTER_NETS_DISPATCH(multiply_double, from.data(), rows_, weights, start.data());
    return start;
  }
  std::vector<double> biases_of(LayerPlace const& place) const {
    std::vector<double> biases;
    for (std::uint32_t row = 0; row < rows_; ++row)
      biases.insert(biases.end(), parameters_.begin() + static_cast<std::ptrdiff_t>(place.biases),
                    parameters_.begin() + static_cast<std::ptrdiff_t>(place.biases + place.out));
    return biases;
  }

  void forward(std::size_t l) {
    auto const& place = places_[l];
    std::size_t const count = std::size_t{rows_} * place.out;
    DoubleWeights const weights{parameters_.data() + place.weights, place.in, place.out};
    value_ = product(value_, weights, biases_of(place));
    first_ = product(first_, weights, std::vector<double>(count));
    second_ = product(second_, weights, std::vector<double>(count));
    if (l + 1 == places_.size()) return;
    slopes_[l].assign(count, 1);
    if (l == shape_.linear_layer) return;
    MUSTER_NETS_DISPATCH(activate_double, shape_.activation, {value_.data(), first_.data(), second_.data(), slopes_[l].data()}, count);
  }

  std::vector<double> twin() const {
    std::vector<double> inner(rows_, 1.0);
    for (std::size_t l = places_.size(); l-- > 0;) {
      auto const& place = places_[l];
      inner = product(inner, {transposed_[l].data(), place.out, place.in}, std::vector<double>(std::size_t{rows_} * place.in));
      if (l == 0) break;
      for (std::size_t i = 0; i < inner.size(); ++i) inner[i] *= slopes_[l - 1][i];
    }
    return inner;
  }

  Shape const& shape_;
  std::vector<LayerPlace> const places_;
  std::span<float const> parameters_;
  std::uint32_t along_;
  std::vector<std::vector<float>> transposed_;
  std::uint32_t rows_ = 0;
  std::vector<double> value_, first_, second_;
  std::vector<std::vector<double>> slopes_;  ///< of each layer's activation
};

}  // namespace

Derivatives derivatives_of(Shape const& shape, std::span<float const> parameters, std::span<double const> inputs, std::uint32_t along) {
  MUSTER_ASSERT(shape.outputs() == 1 && along < shape.inputs(), "derivatives of {} outputs by input {}", shape.outputs(), along);
  DoubleNet net(shape, parameters, along);
  Derivatives made;
  std::size_t const step = most_rows * shape.inputs();
  for (std::size_t done = 0; done < inputs.size(); done += step) net.run(inputs.subspan(done, std::min(step, inputs.size() - done)), made);
  return made;
}

}  // namespace muster::kernels::nets
