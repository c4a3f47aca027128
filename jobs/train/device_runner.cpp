#include "jobs/train/device_runner.hpp"

#include "core/error.hpp"
#include "core/text.hpp"
#include "jobs/bar_inputs.hpp"
#include "jobs/train/contracts.hpp"
#include "kernels/device_pool.hpp"
#include "kernels/out_of_memory.hpp"
#include "topology/budget.hpp"

namespace muster::jobs::train {
namespace {

namespace nets = kernels::nets;

/// Labels of a launch fill a card many times over, and take it some milliseconds.
constexpr std::uint64_t labels_at_once = 4096;

nets::TableSize table_of(Params const& params, nets::Shape const& shape) {
  auto const samples = params.samples.total();
  if (params.model == Model::autoencoder) return {params.samples.bar_cells * bar_inputs, 0, 0, samples};
  auto const slopes = params.training.slopes > 0 ? samples * shape.inputs() : 0;
  return {samples * shape.inputs(), samples * shape.outputs(), slopes, 0};
}

/// Rows of all shards, or the largest block where a step is small.
std::uint64_t most_rows(Params const& params, Training const& training) {
  return std::max(std::min(params.training.batch, params.samples.train), training.largest_block());
}

nets::DevicePlan plan_of(Params const& params, Training const& training, std::uint64_t rows_at_once) {
  return {training.shape(), params.training.slopes > 0, params.model == Model::surrogate, table_of(params, training.shape()), rows_at_once,
          params.training.shards};
}

std::uint64_t half_rows(Training const& training, std::uint64_t rows) { return std::max(rows / 2, training.largest_block()); }

std::string rows_text(std::uint64_t now, std::uint64_t full) {
  return fmt::format("{} rows at once instead of {}", human_count(now), human_count(full));
}

class DeviceRunner final : public TileRunner {
 public:
  DeviceRunner(Params const& params, Training const& training, Tiling tiling, Device device)
      : params_(params), training_(training), tiling_(tiling), device_(device), rows_at_once_(most_rows(params, training)) {}

  void prepare() override {
    if (learner_) return;
    auto const plan = plan_of(params_, training_, rows_at_once_);
    auto& pool = *device_.pool;
    auto& accelerator = pool.device();
    if (auto const wanted = nets::device_bytes(plan); wanted > pool.room_bytes())
      throw kernels::OutOfMemory(fmt::format("{} rows at once need {} of the device (which may give {}); raise --device-memory, or use "
                                             "--device cpu", human_count(rows_at_once_), human_bytes(wanted), human_bytes(pool.room_bytes())));
    learner_ = accelerator.open_learner(plan, pool);
    MUSTER_REQUIRE_ENV(learner_ != nullptr, "device {} has no form of networks (a train job cannot run there); use --device cpu", device_.ordinal);
  }
  std::optional<StepDown> step_down() override {
    forget();
    auto const before = rows_at_once_;
    rows_at_once_ = half_rows(training_, rows_at_once_);
    if (rows_at_once_ == before) return std::nullopt;
    return StepDown{MemoryStep::smaller_batch, rows_text(rows_at_once_, most_rows(params_, training_))};
  }
  void enter(CarryPtr carry) override {
    network_ = std::static_pointer_cast<Network const>(std::move(carry));
    is_loaded_ = false;
  }
  /// Many labels, or all shards of a step.
  std::uint64_t preferred_tiles() const override {
    if (network_ != nullptr && network_->phase != Phase::label) return tiling_.shards;
    return std::max(tiling_.shards, labels_at_once / tiling_.tile_samples);
  }
  void run(TileRange range, std::span<std::int64_t> sums, std::span<TileDigest> digests) override {
    MUSTER_ASSERT(network_ != nullptr, "tiles {} + {} before their stage", range.first, range.count);
    prepare();
    if (tiling_.is_label(range.first)) return label(range, sums, digests);
    load();
    network_->phase == Phase::check ? check(range, sums, digests) : learn(range, sums, digests);
  }

 private:
  void forget() {
    learner_.reset();
    held_ = nullptr;
    is_loaded_ = false;
  }

  void label(TileRange range, std::span<std::int64_t> sums, std::span<TileDigest> digests) {
    auto const base = tiling_.first_sample(range.first), end = tiling_.first_sample(range.end());
    std::vector<nets::PathLaw> laws;
    for (std::uint64_t sample = base; sample < end; ++sample)
      laws.push_back(nets::path_law(draw_contract(params_.contract, params_.seed, sample), params_.seed, stream_paths,
                                    static_cast<std::uint32_t>(sample)));
    found_.assign(laws.size() * nets::label_sums, 0);
    learner_->add_label_paths(laws, params_.data.paths / 2, found_);
    for (std::size_t i = 0; i < found_.size(); ++i) sums[i] += found_[i];
    for (std::uint64_t i = 0; i < range.count; ++i) {
      auto const first = tiling_.first_sample(range.first + i) - base, last = tiling_.first_sample(range.first + i + 1) - base;
      Fingerprint print;
      for (std::uint64_t sample = first; sample < last; ++sample)
        print.add(std::span<std::int64_t const>(found_).subspan(sample * nets::label_sums, nets::label_sums));
      digests[i] = print.of(range.first + i);
    }
  }

