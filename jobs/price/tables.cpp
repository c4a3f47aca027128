#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>

#include "jobs/price/fields.hpp"
#include "jobs/price/implied.hpp"
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

/// The closed form of a measure; assets are the market's.
std::optional<double> closed_measure(ClosedValue const& closed, Instrument const& instrument, Sensitivity const& what) {
  if (!closed.available) return {};
  auto const by_parameter = [&](double ClosedHestonGreeks::*greek) -> std::optional<double> {
    if (!closed.heston) return {};
    return (*closed.heston).*greek;
  };
  switch (what.measure) {
    case Measure::vega_v0: return by_parameter(&ClosedHestonGreeks::v0);
    case Measure::vega_kappa: return by_parameter(&ClosedHestonGreeks::kappa);
    case Measure::vega_theta: return by_parameter(&ClosedHestonGreeks::theta);
    case Measure::vega_xi: return by_parameter(&ClosedHestonGreeks::xi);
    case Measure::vega_rho: return by_parameter(&ClosedHestonGreeks::rho);
    default: break;
  }
  std::size_t asset = 0;
  if (asset_count(what.measure) == 1)
    while (instrument.assets[asset] != what.asset) ++asset;
  return closed.output(static_cast<Output>(what.measure), asset);
}

/// One measure of an instrument or total, by every method there is.
struct Line {
  Sensitivity what;
  Estimate simulated{absent, absent};
  double closed = absent;
};

/// An instrument or total with its lines.
struct Subject {
  std::string name;
  std::vector<Line> lines;

  /// The measure's line, if there is just one: by one asset.
  Line const* find(Measure measure) const {
    Line const* found = nullptr;
    for (auto const& line : lines) {
      if (line.what.measure != measure) continue;
      if (found != nullptr) return nullptr;
      found = &line;
    }
    return found;
  }
};

