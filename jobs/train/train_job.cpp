#include "jobs/train/train_job.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "jobs/train/contracts.hpp"
#include "jobs/train/device_runner.hpp"
#include "jobs/train/parse.hpp"
#include "jobs/train/samples.hpp"
#include "jobs/train/schedule.hpp"
#include "jobs/train/shards.hpp"
#include "jobs/train/tables.hpp"
#include "jobs/train/training.hpp"
#include "jobs/train/windows.hpp"
#include "kernels/nets/host_net.hpp"

namespace muster::jobs::train {
namespace {

namespace nets = kernels::nets;

/// That blocks are gathered to, at least.
constexpr std::uint64_t gathered_rows = 4 * nets::batch_rows;

nets::HostNet::Use use_of(Params const& params) {
  return params.training.slopes > 0 ? nets::HostNet::Use::learn_slopes : nets::HostNet::Use::learn;
}

class TrainRunner final : public TileRunner {
 public:
  TrainRunner(Params const& params, Training const& training, Tiling tiling)
      : params_(params), training_(training), tiling_(tiling),
        net_(training.shape(), use_of(params)) {}

  void enter(CarryPtr carry) override {
    network_ = std::static_pointer_cast<Network const>(std::move(carry));
    is_loaded_ = false;
  }
  std::uint64_t preferred_tiles() const override { return 1; }
  void run(TileRange range, std::span<std::int64_t> sums, std::span<TileDigest> digests) override {
    MUSTER_ASSERT(network_ != nullptr, "tiles {} + {} before their stage", range.first, range.count);
    if (tiling_.is_label(range.first)) return label(range, sums, digests);
    if (!is_loaded_) load();
    if (network_->phase == Phase::learn) return learn(range, sums, digests);
    for (std::uint64_t i = 0; i < range.count; ++i)
      digests[i] = network_->phase == Phase::check ? check(range.first + i, sums) : judge(range.first + i, sums);
  }

 private:
  void label(TileRange range, std::span<std::int64_t> sums, std::span<TileDigest> digests) {
    auto const base = tiling_.first_sample(range.first);
    for (std::uint64_t i = 0; i < range.count; ++i) {
      auto const tile = range.first + i;
      digests[i] = label(tile, sums.subspan((tiling_.first_sample(tile) - base) * nets::label_sums));
    }
  }
  TileDigest label(std::uint64_t tile, std::span<std::int64_t> sums) {
    Fingerprint print;
    auto const first = tiling_.first_sample(tile);
    for (std::uint64_t sample = first; sample < tiling_.first_sample(tile + 1); ++sample) {
      auto const contract = draw_contract(params_.contract, params_.seed, sample);
      nets::LabelSums own{};
      nets::add_label_paths(contract, params_.seed, stream_paths, static_cast<std::uint32_t>(sample), params_.data.paths / 2, own);
      print.add(own);
      for (std::size_t s = 0; s < own.size(); ++s) sums[(sample - first) * nets::label_sums + s] += own[s];
    }
    return print.of(tile);
  }

  /// Shards of a step. Their blocks are gathered some batches at a time.
  void learn(TileRange range, std::span<std::int64_t> sums, std::span<TileDigest> digests) {
    most_.assign(range.count * training_.buckets(), 0);
    losses_.assign(range.count, {});
    auto const order = training_.order_of(*network_);
    std::vector<nets::BlockRows> blocks;
    std::uint64_t rows = 0;
    for (std::uint64_t i = 0; i < range.count; ++i)
      for (auto const& block : training_.blocks_of(*network_, tiling_.shard_of(range.first + i))) {
        if (rows > 0 && rows + block.rows > gathered_rows) add_gradients(blocks, order, range, sums), blocks.clear(), rows = 0;
        blocks.push_back(block);
        rows += block.rows;
      }
    add_gradients(blocks, order, range, sums);
    for (std::uint64_t i = 0; i < range.count; ++i) digests[i] = report(range.first + i, i, sums);
  }
  TileDigest report(std::uint64_t tile, std::uint64_t i, std::span<std::int64_t> sums) {
    auto const shard = tiling_.shard_of(tile);
    auto const report = training_.report_in(training_.reports_in(sums), shard);
    std::copy_n(most_.begin() + static_cast<std::ptrdiff_t>(i * training_.buckets()), training_.buckets(), report.begin() + report_words);
    training_.write_report(*network_, shard, losses_[i], report);
    return digest_of_shard(*network_, tile, shard, report);
  }
  /// A shard of a validation.
  TileDigest judge(std::uint64_t tile, std::span<std::int64_t> sums) {
    auto const shard = tiling_.shard_of(tile);
    auto const report = training_.report_in(training_.reports_in(sums), shard);
    auto const order = training_.order_of(*network_);
    nets::BlockLoss loss;
    for (auto const& block : training_.blocks_of(*network_, shard)) {
      clear_gathered(block.rows);
      loss += net_.loss(gather(block, order), loss_weights(*network_));
    }
    training_.write_report(*network_, shard, loss, report);
    return digest_of_shard(*network_, tile, shard, report);
  }
  /// A shard's lines of the grid.
  TileDigest check(std::uint64_t tile, std::span<std::int64_t> sums) {
    auto const shard = tiling_.shard_of(tile);
    auto const report = sums.subspan(shard * finding_words, finding_words);
    training_.check(*network_, shard, predict_with(net_), report);
    return digest_of_findings(tile, report);
  }
  void load() {
    net_.load(training_.used_parameters(*network_));
    is_loaded_ = true;
  }

