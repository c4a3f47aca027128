#include "jobs/price/path_group.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>

#include "core/error.hpp"
#include "core/log.hpp"
#include "core/text.hpp"
#include "jobs/price/contract_plan.hpp"
#include "jobs/price/evaluations.hpp"
#include "jobs/price/fields.hpp"
#include "jobs/price/group_market.hpp"
#include "jobs/price/scenarios.hpp"
#include "jobs/price/time_grid.hpp"
#include "jobs/price/tracks.hpp"

namespace muster::jobs::price {
namespace {

std::vector<double> event_times(Params const& params, Group const& group) {
  std::vector<double> times;
  double last = 0;
  for (std::uint32_t i : group.instruments) {
    auto const& instrument = params.instruments[i];
    times.push_back(instrument.expiry_years);
    last = std::max(last, instrument.expiry_years);
    for (double fixing : instrument.fixing_years) times.push_back(fixing);
  }
  for (std::uint32_t a : group.assets)
    for (auto const& dividend : params.market.assets[a].cash_dividends)
      if (dividend.years < last) times.push_back(dividend.years);
  return times;
}

void fill_dividends(Params const& params, Group const& group, std::vector<double> const& grid, kernels::PathPlan& plan) {
  for (std::size_t a = 0; a < group.assets.size(); ++a) {
    for (auto const& dividend : params.market.assets[group.assets[a]].cash_dividends) {
      if (dividend.years > grid.back()) continue;
      if (plan.dividend.empty()) plan.dividend.assign(grid.size() * plan.assets, 0.0);
      plan.dividend[find_time(grid, dividend.years) * plan.assets + a] += dividend.amount;
    }
  }
}

/// Lists every contract's events by step, in the order of the contracts within a step.
void fill_events(std::vector<std::vector<kernels::Event>> const& by_step, kernels::PathPlan& plan) {
  for (auto const& events : by_step) {
    plan.first_event.push_back(static_cast<std::uint32_t>(plan.events.size()));
    plan.events.insert(plan.events.end(), events.begin(), events.end());
  }
  plan.first_event.push_back(static_cast<std::uint32_t>(plan.events.size()));
}

/// Marks the runs of steps that need no look at the plan's arrays.
void fill_runs(kernels::PathPlan& plan) {
  std::size_t const width = plan.coefficients.size() / plan.tracks / plan.steps;
  plan.quiet_until.assign(plan.steps, plan.steps);
  plan.steady_until.assign(plan.steps, plan.steps);
  for (std::uint32_t s = plan.steps; s-- > 0;) {
    bool busy = plan.first_event[s] != plan.first_event[s + 1];
    for (std::size_t a = 0; a < plan.assets && !plan.dividend.empty(); ++a)
      busy = busy || plan.dividend[std::size_t{s} * plan.assets + a] != 0;
    bool const last = s + 1 == plan.steps;
    plan.quiet_until[s] = busy ? s : (last ? plan.steps : plan.quiet_until[s + 1]);
    auto const at = plan.coefficients.begin() + static_cast<std::ptrdiff_t>(s * width);
    // Looked at by the plainest executor only, which has one track.
    bool const same = !last && std::equal(at, at + static_cast<std::ptrdiff_t>(width), at + static_cast<std::ptrdiff_t>(width));
    plan.steady_until[s] = same ? plan.steady_until[s + 1] : s + 1;
  }
}

kernels::Model model_of(ModelKind model) {
  switch (model) {
    case ModelKind::merton: return kernels::Model::merton;
    case ModelKind::heston: return kernels::Model::heston;
    case ModelKind::black_scholes: break;
  }
  return kernels::Model::gbm;
}

/// The widest bump any of the group's payoffs needs: volatilities are bumped for all of them at once.
double group_width(Params const& params, Group const& group) {
  double width = 0;
  for (std::uint32_t i : group.instruments) width = std::max(width, bump_width(params.instruments[i].kind));
  return width;
}

/// Rows of the group's totals: every row of a contract, the price first.
std::vector<Sensitivity> all_rows(Params const& params, Group const& group, ContractPlanner const& planner) {
  std::vector<Sensitivity> rows;
  auto const measures = measures_of(params);
  for (std::uint32_t i : group.instruments)
    for (auto const& row : sensitivities(measures, planner.local_assets(params.instruments[i])))
      if (std::find(rows.begin(), rows.end(), row) == rows.end()) rows.push_back(row);
  return rows;
}

/// Appends the totals' rows: each stays under the sum of what its contracts stay under.
void add_totals(GroupMarket const& market, double last, std::vector<double> const& bounds, kernels::PathPlan& plan,
                std::vector<double>& control_means) {
  std::vector<double> total_bounds(std::size_t{plan.totals} * plan.total_rows, 0.0);
  for (auto const& contract : plan.contracts) {
    for (std::uint32_t r = 0; r < contract.row_count; ++r) {
      double const weighted = bounds[contract.first_row + r] * std::abs(contract.quantity);
      std::uint32_t const row = plan.rows[contract.first_row + r].total_row;
      if (contract.strategy >= 0) total_bounds[static_cast<std::uint32_t>(contract.strategy) * plan.total_rows + row] += weighted;
      total_bounds[(plan.totals - 1) * plan.total_rows + row] += weighted;
    }
  }
  double const discount = plan.discount[plan.steps];
  double const control_scale = grid_scale(spot_bound(market, 0, last) * discount);
  for (std::size_t row = 0; row < total_bounds.size(); ++row) {
    plan.rows.push_back({grid_scale(total_bounds[row]), control_scale, 0});
    control_means.push_back(row % plan.total_rows == 0 ? discount * mean_spot(market, 0, last) : 0.0);
  }
}

void name_by_market(Group const& group, std::vector<Sensitivity>& rows) {
  for (auto& row : rows) {
    if (asset_count(row.measure) >= 1) row.asset = group.assets[row.asset];
    if (asset_count(row.measure) == 2) row.other = group.assets[row.other];
  }
}

}  // namespace

std::uint64_t tile_items(Simulation const& simulation) {
  return simulation.antithetic ? simulation.tile_paths / 2 : simulation.tile_paths;
}

PathGroup make_path_group(Params const& params, Group const& group, std::uint32_t index) {
  MUSTER_REQUIRE(group.assets.size() <= max_group_assets,
                 "{} assets are bound together by basket-like instruments (paths hold at most {}); split the book",
                 group.assets.size(), max_group_assets);
  MUSTER_REQUIRE(params.market.model == ModelKind::black_scholes || group.assets.size() == 1,
                 "market.model: instruments on several assets are simulated under black_scholes only (no joint law of "
                 "several assets is given under {}); price them in a job of their own",
                 model_names()[static_cast<std::size_t>(params.market.model)]);
  PathGroup made;
  auto& plan = made.plan;
  plan.model = model_of(params.market.model);
  plan.single_precision = params.simulation.precision == Precision::single_precision;
  plan.antithetic = params.simulation.antithetic;
  plan.control = params.simulation.control_variate;
  plan.assets = std::bit_ceil(static_cast<std::uint32_t>(group.assets.size()));
  plan.stream = 2 * index;
  plan.tile_items = tile_items(params.simulation);
  plan.keys = kernels::philox_keys(params.seed);
  auto const market = make_group_market(params, group);
  auto const grid = make_time_grid(event_times(params, group),
                                   std::max(params.simulation.steps_per_year, least_steps_per_year(market)));
  plan.steps = static_cast<std::uint32_t>(grid.size());
  if (!has_variance(market, 0, grid.back()))
    log::warn("{}: under these Heston parameters the spot has no variance at {:.4g} years: standard errors of what pays "
              "without bound cannot be trusted; prefer method = \"closed_form\"",
              printable(market.assets[0].name), grid.back());
  fill_dividends(params, group, grid, plan);
  Scenarios scenarios(market, grid, group_width(params, group), plan);

  std::map<std::string, std::int32_t> totals;
  for (std::uint32_t i : group.instruments) {
    auto const& name = params.instruments[i].strategy;
    if (!name.empty() && totals.emplace(name, static_cast<std::int32_t>(totals.size())).second) made.strategies.push_back(name);
  }
  plan.totals = static_cast<std::uint32_t>(made.strategies.size()) + 1;
  // std::map's size at insertion is the order of first appearance, which is strategies' order too.
  ContractPlanner planner(params, group, grid, scenarios, plan);
  made.total_rows = all_rows(params, group, planner);
  plan.total_rows = static_cast<std::uint32_t>(made.total_rows.size());
  for (std::uint32_t i : group.instruments) {
    auto const& instrument = params.instruments[i];
    planner.add(instrument, instrument.strategy.empty() ? -1 : totals.at(instrument.strategy), made.total_rows);
  }
  if (!plan.dividend.empty()) {
    plan.paid_slot = plan.slots_per_path;
    plan.slots_per_path += plan.tracks * plan.assets;
  }
  fill_events(planner.events(), plan);
  fill_runs(plan);
  made.instruments = group.instruments;
  made.control_means = planner.control_means();
  made.rows = planner.rows();
  add_totals(market, grid.back(), planner.bounds(), plan, made.control_means);
  for (auto& rows : made.rows) name_by_market(group, rows);
  name_by_market(group, made.total_rows);
  return made;
}

}  // namespace muster::jobs::price
