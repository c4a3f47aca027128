#include "jobs/price/scenarios.hpp"

#include <algorithm>
#include <cmath>

#include "core/error.hpp"
#include "jobs/price/correlation.hpp"
#include "jobs/price/tracks.hpp"

namespace muster::jobs::price {
namespace {

constexpr double rate_step = 1e-3;
constexpr double correlation_step = 0.02;
/// Of a Heston parameter, relative; of rho, absolute.
constexpr double heston_step = 0.05;
/// Of the first step in time.
constexpr double time_step = 1.0 / 16;
/// Instead of a share of zero.
constexpr double least_step = 1e-4;

/// Second order, to one side: for parameters at the end of their range.
Stencil const& forward_of_three() {
  static Stencil const stencil{{{0, -1.5}, {1, 2.0}, {2, -0.5}}};
  return stencil;
}

void shift(Curve& curve, double by) {
  for (double& value : curve.values) value += by;
}

/// The parameter that a measure of Heston's model is by.
double Heston::*parameter_of(Measure measure) {
  switch (measure) {
    case Measure::vega_v0: return &Heston::v0;
    case Measure::vega_kappa: return &Heston::kappa;
    case Measure::vega_theta: return &Heston::theta;
    case Measure::vega_xi: return &Heston::xi;
    default: return &Heston::rho;
  }
}

}  // namespace

Stencil const& first_of_four() {
  static Stencil const stencil{{{-2, 1.0 / 12}, {-1, -8.0 / 12}, {1, 8.0 / 12}, {2, -1.0 / 12}}};
  return stencil;
}

Stencil const& second_of_five() {
  static Stencil const stencil{{{-2, -1.0 / 12}, {-1, 16.0 / 12}, {0, -30.0 / 12}, {1, 16.0 / 12}, {2, -1.0 / 12}}};
  return stencil;
}

Stencil const& first_of_two() {
  static Stencil const stencil{{{-1, -0.5}, {1, 0.5}}};
  return stencil;
}

Scenarios::Scenarios(GroupMarket base, std::vector<double> const& grid, double width, kernels::PathPlan& plan)
    : grid_(grid), width_(width), plan_(plan) {
  markets_.push_back(std::move(base));
  plan_.tracks = 1;
  corrections_.push_back(add_track(markets_[0], grid_, plan_));
  add_scenario(markets_[0], grid_, corrections_[0], 0, plan_);
  add_dividend_shares(plan_);
  known_.emplace(Bump{}, 0);
}

double Scenarios::spot_bound(std::uint32_t scenario, std::uint32_t asset, double years) {
  auto const [at, is_new] = bounds_.try_emplace({scenario, asset, years}, 0.0);
  if (is_new) at->second = price::spot_bound(markets_[scenario], asset, years);
  return at->second;
}

double Scenarios::volatility_step(std::uint32_t asset) const {
  auto const& values = markets_[0].assets[asset].volatility.values;
  return std::max(width_ * *std::min_element(values.begin(), values.end()), least_step);
}

double Scenarios::parameter(Measure measure) const { return markets_[0].assets[0].heston.*parameter_of(measure); }

double Scenarios::step(Measure measure) const {
  switch (measure) {
    case Measure::rho: return rate_step / std::max(1.0, grid_.back());
    case Measure::theta: return time_step * grid_.front();
    case Measure::correlation_vega:
      return std::min(correlation_step, 0.5 * smallest_eigenvalue(markets_[0].correlation, markets_[0].assets.size()));
    case Measure::vega_rho:
      if (ends(measure)) return parameter(measure) > 0 ? -heston_step : heston_step;
      return std::min(heston_step, 0.5 * (1.0 - std::abs(parameter(measure))));
    default: return std::max(heston_step * parameter(measure), least_step);
  }
}

Stencil const& Scenarios::stencil(Measure measure) const {
  return ends(measure) ? forward_of_three() : first_of_two();
}

bool Scenarios::ends(Measure measure) const {
  switch (measure) {
    case Measure::vega_v0:
    case Measure::vega_kappa:
    case Measure::vega_theta: return parameter(measure) < 2 * least_step;
    case Measure::vega_rho: return std::abs(parameter(measure)) > 1.0 - 4 * least_step;
    default: return false;
  }
}

GroupMarket Scenarios::bumped(Bump const& bump) const {
  GroupMarket market = markets_[0];
  if (bump.volatility_asset >= 0) {
    auto const a = static_cast<std::uint32_t>(bump.volatility_asset);
    shift(market.assets[a].volatility, bump.volatility_steps * volatility_step(a));
  }
  if (bump.steps == 0) return market;
  double const by = bump.steps * step(bump.by);
  switch (bump.by) {
    case Measure::rho: shift(market.rate, by); break;
    case Measure::theta: market.elapsed = by; break;
    case Measure::correlation_vega: {
      std::size_t const n = market.assets.size();
      market.correlation[bump.asset * n + bump.other] += by;
      market.correlation[bump.other * n + bump.asset] += by;
      break;
    }
    default: market.assets[0].heston.*parameter_of(bump.by) += by; break;
  }
  return market;
}

std::uint32_t Scenarios::get(Bump const& bump) {
  if (auto const at = known_.find(bump); at != known_.end()) return at->second;
  auto const number = static_cast<std::uint32_t>(markets_.size());
  markets_.push_back(bumped(bump));
  known_.emplace(bump, number);
  // Rates move forwards and discounts only, so the states stay the job's own; but what dividends took is by state.
  std::uint32_t track = 0;
  if (bump.by != Measure::rho || !plan_.dividend.empty()) {
    track = plan_.tracks++;
    corrections_.push_back(add_track(markets_.back(), grid_, plan_));
  }
  add_scenario(markets_.back(), grid_, corrections_[track], track, plan_);
  if (track != 0) add_dividend_shares(plan_);
  std::uint32_t const states = plan_.tracks * (plan_.antithetic ? 2 : 1);
  MUSTER_REQUIRE(states <= kernels::most_states(plan_.assets),
                 "outputs: the derivatives asked for need more than {} simulated states a path on {} assets that are "
                 "bound together (no executor holds more); drop vega, vanna, volga or correlation_vega, set "
                 "simulation.antithetic = false, or split the book",
                 kernels::most_states(plan_.assets), markets_[0].assets.size());
  return number;
}

}  // namespace muster::jobs::price
