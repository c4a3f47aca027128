#include "jobs/train/training.hpp"

#include <algorithm>
#include <bit>

#include "core/error.hpp"
#include "core/parallel.hpp"
#include "jobs/train/contracts.hpp"
#include "jobs/train/parse.hpp"
#include "jobs/train/schedule.hpp"
#include "jobs/train/sweep.hpp"
#include "kernels/nets/update.hpp"
#include "kernels/scalar_math.hpp"

namespace muster::jobs::train {
namespace {

namespace nets = kernels::nets;

/// A bucket's largest gradient counts 2^47: elements 2^24 times smaller keep all their bits. Two parts of at most 64 blocks
/// of up to 2^55 stay inside 2^62 (docs/methods/training.md).
constexpr std::int64_t target_bits = 47, headroom_bits = 8;
constexpr std::uint64_t most_blocks = 64, least_block_rows = 256, judged_rows = 4096;
/// Where numbers have become too large, and after so many steps in which none did.
constexpr std::int64_t loss_exponent_falls = 4, loss_exponent_rises = 1;
constexpr std::uint64_t steps_to_rise = 1000;
constexpr std::uint32_t infinity_bits = 0x7f800000;

/// floor(log2 |x|) of a float's bits, subnormal ones as the least normal.
std::int64_t exponent_of(std::int64_t bits) { return std::max<std::int64_t>(bits >> 23, 1) - 127; }

/// Of layer `bucket / 2`, weights or biases.
std::string name_of(std::size_t bucket) { return fmt::format("the {} of layer {}", bucket % 2 == 0 ? "weights" : "biases", bucket / 2 + 1); }

/// Behind no activation, or a tanh, values keep their variance; the others halve it.
double gain_of(nets::Shape const& shape, std::size_t layer) {
  bool const is_behind_none = layer == 0 || layer == std::size_t{shape.linear_layer} + 1;
  return is_behind_none || shape.activation == nets::Activation::tanh ? 1 : 2;
}

/// Uniform with variance gain / inputs of a layer.
std::vector<float> first_parameters(nets::Shape const& shape, std::uint64_t seed, std::uint32_t repeat) {
  std::vector<float> parameters(nets::parameter_count(shape), 0.0f);
  auto const places = nets::places_of(shape);
  for (std::size_t l = 0; l < places.size(); ++l) {
    double const width = __builtin_sqrt(3 * gain_of(shape, l) / places[l].in);
    for (std::size_t i = places[l].weights; i < places[l].biases; ++i) {
      auto const words = kernels::exact_words(seed, i, repeat, stream_weights);
      parameters[i] = static_cast<float>(width * (2 * ((static_cast<double>(words[0]) + 0.5) * 0x1p-32) - 1));
    }
  }
  return parameters;
}

}  // namespace

Training::Training(Params const& params)
    : params_(params), shape_(shape_of(params)), buckets_(nets::buckets_of(shape_)), parameters_(nets::parameter_count(shape_)) {
  if (params.model == Model::surrogate && params.data.grid > 0) grid_.emplace(params_.contract, params.data.grid);
}

Rows Training::rows_of(Network const& network, std::uint64_t shard) const {
  auto const& samples = params_.samples;
  std::uint64_t first = samples.train, count = samples.validation;
  if (network.phase == Phase::learn) {
    first = network.step % steps_an_epoch(params_) * params_.training.batch;
    count = std::min(params_.training.batch, samples.train - first);
  }
  auto const shards = params_.training.shards, begin = count * shard / shards;
  return {first + begin, count * (shard + 1) / shards - begin};
}

std::uint64_t Training::lines_a_shard() const {
  // Some tenths of a second, by multiply-adds of values and slopes, or by points where the network is small.
  constexpr double most_work = 0x1p33;
  constexpr std::uint64_t most_points = 1 << 15;
  auto const points = static_cast<std::uint64_t>(most_work / (2 * nets::forward_work(shape_)));
  auto const lines = std::max<std::uint64_t>(1, std::min(most_points, points) / grid_->spots());
  return std::min(lines, (grid_->lines() + params_.training.shards - 1) / params_.training.shards);
}

std::uint64_t Training::check_stages() const {
  if (!grid_) return 0;
  auto const lines = lines_a_shard() * params_.training.shards;
  return (grid_->lines() + lines - 1) / lines;
}

Rows Training::lines_of(Network const& network, std::uint64_t shard) const {
  auto const first = std::min(grid_->lines(), network.lines + shard * lines_a_shard());
  return {first, std::min(grid_->lines() - first, lines_a_shard())};
}

std::uint64_t Training::epoch_of(Network const& network) const {
  auto const repeat = network.run() % repeats_of(params_);
  return repeat * params_.training.epochs + network.step / steps_an_epoch(params_);
}

void Training::check(Network const& network, std::uint64_t shard, Predict const& predict, std::span<std::int64_t> report) const {
  auto const lines = lines_of(network, shard);
  ArbitrageSearch search(params_.contract, *grid_, network.data->scale);
  write_findings(search.look(lines.first, lines.count, predict), report);
}

/// A step's blocks are rounded to the grid one by one, so they are few.
std::uint64_t Training::block_rows(Phase phase, std::uint64_t rows) const {
  if (phase != Phase::learn) return judged_rows;
  auto const blocks = std::max<std::uint64_t>(1, most_blocks / params_.training.shards);
  return std::max(least_block_rows, (rows + blocks - 1) / blocks);
}

std::uint64_t Training::largest_block() const {
  return std::max(judged_rows, block_rows(Phase::learn, shard_rows()));
}

std::vector<nets::BlockRows> Training::blocks_of(Network const& network, std::uint64_t shard) const {
  auto const rows = rows_of(network, shard);
  auto const most = block_rows(network.phase, rows.count);
  std::vector<nets::BlockRows> blocks;
  for (std::uint64_t done = 0; done < rows.count; done += most)
    blocks.push_back({rows.first + done, static_cast<std::uint32_t>(std::min(most, rows.count - done)), static_cast<std::uint32_t>(shard)});
  return blocks;
}

nets::RowOrder Training::order_of(Network const& network) const {
  if (network.phase != Phase::learn) return {};
  return nets::shuffled_order(params_.samples.train, params_.seed, epoch_of(network));
}

/// Runs from the same weights in the same order leave out the same values.
std::optional<nets::Dropout> Training::dropout_of(Network const& network) const {
  auto const rate = training_of(params_, network.run()).dropout;
  if (network.phase != Phase::learn || rate == 0) return std::nullopt;
  auto const repeat = network.run() % repeats_of(params_);
  return nets::dropout_of(rate, params_.seed, stream_dropout, repeat * step_count(params_) + network.step);
}

void Training::write_report(Network const& network, std::uint64_t shard, nets::BlockLoss const& loss, std::span<std::int64_t> report) const {
  report[0] = static_cast<std::int64_t>(rows_of(network, shard).count);
  report[1] = std::bit_cast<std::int64_t>(loss.value);
  report[2] = std::bit_cast<std::int64_t>(loss.slope);
}

std::vector<double> Training::scales_of(Network const& network) const {
  std::vector<double> scales;
  for (auto const exponent : network.exponents) scales.push_back(power_of_two(exponent));
  return scales;
}

std::shared_ptr<Network> Training::next(Network const& from, std::span<std::int64_t const> sums, int threads) const {
  switch (from.phase) {
    case Phase::label:
      return begin(std::make_shared<Dataset>(make_dataset(params_, sums, threads)), {sums.begin(), sums.end()});
    case Phase::learn: return after_step(from, sums, threads);
    case Phase::validate: return after_validation(from, reports_of(sums));
    case Phase::check: return after_check(from, sums);
    case Phase::over: break;
  }
  MUSTER_ASSERT(false, "a stage after the end");
  return nullptr;
}

std::shared_ptr<Network> Training::begin(std::shared_ptr<Dataset const> data, Slots labels) const {
  auto to = std::make_shared<Network>();
  to->labels = std::make_shared<Slots>(std::move(labels));
  to->data = std::move(data);
  begin_run(*to);
  return to;
}

/// Weights of a run's own, and nothing learned.
void Training::begin_run(Network& to) const {
  // A stored network is the first that may be the best.
  to.phase = params_.start ? Phase::validate : Phase::learn;
  to.step = to.again = 0;
  auto weights = std::make_shared<Weights>();
  auto const repeat = static_cast<std::uint32_t>(to.run() % repeats_of(params_));
  weights->parameters = weights->average = params_.start ? params_.start->parameters : first_parameters(shape_, params_.seed, repeat);
  weights->first.assign(parameters_, 0);
  weights->second.assign(parameters_, 0);
  to.weights = weights;
  if (params_.training.precision == nets::Precision::fp16) to.loss_scale = {first_loss_exponent, 0};
  to.exponents.assign(buckets_.size(), target_bits - (to.loss_scale ? first_loss_exponent : 0));
  to.best_parameters = nullptr;
}

ShardReport Training::report_of(Reports reports, std::uint64_t shard) const {
  auto const own = reports.subspan(shard * report_size(), report_size());
  return {static_cast<std::uint64_t>(own[0]), std::bit_cast<double>(own[1]), std::bit_cast<double>(own[2]), own.subspan(report_words)};
}

ShardReport Training::total_of(Reports reports) const {
  ShardReport total;
  for (std::uint64_t shard = 0; shard < params_.training.shards; ++shard) {
    auto const own = report_of(reports, shard);
    total.rows += own.rows;
    total.loss += own.loss;
    total.slope_loss += own.slope_loss;
  }
  return total;
}

/// The exponents by what was found; false where the sums were made with others that do not hold it.
bool Training::fit_scales(Network const& from, Reports reports, std::vector<std::int64_t>& exponents) const {
  bool fits = true;
  for (std::size_t b = 0; b < buckets_.size(); ++b) {
    std::int64_t most = 0;
    for (std::uint64_t shard = 0; shard < params_.training.shards; ++shard) most = std::max(most, report_of(reports, shard).most[b]);
    if (most == 0) continue;
    std::int64_t const there = exponent_of(most) + from.exponents[b];
    fits = fits && there < target_bits + headroom_bits && there >= target_bits - headroom_bits - 1;
    exponents[b] = target_bits - 1 - exponent_of(most);
  }
  return fits;
}

std::optional<std::size_t> Training::bucket_beyond_bounds(Reports reports) const {
  for (std::size_t b = 0; b < buckets_.size(); ++b)
    for (std::uint64_t shard = 0; shard < params_.training.shards; ++shard)
      if (report_of(reports, shard).most[b] >= infinity_bits) return b;
  return std::nullopt;
}

/// Numbers of fp16 end at 65 504: the step is taken again with smaller ones.
void Training::lower_loss_scale(Network const& from, std::size_t bucket, Network& to) const {
  if (!from.loss_scale || from.loss_scale->exponent - loss_exponent_falls < least_loss_exponent)
    throw_error(Exit::job_failed,
                "step {}: the gradient of {} is not finite (the loss grew beyond all bounds); lower training.learning_rate, or set "
                "training.clip_norm. What was saved before is kept", from.step + 1, name_of(bucket));
  move_loss_scale(-loss_exponent_falls, to);
}

/// Gradients come out otherwise, and count as before.
void Training::move_loss_scale(std::int64_t by, Network& to) {
  to.loss_scale = {to.loss_scale->exponent + by, 0};
  for (auto& exponent : to.exponents) exponent -= by;
}

bool Training::settle(Network const& from, Reports reports, Network& to) const {
  if (auto const bucket = bucket_beyond_bounds(reports))
    lower_loss_scale(from, *bucket, to);
  else if (fit_scales(from, reports, to.exponents))
    return true;
  ++to.again;
  if (++to.spent > spare_stages(params_))
    throw_error(Exit::job_failed,
                "step {}: gradients jumped by more than 2^{} from one step to the next {} times (the run does not settle); lower "
                "training.learning_rate, or set training.clip_norm. What was saved before is kept",
                from.step + 1, headroom_bits, to.spent);
  return false;
}

std::shared_ptr<Network> Training::after_step(Network const& from, std::span<std::int64_t const> sums, int threads) const {
  auto to = std::make_shared<Network>(from);
  if (!settle(from, reports_of(sums), *to)) return to;
  double const length = length_of(from, sums);
  update(from, sums, rules_of(from, length), threads, *to);
  record_step(from, reports_of(sums), length, *to);
  return to;
}

void Training::record_step(Network const& from, Reports reports, double length, Network& to) const {
  auto const total = total_of(reports);
  auto const rows = static_cast<double>(total.rows);
  to.history.add({total.loss / rows, total.slope_loss / rows, length, learning_rate(params_, training_of(params_, from.run()), from.step), from.again});
  to.step = from.step + 1;
  to.again = 0;
  if (to.loss_scale && ++to.loss_scale->steps >= steps_to_rise && to.loss_scale->exponent < most_loss_exponent)
    move_loss_scale(loss_exponent_rises, to);
  bool const is_last = to.step == step_count(params_);
  to.phase = is_last || to.step % validation_interval(params_) == 0 ? Phase::validate : Phase::learn;
}

/// Of a step, for all buckets alike.
nets::UpdateRule Training::rule_of(TrainingChoice const& training, std::uint64_t step) const {
  auto const taken = static_cast<double>(step + 1);
  auto const correction = [&](double keep) {
    return keep > 0 ? static_cast<float>(1 / (1 - kernels::exact_exp(taken * kernels::exact_log(keep)))) : 1.0f;
  };
  return {.optimizer = training.optimizer, .learning_rate = static_cast<float>(learning_rate(params_, training, step)),
          .momentum = static_cast<float>(training.momentum), .square_momentum = static_cast<float>(training.square_momentum),
          .correction = correction(training.momentum), .square_correction = correction(training.square_momentum),
          .epsilon = static_cast<float>(training.epsilon), .average_keep = static_cast<float>(training.average)};
}

std::vector<nets::UpdateRule> Training::rules_of(Network const& from, double length) const {
  auto const training = training_of(params_, from.run());
  double const clip = training.clip_norm > 0 && length > training.clip_norm ? training.clip_norm / length : 1;
  auto rule = rule_of(training, from.step);
  auto const scales = mean_scales(from);
  auto const kept = static_cast<float>(1 - learning_rate(params_, training, from.step) * training.weight_decay);
  std::vector<nets::UpdateRule> rules;
  for (std::size_t b = first_bucket(); b < buckets_.size(); ++b) {
    rule.gradient_scale = scales[b] * clip;
    rule.keep = b % 2 == 0 ? kept : 1.0f;
    rules.push_back(rule);
  }
  return rules;
}

std::vector<double> Training::mean_scales(Network const& from) const {
  std::uint64_t rows = 0;
  for (std::uint64_t shard = 0; shard < params_.training.shards; ++shard) rows += rows_of(from, shard).count;
  std::vector<double> scales;
  for (auto const exponent : from.exponents) scales.push_back(power_of_two(-exponent) / loss_scale_of(from) / static_cast<double>(rows));
  return scales;
}

/// Of the mean gradient of what learns.
double Training::length_of(std::span<double const> squares) const {
  double square = 0;
  for (std::size_t b = first_bucket(); b < buckets_.size(); ++b) square += squares[b];
  return __builtin_sqrt(square);
}

double Training::length_of(Network const& from, std::span<std::int64_t const> sums) const {
  auto squares = mean_scales(from);
  for (std::size_t b = 0; b < buckets_.size(); ++b) squares[b] = nets::squared_norm(part(sums, b), buckets_[b].columns, squares[b]);
  return length_of(squares);
}

void Training::update(Network const& from, std::span<std::int64_t const> sums, std::span<nets::UpdateRule const> rules, int threads,
                      Network& to) const {
  auto const& old = *from.weights;
  auto weights = std::make_shared<Weights>();
  for (auto* all : {&weights->parameters, &weights->first, &weights->second, &weights->average}) all->resize(parameters_);
  for (std::size_t b = 0; b < first_bucket(); ++b) {
    std::ranges::copy(part<float>(old.parameters, b), part<float>(weights->parameters, b).begin());
    std::ranges::copy(part<float>(old.average, b), part<float>(weights->average, b).begin());
  }
  // Threads are worth it for large networks.
  in_parallel(rules.size(), parameters_ > 1'000'000 ? threads : 1, [&](std::size_t i) {
    auto const b = first_bucket() + i;
    nets::update(rules[i], part(sums, b),
                 {part<float>(old.parameters, b), part<float>(old.first, b), part<float>(old.second, b), part<float>(old.average, b)},
                 {part<float>(weights->parameters, b), part<float>(weights->first, b), part<float>(weights->second, b),
                  part<float>(weights->average, b)});
  });
  to.weights = weights;
}

std::shared_ptr<Network> Training::after_validation(Network const& from, Reports reports) const {
  auto to = std::make_shared<Network>(from);
  auto const total = total_of(reports);
  auto const rows = static_cast<double>(total.rows);
  to->validations.push_back({from.step, total.loss / rows, total.slope_loss / rows});
  if (!to->best_parameters || to->validations.back().total() < to->validations[to->best].total()) {
    to->best = to->validations.size() - 1;
    to->best_parameters = std::make_shared<std::vector<float>>(from.judged(has_average()));
  }
  auto const waited = to->validations.size() - 1 - to->best;
  bool const is_over = from.step == step_count(params_) || (params_.training.patience > 0 && waited >= params_.training.patience);
  to->phase = Phase::learn;
  return is_over ? after_run(to) : to;
}

std::shared_ptr<Network> Training::after_run(std::shared_ptr<Network> to) const {
  auto const runs = run_count(params_);
  if (runs > 1) {
    std::uint64_t validations = to->validations.size();
    for (auto const& run : to->learned) validations -= run.validations;
    to->learned.push_back({to->step, validations, to->best, to->best_parameters});
    if (to->learned.size() < runs) {
      if (to->learned.size() == own_run_count(params_)) to->data = without_slopes(*to->data);
      begin_run(*to);
      return to;
    }
    keep_best(*to);
  }
  to->phase = grid_ ? Phase::check : Phase::over;
  return to;
}

/// Not of the baseline.
void Training::keep_best(Network& to) const {
  auto const own = to.learned.begin() + static_cast<std::ptrdiff_t>(own_run_count(params_));
  auto const loss = [&](Learned const& run) { return to.validations[run.best].total(); };
  auto const kept = std::min_element(to.learned.begin(), own, [&](Learned const& a, Learned const& b) { return loss(a) < loss(b); });
  to.best = kept->best;
  to.best_parameters = kept->parameters;
}

std::shared_ptr<Network> Training::after_check(Network const& from, std::span<std::int64_t const> sums) const {
  auto to = std::make_shared<Network>(from);
  auto const shards = params_.training.shards;
  for (std::uint64_t shard = 0; shard < shards; ++shard) merge(read_findings(sums.subspan(shard * finding_words, finding_words)), to->findings);
  to->lines = std::min(grid_->lines(), from.lines + shards * lines_a_shard());
  to->phase = to->lines < grid_->lines() ? Phase::check : Phase::over;
  return to;
}

}  // namespace muster::jobs::train
