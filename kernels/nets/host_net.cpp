#include "kernels/nets/host_net.hpp"

#include <algorithm>
#include <vector>

#include "core/error.hpp"
#include "kernels/aligned.hpp"
#include "kernels/isa.hpp"
#include "kernels/nets/net_body.hpp"

namespace muster::kernels::nets {
namespace {

/// Read beyond the end by whole tiles.
constexpr std::size_t slack = 64;

}  // namespace

struct HostNet::Memory {
  std::vector<Aligned<float>> blocks;
  std::vector<LayerView> layers;
  std::vector<TraceView> trace;

  float* take(std::size_t count) { return blocks.emplace_back(count + slack, 0.0f).data(); }
  LayerView layer(LayerPlace const& place, Use use) {
    LayerView layer{.place = place, .in_stride = padded_columns(place.in), .out_stride = padded_columns(place.out)};
    layer.forward = take(std::size_t{place.in} * layer.out_stride);
    layer.backward = take(std::size_t{place.out} * layer.in_stride);
    layer.biases = take(layer.out_stride);
    if (use == Use::predict) return layer;
    std::size_t const sums = std::size_t{padded_rows(place.in)} * layer.out_stride;
    layer.sums = take(sums);
    layer.bias_sums = take(layer.out_stride);
    if (use == Use::learn_slopes) layer.twin_sums = take(sums);
    return layer;
  }
  TraceView trace_of(std::size_t count, bool has_twin) {
    TraceView of{.value = take(count), .slope = take(count)};
    of.adjoint = take(count);
    of.inner = take(count);
    if (has_twin) of.bend = take(count), of.extra = take(count);
    return of;
  }
};

HostNet::HostNet(Shape const& shape, Use use) : memory_(std::make_unique<Memory>()) {
  bool const has_slopes = use == Use::learn_slopes;
  MUSTER_ASSERT(!has_slopes || shape.outputs() == 1, "slopes of {} outputs", shape.outputs());
  view_.activation = shape.activation;
  view_.linear_layer = shape.linear_layer;
  view_.has_slopes = has_slopes;
  for (auto const& place : places_of(shape)) memory_->layers.push_back(memory_->layer(place, use));
  std::uint32_t widest = 0;
  for (auto const width : shape.widths) {
    widest = std::max(widest, padded_columns(width));
    memory_->trace.push_back(memory_->trace_of(std::size_t{chunk_rows} * padded_columns(width), has_slopes));
  }
  if (shape.linear_layer < memory_->layers.size()) {
    auto const stride = memory_->layers[shape.linear_layer].out_stride;
    std::fill_n(memory_->trace[shape.linear_layer + 1].slope, std::size_t{chunk_rows} * stride, 1.0f);
  }
  // The twin begins with the output's derivative by itself.
  auto const& top = memory_->layers.back();
  for (std::uint32_t row = 0; row < chunk_rows; ++row) memory_->trace.back().inner[std::size_t{row} * top.out_stride] = 1;
  for (auto& delta : view_.delta) delta = memory_->take(std::size_t{chunk_rows} * widest);
  view_.strips = memory_->take(std::size_t{chunk_rows} * padded_rows(widest));
  view_.partial = memory_->take(std::size_t{chunk_rows} * column_grain);
  view_.layers = memory_->layers.data();
  view_.trace = memory_->trace.data();
  view_.layer_count = static_cast<std::uint32_t>(memory_->layers.size());
}

HostNet::~HostNet() = default;

void HostNet::load(std::span<float const> parameters) {
  for (auto const& layer : memory_->layers) MUSTER_NETS_DISPATCH(load_layer, layer, parameters.data());
}

BlockLoss HostNet::add_gradient(Samples const& samples, LossWeights const& weights, Scales scales, std::span<std::int64_t> sums,
                                std::span<std::uint32_t> most) {
  for (auto const& layer : memory_->layers) {
    std::size_t const count = std::size_t{padded_rows(layer.place.in)} * layer.out_stride;
    std::fill_n(layer.sums, count, 0.0f);
    std::fill_n(layer.bias_sums, layer.out_stride, 0.0f);
    if (layer.twin_sums != nullptr) std::fill_n(layer.twin_sums, count, 0.0f);
  }
  auto const loss = MUSTER_NETS_DISPATCH(run_block, view_, samples, weights);
  for (std::size_t l = 0; l < memory_->layers.size(); ++l)
    MUSTER_NETS_DISPATCH(fold_gradient, memory_->layers[l], scales.data() + 2 * l, sums.data(), most.data() + 2 * l);
  return loss;
}

BlockLoss HostNet::loss(Samples const& samples, LossWeights const& weights) {
  return MUSTER_NETS_DISPATCH(run_losses, view_, samples, weights);
}

void HostNet::predict(std::span<float const> inputs, std::span<float> outputs, std::span<float> slopes) {
  auto const rows = static_cast<std::uint32_t>(inputs.size() / memory_->layers.front().place.in);
  MUSTER_NETS_DISPATCH(run_forward, view_, inputs.data(), rows, outputs.data(), slopes.empty() ? nullptr : slopes.data());
}

}  // namespace muster::kernels::nets
