// A DeviceLearner that computes on this CPU, with what it was asked to hold taken of a device's pool.
#pragma once

#include <algorithm>
#include <bit>
#include <limits>
#include <vector>

#include "kernels/device_pool.hpp"
#include "kernels/nets/device_learner.hpp"
#include "kernels/nets/host_net.hpp"

namespace muster::test {

class HostLearner final : public kernels::nets::DeviceLearner {
 public:
  using BlockRows = kernels::nets::BlockRows;
  using BlockLoss = kernels::nets::BlockLoss;
  using HostNet = kernels::nets::HostNet;

  /// Numbers of fp16, as which it computes in fp32, end at `most_short`.
  HostLearner(kernels::nets::DevicePlan const& plan, std::span<kernels::DevicePool* const> pools, float most_short = 65504)
      : plan_(plan), most_short_(most_short), net_(plan.shape, plan.has_slopes ? HostNet::Use::learn_slopes : HostNet::Use::learn) {
    auto own = plan;
    for (std::size_t i = 0; i < pools.size(); ++i) {
      own.member = static_cast<std::uint32_t>(i) % plan.members;
      memory_.emplace_back(*pools[i], kernels::nets::device_bytes(own));
    }
  }

  void hold(kernels::nets::SampleTable const& table) override {
    auto const& room = plan_.table;
    MUSTER_REQUIRE_ENV(table.inputs.size() <= room.inputs && table.targets.size() <= room.targets && table.slopes.size() <= room.slopes &&
                           table.places.size() <= room.places, "more samples than it was opened for (as a GPU says)");
    table_ = table;
  }
  void load(std::span<float const> parameters) override {
    loaded_.assign(parameters.begin(), parameters.end());
    net_.load(loaded_);
  }
  void add_gradients(std::span<BlockRows const> blocks, kernels::nets::RowOrder const& order, kernels::nets::LossWeights const& weights,
                     std::span<double const> scales, std::span<std::int64_t> sums, kernels::nets::BlockReports const& reports) override {
    auto const buckets = scales.size();
    std::vector<float> slopes(weights.slope, weights.slope + (weights.slope != nullptr ? plan_.shape.inputs() : 0));
    for (float& slope : slopes) slope *= weights.scale;
    kernels::nets::LossWeights const scaled{weights.value * weights.scale, weights.slope != nullptr ? slopes.data() : nullptr, weights.dropout};
    for (std::size_t b = 0; b < blocks.size(); ++b) {
      auto const most = reports.most.subspan(blocks[b].shard * buckets, buckets);
      auto const loss = net_.add_gradient(gather(blocks[b], order), scaled, scales, sums, most);
      reports.losses[b] = {loss.value / weights.scale, loss.slope / weights.scale};
      for (auto& one : most)
        if (plan_.precision == kernels::nets::Precision::fp16 && std::bit_cast<float>(one) > most_short_)
          one = std::bit_cast<std::uint32_t>(std::numeric_limits<float>::infinity());
    }
  }
  void losses(std::span<BlockRows const> blocks, kernels::nets::RowOrder const& order, kernels::nets::LossWeights const& weights,
              std::span<BlockLoss> losses) override {
    for (std::size_t b = 0; b < blocks.size(); ++b) losses[b] = net_.loss(gather(blocks[b], order), weights);
  }
  void begin_steps(kernels::nets::Moments const& from) override {
    auto const copy = [](std::span<float const> values) { return std::vector<float>(values.begin(), values.end()); };
    parameters_ = copy(from.parameters), first_ = copy(from.first), second_ = copy(from.second), average_ = copy(from.average);
    net_.load(parameters_);
  }
  void sum_gradients(std::span<BlockRows const> blocks, kernels::nets::RowOrder const& order, kernels::nets::LossWeights const& weights,
                     std::span<double const> scales, kernels::nets::BlockReports const& reports, kernels::nets::Squares const& squares,
                     kernels::nets::AddOthers const& add_others) override {
    sums_.assign(parameters_.size(), 0);
    add_gradients(blocks, order, weights, scales, sums_, reports);
    if (add_others) add_others(parts_of_cards());
    for (std::size_t b = 0; b < buckets_.size(); ++b)
      squares.squares[b] = kernels::nets::squared_norm(std::span(sums_).subspan(buckets_[b].first, buckets_[b].count), buckets_[b].columns, squares.scales[b]);
  }
  void take_step(std::size_t first_bucket, std::span<kernels::nets::UpdateRule const> rules) override {
    for (std::size_t i = 0; i < rules.size(); ++i) {
      auto const& [first, count, columns] = buckets_[first_bucket + i];
      auto const part = [first = first, count = count](std::vector<float>& all) { return std::span(all).subspan(first, count); };
      kernels::nets::update(rules[i], std::span(sums_).subspan(first, count), {part(parameters_), part(first_), part(second_), part(average_)},
                            {part(parameters_), part(first_), part(second_), part(average_)});
    }
    net_.load(parameters_);
  }
  void read_steps(kernels::nets::MomentsOut const& to) override {
    std::ranges::copy(parameters_, to.parameters.begin());
    std::ranges::copy(first_, to.first.begin());
    std::ranges::copy(second_, to.second.begin());
    std::ranges::copy(average_, to.average.begin());
  }
  void predict(std::span<float const> inputs, std::span<float> outputs, std::span<float> slopes) override { net_.predict(inputs, outputs, slopes); }
  void add_label_paths(std::span<kernels::nets::PathLaw const> laws, std::uint64_t pairs, std::span<std::int64_t> sums) override {
    for (std::size_t i = 0; i < laws.size(); ++i) kernels::nets::add_law_paths(laws[i], pairs, sums.subspan(i * kernels::nets::label_sums, kernels::nets::label_sums));
  }

