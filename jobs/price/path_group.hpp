// From a group of instruments to the plan that the path kernels read.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "jobs/price/groups.hpp"
#include "jobs/price/params.hpp"
#include "jobs/price/sensitivity.hpp"
#include "kernels/price/path_plan.hpp"

namespace muster::jobs::price {

/// A group's plan and what its rows mean.
struct PathGroup {
  kernels::PathPlan plan;
  std::vector<std::uint32_t> instruments;   ///< contract -> Params::instruments
  std::vector<std::vector<Sensitivity>> rows;  ///< of each contract, in the order of its rows; assets are the market's
  std::vector<Sensitivity> total_rows;      ///< of each total
  std::vector<double> control_means;        ///< exact expectation of each row's control, totals included
  std::vector<std::string> strategies;      ///< names of the totals before the book's
};

/// Most assets one group can hold.
inline constexpr std::size_t max_group_assets = 16;

/// Builds the plan of `group`, the `index`-th group of the job. Pure: the same on every machine.
/// Throws Error (Exit::user) for what paths cannot simulate, saying what to do.
PathGroup make_path_group(Params const& params, Group const& group, std::uint32_t index);

/// Items (paths or antithetic pairs) of a tile.
std::uint64_t tile_items(Simulation const& simulation);

}  // namespace muster::jobs::price
