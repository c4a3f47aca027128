#include "jobs/train/device_runner.hpp"

#include <bit>

#include "core/error.hpp"
#include "core/text.hpp"
#include "jobs/bar_inputs.hpp"
#include "jobs/train/contracts.hpp"
#include "jobs/train/sweep.hpp"
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

/// What a process computes of stages, and how it comes by what its companions have found of the rest.
class Share {
 public:
  explicit Share(Companions* companions) : companions_(companions) {}
  bool is_all() const { return companions_ == nullptr; }
  std::span<nets::BlockRows const> of(std::span<nets::BlockRows const> blocks) const {
    if (is_all()) return blocks;
    return nets::share_of(blocks, static_cast<std::size_t>(companions_->index()), static_cast<std::size_t>(companions_->size()));
  }
  nets::AddOthers add_others() const {
    if (is_all()) return {};
    return [this](std::span<std::span<std::int64_t> const> sums) { companions_->add_on_devices(sums); };
  }
  /// The losses of all blocks, in bits that nobody else has set, and the largest gradients. Returns what the first companion said.
  bool complete(bool is_enough, std::span<nets::BlockLoss> losses, std::span<std::uint32_t> most) {
    if (is_all()) return is_enough;
    auto const own = static_cast<std::size_t>(companions_->index()), all = static_cast<std::size_t>(companions_->size());
    words_.assign(1 + 2 * losses.size() + all * most.size(), 0);
    auto const values = std::span(words_).subspan(1, 2 * losses.size()), largest = std::span(words_).subspan(1 + 2 * losses.size());
    words_[0] = own == 0 && is_enough;
    for (std::size_t i = 0; i < losses.size(); ++i) {
      values[2 * i] = std::bit_cast<std::int64_t>(losses[i].value);
      values[2 * i + 1] = std::bit_cast<std::int64_t>(losses[i].slope);
    }
    std::ranges::copy(most, largest.subspan(own * most.size()).begin());
    companions_->add_words(words_);
    for (std::size_t i = 0; i < losses.size(); ++i)
      losses[i] = {std::bit_cast<double>(values[2 * i]), std::bit_cast<double>(values[2 * i + 1])};
    for (std::size_t i = 0; i < largest.size(); ++i)
      most[i % most.size()] = std::max(most[i % most.size()], static_cast<std::uint32_t>(largest[i]));
    return words_[0] != 0;
  }

 private:
  Companions* companions_;
  std::vector<std::int64_t> words_;
};

Team team_of(Device const& device) { return {static_cast<int>(device.partners.size() + 1), device.members}; }

std::uint32_t copies_of(Team const& team) { return static_cast<std::uint32_t>(team.gpus / team.members); }

/// Of a copy of the network: its part of all shards, or the largest block where a step is small. Blocks are whole.
std::uint64_t most_rows(Params const& params, Training const& training, Team const& team) {
  std::uint64_t const copies = copies_of(team), block = training.largest_block();
  auto const all = std::min(params.training.batch, params.samples.train);
  return copies == 1 ? std::max(all, block) : std::min(std::max(all, block), all / copies + block);
}

nets::DevicePlan plan_of(Params const& params, Training const& training, std::uint64_t rows_at_once, Team const& team) {
  return {training.shape(), params.training.slopes > 0, params.model == Model::surrogate, table_of(params, training.shape()), rows_at_once,
          params.training.shards, params.training.precision, static_cast<std::uint32_t>(team.members), 0, copies_of(team), has_dropout(params)};
}

/// The most that a member needs: shares of a network differ by some columns.
std::uint64_t most_bytes(nets::DevicePlan plan) {
  std::uint64_t most = 0;
  for (plan.member = 0; plan.member < plan.members; ++plan.member) most = std::max(most, nets::device_bytes(plan));
  return most;
}

/// Pools of a team, this device's first.
std::vector<kernels::DevicePool*> pools_of(Device const& device) {
  std::vector<kernels::DevicePool*> pools{device.pool};
  for (auto const& partner : device.partners) pools.push_back(partner.pool);
  return pools;
}

std::uint64_t least_room(std::span<kernels::DevicePool* const> pools) {
  std::uint64_t least = UINT64_MAX;
  for (auto* const pool : pools) least = std::min(least, pool->room_bytes());
  return least;
}

std::uint64_t half_rows(Training const& training, std::uint64_t rows) { return std::max(rows / 2, training.largest_block()); }

std::string rows_text(std::uint64_t now, std::uint64_t full) {
  return fmt::format("{} rows at once instead of {}", human_count(now), human_count(full));
}

class DeviceRunner final : public TileRunner {
 public:
  DeviceRunner(Params const& params, Training const& training, Tiling tiling, Device device)
      : params_(params), training_(training), tiling_(tiling), device_(device), rows_at_once_(most_rows(params, training, team_of(device_))) {}