std::vector<Subject> contract_subjects(Params const& params, PriceResults const& r) {
  auto const measures = measures_of(params);
  std::vector<Subject> subjects;
  for (std::size_t i = 0; i < params.instruments.size(); ++i) {
    auto const& instrument = params.instruments[i];
    Subject subject{instrument.name, {}};
    for (auto const& what : sensitivities(measures, instrument.assets)) {
      Line line{what, {absent, absent}, absent};
      if (!r.closed.empty()) line.closed = closed_measure(r.closed[i], instrument, what).value_or(absent);
      if (!r.contracts.empty())
        for (auto const& estimate : r.contracts[i])
          if (estimate.what == what) line.simulated = estimate.value;
      subject.lines.push_back(line);
    }
    subjects.push_back(std::move(subject));
  }
  return subjects;
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

/// Closed-form totals are sums over the members: NaN where one has no closed form.
std::vector<Subject> total_subjects(Params const& params, PriceResults const& r, std::vector<Subject> const& contracts) {
  std::vector<Subject> subjects;
  for (auto const& name : total_names(params)) {
    Subject subject{name, {}};
    for (std::size_t i = 0; i < contracts.size(); ++i) {
      auto const& instrument = params.instruments[i];
      if (name != "book" && instrument.strategy != name) continue;
      for (auto const& line : contracts[i].lines) {
        double const value = line.closed * instrument.quantity * instrument.multiplier;
        auto known = subject.lines.begin();
        while (known != subject.lines.end() && known->what != line.what) ++known;
        if (known == subject.lines.end())
          subject.lines.push_back({line.what, {absent, absent}, value});
        else
          known->closed += value;
      }
    }
    for (auto const& total : r.totals)
      if (total.name == name)
        for (auto const& estimate : total.measures)
          for (auto& line : subject.lines)
            if (line.what == estimate.what) line.simulated = estimate.value;
    subjects.push_back(std::move(subject));
  }
  return subjects;
}

/// Columns of one measure: `name`, `name`_stderr, closed_`name`.
void add_measure(Table& table, std::vector<Subject> const& subjects, Measure measure, std::string const& name,
                 std::string const& unit, PriceResults const& r) {
  auto const value = [&](auto pick) {
    return [&subjects, measure, pick](std::size_t i) {
      Line const* const line = subjects[i].find(measure);
      return line == nullptr ? absent : pick(*line);
    };
  };
  std::size_t const n = subjects.size();
  if (!r.contracts.empty()) {
    table.columns.push_back(column<double>(name, unit, n, value([](Line const& line) { return line.simulated.mean; })));
    table.columns.push_back(column<double>(name + "_stderr", unit, n, value([](Line const& line) { return line.simulated.standard_error; })));
  }
  if (!r.closed.empty())
    table.columns.push_back(column<double>("closed_" + name, unit, n, value([](Line const& line) { return line.closed; })));
}

Column paths_column(PriceResults const& r, std::size_t rows) {
  return column<std::int64_t>("paths", "1", rows, [&](auto) { return static_cast<std::int64_t>(r.paths); });
}

/// Columns of implied volatilities, where they were asked for.
void add_implied(Table& table, Params const& params, PriceResults const& r) {
  if (std::find(params.outputs.begin(), params.outputs.end(), Output::implied_volatility) == params.outputs.end()) return;
  std::size_t const n = params.instruments.size();
  char const* const unit = "per square root of a year";
  if (!r.contracts.empty()) {
    std::vector<Estimate> prices;
    for (auto const& contract : r.contracts) prices.push_back(contract.front().value);
    auto const implied = implied_volatilities(params, prices);
    table.columns.push_back(column<double>("implied_volatility", unit, n, [&](auto i) { return implied[i].mean; }));
    table.columns.push_back(column<double>("implied_volatility_stderr", unit, n, [&](auto i) { return implied[i].standard_error; }));
  }
  if (!r.closed.empty()) {
    std::vector<Estimate> prices;
    for (auto const& closed : r.closed) prices.push_back({closed.available ? closed.price : absent, 0});
    auto const implied = implied_volatilities(params, prices);
    table.columns.push_back(column<double>("closed_implied_volatility", unit, n, [&](auto i) { return implied[i].mean; }));
  }
}

Table contracts_table(Params const& params, PriceResults const& r, std::vector<Subject> const& subjects) {
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
  if (!r.contracts.empty()) columns.push_back(paths_column(r, n));
  if (!r.closed.empty())
    columns.push_back(column<std::string>("closed_method", "", n, [&](auto i) {
      return r.closed[i].available ? r.closed[i].method : "none: " + r.closed[i].why_not;
    }));
  for (Measure measure : measures_of(params))
    add_measure(table, subjects, measure, std::string(name_of(measure)), unit_of(measure, currency), r);
  add_implied(table, params, r);
  return table;
}

Table totals_table(Params const& params, PriceResults const& r, std::vector<Subject> const& subjects) {
  Table table{"totals", "Strategies and the whole book, with quantities and multipliers.", {}};
  table.columns.push_back(column<std::string>("name", "", subjects.size(), [&](auto i) { return subjects[i].name; }));
  if (!r.totals.empty()) table.columns.push_back(paths_column(r, subjects.size()));
  for (Measure measure : measures_of(params))
    add_measure(table, subjects, measure, measure == Measure::price ? "value" : std::string(name_of(measure)),
                unit_of(measure, params.market.currency), r);
  return table;
}

/// Every derivative that has no single number in the tables above.
Table by_asset_table(Params const& params, PriceResults const& r, std::vector<Subject> const& contracts,
                     std::vector<Subject> const& totals) {
  struct Row {
    std::string of, name;
    Line line;
  };
  std::vector<Row> rows;
  auto const take = [&](std::string const& of, std::vector<Subject> const& subjects) {
    for (auto const& subject : subjects)
      for (auto const& line : subject.lines)
        if (subject.find(line.what.measure) == nullptr) rows.push_back({of, subject.name, line});
  };
  take("instrument", contracts);
  take("total", totals);
  std::string const& currency = params.market.currency;
  auto const& assets = params.market.assets;
  Table table{"by_asset", "Derivatives by each asset, or pair of assets, of instruments and totals on several.", {}};
  auto& columns = table.columns;
  std::size_t const n = rows.size();
  columns.push_back(column<std::string>("of", "", n, [&](auto i) { return rows[i].of; }));
  columns.push_back(column<std::string>("name", "", n, [&](auto i) { return rows[i].name; }));
  columns.push_back(column<std::string>("measure", "", n, [&](auto i) { return std::string(name_of(rows[i].line.what.measure)); }));
  columns.push_back(column<std::string>("asset", "", n, [&](auto i) { return assets[rows[i].line.what.asset].name; }));
  columns.push_back(column<std::string>("other_asset", "", n, [&](auto i) {
    return asset_count(rows[i].line.what.measure) == 2 ? assets[rows[i].line.what.other].name : std::string();
  }));
  columns.push_back(column<std::string>("unit", "", n, [&](auto i) { return unit_of(rows[i].line.what.measure, currency); }));
  if (!r.contracts.empty()) {
    columns.push_back(column<double>("estimate", "as in unit", n, [&](auto i) { return rows[i].line.simulated.mean; }));
    columns.push_back(column<double>("estimate_stderr", "as in unit", n, [&](auto i) { return rows[i].line.simulated.standard_error; }));
  }
  if (!r.closed.empty()) columns.push_back(column<double>("closed", "as in unit", n, [&](auto i) { return rows[i].line.closed; }));
  return table;
}

}  // namespace

std::vector<Table> make_tables(Params const& params, PriceResults const& results) {
  auto const contracts = contract_subjects(params, results);
  auto const totals = total_subjects(params, results, contracts);
  std::vector<Table> tables{contracts_table(params, results, contracts), totals_table(params, results, totals)};
  auto by_asset = by_asset_table(params, results, contracts, totals);
  if (!std::get<std::vector<std::string>>(by_asset.columns.front().values).empty()) tables.push_back(std::move(by_asset));
  return tables;
}

}  // namespace muster::jobs::price
