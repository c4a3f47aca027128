// How a stage's exact sums become the next network: pure functions of the job.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>

#include "jobs/train/network.hpp"
#include "kernels/nets/device_learner.hpp"
#include "kernels/nets/dropout.hpp"
#include "kernels/nets/update.hpp"

namespace muster::jobs::train {

/// What a shard tells beside its gradients, in slots of its own behind them.
struct ShardReport {
  std::uint64_t rows = 0;
  double loss = 0;
  double slope_loss = 0;
  std::span<std::int64_t const> most;  ///< bits of the largest gradient of each bucket
};
inline constexpr std::size_t report_words = 3;
/// Of all shards of a stage.
using Reports = std::span<std::int64_t const>;

/// The samples [first, first + count) of an order that a shard of a stage takes.
struct Rows {
  std::uint64_t first = 0;
  std::uint64_t count = 0;
};

class Training {
 public:
  explicit Training(Params const& params);
  kernels::nets::Shape const& shape() const { return shape_; }
  std::size_t parameters() const { return parameters_; }
  std::size_t buckets() const { return buckets_.size(); }
  /// Slots of a shard's report, and of a stage.
  std::size_t report_size() const { return report_words + buckets_.size(); }
  std::size_t slots() const { return std::max(parameters_ + params_.training.shards * report_size(), params_.training.shards * finding_words); }
  bool has_average() const { return params_.training.average > 0; }

  /// Of the step to take, places in the epoch's order; of a validation, samples.
  Rows rows_of(Network const& network, std::uint64_t shard) const;
  /// Of a surrogate, looked at when it is trained; else none.
  std::optional<Grid> const& grid() const { return grid_; }
  /// Lines of the grid that a shard looks at in a stage, and such stages.
  std::uint64_t lines_a_shard() const;
  std::uint64_t check_stages() const;
  /// What a shard finds on its lines of the grid; `predict` knows the used parameters.
  void check(Network const& network, std::uint64_t shard, Predict const& predict, std::span<std::int64_t> report) const;
  /// Lines of the grid, from the first.
  Rows lines_of(Network const& network, std::uint64_t shard) const;
  /// Its blocks, in the order in which their losses are added.
  std::vector<kernels::nets::BlockRows> blocks_of(Network const& network, std::uint64_t shard) const;
  std::uint64_t largest_block() const;
  /// Rows of a block of a shard of so many.
  std::uint64_t block_rows(Phase phase, std::uint64_t rows) const;
  /// Of the largest shard of a step.
  std::uint64_t shard_rows() const { return (params_.training.batch + params_.training.shards - 1) / params_.training.shards; }
  kernels::nets::RowOrder order_of(Network const& network) const;
  /// Of the step to take; none where all values count.
  std::optional<kernels::nets::Dropout> dropout_of(Network const& network) const;
  /// Of the shuffled orders: every run has its own, those of the baseline that of the run they stand beside.
  std::uint64_t epoch_of(Network const& network) const;
  std::vector<double> scales_of(Network const& network) const;
  /// That the tiles of a stage run with.
  std::vector<float> const& used_parameters(Network const& network) const {
    if (network.phase == Phase::check) return *network.best_parameters;
    return network.phase == Phase::learn ? network.weights->parameters : network.judged(has_average());
  }

  /// Behind the gradients of a step or a validation.
  Reports reports_of(std::span<std::int64_t const> sums) const { return sums.subspan(parameters_, params_.training.shards * report_size()); }
  std::span<std::int64_t> reports_in(std::span<std::int64_t> sums) const { return sums.subspan(parameters_, params_.training.shards * report_size()); }
  /// Where a shard reports, among those of its stage.
  std::span<std::int64_t> report_in(std::span<std::int64_t> reports, std::uint64_t shard) const {
    return reports.subspan(shard * report_size(), report_size());
  }
  void write_report(Network const& network, std::uint64_t shard, kernels::nets::BlockLoss const& loss, std::span<std::int64_t> report) const;

  /// Before the first step.
  std::shared_ptr<Network> begin(std::shared_ptr<Dataset const> data, Slots labels) const;
  std::shared_ptr<Network> next(Network const& from, std::span<std::int64_t const> sums, int threads) const;

  /// The parts of a step, for whoever keeps gradients and weights elsewhere: whether its sums count, or `to` sums them again on other
  /// scales; from a bucket's sums to its mean gradient; the length of that; what the optimizer does to the buckets that learn; and
  /// `to` behind it, weights apart.
  bool settle(Network const& from, Reports reports, Network& to) const;
  std::vector<double> mean_scales(Network const& from) const;
  double length_of(std::span<double const> squares) const;
  std::vector<kernels::nets::UpdateRule> rules_of(Network const& from, double length) const;
  void record_step(Network const& from, Reports reports, double length, Network& to) const;
  std::shared_ptr<Network> after_validation(Network const& from, Reports reports) const;
  /// Those before it are frozen.
  std::size_t first_bucket() const { return 2 * params_.network.frozen_layers; }

 private:
  std::shared_ptr<Network> after_step(Network const& from, std::span<std::int64_t const> sums, int threads) const;
  std::shared_ptr<Network> after_run(std::shared_ptr<Network> to) const;
  void begin_run(Network& to) const;
  void keep_best(Network& to) const;
  std::shared_ptr<Network> after_check(Network const& from, std::span<std::int64_t const> sums) const;
  ShardReport report_of(Reports reports, std::uint64_t shard) const;
  ShardReport total_of(Reports reports) const;
  std::optional<std::size_t> bucket_beyond_bounds(Reports reports) const;
  void lower_loss_scale(Network const& from, std::size_t bucket, Network& to) const;
  static void move_loss_scale(std::int64_t by, Network& to);
  bool fit_scales(Network const& from, Reports reports, std::vector<std::int64_t>& exponents) const;
  kernels::nets::UpdateRule rule_of(TrainingChoice const& training, std::uint64_t step) const;
  double length_of(Network const& from, std::span<std::int64_t const> sums) const;
  void update(Network const& from, std::span<std::int64_t const> sums, std::span<kernels::nets::UpdateRule const> rules, int threads,
              Network& to) const;

  /// What a bucket has of all parameters' numbers.
  std::span<std::int64_t const> part(std::span<std::int64_t const> all, std::size_t bucket) const {
    return all.subspan(buckets_[bucket].first, buckets_[bucket].count);
  }
  template <class T>
  std::span<T const> part(std::vector<T> const& all, std::size_t bucket) const {
    return std::span(all).subspan(buckets_[bucket].first, buckets_[bucket].count);
  }
  template <class T>
  std::span<T> part(std::vector<T>& all, std::size_t bucket) const {
    return std::span(all).subspan(buckets_[bucket].first, buckets_[bucket].count);
  }

  Params const& params_;
  kernels::nets::Shape shape_;
  std::vector<kernels::nets::Bucket> buckets_;
  std::size_t parameters_;
  std::optional<Grid> grid_;
};

}  // namespace muster::jobs::train
