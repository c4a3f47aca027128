#include "jobs/train/parse.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>

#include "core/error.hpp"
#include "core/text.hpp"
#include "core/toml.hpp"
#include "jobs/bars.hpp"
#include "jobs/train/auto_rules.hpp"
#include "jobs/train/contracts.hpp"
#include "jobs/train/fields.hpp"
#include "jobs/train/samples.hpp"
#include "jobs/train/schedule.hpp"
#include "jobs/train/start.hpp"
#include "jobs/train/sweep.hpp"
#include "jobs/train/windows.hpp"
#include "kernels/scalar_math.hpp"

namespace muster::jobs::train {
namespace {

constexpr std::uint64_t most_parameters = 100'000'000;
constexpr std::uint64_t most_samples = 20'000'000;
constexpr std::uint64_t most_steps = 10'000'000;
constexpr std::array<std::string_view, 7> unswept{"batch", "epochs", "layers", "seed", "shards", "slopes", "width"};

/// Those that the job names.
enum class InputFiles { opened, left_alone };

std::string shape_text(NetworkChoice const& network) {
  constexpr std::array<std::string_view, 3> names{"silu", "tanh", "relu"};
  return fmt::format("{} layers of {} ({})", network.layers, network.width, names[static_cast<std::size_t>(network.activation)]);
}

/// One job file on its way to parameters.
class Parser {
 public:
  Parser(TomlDocument const& document, std::filesystem::path const& file, ResolveOptions const& options, InputFiles files)
      : document_(document), file_(file), options_(options), files_(files) {}

  Params parse(std::vector<ResolvedSetting>* settings) {
    schema::read(job_table(), &input_, document_.root(), "", faults_);
    if (input_.marks.record.source.empty()) input_.marks.record = {document_.file(), 0, 0};
    input_.name = job_name(input_.marks, input_.name, file_, "train");
    check_sweep();
    is_surrogate() ? check_ranges() : check_shape();
    faults_.throw_if_any();
    is_surrogate() ? resolve_surrogate() : resolve_autoencoder();
    check_sizes();
    faults_.throw_if_any();
    if (settings != nullptr) list_settings(job_table(), &input_, reasons_, *settings);
    return params();
  }

 private:
  bool is_surrogate() const { return input_.model == Model::surrogate; }
  Params params() const {
    return {input_.name,     input_.seed,   input_.model, input_.contract, input_.data, input_.network,
            input_.training, input_.market, input_.spans, input_.encoder,  input_.sweep, samples_, start_};
  }

  void check_range(std::vector<double> const& range, std::string_view key) {
    if (range.size() == 2 && range[0] <= range[1]) return;
    input_.contract.marks.add(faults_, key, "not a range (from, to, in this order); write for example [0.5, 1.5]");
  }
  void check_heston() {
    auto& contract = input_.contract;
    check_range(contract.initial_variance, "initial_variance");
    check_range(contract.mean_reversion, "mean_reversion");
    check_range(contract.long_run_variance, "long_run_variance");
    check_range(contract.variance_volatility, "variance_volatility");
    check_range(contract.correlation, "correlation");
    if (contract.model == ContractModel::heston && contract.type == ContractKind::asian_call)
      contract.marks.add(faults_, "type", "asian_call with contract.model = \"heston\" (its labels are those of European calls); set it to "
                                          "european_call, or leave the model out");
  }
  void check_ranges() {
    auto const& contract = input_.contract;
    check_range(contract.spot, "spot");
    check_range(contract.expiry_years, "expiry_years");
    check_range(contract.volatility, "volatility");
    check_range(contract.rate, "rate");
    check_range(contract.dividend, "dividend");
    check_range(contract.known_average, "known_average");
    check_heston();
    check_baseline();
    if (input_.data.paths % 2 != 0)
      input_.data.marks.add(faults_, "paths", "an odd number (they come in antithetic pairs); give an even one");
    if (input_.training.slopes > 0 && input_.network.activation == kernels::nets::Activation::relu)
      input_.network.marks.add(faults_, "activation",
                               "relu with training.slopes above 0 (its second derivative is 0, so derivatives teach it nothing); "
                               "use silu, or set training.slopes = 0");
  }