  void clear_gathered(std::uint64_t rows) {
    auto const& set = *network_->data;
    rows_.clear(), targets_.clear(), slopes_.clear(), numbers_.clear();
    rows_.reserve(rows * set.inputs);
    numbers_.reserve(rows);
    if (params_.training.slopes > 0) slopes_.reserve(rows * set.inputs);
    // Windows are their own targets.
    if (!set.targets.empty()) targets_.reserve(rows * set.outputs);
  }
  /// Behind what was gathered, for which there is room.
  nets::Samples gather(nets::BlockRows const& block, nets::RowOrder const& order) {
    auto const& set = *network_->data;
    bool const has_slopes = params_.training.slopes > 0;
    auto const append = [](std::vector<float>& to, float const* from, std::size_t width) { to.insert(to.end(), from, from + width); };
    auto const row = rows_.size(), target = targets_.size(), slope = slopes_.size(), number = numbers_.size();
    for (std::size_t i = 0; i < block.rows; ++i) {
      auto const sample = order.at(block.first + i);
      numbers_.push_back(static_cast<std::uint32_t>(sample));
      append(rows_, set.row(sample), set.inputs);
      if (has_slopes) append(slopes_, set.slopes_of(sample), set.inputs);
      if (!set.targets.empty()) append(targets_, set.targets_of(sample), set.outputs);
    }
    return {rows_.data() + row, set.targets.empty() ? rows_.data() + row : targets_.data() + target,
            has_slopes ? slopes_.data() + slope : nullptr, block.rows, numbers_.data() + number};
  }
  void add_gradients(std::span<nets::BlockRows const> rows, nets::RowOrder const& order, TileRange range, std::span<std::int64_t> sums) {
    std::uint64_t count = 0;
    for (auto const& block : rows) count += block.rows;
    clear_gathered(count);
    std::vector<nets::Block> blocks;
    auto const number = [&](nets::BlockRows const& block) { return block.shard - tiling_.shard_of(range.first); };
    for (auto const& block : rows) blocks.push_back({gather(block, order), most_.data() + number(block) * training_.buckets()});
    auto const dropout = training_.dropout_of(*network_);
    net_.add_gradients(blocks, loss_weights(*network_, dropout), training_.scales_of(*network_), sums.first(training_.parameters()));
    for (std::size_t b = 0; b < blocks.size(); ++b) losses_[number(rows[b])] += blocks[b].loss;
  }

  Params const& params_;
  Training const& training_;
  Tiling const tiling_;
  nets::HostNet net_;
  std::shared_ptr<Network const> network_;
  bool is_loaded_ = false;
  std::vector<float> rows_, slopes_, targets_;
  std::vector<std::uint32_t> numbers_;
  std::vector<std::uint32_t> most_;  ///< of each tile of a range
  std::vector<nets::BlockLoss> losses_;
};

class TrainJob final : public Job, public Steps {
 public:
  TrainJob(Params const& params, std::filesystem::path const& folder)
      : params_(params), training_(params_), tiling_(tiling_of(params_, training_)), windows_(params_, folder), samples_(params_, folder) {}

  std::string_view kind() const override { return "train"; }
  std::size_t slots() const override { return std::max<std::size_t>(tiling_.labels * nets::label_sums, training_.slots()); }
  SlotWindow window(TileRange range) const override {
    if (!tiling_.is_label(range.first)) return {0, training_.slots()};
    auto const first = tiling_.first_sample(range.first), end = tiling_.first_sample(range.end());
    return {first * nets::label_sums, (end - first) * nets::label_sums};
  }
  std::vector<std::uint64_t> stages() const override {
    std::vector<std::uint64_t> stages;
    if (tiling_.label_tiles > 0) stages.push_back(tiling_.label_tiles);
    for (std::uint64_t i = 1; i <= tiling_.stages; ++i) stages.push_back(tiling_.label_tiles + i * tiling_.shards);
    return stages;
  }
  bool is_done(std::span<std::int64_t const>, std::uint64_t) const override { return false; }
  Steps const* steps() const override { return this; }

