#include "jobs/train/network.hpp"

#include <bit>

#include "core/error.hpp"
#include "jobs/train/parse.hpp"
#include "jobs/train/schedule.hpp"
#include "kernels/nets/labels.hpp"

namespace muster::jobs::train {

void History::add(StepRecord const& record) {
  last_.push_back(record);
  if (last_.size() < piece_size) return;
  pieces_.push_back(std::make_shared<Piece const>(std::move(last_)));
  last_.clear();
}

namespace {

constexpr std::int64_t layout = 3;

class Writer {
 public:
  void put(std::int64_t word) { words_.push_back(word); }
  void put(std::uint64_t word) { words_.push_back(static_cast<std::int64_t>(word)); }
  void put(double x) { words_.push_back(std::bit_cast<std::int64_t>(x)); }
  void put(StepRecord const& r) { put(r.loss), put(r.slope_loss), put(r.norm), put(r.rate), put(r.again); }
  void put(ValidationRecord const& r) { put(r.step), put(r.loss), put(r.slope_loss); }
  /// Two to a word.
  void put(std::vector<float> const& values) {
    put(std::uint64_t{values.size()});
    for (std::size_t i = 0; i < values.size(); i += 2)
      put(std::uint64_t{std::bit_cast<std::uint32_t>(values[i])} |
          std::uint64_t{i + 1 < values.size() ? std::bit_cast<std::uint32_t>(values[i + 1]) : 0} << 32);
  }
  void put(Slots const& values) {
    put(std::uint64_t{values.size()});
    words_.insert(words_.end(), values.begin(), values.end());
  }
  Slots take() { return std::move(words_); }

 private:
  Slots words_;
};

class Reader {
 public:
  explicit Reader(std::span<std::int64_t const> words) : words_(words) {}
  std::int64_t word() {
    require(at_ < words_.size());
    return words_[at_++];
  }
  std::uint64_t count(std::uint64_t most) {
    auto const value = static_cast<std::uint64_t>(word());
    require(value <= most);
    return value;
  }
  double real() { return std::bit_cast<double>(word()); }
  StepRecord step() { return {real(), real(), real(), real(), count(UINT64_MAX)}; }
  ValidationRecord validation() { return {count(UINT64_MAX), real(), real()}; }
  std::vector<float> floats(std::size_t size) {
    require(count(size) == size && size / 2 <= words_.size() - at_);
    std::vector<float> values(size);
    for (std::size_t i = 0; i < size; i += 2) {
      auto const pair = static_cast<std::uint64_t>(word());
      values[i] = std::bit_cast<float>(static_cast<std::uint32_t>(pair));
      if (i + 1 < size) values[i + 1] = std::bit_cast<float>(static_cast<std::uint32_t>(pair >> 32));
    }
    return values;
  }
  Slots slots(std::size_t size) {
    require(count(size) == size && size <= words_.size() - at_);
    auto const from = words_.subspan(at_, size);
    at_ += size;
    return {from.begin(), from.end()};
  }
  std::size_t left() const { return words_.size() - at_; }
  static void require(bool is_sound) {
    MUSTER_REQUIRE(is_sound, "the saved network is not one of this job's (its sizes do not fit); start over with --fresh");
  }

