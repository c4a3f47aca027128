#include "jobs/price/path_group.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <map>

#include "core/error.hpp"
#include "jobs/price/contract_plan.hpp"
#include "jobs/price/curves.hpp"
#include "jobs/price/time_grid.hpp"
#include "kernels/scalar_math.hpp"

namespace muster::jobs::price {
namespace {

using kernels::exact_exp;
using kernels::exact_log;

/// Lower-triangular root of a positive semi-definite correlation matrix of the group's assets.
std::vector<double> cholesky(Market const& market, std::vector<std::uint32_t> const& assets) {
  std::size_t const n = assets.size();
  std::size_t const all = market.assets.size();
  auto correlation = [&](std::size_t i, std::size_t j) {
    if (market.correlation.empty()) return i == j ? 1.0 : 0.0;
    return market.correlation[assets[i] * all + assets[j]];
  };
  std::vector<double> root(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j <= i; ++j) {
      double sum = correlation(i, j);
      for (std::size_t k = 0; k < j; ++k) sum -= root[i * n + k] * root[j * n + k];
      if (i == j)
        root[i * n + i] = sum > 0 ? std::sqrt(sum) : 0.0;  // a semi-definite matrix ends in zeros
      else
        root[i * n + j] = root[j * n + j] > 1e-12 ? sum / root[j * n + j] : 0.0;
    }
  }
  return root;
}

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

/// Steps, forwards and coefficients of correlated geometric Brownian motions.
void fill_gbm(Params const& params, Group const& group, std::vector<double> const& grid, kernels::PathPlan& plan) {
  std::size_t const n = group.assets.size();
  std::vector<double> const root = cholesky(params.market, group.assets);
  std::vector<double> corrected(n, 0.0);  // half the variance so far
  for (std::size_t s = 0; s < grid.size(); ++s) {
    double const from = s == 0 ? 0.0 : grid[s - 1];
    for (std::size_t a = 0; a < plan.assets; ++a) {
      double variance = 0;
      for (std::size_t b = 0; b <= a; ++b) {
        double c = 0;
        if (a < n) {
          auto const& curve = params.market.assets[group.assets[a]].volatility;
          double const step = integrated_variance(curve, grid[s]) - integrated_variance(curve, from);
          c = std::sqrt(step > 0 ? step : 0.0) * root[a * n + b];
          // The martingale correction is that of the rounded coefficients, so rounding biases no forward.
          if (plan.single_precision) c = static_cast<double>(static_cast<float>(c));
        }
        plan.coefficients.push_back(c);
        variance += c * c;
      }
      plan.variance.push_back(variance);
      if (a < n) corrected[a] += 0.5 * variance;
    }
    for (std::size_t a = 0; a < plan.assets; ++a) {
      double log_forward = 0;
      if (a < n) {
        auto const& asset = params.market.assets[group.assets[a]];
        log_forward = exact_log(asset.spot) + integrated_rate(params.market.rate, grid[s]) -
                      integrated_rate(asset.dividend, grid[s]) - corrected[a];
      }
      plan.log_forward.push_back(log_forward);
      plan.forward.push_back(a < n ? exact_exp(log_forward) : 0.0);
    }
    plan.discount.push_back(exact_exp(-integrated_rate(params.market.rate, grid[s])));
  }
}

void fill_start(Params const& params, Group const& group, kernels::PathPlan& plan) {
  for (std::size_t a = 0; a < plan.assets; ++a) {
    bool const real = a < group.assets.size();
    double const spot = real ? params.market.assets[group.assets[a]].spot : 1.0;
    plan.forward.push_back(real ? spot : 0.0);
    plan.log_forward.push_back(exact_log(spot));
  }
  plan.discount.push_back(1.0);
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
  std::size_t const width = plan.coefficients.size() / plan.steps;
  plan.quiet_until.assign(plan.steps, plan.steps);
  plan.steady_until.assign(plan.steps, plan.steps);
  for (std::uint32_t s = plan.steps; s-- > 0;) {
    bool busy = plan.first_event[s] != plan.first_event[s + 1];
    for (std::size_t a = 0; a < plan.assets && !plan.dividend.empty(); ++a)
      busy = busy || plan.dividend[std::size_t{s} * plan.assets + a] != 0;
    bool const last = s + 1 == plan.steps;
    plan.quiet_until[s] = busy ? s : (last ? plan.steps : plan.quiet_until[s + 1]);
    auto const at = plan.coefficients.begin() + static_cast<std::ptrdiff_t>(s * width);
    bool const same = !last && std::equal(at, at + static_cast<std::ptrdiff_t>(width), at + static_cast<std::ptrdiff_t>(width));
    plan.steady_until[s] = same ? plan.steady_until[s + 1] : s + 1;
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
  MUSTER_REQUIRE(params.market.model == ModelKind::black_scholes,
                 "market.model: Monte Carlo knows black_scholes only (the other models are priced by closed forms in "
                 "this release); use method = \"closed_form\"");
  PathGroup made;
  auto& plan = made.plan;
  plan.model = kernels::Model::gbm;
  plan.single_precision = params.simulation.precision == Precision::single_precision;
  plan.antithetic = params.simulation.antithetic;
  plan.control = params.simulation.control_variate;
  plan.real_assets = static_cast<std::uint32_t>(group.assets.size());
  plan.assets = std::bit_ceil(plan.real_assets);
  plan.stream = 2 * index;
  plan.tile_items = tile_items(params.simulation);
  plan.keys = kernels::philox_keys(params.seed);
  auto const grid = make_time_grid(event_times(params, group), params.simulation.steps_per_year);
  plan.steps = static_cast<std::uint32_t>(grid.size());
  fill_start(params, group, plan);
  fill_gbm(params, group, grid, plan);
  fill_dividends(params, group, grid, plan);

  std::map<std::string, std::int32_t> totals;
  for (std::uint32_t i : group.instruments) {
    auto const& name = params.instruments[i].strategy;
    if (!name.empty() && totals.emplace(name, static_cast<std::int32_t>(totals.size())).second) made.strategies.push_back(name);
  }
  // std::map's size at insertion is the order of first appearance, which is strategies' order too.
  ContractPlanner planner(params, group, grid, plan);
  std::vector<double> total_bounds(made.strategies.size() + 1, 0.0);
  for (std::uint32_t i : group.instruments) {
    auto const& instrument = params.instruments[i];
    double const bound = planner.add(instrument, instrument.strategy.empty() ? -1 : totals.at(instrument.strategy));
    double const weighted = bound * std::abs(plan.contracts.back().quantity);
    if (!instrument.strategy.empty()) total_bounds[static_cast<std::size_t>(totals.at(instrument.strategy))] += weighted;
    total_bounds.back() += weighted;
  }
  fill_events(planner.events(), plan);
  fill_runs(plan);
  made.instruments = group.instruments;
  made.control_means = planner.control_means();
  plan.total_control_scale_in = plan.discount.back();
  for (double bound : total_bounds) {
    plan.totals.push_back({grid_scale(bound), grid_scale(planner.spot_bound(0, grid.back()) * plan.discount.back())});
    made.control_means.push_back(plan.discount.back() * planner.mean_spot(0, grid.back()));
  }
  return made;
}

}  // namespace muster::jobs::price
