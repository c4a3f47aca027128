// A PathPlan as the pointers that every executor reads.
#pragma once

#include <cstdint>

#include "kernels/price/path_plan.hpp"

namespace muster::kernels {

/// A PathPlan as pointers, with the coefficients in the precision of the paths.
template <class Real>
struct PathView {
  std::uint32_t assets, steps, contracts, tracks, totals, total_rows, total_offset, slots_per_path, paid_slot;
  bool control, antithetic;
  PhiloxKeys keys;
  Real const* coefficients;
  double const* start;
  std::uint32_t const* track;
  double const* forward;
  double const* log_forward;
  double const* discount;
  double const* variance;
  double const* dividend;  ///< null when there is none
  double const* dividend_share;
  std::uint32_t const* first_event;
  std::uint32_t const* quiet_until;
  std::uint32_t const* steady_until;
  Event const* event;
  ContractPlan const* contract;
  AssetWeight const* weight;
  Evaluation const* evaluation;
  Term const* term;
  RowPlan const* row;
};

/// The view of a plan whose arrays went through `keep` (a copy to a device, or nothing).
template <class Real, class Keep>
PathView<Real> view_of(PathPlan const& plan, Real const* coefficients, Keep keep) {
  return {plan.assets, plan.steps, static_cast<std::uint32_t>(plan.contracts.size()), plan.tracks, plan.totals,
          plan.total_rows, plan.total_offset(), plan.slots_per_path, plan.paid_slot, plan.control, plan.antithetic, plan.keys,
          coefficients, keep(plan.start), keep(plan.track), keep(plan.forward),
          keep(plan.log_forward), keep(plan.discount), keep(plan.variance), keep(plan.dividend),
          keep(plan.dividend_share), keep(plan.first_event), keep(plan.quiet_until), keep(plan.steady_until),
          keep(plan.events), keep(plan.contracts), keep(plan.weights), keep(plan.evaluations), keep(plan.terms),
          keep(plan.rows)};
}

}  // namespace muster::kernels