 private:
  std::span<std::int64_t const> words_;
  std::size_t at_ = 0;
};

}  // namespace

void write_findings(Findings const& findings, std::span<std::int64_t> to) {
  std::size_t at = 0;
  for (auto const& finding : findings) {
    to[at++] = static_cast<std::int64_t>(finding.points);
    to[at++] = static_cast<std::int64_t>(finding.violated);
    to[at++] = std::bit_cast<std::int64_t>(finding.worst);
    to[at++] = static_cast<std::int64_t>(finding.where);
  }
}

Findings read_findings(std::span<std::int64_t const> from) {
  Findings findings{};
  std::size_t at = 0;
  for (auto& finding : findings) {
    finding.points = static_cast<std::uint64_t>(from[at++]);
    finding.violated = static_cast<std::uint64_t>(from[at++]);
    finding.worst = std::bit_cast<double>(from[at++]);
    finding.where = static_cast<std::uint64_t>(from[at++]);
  }
  return findings;
}

namespace {

/// Steps of the runs before, and of this one where it is none of them.
bool has_all_steps(Network const& network) {
  std::uint64_t steps = network.is_last_learned() ? 0 : network.step;
  for (auto const& run : network.learned) steps += run.steps;
  return network.history.size() == steps;
}

}  // namespace

Slots encode(Network const& network) {
  Writer out;
  out.put(layout);
  out.put(static_cast<std::int64_t>(network.phase));
  if (network.phase == Phase::label) return out.take();
  out.put(network.step);
  out.put(network.again);
  out.put(network.spent);
  out.put(*network.labels);
  for (auto const* part : {&network.weights->parameters, &network.weights->first, &network.weights->second, &network.weights->average})
    out.put(*part);
  out.put(Slots(network.exponents.begin(), network.exponents.end()));
  out.put(std::uint64_t{network.history.size()});
  for (std::size_t i = 0; i < network.history.size(); ++i) out.put(network.history[i]);
  out.put(std::uint64_t{network.validations.size()});
  for (auto const& record : network.validations) out.put(record);
  out.put(network.best);
  out.put(std::int64_t{network.best_parameters != nullptr});
  if (network.best_parameters) out.put(*network.best_parameters);
  out.put(std::uint64_t{network.learned.size()});
  for (auto const& run : network.learned) {
    out.put(run.steps);
    out.put(run.validations);
    out.put(run.best);
    out.put(*run.parameters);
  }
  out.put(network.lines);
  Slots findings(finding_words);
  write_findings(network.findings, findings);
  out.put(findings);
  if (network.loss_scale) out.put(network.loss_scale->exponent), out.put(network.loss_scale->steps);
  return out.take();
}

std::shared_ptr<Network> decode(Params const& params, std::span<std::int64_t const> words, int threads,
                                std::shared_ptr<Dataset const> given) {
  Reader in(words);
  Reader::require(in.word() == layout);
  auto network = std::make_shared<Network>();
  auto const phase = in.word();
  Reader::require(phase >= 0 && phase <= static_cast<std::int64_t>(Phase::over));
  network->phase = static_cast<Phase>(phase);
  Reader::require(network->phase != Phase::check || (params.model == Model::surrogate && params.data.grid > 0));
  if (network->phase == Phase::label) return network;
  auto const shape = shape_of(params);
  auto const parameters = kernels::nets::parameter_count(shape);
  network->step = in.count(UINT64_MAX);
  network->again = in.count(UINT64_MAX);
  network->spent = in.count(UINT64_MAX);
  network->labels = std::make_shared<Slots>(in.slots(given ? 0 : params.samples.total() * kernels::nets::label_sums));
  network->data = given ? given : std::make_shared<Dataset>(make_dataset(params, *network->labels, threads));
  auto weights = std::make_shared<Weights>();
  for (auto* part : {&weights->parameters, &weights->first, &weights->second, &weights->average}) *part = in.floats(parameters);
  network->weights = weights;
  network->exponents = in.slots(2 * shape.layers());
  for (auto const exponent : network->exponents) Reader::require(exponent >= -1000 && exponent <= 1000);
  for (std::uint64_t left = in.count(in.left()); left > 0; --left) network->history.add(in.step());
  for (std::uint64_t left = in.count(in.left()); left > 0; --left) network->validations.push_back(in.validation());
  network->best = in.count(network->validations.size());
  bool const has_best = in.word() != 0;
  if (has_best) network->best_parameters = std::make_shared<std::vector<float>>(in.floats(parameters));
  auto const learned = in.count(run_count(params));
  Reader::require(learned == 0 || !network->validations.empty());
  for (std::uint64_t left = learned; left > 0; --left)
    network->learned.push_back({in.count(network->history.size()), in.count(network->validations.size()), in.count(network->validations.size() - 1),
                                std::make_shared<std::vector<float>>(in.floats(parameters))});
  bool const is_baseline = learned >= own_run_count(params) && run_count(params) > own_run_count(params);
  if (is_baseline) network->data = without_slopes(*network->data);
  network->lines = in.count(UINT64_MAX);
  network->findings = read_findings(in.slots(finding_words));
  if (params.training.precision == kernels::nets::Precision::fp16) {
    network->loss_scale = {in.word(), in.count(UINT64_MAX)};
    Reader::require(network->loss_scale->exponent >= least_loss_exponent && network->loss_scale->exponent <= most_loss_exponent);
  }
  Reader::require(in.left() == 0 && has_all_steps(*network));
  return network;
}

}  // namespace muster::jobs::train
