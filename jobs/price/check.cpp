// Market, simulation and outputs; instruments are in check_instruments.cpp.
#include "jobs/price/check.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <bit>
#include <set>

#include "core/log.hpp"
#include "core/text.hpp"
#include "jobs/price/correlation.hpp"
#include "jobs/price/fields.hpp"
#include "jobs/price/quotes.hpp"

namespace muster::jobs::price {
namespace {

constexpr double limit_steps = 1 << 22;

/// The total variance of a volatility curve must not fall: between the pillars it is the variance
/// of what happens there.
void check_variance(Asset const& asset, schema::Marks& marks, Faults& faults) {
  auto const& years = asset.volatility.years;
  auto const& values = asset.volatility.values;
  for (std::size_t i = 0; i + 1 < years.size(); ++i) {
    double const before = values[i] * values[i] * years[i];
    double const after = values[i + 1] * values[i + 1] * years[i + 1];
    if (before <= after) continue;
    marks.add(faults, "volatility",
              fmt::format("total variance falls from {:.6g} at {} years to {:.6g} at {} years (the "
                          "variance in between "
                          "would be negative); raise the later volatility",
                          before, plain_number(years[i]), after, plain_number(years[i + 1])));
    return;
  }
}

void check_dividends(Asset const& asset, schema::Marks& marks, Faults& faults) {
  auto const& list = asset.cash_dividends;
  double sum = 0;
  for (std::size_t i = 0; i < list.size(); ++i) {
    sum += list[i].amount;
    if (i == 0 || list[i - 1].years < list[i].years) continue;
    marks.add(faults, "cash_dividends",
              fmt::format("the dividend at {} years does not come after the one at {} years (they "
                          "ascend in time); sort "
                          "them",
                          plain_number(list[i].years), plain_number(list[i - 1].years)));
    return;
  }
  if (!list.empty() && sum >= asset.spot)
    marks.add(faults, "cash_dividends",
              fmt::format("dividends of {} in all on a spot of {} (the share would be worth less "
                          "than nothing); check "
                          "the amounts",
                          plain_number(sum), plain_number(asset.spot)));
}

/// Some instrument on the asset has no quote of its own.
bool is_volatility_read(Params const& params, Origins const& origins, std::size_t asset) {
  for (std::size_t i = 0; i < params.instruments.size(); ++i) {
    if (params.instruments[i].quote || origins.instruments[i].is_faulty("quote")) continue;
    auto const& on = params.instruments[i].assets;
    if (std::find(on.begin(), on.end(), asset) != on.end()) return true;
  }
  return false;
}

void check_model(Asset const& asset, ModelKind model, bool is_volatility_read, schema::Marks& marks,
                 Faults& faults) {
  bool const is_heston = model == ModelKind::heston;
  std::string_view const needed = is_heston ? "heston" : "volatility";
  if (!marks.was_given(needed) && marks.is_sound({needed}) && (is_heston || is_volatility_read))
    marks.add(faults, needed,
              fmt::format("missing (market.model = \"{}\" reads it); give it",
                          model_names()[static_cast<std::size_t>(model)]));
  if (model == ModelKind::merton && !marks.was_given("merton"))
    marks.add(faults, "merton",
              "missing (market.model = \"merton\" reads it); give [market.asset.merton]");
  Heston const& h = asset.heston;
  if (model == ModelKind::heston && 2 * h.kappa * h.theta < h.xi * h.xi)
    log::info(
        "{}: 2 kappa theta = {:.4g} is below xi^2 = {:.4g}: the variance can reach zero (Feller's "
        "condition); "
        "the QE scheme takes care of it",
        printable(asset.name), 2 * h.kappa * h.theta, h.xi * h.xi);
}

void check_tiles(Simulation const& s, schema::Marks& marks, Faults& faults) {
  if (s.antithetic && s.paths % 2 != 0)
    marks.add(
        faults, "paths",
        fmt::format("{} is odd (an antithetic pair is two paths); use {} or antithetic = false",
                    s.paths, s.paths + 1));
  if (!std::has_single_bit(s.tile_paths))
    marks.add(faults, "tile_paths",
              fmt::format("{} is no power of two (runs stop at 2^k tiles); use {}", s.tile_paths,
                          std::bit_floor(s.tile_paths)));
  else if (s.antithetic && s.tile_paths < 2)
    marks.add(faults, "tile_paths",
              "1 holds half an antithetic pair (a tile is whole); use 2 or more");
  else if (s.tile_paths > s.paths)
    marks.add(faults, "tile_paths",
              fmt::format("{} is more than paths = {} (there is no whole tile then); use {}",
                          s.tile_paths, s.paths, std::bit_floor(s.paths)));
}

void check_stop(Simulation const& s, schema::Marks& marks, Faults& faults) {
  if (s.stop.target_stderr == 0) {
    if (s.stop.max_paths != 0)
      marks.add(faults, "max_paths",
                "given without target_stderr (only that rule reads it); remove the key or give a "
                "target");
    return;
  }
  if (s.stop.max_paths < s.tile_paths)
    marks.add(faults, "max_paths",
              fmt::format("{} is less than a tile of {} paths (the run could not begin); raise it",
                          s.stop.max_paths, s.tile_paths));
  if (s.antithetic && s.stop.max_paths % 2 != 0)
    marks.add(faults, "max_paths",
              fmt::format("{} is odd (an antithetic pair is two paths); use {}", s.stop.max_paths,
                          s.stop.max_paths + 1));
}

bool needs_several_assets(Output output) {
  return output == Output::cross_gamma || output == Output::correlation_vega;
}

}  // namespace

void check_assets(Params const& params, Origins& origins, Faults& faults) {
  Market const& market = params.market;
  if (market.assets.empty() && !origins.market.is_faulty("asset"))
    origins.market.add(faults, "asset",
                       "no asset (instruments are priced on one); give [[market.asset]]");
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < market.assets.size(); ++i) {
    Asset const& asset = market.assets[i];
    schema::Marks& marks = origins.assets[i];
    if (!names.insert(asset.name).second)
      marks.add(
          faults, "name",
          fmt::format("\"{}\" names an earlier asset too (instruments could mean either); rename "
                      "one",
                      printable(asset.name)));
    if (marks.was_given("name") && !marks.is_faulty("name") && asset.name.empty())
      marks.add(faults, "name", "empty (instruments name their asset); give a name");
    if (!origins.market.is_faulty("model")) {
      schema::refuse_unread(marks, asset_keys_of(market.model), faults);
      check_model(asset, market.model, is_volatility_read(params, origins, i), marks, faults);
    }
    if (marks.is_sound({"volatility"})) check_variance(asset, marks, faults);
    if (marks.is_sound({"cash_dividends", "spot"})) check_dividends(asset, marks, faults);
  }
}

