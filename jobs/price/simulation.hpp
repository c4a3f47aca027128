// The Monte Carlo side of a price job: all groups' plans, their slots, and their estimates.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "jobs/job.hpp"
#include "jobs/price/estimates.hpp"
#include "jobs/price/params.hpp"
#include "jobs/price/path_group.hpp"

namespace muster::jobs::price {

/// A value or derivative with its standard error; assets are the market's.
struct MeasureEstimate {
  Sensitivity what;
  Estimate value;
};

/// A strategy's or the book's total over all groups.
struct TotalEstimate {
  std::string name;  ///< "book" for the whole
  std::vector<MeasureEstimate> measures;  ///< the value first
};

/// Immutable; shared by the runners of all threads.
class SimulationPlan {
 public:
  explicit SimulationPlan(Params const& params);

  std::vector<PathGroup> const& groups() const { return groups_; }
  std::size_t slots() const { return slots_; }
  std::size_t slots_per_row() const { return row_slots_; }
  std::uint64_t tile_items() const { return tile_items_; }
  /// Paths simulated by `tiles` tiles, antithetic ones counted.
  std::uint64_t paths(std::uint64_t tiles) const;
  /// Path-steps of one tile over all groups, times assets.
  double work_per_tile() const;
  /// The tile counts at which the stop rule is judged.
  std::vector<std::uint64_t> stages() const;
  /// The same simulation in tiles of fewer items: other tiles, hence another answer.
  SimulationPlan with_tiles(std::uint64_t items) const;
  bool meets_target(std::span<std::int64_t const> sums, std::uint64_t tiles) const;
  void normalize(std::span<std::int64_t> sums) const;

  /// The estimates of each instrument in the job's order, its price first.
  std::vector<std::vector<MeasureEstimate>> contract_estimates(std::span<std::int64_t const> sums, std::uint64_t tiles) const;
  /// Strategies in order of appearance, the book last. Groups are independent: variances add.
  std::vector<TotalEstimate> total_estimates(std::span<std::int64_t const> sums, std::uint64_t tiles) const;

 private:
  Estimate row_estimate(std::size_t group, std::size_t row, std::span<std::int64_t const> sums, std::uint64_t tiles) const;

  std::vector<PathGroup> groups_;
  std::vector<std::size_t> first_slot_;  ///< of each group
  Simulation simulation_;
  bool wants_price_ = true;  ///< whether the stop rule looks at it
  std::size_t instruments_ = 0;
  std::size_t slots_ = 0;
  std::size_t row_slots_ = 0;
  std::uint64_t tile_items_ = 0;
};

/// Runs tiles of the plan on a device; keeps a reference to it.
std::unique_ptr<TileRunner> make_simulation_runner(SimulationPlan const& plan, Params const& params, Device device);

}  // namespace muster::jobs::price
