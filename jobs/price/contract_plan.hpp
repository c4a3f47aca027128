// From one instrument to the kernel's contract: payoff, observations, slots and the scale of its sums.
#pragma once

#include <cstdint>
#include <vector>

#include "jobs/price/evaluations.hpp"
#include "jobs/price/groups.hpp"
#include "jobs/price/params.hpp"
#include "jobs/price/scenarios.hpp"
#include "jobs/price/sensitivity.hpp"
#include "kernels/price/path_plan.hpp"

namespace muster::jobs::price {

/// The largest power of two that keeps `bound` times it inside the quantum (kernels/sums/slots.hpp).
double grid_scale(double bound);

/// Adds a group's contracts to its plan, whose scenarios grow with what their rows ask for.
class ContractPlanner {
 public:
  ContractPlanner(Params const& params, Group const& group, std::vector<double> const& grid, Scenarios& scenarios,
                  kernels::PathPlan& plan);

  /// Appends the contract, its evaluations and its rows.
  void add(Instrument const& instrument, std::int32_t strategy, std::vector<Sensitivity> const& total_rows);

  /// events()[s] happen at the end of step s.
  std::vector<std::vector<kernels::Event>> const& events() const { return events_; }
  /// Exact expectation of each row's control.
  std::vector<double> const& control_means() const { return control_means_; }
  /// What each row's samples stay under.
  std::vector<double> const& bounds() const { return bounds_; }
  /// The rows of each contract.
  std::vector<std::vector<Sensitivity>> const& rows() const { return rows_; }
  /// The instrument's assets as indices of the group.
  std::vector<std::uint32_t> local_assets(Instrument const& instrument) const;

 private:
  /// What one evaluation's samples and controls stay under, and the control's expectation.
  struct Reach {
    double sample = 0;
    double control = 0;
    double control_mean = 0;
  };

  void observe_at(Instrument const& instrument, kernels::ContractPlan const& contract, std::uint32_t index);
  void set_payoff(Instrument const& instrument, kernels::ContractPlan& contract);
  void set_weights(Instrument const& instrument, kernels::ContractPlan& contract);
  kernels::Evaluation make_evaluation(Instrument const& instrument, kernels::ContractPlan const& contract,
                                      Valuation const& valuation, EvaluationPlanner const& planner);
  Reach reach(Instrument const& instrument, kernels::Evaluation const& evaluation);
  double score_bound(Instrument const& instrument, kernels::Evaluation const& evaluation) const;
  Asset const& asset(std::uint32_t a) const { return params_.market.assets[group_.assets[a]]; }
  std::uint32_t local(std::uint32_t market_asset) const;

  Params const& params_;
  Group const& group_;
  std::vector<double> const& grid_;
  Scenarios& scenarios_;
  kernels::PathPlan& plan_;
  std::vector<Measure> measures_;
  std::vector<std::vector<kernels::Event>> events_;
  std::vector<double> control_means_;
  std::vector<double> bounds_;
  std::vector<std::vector<Sensitivity>> rows_;
};

}  // namespace muster::jobs::price
