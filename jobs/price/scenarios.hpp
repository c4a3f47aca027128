// The bumped markets that a group's derivatives are made of, simulated together on the same random numbers.
#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <tuple>
#include <utility>
#include <vector>

#include "jobs/price/group_market.hpp"
#include "jobs/price/sensitivity.hpp"
#include "kernels/price/path_plan.hpp"

namespace muster::jobs::price {

/// By how many steps of its bump a market is moved; all zero is the job's own. Spots need no scenario: a path's levels
/// are scaled where a contract looks at them.
struct Bump {
  std::int32_t volatility_asset = -1, volatility_steps = 0;
  Measure by = Measure::price;  ///< rho, theta, correlation_vega, vega_v0 ... vega_rho
  std::int32_t steps = 0;
  std::uint32_t asset = 0, other = 0;  ///< of correlation_vega
  friend auto operator<=>(Bump const&, Bump const&) = default;
};

/// Points (in steps of the bump) and weights (times 1 / bump^order) of a finite difference.
struct Stencil {
  std::vector<std::pair<std::int32_t, double>> points;
};

/// First and second derivative by four and five points (errors of fourth order), first by two (second order).
Stencil const& first_of_four();
Stencil const& second_of_five();
Stencil const& first_of_two();

/// Makes scenarios as they are asked for and appends them to the plan.
class Scenarios {
 public:
  /// `width`: a bump of volatility as a share of it.
  Scenarios(GroupMarket base, std::vector<double> const& grid, double width, kernels::PathPlan& plan);

  /// The scenario's number in the plan.
  std::uint32_t get(Bump const& bump);
  GroupMarket const& market(std::uint32_t scenario) const { return markets_[scenario]; }
  /// spot_bound of a scenario's market, each found once: a book asks for the same few dates again and again.
  double spot_bound(std::uint32_t scenario, std::uint32_t asset, double years);

  double volatility_step(std::uint32_t asset) const;
  /// rho, theta, correlation_vega, vega_v0 ... vega_rho.
  double step(Measure measure) const;
  /// How `measure` is differenced: by the two sides, or to the inside where its parameter's range ends.
  Stencil const& stencil(Measure measure) const;

 private:
  GroupMarket bumped(Bump const& bump) const;
  double parameter(Measure measure) const;
  /// Whether the parameter is where its range ends.
  bool ends(Measure measure) const;

  std::vector<double> const& grid_;
  double width_;
  kernels::PathPlan& plan_;
  std::vector<GroupMarket> markets_;
  std::map<Bump, std::uint32_t> known_;
  std::map<std::tuple<std::uint32_t, std::uint32_t, double>, double> bounds_;
  std::vector<std::vector<double>> corrections_;  ///< by track
};

}  // namespace muster::jobs::price