  CarryPtr first(int) const override {
    return has_labels() ? std::make_shared<Network>() : training_.begin(data(), {});
  }
  CarryPtr next(CarryPtr const& carry, std::span<std::int64_t const> sums, int threads) const override {
    return training_.next(static_cast<Network const&>(*carry), sums, threads);
  }
  std::string tell(Carry const& carry) const override { return progress_text(params_, static_cast<Network const&>(carry)); }
  bool is_done(Carry const& carry) const override { return static_cast<Network const&>(carry).phase == Phase::over; }
  bool is_joint(Carry const& carry) const override { return static_cast<Network const&>(carry).trains(); }
  Slots encode(Carry const& carry) const override { return train::encode(static_cast<Network const&>(carry)); }
  CarryPtr decode(std::span<std::int64_t const> words, int threads) const override {
    return train::decode(params_, words, threads, data());
  }
  /// Samples and labels are found in the end, and not repeated.
  Slots encode_waypoint(Carry const& carry) const override {
    auto network = static_cast<Network const&>(carry);
    if (network.labels) network.labels = std::make_shared<Slots>();
    return train::encode(network);
  }
  CarryPtr decode_waypoint(std::span<std::int64_t const> words, Carry const& end, int threads) const override {
    auto const& labels = static_cast<Network const&>(end).labels;
    auto const samples = has_labels() ? std::make_shared<Dataset>(make_dataset(params_, *labels, threads)) : data();
    auto const network = train::decode(params_, words, threads, samples);
    network->labels = labels;
    return network;
  }

  SameBits same_bits() const override { return is_short() ? SameBits::on_one_kind : SameBits::on_every_device; }
  WorkUnit work_unit() const override {
    return {"samples", static_cast<double>(std::min(params_.training.batch, params_.samples.train)) / static_cast<double>(tiling_.shards)};
  }
  topology::Cost cost() const override {
    topology::Cost cost;
    cost.stages = stages();
    cost.has_gpu_form = true;
    cost.sums_bytes = slots() * sizeof(std::int64_t);
    cost.job_bytes = data_bytes() + training_.parameters() * 40;
    auto const learned = training_.block_rows(Phase::learn, training_.shard_rows());
    cost.thread_bytes = nets::HostNet::bytes(training_.shape(), use_of(params_), learned) + gathered_bytes();
    return cost;
  }
  std::unique_ptr<TileRunner> make_runner(Device device) const override {
    if (device.kind == Device::Kind::cuda) return make_device_runner(params_, training_, tiling_, device);
    MUSTER_REQUIRE(!is_short(),
                   "training.precision = \"{}\" (only GPUs from compute capability 8.0 compute it, and other bits than a CPU would); run it with "
                   "--device gpu on such a machine, or set fp32", nets::name_of(params_.training.precision));
    return std::make_unique<TrainRunner>(params_, training_, tiling_);
  }
  bool shares_gpus() const override { return true; }
  bool has_model_parallel_form() const override { return !is_short(); }
  std::optional<DeviceNeed> device_need(topology::Gpu const& gpu, std::uint64_t budget_bytes, Team team) const override {
    return train::device_need(params_, training_, gpu, budget_bytes, team);
  }
  std::vector<Table> results(std::span<std::int64_t const> sums, std::uint64_t) const override {
    auto const network = train::decode(params_, sums, 1, data());
    return has_windows() ? make_tables(params_, *network, windows_.windows()) : make_tables(params_, *network);
  }
  std::string summary(std::vector<Table> const& tables) const override { return make_summary(params_, tables); }

 private:
  bool is_short() const { return nets::is_short(params_.training.precision); }
  bool has_windows() const { return params_.model == Model::autoencoder; }
  bool has_labels() const { return tiling_.label_tiles > 0; }
  /// Null where it is made of labels.
  std::shared_ptr<Dataset const> data() const {
    if (has_windows()) return windows_.windows().data;
    return has_labels() ? nullptr : samples_.data();
  }
  /// Samples of a block, or of some batches.
  std::uint64_t gathered_bytes() const {
    auto const& shape = training_.shape();
    return (training_.largest_block() + gathered_rows) * (2 * shape.inputs() + shape.outputs()) * sizeof(float);
  }
  std::uint64_t data_bytes() const {
    if (has_labels()) return tiling_.labels * (nets::label_sums + 2 * training_.shape().inputs()) * 8;
    // A file and what is made of it.
    if (!has_windows()) return params_.samples.total() * (nets::label_slopes + 4 * training_.shape().inputs()) * 8;
    // Bars while they are read, what is made of them, and a place a window.
    constexpr std::uint64_t bar_columns = 8;
    return params_.samples.bar_cells * (bar_columns * 8 + bar_inputs * 12) + params_.samples.total() * 4;
  }

  Params const params_;
  Training const training_;
  Tiling const tiling_;
  WindowSource const windows_;
  SampleSource const samples_;
};

}  // namespace

std::unique_ptr<Job> make_train_job(Params const& params, std::filesystem::path const& folder) {
  return std::make_unique<TrainJob>(params, folder);
}

}  // namespace muster::jobs::train
