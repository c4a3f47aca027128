// How a contract's derivatives are estimated: as weighted sums of its values in scenarios, with scaled spots, or under
// scores (docs/methods/greeks.md).
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "jobs/price/params.hpp"
#include "jobs/price/scenarios.hpp"
#include "jobs/price/sensitivity.hpp"
#include "kernels/price/path_plan.hpp"

namespace muster::jobs::price {

/// One way of valuing the contract; spots by steps of the contract's own.
struct Valuation {
  Bump bump;
  std::int32_t asset[2] = {-1, -1};
  std::int32_t steps[2] = {0, 0};
  kernels::Score score = kernels::Score::none;
  friend auto operator<=>(Valuation const&, Valuation const&) = default;
};

/// The valuations that a contract's rows need, and their weights by row.
using Weights = std::map<Valuation, std::map<std::uint32_t, double>>;

/// The width of a spot's bumps for a payoff, as a share of the standard deviation to expiry.
double bump_width(InstrumentKind kind);

/// Weights of one contract's rows; asset indices are the group's. The plain valuation is always among them.
class EvaluationPlanner {
 public:
  EvaluationPlanner(Instrument const& instrument, std::vector<std::uint32_t> const& assets, Scenarios& scenarios,
                    bool dividends);

  Weights weights(std::vector<Sensitivity> const& rows);
  /// Relative step of an asset's spot.
  double spot_step(std::uint32_t asset) const;

 private:
  void add(std::uint32_t row, Sensitivity const& what, double factor);
  void add_scored(std::uint32_t row, Sensitivity const& what);
  void put(std::uint32_t row, double weight, Valuation const& valuation) { weights_[valuation][row] += weight; }
  void put_score(std::uint32_t row, double weight, kernels::Score score);
  void theta_by_equation(std::uint32_t row);
  bool is_scored() const;
  Valuation moved(std::uint32_t asset, std::int32_t steps, Valuation from = {}) const;
  double spot(std::uint32_t asset) const { return scenarios_.market(0).assets[asset].spot; }

  Instrument const& instrument_;
  std::vector<std::uint32_t> const& assets_;
  Scenarios& scenarios_;
  bool dividends_;
  Weights weights_;
};

}  // namespace muster::jobs::price
