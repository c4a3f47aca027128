// From one instrument to the kernel's contract: payoff, observations, slots and the scale of its sums.
#pragma once

#include <cstdint>
#include <vector>

#include "jobs/price/groups.hpp"
#include "jobs/price/params.hpp"
#include "kernels/price/path_plan.hpp"

namespace muster::jobs::price {

/// The largest power of two that keeps `bound` times it inside the quantum (kernels/sums/slots.hpp).
double grid_scale(double bound);

/// Adds a group's contracts to its plan, whose steps, forwards and discounts are already there.
class ContractPlanner {
 public:
  ContractPlanner(Params const& params, Group const& group, std::vector<double> const& grid, kernels::PathPlan& plan);

  /// Appends the contract; returns the bound on its discounted payoff that its scale holds.
  double add(Instrument const& instrument, std::int32_t strategy);

  /// events()[s] happen at the end of step s.
  std::vector<std::vector<kernels::Event>> const& events() const { return events_; }
  std::vector<double> const& control_means() const { return control_means_; }

  /// What the spot of the group's asset `a` stays under up to `years`: nine standard deviations of its log
  /// (missed with probability 1e-19 a path; a path beyond fails the job rather than bend a sum).
  double spot_bound(std::uint32_t a, double years) const;
  /// Expectation of that spot, cash dividends taken off.
  double mean_spot(std::uint32_t a, double years) const;

 private:
  void observe_at(Instrument const& instrument, kernels::ContractPlan& contract, std::uint32_t index);
  void set_payoff(Instrument const& instrument, kernels::ContractPlan& contract);
  void set_weights(Instrument const& instrument, kernels::ContractPlan& contract);
  double payoff_bound(Instrument const& instrument) const;
  Asset const& asset(std::uint32_t a) const { return params_.market.assets[group_.assets[a]]; }
  std::uint32_t local(std::uint32_t market_asset) const;

  Params const& params_;
  Group const& group_;
  std::vector<double> const& grid_;
  kernels::PathPlan& plan_;
  std::vector<std::vector<kernels::Event>> events_;
  std::vector<double> control_means_;
};

}  // namespace muster::jobs::price
