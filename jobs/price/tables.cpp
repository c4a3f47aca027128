#include <cmath>
#include <limits>
#include <map>

#include "jobs/price/fields.hpp"
#include "jobs/price/results.hpp"

namespace muster::jobs::price {
namespace {

constexpr double absent = std::numeric_limits<double>::quiet_NaN();

/// Builds one column a row at a time.
template <class Value, class Make>
Column column(std::string name, std::string unit, std::size_t rows, Make make) {
  std::vector<Value> values;
  values.reserve(rows);
  for (std::size_t i = 0; i < rows; ++i) values.push_back(make(i));
  return {std::move(name), std::move(unit), std::move(values)};
}

std::string unit_of(Output output, std::string const& currency) {
  switch (output) {
    case Output::price: return currency;
    case Output::delta: return currency + " per 1 of spot";
    case Output::gamma:
    case Output::cross_gamma: return currency + " per 1 of spot squared";
    case Output::vega: return currency + " per 1.00 of volatility";
    case Output::vanna: return currency + " per 1 of spot per 1.00 of volatility";
    case Output::volga: return currency + " per 1.00 of volatility squared";
    case Output::rho: return currency + " per 1.00 of rate";
    case Output::theta: return currency + " per year";
    case Output::correlation_vega: return currency + " per 1.00 of correlation";
    case Output::implied_volatility: return "per square root of a year";
  }
  return "1";
}

Table contracts_table(Params const& params, PriceResults const& r) {
  std::size_t const n = params.instruments.size();
  std::string const& currency = params.market.currency;
  Table table{"contracts", "One row an instrument, per unit of quantity and multiplier.", {}};
  auto& columns = table.columns;
  auto const& list = params.instruments;
  columns.push_back(column<std::string>("name", "", n, [&](auto i) { return list[i].name; }));
  columns.push_back(column<std::string>("kind", "", n, [&](auto i) { return std::string(kind_names()[static_cast<std::size_t>(list[i].kind)]); }));
  columns.push_back(column<std::string>("strategy", "", n, [&](auto i) { return list[i].strategy; }));
  columns.push_back(column<double>("expiry", "years", n, [&](auto i) { return list[i].expiry_years; }));
  columns.push_back(column<double>("quantity", "contracts", n, [&](auto i) { return list[i].quantity; }));
  columns.push_back(column<double>("multiplier", "1", n, [&](auto i) { return list[i].multiplier; }));
  if (!r.contracts.empty()) {
    columns.push_back(column<double>("price", currency, n, [&](auto i) { return r.contracts[i].mean; }));
    columns.push_back(column<double>("price_stderr", currency, n, [&](auto i) { return r.contracts[i].standard_error; }));
    columns.push_back(column<std::int64_t>("paths", "1", n, [&](auto) { return static_cast<std::int64_t>(r.paths); }));
  }
  if (!r.closed.empty()) {
    columns.push_back(column<double>("closed_price", currency, n, [&](auto i) { return r.closed[i].available ? r.closed[i].price : absent; }));
    columns.push_back(column<std::string>("closed_method", "", n, [&](auto i) {
      return r.closed[i].available ? r.closed[i].method : "none: " + r.closed[i].why_not;
    }));
    for (Output output : params.outputs) {
      if (output == Output::price) continue;
      columns.push_back(column<double>("closed_" + std::string(output_names()[static_cast<std::size_t>(output)]), unit_of(output, currency), n, [&](auto i) {
        return r.closed[i].available ? r.closed[i].output(output).value_or(absent) : absent;
      }));
    }
  }
  return table;
}

/// Closed-form totals by strategy and for the book: NaN where a member has no closed form.
std::map<std::string, double> closed_totals(Params const& params, PriceResults const& r) {
  std::map<std::string, double> totals;
  for (std::size_t i = 0; i < r.closed.size(); ++i) {
    auto const& instrument = params.instruments[i];
    double const value = r.closed[i].available ? r.closed[i].price * instrument.quantity * instrument.multiplier : absent;
    totals["book"] += value;
    if (!instrument.strategy.empty()) totals[instrument.strategy] += value;
  }
  return totals;
}

std::vector<std::string> total_names(Params const& params) {
  std::vector<std::string> names;
  for (auto const& instrument : params.instruments) {
    bool known = instrument.strategy.empty();
    for (auto const& name : names) known = known || name == instrument.strategy;
    if (!known) names.push_back(instrument.strategy);
  }
  names.push_back("book");
  return names;
}

Table totals_table(Params const& params, PriceResults const& r) {
  std::string const& currency = params.market.currency;
  std::vector<std::string> const names = total_names(params);
  Table table{"totals", "Strategies and the whole book, with quantities and multipliers.", {}};
  table.columns.push_back({"name", "", names});
  if (!r.totals.empty()) {
    std::map<std::string, Estimate> by_name;
    for (auto const& total : r.totals) by_name[total.name] = total.value;
    table.columns.push_back(column<double>("value", currency, names.size(), [&](auto i) { return by_name[names[i]].mean; }));
    table.columns.push_back(column<double>("value_stderr", currency, names.size(), [&](auto i) { return by_name[names[i]].standard_error; }));
    table.columns.push_back(column<std::int64_t>("paths", "1", names.size(), [&](auto) { return static_cast<std::int64_t>(r.paths); }));
  }
  if (!r.closed.empty()) {
    auto totals = closed_totals(params, r);
    table.columns.push_back(column<double>("closed_value", currency, names.size(), [&](auto i) { return totals[names[i]]; }));
  }
  return table;
}

}  // namespace

std::vector<Table> make_tables(Params const& params, PriceResults const& results) {
  return {contracts_table(params, results), totals_table(params, results)};
}

}  // namespace muster::jobs::price