  /// `auto` by a rule of the tier.
  void take(schema::Marks const& marks, std::string_view key, std::uint64_t& value, std::uint64_t by_tier) {
    take(marks, key, value, by_tier, tier_text(options_));
  }
  void take(schema::Marks const& marks, std::string_view key, std::uint64_t& value, std::uint64_t by_rule, std::string const& reason) {
    if (!marks.is_auto(key)) return;
    value = by_rule;
    reasons_.push_back({fmt::format("{}.{}", marks.path, key), "auto: " + reason});
  }
  /// Its shape is the job's where the job leaves it open.
  void take_start() {
    auto& network = input_.network;
    if (network.init_from.empty() && network.frozen_layers > 0)
      network.marks.add(faults_, "frozen_layers", fmt::format("{} without init_from (weights that were drawn would stay as they are); set "
                                                              "network.init_from, or leave it out", network.frozen_layers));
    if (network.init_from.empty() || files_ != InputFiles::opened) return;
    try {
      auto const start = open_start(file_.parent_path() / network.init_from);
      take(network.marks, "width", network.width, start.network.width, "that of init_from");
      take(network.marks, "layers", network.layers, start.network.layers, "those of init_from");
      check_start(start);
      start_ = std::make_shared<StoredNetwork>(start.stored);
    } catch (Error const& error) {
      if (error.code() != Exit::user) throw;
      network.marks.add(faults_, "init_from", error.what());
    }
    faults_.throw_if_any();
  }
  void check_start(Start const& start) {
    auto& network = input_.network;
    bool const is_shape = network.width == start.network.width && network.layers == start.network.layers &&
                          network.activation == start.network.activation;
    MUSTER_REQUIRE(is_shape, "{} holds {}, the job asks for {} (weights have no place in another shape); leave width and layers out, and give "
                             "its activation", network.init_from, shape_text(start.network), shape_text(network));
    bool const is_kind = start.contract.type == input_.contract.type && start.contract.model == input_.contract.model;
    auto const other = is_kind ? other_inputs(start.contract, input_.contract) : "contracts of another type";
    MUSTER_REQUIRE(other.empty(), "{} was taught {} (its inputs mean something else); give the [contract] that it was taught", network.init_from,
                   other);
    auto const digest = network_digest(start.stored);
    if (network.init_digest.empty()) network.init_digest = digest;
    MUSTER_REQUIRE(network.init_digest == digest,
                   "{} has the network {:.16}..., the job was resolved with {:.16}... (another start would give another answer); bring back "
                   "the file it was resolved with, or leave init_digest out", network.init_from, digest, network.init_digest);
    MUSTER_REQUIRE(network.frozen_layers <= network.layers, "frozen_layers = {} of {} layers, the last one included (nothing would be left to "
                                                            "learn); freeze fewer", network.frozen_layers, network.layers + 1);
  }
  void resolve_surrogate() {
    auto& data = input_.data;
    take_start();
    bool const has_file = !data.file.empty();
    if (has_file) take_samples();
    if (!has_file) take(data.marks, "samples", data.samples, auto_samples(options_.tier));
    if (!start_) take(input_.network.marks, "width", input_.network.width, auto_width(options_.tier));
    if (!start_) take(input_.network.marks, "layers", input_.network.layers, auto_layers(options_.tier));
    take(input_.training.marks, "epochs", input_.training.epochs, auto_epochs(options_.tier));
    if (input_.training.marks.is_auto("batch")) reasons_.push_back({"training.batch", "auto: a surrogate's"});
    samples_ = {data.samples, data.validation, data.test, 0};
    if (!has_file) take(data.marks, "tile_samples", data.tile_samples, auto_tile_samples(params()), "from paths and fixings of the job");
    take(data.marks, "grid", data.grid, auto_grid(params()), "from the work of the training");
  }