  void load() {
    auto const& data = *network_->data;
    if (held_ != network_->data) learner_->hold({data.rows, data.targets, data.slopes, data.places, data.row_step});
    held_ = network_->data;
    if (!is_loaded_) learner_->load(training_.used_parameters(*network_));
    is_loaded_ = true;
  }

  /// Shards' lines of the grid.
  void check(TileRange range, std::span<std::int64_t> sums, std::span<TileDigest> digests) {
    Predict const predict = [&](auto inputs, auto outputs, auto slopes) { learner_->predict(inputs, outputs, slopes); };
    for (std::uint64_t i = 0; i < range.count; ++i) {
      auto const shard = tiling_.shard_of(range.first + i);
      auto const report = sums.subspan(shard * finding_words, finding_words);
      training_.check(*network_, shard, predict, report);
      digests[i] = digest_of_findings(range.first + i, report);
    }
  }

  /// Shards of a step or of a validation, all at once.
  void learn(TileRange range, std::span<std::int64_t> sums, std::span<TileDigest> digests) {
    std::vector<nets::BlockRows> blocks;
    std::vector<std::size_t> ends;  // of each tile's blocks
    for (std::uint64_t i = 0; i < range.count; ++i) {
      auto const own = training_.blocks_of(*network_, tiling_.shard_of(range.first + i));
      blocks.insert(blocks.end(), own.begin(), own.end());
      ends.push_back(blocks.size());
    }
    losses_.assign(blocks.size(), {});
    most_.assign(params_.training.shards * training_.buckets(), 0);
    run_blocks(blocks, sums);
    for (std::uint64_t i = 0; i < range.count; ++i)
      digests[i] = report(range.first + i, std::span(losses_).subspan(i == 0 ? 0 : ends[i - 1], ends[i] - (i == 0 ? 0 : ends[i - 1])), sums);
  }
  void run_blocks(std::span<nets::BlockRows const> blocks, std::span<std::int64_t> sums) {
    auto const order = training_.order_of(*network_);
    auto const weights = loss_weights(*network_);
    if (network_->phase == Phase::learn)
      learner_->add_gradients(blocks, order, weights, training_.scales_of(*network_), sums.first(training_.parameters()), {losses_, most_});
    else
      learner_->losses(blocks, order, weights, losses_);
  }
  TileDigest report(std::uint64_t tile, std::span<nets::BlockLoss const> losses, std::span<std::int64_t> sums) {
    auto const shard = tiling_.shard_of(tile);
    auto const report = training_.report_in(sums, shard);
    nets::BlockLoss total;
    for (auto const& loss : losses) total += loss;
    if (network_->phase == Phase::learn)
      std::ranges::copy(std::span(most_).subspan(shard * training_.buckets(), training_.buckets()), report.begin() + report_words);
    training_.write_report(*network_, shard, total, report);
    return digest_of_shard(*network_, tile, shard, report);
  }

  Params const& params_;
  Training const& training_;
  Tiling const tiling_;
  Device const device_;
  std::uint64_t rows_at_once_;
  std::unique_ptr<nets::DeviceLearner> learner_;
  std::shared_ptr<Network const> network_;
  std::shared_ptr<Dataset const> held_;
  bool is_loaded_ = false;
  std::vector<std::int64_t> found_;
  std::vector<nets::BlockLoss> losses_;
  std::vector<std::uint32_t> most_;
};

}  // namespace

std::unique_ptr<TileRunner> make_device_runner(Params const& params, Training const& training, Tiling tiling, Device device) {
  return std::make_unique<DeviceRunner>(params, training, tiling, device);
}

DeviceNeed device_need(Params const& params, Training const& training, topology::Gpu const& gpu, std::uint64_t budget_bytes) {
  auto const bytes = [&](std::uint64_t rows) { return nets::device_bytes(plan_of(params, training, rows)); };
  DeviceNeed need;
  need.context_bytes = topology::context_bytes(gpu);
  auto const room = kernels::limit_within(budget_bytes - std::min(budget_bytes, need.context_bytes));
  auto const full = most_rows(params, training);
  auto rows = full;
  while (bytes(rows) > room && rows > training.largest_block()) rows = half_rows(training, rows);
  need.full_bytes = need.context_bytes + kernels::whole_steps(bytes(full));
  need.pool_bytes = kernels::whole_steps(bytes(rows));
  need.fits = bytes(rows) <= room;
  if (rows != full) need.note = rows_text(rows, full);
  return need;
}

}  // namespace muster::jobs::train
