#include "kernels/nets/host_net.hpp"

#include <algorithm>
#include <bit>

#include "core/error.hpp"
#include "kernels/aligned.hpp"
#include "kernels/isa.hpp"
#include "kernels/nets/net_body.hpp"

namespace muster::kernels::nets {
namespace {

/// Matrices of a batch behind each layer.
std::size_t traces_of(HostNet::Use use) { return use == HostNet::Use::learn_slopes ? 6 : 4; }
std::size_t batch_floats(std::uint32_t width) { return std::size_t{batch_rows} * padded_columns(width); }
std::size_t sums_floats(LayerPlace const& place) { return std::size_t{padded_columns(place.in)} * padded_columns(place.out); }

/// Fills batches with the rows of blocks, in order, and runs `work(batch)` on each. Blocks larger than a batch come in chunks.
template <class Work>
class Batches {
 public:
  Batches(HostBatch const& like, Work work) : like_(like), work_(work) {}
  void add(Block& block) {
    auto const rows = block.samples.rows, most = rows <= batch_rows ? rows : chunk_rows;
    for (std::uint32_t done = 0; done < rows; done += most) put({&block, done, 0, std::min(most, rows - done)});
  }
  void run() {
    if (parts_.empty()) return;
    like_.parts = parts_.data();
    like_.part_count = static_cast<std::uint32_t>(parts_.size());
    like_.rows = parts_.back().first + parts_.back().rows;
    work_(like_);
    parts_.clear();
  }

 private:
  void put(Part part) {
    if (!parts_.empty() && parts_.back().first + parts_.back().rows + part.rows > batch_rows) run();
    if (!parts_.empty()) part.first = parts_.back().first + parts_.back().rows;
    parts_.push_back(part);
  }

  HostBatch like_;
  Work work_;
  std::vector<Part> parts_;
};

}  // namespace

struct HostNet::Memory {
  std::vector<Aligned<float>> blocks;
  std::vector<LayerView> layers;
  std::vector<TraceView> trace;
  Aligned<std::int32_t> peaks;
  bool has_sums = false;

  float* take(std::size_t count) { return blocks.emplace_back(count, 0.0f).data(); }
  TraceView trace_of(std::size_t count, bool has_twin) {
    TraceView of{.value = take(count), .slope = take(count)};
    of.adjoint = take(count);
    of.inner = take(count);
    if (has_twin) of.bend = take(count), of.extra = take(count);
    return of;
  }
  /// For blocks that are larger than a batch.
  void take_sums(bool has_twin) {
    if (has_sums) return;
    has_sums = true;
    for (auto& layer : layers) {
      layer.sums = take(sums_floats(layer.place));
      layer.bias_sums = take(padded_columns(layer.place.out));
      if (has_twin) layer.twin_sums = take(sums_floats(layer.place));
    }
  }
};

HostNet::HostNet(Shape const& shape, Use use) : memory_(std::make_unique<Memory>()) {
  bool const has_slopes = use == Use::learn_slopes;
  MUSTER_ASSERT(!has_slopes || shape.outputs() == 1, "slopes of {} outputs", shape.outputs());
  view_.activation = shape.activation;
  view_.linear_layer = shape.linear_layer;
  view_.has_slopes = has_slopes;
  for (auto const& place : places_of(shape)) memory_->layers.push_back({.place = place, .biases = memory_->take(padded_columns(place.out))});
  for (auto const width : shape.widths) memory_->trace.push_back(memory_->trace_of(batch_floats(width), has_slopes));
  if (shape.linear_layer < memory_->layers.size())
    std::fill_n(memory_->trace[shape.linear_layer + 1].slope, batch_floats(shape.widths[shape.linear_layer + 1]), 1.0f);
  auto const widest = batch_floats(std::ranges::max(shape.widths));
  for (auto& delta : view_.delta) delta = memory_->take(widest);
  view_.partial = memory_->take(widest);
  view_.panel = memory_->take(std::size_t{most_depth} * most_tile_columns);
  memory_->peaks.resize(std::size_t{batch_rows} * most_tile_columns);
  view_.peaks = memory_->peaks.data();
  view_.layers = memory_->layers.data();
  view_.trace = memory_->trace.data();
  view_.layer_count = static_cast<std::uint32_t>(memory_->layers.size());
}

HostNet::~HostNet() = default;

std::uint64_t HostNet::bytes(Shape const& shape, Use use, std::uint64_t largest_block) {
  std::uint64_t floats = 3 * batch_floats(std::ranges::max(shape.widths)) + std::uint64_t{most_depth + batch_rows} * most_tile_columns;
  for (auto const width : shape.widths) floats += traces_of(use) * batch_floats(width);
  if (largest_block > batch_rows)
    for (auto const& place : places_of(shape)) floats += sums_floats(place) * (use == Use::learn_slopes ? 2 : 1);
  return floats * sizeof(float);
}

void HostNet::load(std::span<float const> parameters) {
  for (auto& layer : memory_->layers) {
    layer.weights = parameters.data() + layer.place.weights;
    std::copy_n(parameters.data() + layer.place.biases, layer.place.out, layer.biases);
  }
}

void HostNet::add_gradients(std::span<Block> blocks, LossWeights const& weights, Scales scales, std::span<std::int64_t> sums) {
  bool const has_large = std::ranges::any_of(blocks, [](Block const& block) { return block.samples.rows > batch_rows; });
  MUSTER_ASSERT(weights.dropout == nullptr || std::ranges::all_of(blocks, [](Block const& block) { return block.samples.numbers != nullptr; }),
                "dropout of samples without numbers");
  if (has_large) memory_->take_sums(view_.has_slopes);
  Batches batches({.scales = scales.data(), .sums = sums.data()},
                  [&](HostBatch const& batch) { MUSTER_NETS_DISPATCH(run_batch, view_, batch, weights); });
  for (auto& block : blocks) batches.add(block);
  batches.run();
}

BlockLoss HostNet::add_gradient(Samples const& samples, LossWeights const& weights, Scales scales, std::span<std::int64_t> sums,
                                std::span<std::uint32_t> most) {
  Block block{samples, most.data()};
  add_gradients({&block, 1}, weights, scales, sums);
  return block.loss;
}

BlockLoss HostNet::loss(Samples const& samples, LossWeights const& weights) {
  Block block{samples};
  Batches batches({}, [&](HostBatch const& batch) { MUSTER_NETS_DISPATCH(run_losses, view_, batch, weights); });
  batches.add(block);
  batches.run();
  return block.loss;
}

void HostNet::predict(std::span<float const> inputs, std::span<float> outputs, std::span<float> slopes) {
  auto const rows = static_cast<std::uint32_t>(inputs.size() / memory_->layers.front().place.in);
  MUSTER_NETS_DISPATCH(run_forward, view_, inputs.data(), rows, outputs.data(), slopes.empty() ? nullptr : slopes.data());
}

}  // namespace muster::kernels::nets
