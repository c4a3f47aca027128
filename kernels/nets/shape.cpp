#include "kernels/nets/shape.hpp"

#include <algorithm>

namespace muster::kernels::nets {

std::vector<LayerPlace> places_of(Shape const& shape) {
  std::vector<LayerPlace> places;
  std::size_t at = 0;
  for (std::size_t l = 0; l < shape.layers(); ++l) {
    LayerPlace place{shape.widths[l], shape.widths[l + 1], at, 0};
    place.biases = at + std::size_t{place.in} * place.out;
    at = place.biases + place.out;
    places.push_back(place);
  }
  return places;
}

std::size_t parameter_count(Shape const& shape) {
  auto const last = places_of(shape).back();
  return last.biases + last.out;
}

std::vector<float> transposed(std::span<float const> parameters, LayerPlace const& place) {
  std::vector<float> to(std::size_t{place.in} * place.out);
  for (std::size_t i = 0; i < place.in; ++i)
    for (std::size_t o = 0; o < place.out; ++o) to[o * place.in + i] = parameters[place.weights + i * place.out + o];
  return to;
}

std::vector<Bucket> buckets_of(Shape const& shape) {
  std::vector<Bucket> buckets;
  for (auto const& place : places_of(shape)) {
    buckets.push_back({place.weights, std::size_t{place.in} * place.out, place.out});
    buckets.push_back({place.biases, place.out, place.out});
  }
  return buckets;
}

Slice slice_of(std::uint32_t width, std::uint32_t member, std::uint32_t members) {
  constexpr std::uint32_t grain = 32;
  std::uint64_t const groups = (width + grain - 1) / grain;
  auto const edge = [&](std::uint32_t m) {
    return static_cast<std::uint32_t>(std::min<std::uint64_t>(width, groups * m / members * grain));
  };
  return {edge(member), edge(member + 1) - edge(member)};
}

double forward_work(Shape const& shape) {
  double work = 0;
  for (auto const& place : places_of(shape)) work += static_cast<double>(place.in) * place.out;
  return work;
}

}  // namespace muster::kernels::nets
