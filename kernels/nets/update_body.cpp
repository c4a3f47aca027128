#include "kernels/nets/update_math.hpp"

MUSTER_NETS_BEGIN

namespace {

constexpr std::uint32_t piece = 256;

void to_gradients(UpdateRule const& rule, std::int64_t const* sums, std::uint32_t count, float* gradients) {
  MUSTER_LANES
  for (std::uint32_t i = 0; i < count; ++i) gradients[i] = gradient_of(rule, sums[i]);
}

/// update_one in loops of its parts: gcc 12 leaves one loop with all of them scalar.
void adamw(UpdateRule const& rule, float const* gradients, UpdateView const& v, std::size_t first, std::uint32_t count) {
  float directions[piece];
  MUSTER_LANES
  for (std::uint32_t i = 0; i < count; ++i) v.to_first[first + i] = adamw_first(rule, v.first[first + i], gradients[i]);
  MUSTER_LANES
  for (std::uint32_t i = 0; i < count; ++i) v.to_second[first + i] = adamw_second(rule, v.second[first + i], gradients[i]);
  MUSTER_LANES
  for (std::uint32_t i = 0; i < count; ++i) directions[i] = adamw_direction(rule, v.to_first[first + i], v.to_second[first + i]);
  MUSTER_LANES
  for (std::uint32_t i = 0; i < count; ++i) {
    float const p = moved(rule, v.parameters[first + i], directions[i]), average = v.average[first + i];
    v.to_parameters[first + i] = p;
    v.to_average[first + i] = averaged(rule, average, p);
  }
}

void sgd(UpdateRule const& rule, float const* gradients, UpdateView const& v, std::size_t first, std::uint32_t count) {
  MUSTER_LANES
  for (std::size_t i = first; i < first + count; ++i) {
    float const m = sgd_first(rule, v.first[i], gradients[i - first]);
    float const p = moved(rule, v.parameters[i], m);
    v.to_first[i] = m;
    v.to_parameters[i] = p;
    v.to_average[i] = averaged(rule, v.average[i], p);
  }
}

}  // namespace

void update_parameters(UpdateRule const& rule, std::int64_t const* sums, std::size_t count, UpdateView const& view) {
  float gradients[piece];
  for (std::size_t first = 0; first < count; first += piece) {
    auto const here = static_cast<std::uint32_t>(count - first < piece ? count - first : piece);
    to_gradients(rule, sums + first, here, gradients);
    rule.optimizer == Optimizer::adamw ? adamw(rule, gradients, view, first, here) : sgd(rule, gradients, view, first, here);
  }
}

void chain_squares(std::int64_t const* sums, double scale, std::size_t rows, std::size_t columns, double* chains) {
  for (std::size_t row = 0; row < rows; ++row, sums += columns)
    MUSTER_LANES
    for (std::size_t c = 0; c < columns; ++c) chains[c] = with_square(sums[c], scale, chains[c]);
}

MUSTER_NETS_END
