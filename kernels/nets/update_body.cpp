#include "kernels/math/base.hpp"
#include "kernels/nets/config.hpp"
#include "kernels/nets/net_body.hpp"

MUSTER_NETS_BEGIN

namespace {

constexpr std::uint32_t piece = 256;

void to_gradients(std::int64_t const* sums, double scale, std::uint32_t count, float* gradients) {
  for (std::uint32_t i = 0; i < count; ++i) gradients[i] = static_cast<float>(static_cast<double>(sums[i]) * scale);
}

void adamw(UpdateRule const& rule, float const* gradients, UpdateView const& v, std::size_t first, std::uint32_t count) {
  float const rest = 1.0f - rule.momentum, square_rest = 1.0f - rule.square_momentum;
  MUSTER_LANES
  for (std::size_t i = first; i < first + count; ++i) {
    float const g = gradients[i - first];
    float const m = fma(rule.momentum, v.first[i], rest * g);
    float const s = fma(rule.square_momentum, v.second[i], square_rest * (g * g));
    float const step = (m * rule.correction) / (sqrt(s * rule.square_correction) + rule.epsilon);
    float const p = fma(-rule.learning_rate, step, v.parameters[i] * rule.keep);
    v.to_first[i] = m;
    v.to_second[i] = s;
    v.to_parameters[i] = p;
    v.to_average[i] = fma(rule.average_keep, v.average[i] - p, p);
  }
}

void sgd(UpdateRule const& rule, float const* gradients, UpdateView const& v, std::size_t first, std::uint32_t count) {
  MUSTER_LANES
  for (std::size_t i = first; i < first + count; ++i) {
    float const m = fma(rule.momentum, v.first[i], gradients[i - first]);
    float const p = fma(-rule.learning_rate, m, v.parameters[i] * rule.keep);
    v.to_first[i] = m;
    v.to_parameters[i] = p;
    v.to_average[i] = fma(rule.average_keep, v.average[i] - p, p);
  }
}

}  // namespace

void update_parameters(UpdateRule const& rule, std::int64_t const* sums, std::size_t count, UpdateView const& view) {
  float gradients[piece];
  for (std::size_t first = 0; first < count; first += piece) {
    auto const here = static_cast<std::uint32_t>(count - first < piece ? count - first : piece);
    to_gradients(sums + first, rule.gradient_scale, here, gradients);
    rule.optimizer == Optimizer::adamw ? adamw(rule, gradients, view, first, here) : sgd(rule, gradients, view, first, here);
  }
}

double sum_of_squares(std::int64_t const* sums, double scale, std::size_t count) {
  constexpr std::size_t chains = 8;
  double chain[chains] = {};
  for (std::size_t i = 0; i < count; i += chains)
    for (std::size_t c = 0; c < chains && i + c < count; ++c) {
      double const x = static_cast<double>(sums[i + c]) * scale;
      chain[c] = fma(x, x, chain[c]);
    }
  double sum = 0;
  for (double const c : chain) sum += c;
  return sum;
}

MUSTER_NETS_END
