// One simulated state of a group's paths: the model's coefficients step by step.
#pragma once

#include <cstdint>
#include <vector>

#include "jobs/price/group_market.hpp"
#include "kernels/price/path_plan.hpp"

namespace muster::jobs::price {

/// Steps a year that the model needs at least, for its scheme to hold.
double least_steps_per_year(GroupMarket const& market);

/// Appends a track's coefficients, variances and start to the plan. Returns the martingale correction, [steps][assets]:
/// what ln(forward) loses so that E[exp(x)] forward is the forward.
std::vector<double> add_track(GroupMarket const& market, std::vector<double> const& grid, kernels::PathPlan& plan);

/// Appends a scenario on the plan's track number `track`: forwards and discounts of the market, less the track's
/// correction.
void add_scenario(GroupMarket const& market, std::vector<double> const& grid, std::vector<double> const& correction,
                  std::uint32_t track, kernels::PathPlan& plan);

/// Appends the shares of spot that the cash dividends take on the newest track, seen from the newest scenario.
void add_dividend_shares(kernels::PathPlan& plan);

}  // namespace muster::jobs::price
