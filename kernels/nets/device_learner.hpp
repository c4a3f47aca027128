// A network that learns on a device beside the CPU: exact gradients of many blocks of samples at once, with the bits of
// HostNet, and labels.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "kernels/nets/labels.hpp"
#include "kernels/nets/net_view.hpp"
#include "kernels/nets/order.hpp"
#include "kernels/nets/update.hpp"

namespace muster::kernels::nets {

/// All samples of a job, in their order.
struct SampleTable {
  std::span<float const> inputs;              ///< [samples][inputs], or what windows are cut from
  std::span<float const> targets;             ///< [samples][outputs]; empty: the inputs themselves
  std::span<float const> slopes;              ///< [samples][inputs]; empty without
  std::span<std::uint32_t const> places{};    ///< of windows: each begins at so many times row_step; empty: rows
  std::uint32_t row_step = 0;
};
struct TableSize {
  std::uint64_t inputs = 0, targets = 0, slopes = 0, places = 0;
};

/// Of a network's products: chains of fp32 with the bits of a CPU, or factors of 16 bits that are summed in fp32 by tensor cores,
/// with the bits of a kind of device (its compute capability).
enum class Precision : std::uint8_t { fp32, bf16, fp16 };
inline constexpr std::array<std::string_view, 3> precision_names{"fp32", "bf16", "fp16"};
constexpr std::string_view name_of(Precision precision) { return precision_names[static_cast<std::size_t>(precision)]; }
constexpr bool is_short(Precision precision) { return precision != Precision::fp32; }

struct DevicePlan {
  Shape shape;
  bool has_slopes = false;         ///< to be learned from
  bool has_twin = has_slopes;      ///< to be predicted: one output
  TableSize table;                 ///< of what is held
  std::uint64_t rows_at_once = 0;  ///< the largest block at least
  std::uint64_t shards = 1;
  Precision precision = Precision::fp32;
  /// Devices that hold one copy of the network among them, each the same columns of every layer, and which of them this is. No
  /// product is cut in its summed index, so their number is in no bit. fp32 alone.
  std::uint32_t members = 1, member = 0;
  std::uint32_t copies = 1;  ///< of the network, that share the samples
  bool has_dropout = false;
};
/// Of a member's pool, at most.
std::uint64_t device_bytes(DevicePlan const& plan);

/// Samples at places [first, first + rows) of an order, whose gradient is rounded to the grid by itself.
struct BlockRows {
  std::uint64_t first = 0;
  std::uint32_t rows = 0;
  std::uint32_t shard = 0;
};

/// The blocks that one of so many takes: about as many rows as the others.
inline std::span<BlockRows const> share_of(std::span<BlockRows const> blocks, std::size_t part, std::size_t parts) {
  std::uint64_t all = 0, before = 0;
  for (auto const& block : blocks) all += block.rows;
  std::size_t first = blocks.size(), end = blocks.size();
  for (std::size_t i = 0; i < blocks.size(); before += blocks[i++].rows) {
    auto const owner = (2 * before + blocks[i].rows) * parts / (2 * all);
    if (owner >= part && first > i) first = i;
    if (owner > part && end > i) end = i;
  }
  return blocks.subspan(first, end - first);
}

/// Given the sums in each card's memory, in their order and disjoint, when nothing else touches them; adds those of other processes
/// before it returns. May throw.
using AddOthers = std::function<void(std::span<std::span<std::int64_t> const>)>;

/// What is found beside gradients.
struct BlockReports {
  std::span<BlockLoss> losses;      ///< one a block
  std::span<std::uint32_t> most{};  ///< [shards][buckets], raised as HostNet::add_gradient does
};

/// Lengths of gradients: squares[b] becomes squared_norm of bucket b's sums, each times scales[b].
struct Squares {
  std::span<double const> scales;
  std::span<double> squares;
};

class DeviceLearner {
 public:
  virtual ~DeviceLearner() = default;
  /// All of these throw OutOfMemory, or Error (Exit::environment) naming the device.
  virtual void hold(SampleTable const& table) = 0;
  virtual void load(std::span<float const> parameters) = 0;
  /// Adds the gradients of all blocks to `sums`, one a parameter.
  virtual void add_gradients(std::span<BlockRows const> blocks, RowOrder const& order, LossWeights const& weights,
                             std::span<double const> scales, std::span<std::int64_t> sums, BlockReports const& reports) = 0;
  virtual void losses(std::span<BlockRows const> blocks, RowOrder const& order, LossWeights const& weights,
                      std::span<BlockLoss> losses) = 0;
  /// Takes over parameters and moments of an optimizer, whose steps are made on the device from here on.
  virtual void begin_steps(Moments const& from) = 0;
  /// As add_gradients by the parameters of begin_steps, from zero; the sums stay on the device. Lengths are of what there is when
  /// `add_others`, where it is given, has added to it.
  virtual void sum_gradients(std::span<BlockRows const> blocks, RowOrder const& order, LossWeights const& weights,
                             std::span<double const> scales, BlockReports const& reports, Squares const& squares,
                             AddOthers const& add_others = {}) = 0;
  /// A step by these sums, with a rule for each bucket from `first_bucket` on, the first of a layer; those before stay as they are.
  virtual void take_step(std::size_t first_bucket, std::span<UpdateRule const> rules) = 0;
  /// Parameters and moments after the last step.
  virtual void read_steps(MomentsOut const& to) = 0;
  /// As HostNet::predict; slopes where the plan has a twin.
  virtual void predict(std::span<float const> inputs, std::span<float> outputs, std::span<float> slopes) = 0;
  /// Adds `pairs` antithetic pairs of paths of each law to its label_sums sums.
  virtual void add_label_paths(std::span<PathLaw const> laws, std::uint64_t pairs, std::span<std::int64_t> sums) = 0;
};

}  // namespace muster::kernels::nets