  void take_samples() {
    if (files_ != InputFiles::opened) return;
    auto& data = input_.data;
    try {
      auto const file = open_samples(params(), file_.parent_path());
      if (data.digest.empty()) data.digest = file.digest;
      auto const judged = data.validation + data.test;
      MUSTER_REQUIRE(judged < file.rows, "{} has {} rows, validation {} and test {} (nothing is left to learn); give smaller ones, or more rows",
                     data.file, file.rows, data.validation, data.test);
      take(data.marks, "samples", data.samples, file.rows - judged, "rows that are left");
      MUSTER_REQUIRE(data.samples + judged <= file.rows, "{} has {} rows, samples {}, validation {} and test {} ask for more (each row has one use); "
                     "give smaller ones", data.file, file.rows, data.samples, data.validation, data.test);
      MUSTER_REQUIRE(input_.training.slopes == 0 || !file.slopes.empty(),
                     "{} has no slopes, and training.slopes = {} asks for them (nothing says what the derivatives are); set training.slopes = 0",
                     data.file, input_.training.slopes);
    } catch (Error const& error) {
      if (error.code() != Exit::user) throw;
      data.marks.add(faults_, "file", error.what());
    }
    faults_.throw_if_any();
  }

  void check_shape() {
    auto& spans = input_.spans;
    if (spans.train + spans.validation > 1)
      spans.marks.add(faults_, "validation", fmt::format("with train {} over 1 (they are shares of the bars); give less", plain_number(spans.train)));
    auto& training = input_.training;
    if (training.marks.was_given("slopes") && training.slopes > 0)
      training.marks.add(faults_, "slopes", "given for an autoencoder (it learns no derivatives); leave it out");
    training.slopes = 0;
  }

  void resolve_autoencoder() {
    auto& encoder = input_.encoder;
    take(encoder.marks, "latent", encoder.latent, auto_latent(options_.tier));
    take(encoder.marks, "depth", encoder.depth, auto_depth(options_.tier));
    take(encoder.marks, "width", encoder.width, auto_first_width(options_.tier));
    take(input_.training.marks, "batch", input_.training.batch, auto_window_batch(options_.tier));
    check_widths();
    faults_.throw_if_any();
    if (files_ == InputFiles::opened) take_bars();
    take_epochs();
  }

  void check_widths() {
    auto& encoder = input_.encoder;
    auto const inputs = encoder.window * bar_inputs;
    if (encoder.latent >= inputs)
      encoder.marks.add(faults_, "latent", fmt::format("{} of windows of {} numbers (it would learn to copy them); give fewer, or a larger "
                                                       "window", encoder.latent, inputs));
    if (encoder.depth > 1 && encoder.width < encoder.latent)
      encoder.marks.add(faults_, "width", fmt::format("{} before {} latent values (layers narrow to them); give at least as many", encoder.width,
                                                      encoder.latent));
  }

  void take_bars() {
    auto& market = input_.market;
    try {
      auto const bars = open_bars(market.bars, market.digest, file_.parent_path());
      if (market.digest.empty()) market.digest = bars->digest;
      samples_ = count_windows(params(), bars->bars);
    } catch (Error const& error) {
      if (error.code() != Exit::user) throw;
      market.marks.add(faults_, "bars", error.what());
      faults_.throw_if_any();
    }
  }

  void take_epochs() {
    auto& training = input_.training;
    if (!training.marks.is_auto("epochs")) return;
    training.epochs = auto_window_epochs(options_.tier, samples_.train, training.batch);
    bool const is_cut = training.epochs < auto_epochs(options_.tier);
    reasons_.push_back({"training.epochs", is_cut ? "auto: some 20 000 steps" : "auto: " + tier_text(options_)});
  }

