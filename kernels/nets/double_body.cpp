// Products and activations of the double-precision network.
#include "kernels/math/exp.hpp"
#include "kernels/nets/config.hpp"
#include "kernels/nets/net_body.hpp"

MUSTER_NETS_BEGIN

namespace {

struct DoubleCurve {
  double value, slope, bend;
};

// As activations.hpp has them in floats.
MUSTER_FN DoubleCurve silu(double z) {
  double const s = 1.0 / (1.0 + exp(-z)), rest = 1.0 - s;
  return {z * s, s * fma(z, rest, 1.0), (s * rest) * fma(z, fma(-2.0, s, 1.0), 2.0)};
}
MUSTER_FN DoubleCurve tanh_curve(double z) {
  double const t = 1.0 - 2.0 / (1.0 + exp(2.0 * z)), slope = fma(-t, t, 1.0);
  return {t, slope, (-2.0 * t) * slope};
}
MUSTER_FN DoubleCurve relu(double z) { return {z > 0 ? z : 0.0, z > 0 ? 1.0 : 0.0, 0.0}; }

template <class Curves>
MUSTER_FN void activate(DoubleTrace const& trace, std::size_t count, Curves curves) {
  MUSTER_LANES
  for (std::size_t i = 0; i < count; ++i) {
    DoubleCurve const c = curves(trace.value[i]);
    double const first = trace.first[i];
    trace.value[i] = c.value;
    trace.first[i] = c.slope * first;
    trace.second[i] = fma(c.bend * first, first, c.slope * trace.second[i]);
    trace.slope[i] = c.slope;
  }
}

}  // namespace

void multiply_double(double const* from, std::uint32_t rows, DoubleWeights const& weights, double* to) {
  for (std::uint32_t k = 0; k < weights.in; ++k) {
    float const* const row_of_weights = weights.at + std::size_t{k} * weights.out;
    for (std::uint32_t row = 0; row < rows; ++row) {
      double const x = from[std::size_t{row} * weights.in + k];
      double* const sums = to + std::size_t{row} * weights.out;
      MUSTER_LANES
      for (std::uint32_t i = 0; i < weights.out; ++i) sums[i] = fma(x, static_cast<double>(row_of_weights[i]), sums[i]);
    }
  }
}

void activate_double(Activation activation, DoubleTrace const& trace, std::size_t count) {
  switch (activation) {
    case Activation::silu: return activate(trace, count, [](double z) { return silu(z); });
    case Activation::tanh: return activate(trace, count, [](double z) { return tanh_curve(z); });
    case Activation::relu: return activate(trace, count, [](double z) { return relu(z); });
  }
}

MUSTER_NETS_END
