#include "kernels/math/base.hpp"
#include "kernels/nets/config.hpp"
#include "kernels/nets/exact_gradient.hpp"
#include "kernels/nets/net_body.hpp"

MUSTER_NETS_BEGIN

namespace {

constexpr std::uint32_t piece = 256;

void to_gradients(std::int64_t const* sums, double scale, std::uint32_t count, float* gradients) {
  MUSTER_LANES
  for (std::uint32_t i = 0; i < count; ++i) gradients[i] = static_cast<float>(to_double(sums[i]) * scale);
}

/// The parts in loops of their own: gcc 12 leaves one loop with all of them scalar.
void adamw(UpdateRule const& rule, float const* gradients, UpdateView const& v, std::size_t first, std::uint32_t count) {
  float const rest = 1.0f - rule.momentum, square_rest = 1.0f - rule.square_momentum;
  float steps[piece];
  MUSTER_LANES
  for (std::uint32_t i = 0; i < count; ++i) v.to_first[first + i] = fma(rule.momentum, v.first[first + i], rest * gradients[i]);
  MUSTER_LANES
  for (std::uint32_t i = 0; i < count; ++i)
    v.to_second[first + i] = fma(rule.square_momentum, v.second[first + i], square_rest * (gradients[i] * gradients[i]));
  MUSTER_LANES
  for (std::uint32_t i = 0; i < count; ++i)
    steps[i] = (v.to_first[first + i] * rule.correction) / (sqrt(v.to_second[first + i] * rule.square_correction) + rule.epsilon);
  MUSTER_LANES
  for (std::uint32_t i = 0; i < count; ++i) {
    float const p = fma(-rule.learning_rate, steps[i], v.parameters[first + i] * rule.keep);
    float const average = v.average[first + i];
    v.to_parameters[first + i] = p;
    v.to_average[first + i] = fma(rule.average_keep, average - p, p);
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
  auto const add = [&](std::size_t c, std::size_t i) {
    double const x = to_double(sums[i]) * scale;
    chain[c] = fma(x, x, chain[c]);
  };
  std::size_t const whole = count / chains * chains;
  for (std::size_t i = 0; i < whole; i += chains)
    for (std::size_t c = 0; c < chains; ++c) add(c, i + c);
  for (std::size_t i = whole; i < count; ++i) add(i - whole, i);
  double sum = 0;
  for (double const c : chain) sum += c;
  return sum;
}

MUSTER_NETS_END
