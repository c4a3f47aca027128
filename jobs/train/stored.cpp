#include "jobs/train/stored.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "jobs/rows.hpp"
#include "jobs/train/accuracy.hpp"
#include "jobs/train/contracts.hpp"
#include "jobs/train/parse.hpp"

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
  auto const found = predict(params, network.scale, network.parameters, values);
  Rows rows("predictions", "Prices of calls of strike 1 and their derivatives, by the network.");
  for (std::size_t i = 0; i < found.prices.size(); ++i) {
    for (std::size_t j = 0; j < inputs.size(); ++j) rows.put(inputs[j].name, inputs[j].unit, values[i * inputs.size() + j]);
    rows.put("price", "strikes", found.prices[i]);
    for (std::size_t j = 0; j < inputs.size(); ++j)
      if (inputs[j].slope >= 0) rows.put(inputs[j].slope_name, inputs[j].slope_unit, found.slopes[i * inputs.size() + j]);
  }
  return rows.take();
}

}  // namespace muster::jobs::train