  void prepare() override {
    if (learner_) return;
    auto const plan = plan_of(params_, training_, rows_at_once_, team_of(device_));
    auto const pools = pools_of(device_);
    auto& accelerator = device_.pool->device();
    if (auto const wanted = most_bytes(plan); wanted > least_room(pools))
      throw kernels::OutOfMemory(fmt::format("{} rows at once need {} of the device (which may give {}); raise --device-memory, or use "
                                             "--device cpu", human_count(rows_at_once_), human_bytes(wanted), human_bytes(least_room(pools))));
    learner_ = accelerator.open_learner(plan, pools);
    MUSTER_REQUIRE_ENV(learner_ != nullptr, "device {} has no form of networks (a train job cannot run there); use --device cpu", device_.ordinal);
  }
  std::optional<StepDown> step_down() override {
    forget();
    auto const before = rows_at_once_;
    rows_at_once_ = half_rows(training_, rows_at_once_);
    if (rows_at_once_ == before) return std::nullopt;
    return StepDown{MemoryStep::smaller_batch, rows_text(rows_at_once_, most_rows(params_, training_, team_of(device_)))};
  }
  void enter(CarryPtr carry) override {
    network_ = std::static_pointer_cast<Network const>(std::move(carry));
    is_loaded_ = false;
  }
  std::optional<Ahead> run_ahead(TileRange stage, std::function<bool()> const& is_enough, Companions* companions) override {
    bool const is_whole = stage.count == tiling_.shards && tiling_.shard_of(stage.first) == 0;
    if (!is_whole || !network_->trains()) return std::nullopt;
    prepare();
    Ahead ahead;
    is_loaded_ = false;
    auto last = std::make_shared<Network>(*network_);
    Course course{Share(companions), is_enough, companions == nullptr && is_enough()};
    while (last->trains() && !course.is_over) {
      auto next = stage_ahead(course, *last, stage.first + ahead.digests.size(), ahead.digests);
      if (!next) break;
      last = std::move(next);
    }
    if (ahead.digests.empty()) return std::nullopt;
    fetch_weights(*last);
    ahead.carry = std::move(last);
    return ahead;
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
    trained_ = nullptr;
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
    hold(network_->data);
    if (!is_loaded_) load(training_.used_parameters(*network_));
    is_loaded_ = true;
  }
  void load(std::span<float const> parameters) {
    learner_->load(parameters);
    trained_ = nullptr;
  }
  void hold(std::shared_ptr<Dataset const> const& data) {
    // Labels have derivatives, whether they are learned or not.
    auto const slopes = params_.training.slopes > 0 ? std::span<float const>(data->slopes) : std::span<float const>();
    if (held_ != data) learner_->hold({data->rows, data->targets, slopes, data->places, data->row_step});
    held_ = data;
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
    cut(*network_, range);
    auto const order = training_.order_of(*network_);
    auto const dropout = training_.dropout_of(*network_);
    auto const weights = loss_weights(*network_, dropout);
    if (network_->phase == Phase::learn)
      learner_->add_gradients(blocks_, order, weights, training_.scales_of(*network_), sums.first(training_.parameters()), {losses_, most_});
    else
      learner_->losses(blocks_, order, weights, losses_);
    report(*network_, range, training_.reports_in(sums), digests);
  }
  /// The blocks of all shards of a range, and room for what is found of them.
  void cut(Network const& network, TileRange range) {
    blocks_.clear(), ends_.clear();
    for (std::uint64_t tile = range.first; tile < range.end(); ++tile) {
      auto const own = training_.blocks_of(network, tiling_.shard_of(tile));
      blocks_.insert(blocks_.end(), own.begin(), own.end());
      ends_.push_back(blocks_.size());
    }
    losses_.assign(blocks_.size(), {});
    most_.assign(tiling_.shards * training_.buckets(), 0);
  }
  void report(Network const& network, TileRange range, std::span<std::int64_t> reports, std::span<TileDigest> digests) {
    auto loss = losses_.begin();
    for (std::uint64_t i = 0; i < range.count; ++i) {
      auto const shard = tiling_.shard_of(range.first + i);
      auto const own = training_.report_in(reports, shard);
      nets::BlockLoss total;
      for (auto const end = losses_.begin() + static_cast<std::ptrdiff_t>(ends_[i]); loss < end; ++loss) total += *loss;
      if (network.phase == Phase::learn)
        std::ranges::copy(std::span(most_).subspan(shard * training_.buckets(), training_.buckets()), own.begin() + report_words);
      training_.write_report(network, shard, total, own);
      digests[i] = digest_of_shard(network, range.first + i, shard, own);
    }
  }

  // ---- Stages by itself: weights and moments stay on the device, and `weights` of a network are null meanwhile ----

  /// A run of stages.
  struct Course {
    Share share;
    std::function<bool()> const& is_enough;
    bool is_over;
  };

