// A network on one CPU thread: exact gradients of blocks of samples, and predictions.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kernels/nets/net_view.hpp"

namespace muster::kernels::nets {

/// Scales of the exact sums: an element of bucket b counts scale[b] times its value, rounded; powers of two.
using Scales = std::span<double const>;

class HostNet {
 public:
  enum class Use { predict, learn, learn_slopes };
  /// Slopes need one output.
  HostNet(Shape const& shape, Use use);
  ~HostNet();
  HostNet(HostNet const&) = delete;
  /// Of its memory, where no block is larger than `largest_block` rows.
  static std::uint64_t bytes(Shape const& shape, Use use, std::uint64_t largest_block);

  /// To these parameters, parameter_count(shape) of them, which are read until the next ones come.
  void load(std::span<float const> parameters);
  void load(std::vector<float>&&) = delete;
  /// Adds the gradients of blocks to `sums` (one a parameter) and fills in what each came to. The bits depend on the samples, the
  /// parameters and the scales alone; many blocks at once are faster.
  void add_gradients(std::span<Block> blocks, LossWeights const& weights, Scales scales, std::span<std::int64_t> sums);
  /// Of one block.
  BlockLoss add_gradient(Samples const& samples, LossWeights const& weights, Scales scales, std::span<std::int64_t> sums,
                         std::span<std::uint32_t> most);
  /// The loss of samples alone. Not for Use::predict.
  BlockLoss loss(Samples const& samples, LossWeights const& weights);
  /// outputs [rows][outputs]; slopes [rows][inputs], for one output, or empty.
  void predict(std::span<float const> inputs, std::span<float> outputs, std::span<float> slopes);

 private:
  struct Memory;
  std::unique_ptr<Memory> memory_;
  NetView view_;
};

}  // namespace muster::kernels::nets