void check_quotes(Params const& params, Origins& origins, Faults& faults) {
  if (!has_quotes(params)) return;
  if (origins.market.is_sound({"model"}) && params.market.model != ModelKind::black_scholes)
    origins.market.add(
        faults, "model",
        fmt::format(
            "{} with instruments that have a quote of their own (its volatility is Black's); "
            "use \"black_scholes\"",
            model_names()[static_cast<std::size_t>(params.market.model)]));
  if (origins.job.is_sound({"method"}) && params.method != Method::closed_form)
    origins.job.add(
        faults, "method",
        fmt::format("{} with instruments that have a quote of their own (each has its own "
                    "volatility, and simulated paths share their asset's); use \"closed_form\"",
                    params.method == Method::both ? "both" : "monte_carlo"));
}

void check_simulation(Params const& params, Origins& origins, Faults& faults) {
  schema::Marks& marks = origins.simulation;
  if (marks.is_sound({"paths", "tile_paths", "antithetic"}))
    check_tiles(params.simulation, marks, faults);
  if (marks.is_sound({"paths", "tile_paths", "antithetic", "target_stderr", "max_paths"}))
    check_stop(params.simulation, marks, faults);
  double last = 0;
  for (auto const& instrument : params.instruments) last = std::max(last, instrument.expiry_years);
  double const steps_per_year = params.simulation.steps_per_year;
  if (marks.is_sound({"steps_per_year"}) && steps_per_year * last > limit_steps)
    marks.add(faults, "steps_per_year",
              fmt::format("{} steps a year to {} years are over {} steps (beyond use, and beyond "
                          "the random stream's "
                          "counter); lower it",
                          plain_number(steps_per_year), plain_number(last), human_count(1 << 22)));
}

void check_outputs(Params const& params, Origins& origins, Faults& faults) {
  schema::Marks& marks = origins.job;
  if (marks.is_faulty("outputs")) return;
  if (params.outputs.empty())
    marks.add(faults, "outputs", "no output (nothing would be computed); name at least \"price\"");
  // An instrument at fault might have been the one on several assets.
  auto const is_faulty = [](schema::Marks const& m) { return m.is_faulty(); };
  if (!origins.market.is_sound({"asset", "correlation"}) ||
      std::any_of(origins.instruments.begin(), origins.instruments.end(), is_faulty))
    return;
  bool const has_several = std::any_of(params.instruments.begin(), params.instruments.end(),
                                       [](Instrument const& i) { return i.assets.size() > 1; });
  for (auto const output : params.outputs) {
    auto const name = output_names()[static_cast<std::size_t>(output)];
    if (params.market.model == ModelKind::heston && (output == Output::vanna || output == Output::volga))
      marks.add(faults, "outputs",
                fmt::format("{} under market.model = \"heston\" (there is no single volatility; vega gives the "
                            "derivatives by v0, kappa, theta, xi and rho); remove it",
                            name));
    if (!needs_several_assets(output)) continue;
    if (!has_several)
      marks.add(faults, "outputs",
                fmt::format("{} without an instrument on several assets (there is no cross "
                            "derivative); remove it",
                            name));
    else if (smallest_eigenvalue(params.market.correlation, params.market.assets.size()) <
             eigenvalue_tolerance)
      marks.add(faults, "outputs",
                fmt::format("{} with a singular correlation matrix (the derivative does not exist "
                            "there); remove it, or move the correlations towards 0",
                            name));
  }
}

}  // namespace muster::jobs::price
