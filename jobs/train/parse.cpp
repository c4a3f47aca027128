#include "jobs/train/parse.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "core/error.hpp"
#include "core/text.hpp"
#include "core/toml.hpp"
#include "jobs/train/auto_rules.hpp"
#include "jobs/train/contracts.hpp"
#include "jobs/train/fields.hpp"

namespace muster::jobs::train {
namespace {

constexpr std::uint64_t most_parameters = 100'000'000;
constexpr std::uint64_t most_samples = 20'000'000;
constexpr std::uint64_t most_steps = 10'000'000;

/// One job file on its way to parameters.
class Parser {
 public:
  Parser(TomlDocument const& document, std::filesystem::path const& file, ResolveOptions const& options)
      : document_(document), file_(file), options_(options) {}

  Params parse(std::vector<ResolvedSetting>* settings) {
    schema::read(job_table(), &input_, document_.root(), "", faults_);
    if (input_.marks.record.source.empty()) input_.marks.record = {document_.file(), 0, 0};
    input_.name = job_name(input_.marks, input_.name, file_, "train");
    check_ranges();
    faults_.throw_if_any();
    resolve();
    check_sizes();
    faults_.throw_if_any();
    if (settings != nullptr) list_settings(job_table(), &input_, reasons_, *settings);
    return params();
  }

 private:
  Params params() const {
    return {input_.name, input_.seed, input_.model, input_.contract, input_.data, input_.network, input_.training};
  }

  void check_range(std::vector<double> const& range, std::string_view key) {
    if (range.size() == 2 && range[0] <= range[1]) return;
    input_.contract.marks.add(faults_, key, "not a range (from, to, in this order); write for example [0.5, 1.5]");
  }
  void check_ranges() {
    auto const& contract = input_.contract;
    check_range(contract.spot, "spot");
    check_range(contract.expiry_years, "expiry_years");
    check_range(contract.volatility, "volatility");
    check_range(contract.rate, "rate");
    check_range(contract.dividend, "dividend");
    check_range(contract.known_average, "known_average");
    if (input_.data.paths % 2 != 0)
      input_.data.marks.add(faults_, "paths", "an odd number (they come in antithetic pairs); give an even one");
    if (input_.training.slopes > 0 && input_.network.activation == kernels::nets::Activation::relu)
      input_.network.marks.add(faults_, "activation",
                               "relu with training.slopes above 0 (its second derivative is 0, so derivatives teach it nothing); "
                               "use silu, or set training.slopes = 0");
  }

  /// `auto` by a rule of the tier.
  void take(schema::Marks const& marks, std::string_view key, std::uint64_t& value, std::uint64_t by_tier) {
    if (!marks.is_auto(key)) return;
    value = by_tier;
    reasons_.push_back({fmt::format("{}.{}", marks.path, key),
                        "auto: " + tier_text(options_)});
  }
  void resolve() {
    take(input_.data.marks, "samples", input_.data.samples, auto_samples(options_.tier));
    take(input_.network.marks, "width", input_.network.width, auto_width(options_.tier));
    take(input_.network.marks, "layers", input_.network.layers, auto_layers(options_.tier));
    take(input_.training.marks, "epochs", input_.training.epochs, auto_epochs(options_.tier));
    if (!input_.data.marks.is_auto("tile_samples")) return;
    input_.data.tile_samples = auto_tile_samples(params());
    reasons_.push_back({"data.tile_samples", "auto: from paths and fixings of the job"});
  }

  void check_sizes() {
    auto const& data = input_.data;
    auto const parameters = kernels::nets::parameter_count(shape_of(params()));
    if (parameters > most_parameters)
      input_.network.marks.add(faults_, "width", fmt::format("with {} layers {} parameters (at most {} are held); make it narrower",
                                                             input_.network.layers, parameters, most_parameters));
    if (data.samples + data.validation + data.test > most_samples)
      input_.data.marks.add(faults_, "samples", fmt::format("with validation and test over {} (they are held in memory); give fewer", most_samples));
    auto const steps = (data.samples + input_.training.batch - 1) / input_.training.batch * input_.training.epochs;
    if (steps > most_steps)
      input_.training.marks.add(faults_, "epochs", fmt::format("{} steps in all (at most {}); give fewer epochs or larger batches", steps, most_steps));
  }

  TomlDocument const& document_;
  std::filesystem::path const& file_;
  ResolveOptions const& options_;
  JobInput input_;
  Faults faults_;
  AutoReasons reasons_;
};

}  // namespace

Params parse_params(std::string_view text, std::filesystem::path const& file, ResolveOptions const& options,
                    std::vector<ResolvedSetting>* settings) {
  auto const document = TomlDocument::parse(text, file.string(), options.overrides);
  return Parser(document, file, options).parse(settings);
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
  return schema::render(job_table(), &input);
}

kernels::nets::Shape shape_of(Params const& params) {
  kernels::nets::Shape shape{{static_cast<std::uint32_t>(inputs_of(params.contract).size())}, params.network.activation};
  shape.widths.insert(shape.widths.end(), params.network.layers, static_cast<std::uint32_t>(params.network.width));
  shape.widths.push_back(1);
  return shape;
}

}  // namespace muster::jobs::train