  /// Null, with nothing told, where the stage would end all learning.
  std::shared_ptr<Network> stage_ahead(Course& course, Network& at, std::uint64_t first_tile, std::vector<TileDigest>& digests) {
    TileRange const stage{first_tile, tiling_.shards};
    hold(at.data);
    cut(at, stage);
    reports_.assign(tiling_.shards * training_.report_size(), 0);
    digests_.resize(stage.count);
    auto next = at.phase == Phase::learn ? step_ahead(course, at, stage) : validate_ahead(course, at, stage);
    if (next->trains()) digests.insert(digests.end(), digests_.begin(), digests_.end());
    return next->trains() ? next : nullptr;
  }
  std::shared_ptr<Network> step_ahead(Course& course, Network& at, TileRange stage) {
    bring_weights(at);
    std::vector<double> squares(training_.buckets());
    auto const own = course.share.of(blocks_);
    auto const dropout = training_.dropout_of(at);
    learner_->sum_gradients(own, training_.order_of(at), loss_weights(at, dropout), training_.scales_of(at), {losses_of(own), most_},
                            {training_.mean_scales(at), squares}, course.share.add_others());
    complete(course, at, stage);
    auto next = std::make_shared<Network>(at);
    if (!training_.settle(at, reports_, *next)) return next;
    double const length = training_.length_of(squares);
    learner_->take_step(training_.first_bucket(), training_.rules_of(at, length));
    next->weights = trained_ = nullptr;
    training_.record_step(at, reports_, length, *next);
    return next;
  }
  std::shared_ptr<Network> validate_ahead(Course& course, Network& at, TileRange stage) {
    fetch_weights(at);
    if (trained_ != at.weights || training_.has_average()) load(at.judged(training_.has_average()));
    auto const own = course.share.of(blocks_);
    learner_->losses(own, training_.order_of(at), loss_weights(at), losses_of(own));
    complete(course, at, stage);
    return training_.after_validation(at, reports_);
  }
  std::span<nets::BlockLoss> losses_of(std::span<nets::BlockRows const> own) {
    return std::span(losses_).subspan(static_cast<std::size_t>(own.data() - blocks_.data()), own.size());
  }
  void complete(Course& course, Network const& at, TileRange stage) {
    auto const most = at.phase == Phase::learn ? std::span(most_) : std::span<std::uint32_t>();
    course.is_over = course.share.complete(course.is_enough(), losses_, most);
    report(at, stage, reports_, digests_);
  }
  void bring_weights(Network const& at) {
    if (at.weights == nullptr || at.weights == trained_) return;
    auto const& w = *at.weights;
    learner_->begin_steps({w.parameters, w.first, w.second, w.average});
    trained_ = at.weights;
  }
  void fetch_weights(Network& at) {
    if (at.weights != nullptr) return;
    auto weights = std::make_shared<Weights>();
    for (auto* all : {&weights->parameters, &weights->first, &weights->second, &weights->average}) all->resize(training_.parameters());
    learner_->read_steps({weights->parameters, weights->first, weights->second, weights->average});
    at.weights = trained_ = std::move(weights);
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
  std::shared_ptr<Weights const> trained_;  // what the device makes its steps from; null: known to it alone, or to nobody
  std::vector<nets::BlockRows> blocks_;
  std::vector<std::size_t> ends_;  // of each tile's blocks
  std::vector<std::int64_t> reports_;
  std::vector<TileDigest> digests_;
  std::vector<std::int64_t> found_;
  std::vector<nets::BlockLoss> losses_;
  std::vector<std::uint32_t> most_;
};

}  // namespace

std::unique_ptr<TileRunner> make_device_runner(Params const& params, Training const& training, Tiling tiling, Device device) {
  return std::make_unique<DeviceRunner>(params, training, tiling, device);
}

DeviceNeed device_need(Params const& params, Training const& training, topology::Gpu const& gpu, std::uint64_t budget_bytes,
                       Team team) {
  auto const bytes = [&](std::uint64_t rows) { return most_bytes(plan_of(params, training, rows, team)); };
  DeviceNeed need;
  need.context_bytes = topology::context_bytes(gpu) + (team.is_joined ? topology::nccl_bytes : 0);
  auto const room = kernels::limit_within(budget_bytes - std::min(budget_bytes, need.context_bytes));
  auto const full = most_rows(params, training, team);
  auto rows = full;
  while (bytes(rows) > room && rows > training.largest_block()) rows = half_rows(training, rows);
  need.full_bytes = need.context_bytes + kernels::whole_steps(bytes(full));
  need.pool_bytes = kernels::whole_steps(bytes(rows));
  need.fits = bytes(rows) <= room;
  if (rows != full) need.note = rows_text(rows, full);
  return need;
}

}  // namespace muster::jobs::train