 private:
  /// As many as there are cards, in parts of the sums as a GPU's are.
  std::vector<std::span<std::int64_t>> parts_of_cards() {
    std::vector<std::span<std::int64_t>> parts;
    for (std::size_t i = 0, cards = memory_.size(); i < cards; ++i) {
      auto const first = sums_.size() * i / cards;
      parts.push_back(std::span(sums_).subspan(first, sums_.size() * (i + 1) / cards - first));
    }
    return parts;
  }
  void append(std::vector<float>& to, std::span<float const> from, std::uint64_t first, std::size_t width) {
    for (std::size_t i = 0; i < width && !from.empty(); ++i) to.push_back(from[first + i]);
  }
  kernels::nets::Samples gather(BlockRows const& block, kernels::nets::RowOrder const& order) {
    auto const in = plan_.shape.inputs(), out = plan_.shape.outputs();
    rows_.clear(), targets_.clear(), slopes_.clear(), numbers_.clear();
    for (std::uint32_t i = 0; i < block.rows; ++i) {
      auto const sample = order.at(block.first + i);
      numbers_.push_back(static_cast<std::uint32_t>(sample));
      append(rows_, table_.inputs, table_.places.empty() ? sample * in : std::uint64_t{table_.places[sample]} * table_.row_step, in);
      append(targets_, table_.targets, sample * out, out);
      append(slopes_, table_.slopes, sample * in, in);
    }
    return {rows_.data(), targets_.empty() ? rows_.data() : targets_.data(), plan_.has_slopes ? slopes_.data() : nullptr, block.rows, plan_.has_dropout ? numbers_.data() : nullptr};
  }

  kernels::nets::DevicePlan const plan_;
  float const most_short_;
  std::vector<kernels::PoolMemory> memory_;
  HostNet net_;
  std::vector<kernels::nets::Bucket> const buckets_ = kernels::nets::buckets_of(plan_.shape);
  std::vector<float> loaded_, parameters_, first_, second_, average_;
  std::vector<std::int64_t> sums_;
  kernels::nets::SampleTable table_;
  std::vector<float> rows_, targets_, slopes_;
  std::vector<std::uint32_t> numbers_;
};

}  // namespace muster::test
