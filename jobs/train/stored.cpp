#include "jobs/train/stored.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "jobs/rows.hpp"
#include "jobs/train/contracts.hpp"
#include "jobs/train/outputs.hpp"
#include "jobs/train/parse.hpp"
#include "kernels/nets/double_net.hpp"

namespace muster::jobs::train {
namespace {

constexpr std::string_view not_ours = "the result's tables are not those of its job (they were changed); make it again with muster replay";

std::vector<double> const& reals(std::vector<Table> const& tables, std::string_view table, std::string_view name) {
  auto const* const at = find_table(tables, table);
  MUSTER_REQUIRE(at != nullptr, "{}", not_ours);
  auto const of = std::ranges::find(at->columns, name, &Column::name);
  MUSTER_REQUIRE(of != at->columns.end() && std::holds_alternative<std::vector<double>>(of->values), "{}", not_ours);
  return std::get<std::vector<double>>(of->values);
}

/// Of a row of what the network gives in its own units.
double output_at(Output const& output, std::vector<Input> const& inputs, TargetScale const& scale, kernels::nets::Derivatives const& found,
                 std::size_t row) {
  double const half = inputs[output.input].half, slope = found.slopes[row * inputs.size() + output.input] * (scale.deviation / half);
  switch (output.kind) {
    case OutputKind::price: return scale.mean + scale.deviation * found.values[row];
    case OutputKind::slope: return slope;
    case OutputKind::fall: return -slope;
    case OutputKind::bend: return found.bends[row] * (scale.deviation / (half * half));
  }
  MUSTER_ASSERT(false, "an output of kind {}", static_cast<int>(output.kind));
  return 0;
}

}  // namespace

StoredNetwork stored_network(Params const& params, std::vector<Table> const& tables) {
  auto const& middles = reals(tables, "scaling", "middle");
  auto const& halves = reals(tables, "scaling", "half");
  auto const& parameters = reals(tables, "parameters", "value");
  bool const fits = !middles.empty() && middles.size() == halves.size() &&
                    parameters.size() == kernels::nets::parameter_count(shape_of(params));
  MUSTER_REQUIRE(fits, "{}", not_ours);
  return {{middles.back(), halves.back()}, {parameters.begin(), parameters.end()}};
}

Table predictions_table(Params const& params, StoredNetwork const& network, std::vector<double> const& values) {
  auto const inputs = inputs_of(params.contract);
  auto const outputs = outputs_of(inputs);
  std::vector<double> scaled(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) scaled[i] = (values[i] - inputs[i % inputs.size()].middle) / inputs[i % inputs.size()].half;
  auto const found = kernels::nets::derivatives_of(shape_of(params), network.parameters, scaled, spot_input);
  Rows rows("predictions", "Prices of calls of strike 1 and their Greeks, by the network.");
  for (std::size_t i = 0; i < found.values.size(); ++i) {
    for (std::size_t j = 0; j < inputs.size(); ++j) rows.put(inputs[j].name, inputs[j].unit, values[i * inputs.size() + j]);
    for (auto const& output : outputs) rows.put(output.name, output.unit, output_at(output, inputs, network.scale, found, i));
  }
  return rows.take();
}

}  // namespace muster::jobs::train
