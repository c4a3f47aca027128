#include "jobs/train/features.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "io/bars_rules.hpp"
#include "jobs/learned_features.hpp"
#include "jobs/rows.hpp"
#include "jobs/train/parse.hpp"
#include "jobs/train/windows.hpp"

namespace muster::jobs::train {
namespace {

/// A feature of 1 is so many deviations from the mean.
constexpr double deviations = 3;

template <class T>
std::vector<T> const& values_in(std::vector<Table> const& tables, std::string_view table, std::string_view name) {
  constexpr std::string_view not_ours = "the result's tables are not those of its job (they were changed); make it again with muster replay";
  auto const* const at = find_table(tables, table);
  MUSTER_REQUIRE(at != nullptr, "{}", not_ours);
  auto const of = std::ranges::find(at->columns, name, &Column::name);
  MUSTER_REQUIRE(of != at->columns.end() && std::holds_alternative<std::vector<T>>(of->values) && !std::get<std::vector<T>>(of->values).empty(),
                 "{}", not_ours);
  return std::get<std::vector<T>>(of->values);
}

std::vector<io::LatentScale> scales_in(std::vector<Table> const& tables, std::string_view table, std::string_view middle, std::string_view half,
                                       double factor) {
  auto const &middles = values_in<double>(tables, table, middle), &halves = values_in<double>(tables, table, half);
  std::vector<io::LatentScale> scales;
  for (std::size_t i = 0; i < middles.size(); ++i) scales.push_back({middles[i], halves[i] > 0 ? factor * halves[i] : 1});
  return scales;
}

io::Training training_of(Params const& params, std::vector<Table> const& tables, std::string const& digest) {
  auto const &from = values_in<std::int64_t>(tables, "spans", "from"), &to = values_in<std::int64_t>(tables, "spans", "to");
  return {digest, params.market.digest, values_in<std::string>(tables, "symbols", "symbol"), {from.at(0), to.at(0)}, {from.at(1), to.at(1)}};
}

void require_interval(std::vector<Table> const& tables, io::Bars const& bars) {
  auto const& trained = values_in<std::string>(tables, "spans", "interval").front();
  MUSTER_REQUIRE(trained == io::to_word(bars.interval),
                 "bars of a{} {} (the network was trained on those of a{} {}, and its windows would mean something else); give bars of the same "
                 "interval", bars.interval == io::BarInterval::hour ? "n" : "", io::to_word(bars.interval), trained == "hour" ? "n" : "", trained);
}

}  // namespace

io::FeatureFile features_of(Params const& params, std::vector<Table> const& tables, std::string const& digest, io::Bars const& bars) {
  require_interval(tables, bars);
  auto const half = encoder_shape(shape_of(params));
  auto const& parameters = values_in<double>(tables, "parameters", "value");
  auto const count = kernels::nets::parameter_count(half);
  io::FeatureFile file;
  file.bars_digest = io::bars_digest(bars);
  file.interval = bars.interval;
  file.symbols = bars.symbols;
  file.times = bars.times;
  for (auto const time : bars.times) file.available.push_back(available_after(bars.interval, time));
  file.training = training_of(params, tables, digest);
  require_trained_on(file.training, bars);
  file.window = params.encoder.window;
  file.activation = activation_name(params.encoder.activation);
  file.widths.assign(half.widths.begin(), half.widths.end());
  file.parameters.assign(parameters.begin(), parameters.begin() + static_cast<std::ptrdiff_t>(std::min(count, parameters.size())));
  file.inputs = scales_in(tables, "scaling", "middle", "half", 1);
  file.latents = scales_in(tables, "latents", "mean", "deviation", deviations);
  file.values = columns_of(encode(encoder_of(file), bar_inputs_of(bars)), bars.size(), bars.symbols.size(), half.outputs());
  auto const fault = io::find_fault(file);
  MUSTER_REQUIRE(fault.empty(), "the features cannot be written: {} (the result was changed, or the bars are too many); make the result again", fault);
  return file;
}

}  // namespace muster::jobs::train