  void check_sweep() {
    auto const sweep = document_.root().find("sweep");
    for (auto const key : unswept)
      if (auto const value = sweep.kind() == TomlKind::table ? sweep.find(key) : TomlView())
        faults_.add(value.place(), fmt::format("sweep.{}", key), "not swept (all networks of a job have one shape, one set of samples, one loss and the same "
                                                                 "steps); run a job for each value");
    auto const runs = own_run_count(params());
    if (combination_count(input_.sweep) > 1 && runs > sweep_combinations)
      faults_.add(input_.sweep.marks.record, "sweep", fmt::format("{} networks, repeats included (at most {}); give fewer values", runs, sweep_combinations));
  }
  void check_baseline() {
    auto& network = input_.network;
    if (network.baseline != Baseline::none && combination_count(input_.sweep) > 1)
      network.marks.add(faults_, "baseline", "prices with a [sweep] (which of its networks it stands beside is not known before the end); sweep first, then "
                                             "compare");
    if (network.baseline == Baseline::none) return;
    if (input_.training.slopes == 0)
      network.marks.add(faults_, "baseline", "prices with training.slopes = 0 (both would learn the same); leave one of them out");
    if (network.repeats < 2)
      network.marks.add(faults_, "baseline", "prices with one repeat (without a spread nobody can tell luck from a gap); set network.repeats to 2 or more");
  }
  void check_sizes() {
    auto const& data = input_.data;
    auto const parameters = kernels::nets::parameter_count(shape_of(params()));
    auto& widths = is_surrogate() ? input_.network.marks : input_.encoder.marks;
    if (parameters > most_parameters)
      widths.add(faults_, "width", fmt::format("with {} layers {} parameters (at most {} are held); make it narrower",
                                               is_surrogate() ? input_.network.layers : 2 * input_.encoder.depth, parameters, most_parameters));
    if (data.samples + data.validation + data.test > most_samples)
      input_.data.marks.add(faults_, "samples", fmt::format("with validation and test over {} (they are held in memory); give fewer", most_samples));
    auto const steps = (samples_.train + input_.training.batch - 1) / input_.training.batch * input_.training.epochs * run_count(params());
    if (steps > most_steps)
      input_.training.marks.add(faults_, "epochs", fmt::format("{} steps in all (at most {}); give fewer epochs or larger batches", steps, most_steps));
  }

  TomlDocument const& document_;
  std::filesystem::path const& file_;
  ResolveOptions const& options_;
  InputFiles const files_;
  JobInput input_;
  SampleCounts samples_;
  std::shared_ptr<StoredNetwork const> start_;
  Faults faults_;
  AutoReasons reasons_;
};

}  // namespace

Params parse_params(std::string_view text, std::filesystem::path const& file, ResolveOptions const& options,
                    std::vector<ResolvedSetting>* settings) {
  auto const document = TomlDocument::parse(text, file.string(), options.overrides);
  return Parser(document, file, options, InputFiles::opened).parse(settings);
}

Params read_params(std::string_view resolved) {
  std::filesystem::path const file = "resolved job";
  auto const document = TomlDocument::parse(resolved, file.string(), {});
  return Parser(document, file, {}, InputFiles::left_alone).parse(nullptr);
}

std::string render_params(Params const& params) {
  JobInput input;
  input.name = params.name;
  input.seed = params.seed;
  input.model = params.model;
  assign(input.contract, params.contract);
  assign(input.data, params.data);
  assign(input.network, params.network);
  assign(input.training, params.training);
  assign(input.market, params.market);
  assign(input.spans, params.spans);
  assign(input.encoder, params.encoder);
  assign(input.sweep, params.sweep);
  return schema::render(job_table(), &input);
}

namespace {

/// From the first width to the latent one by equal factors.
std::uint32_t width_between(EncoderChoice const& encoder, std::uint64_t layer) {
  double const first = kernels::exact_log(static_cast<double>(encoder.width)), last = kernels::exact_log(static_cast<double>(encoder.latent));
  double const share = static_cast<double>(layer) / static_cast<double>(encoder.depth - 1);
  return static_cast<std::uint32_t>(kernels::exact_exp(first + share * (last - first)) + 0.5);
}

kernels::nets::Shape mirrored_shape(EncoderChoice const& encoder) {
  auto const inputs = static_cast<std::uint32_t>(encoder.window * bar_inputs);
  kernels::nets::Shape shape{{inputs}, encoder.activation, static_cast<std::uint32_t>(encoder.depth - 1)};
  for (std::uint64_t layer = 0; layer + 1 < encoder.depth; ++layer) shape.widths.push_back(width_between(encoder, layer));
  shape.widths.push_back(static_cast<std::uint32_t>(encoder.latent));
  for (std::uint64_t layer = encoder.depth; layer-- > 0;) shape.widths.push_back(shape.widths[layer]);
  return shape;
}

}  // namespace

kernels::nets::Shape shape_of(Params const& params) {
  if (params.model == Model::autoencoder) return mirrored_shape(params.encoder);
  kernels::nets::Shape shape{{static_cast<std::uint32_t>(inputs_of(params.contract).size())}, params.network.activation};
  shape.widths.insert(shape.widths.end(), params.network.layers, static_cast<std::uint32_t>(params.network.width));
  shape.widths.push_back(1);
  return shape;
}

}  // namespace muster::jobs::train
