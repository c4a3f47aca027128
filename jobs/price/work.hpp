// What a price job's paths cost: work counted by sort, and what each sort takes on the reference machines.
#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "kernels/price/path_plan.hpp"
#include "topology/cost.hpp"

namespace muster::jobs::price {

/// Sorts of work. Counted per path state, per evaluation or per row as said; a path of an antithetic pair has a state of
/// its own.
enum class Effort {
  draw,            ///< block of random normals
  steady,          ///< step of a state of one asset, no events, one scenario
  step_1, step_2, step_4, step_8, step_16,  ///< step of a state of so many assets
  merton, heston,  ///< step of a state
  look,            ///< state and asset at the end of a step with events
  dividend,        ///< the same with cash dividends, or at one
  rescaled,        ///< observation or payoff of a scaled spot less dividends
  average, extremum, bridge_extremum, barrier, bridge, double_bridge,  ///< observation by an evaluation
  pay, pay_exp, pay_smooth,  ///< payoff of an evaluation: plain, with an exponential, given Heston's variance
  weight,          ///< asset of a basket in a payoff
  score,           ///< of an evaluation
  term,            ///< evaluation's share in a row
  row, controlled_row,  ///< exact sums of a row
  slot,            ///< path memory made ready
  fold,            ///< slot of a tile's sums
  tile,            ///< once a tile and group
};
inline constexpr std::size_t efforts = static_cast<std::size_t>(Effort::tile) + 1;
using Efforts = std::array<double, efforts>;
std::string_view to_string(Effort effort);

/// Which code a group's paths run: precision, and whether it has derivatives (PathPlan::is_plain).
enum class PathClass { single_plain, single_derivatives, double_plain, double_derivatives };
inline constexpr std::size_t path_classes = 4;

PathClass class_of(kernels::PathPlan const& plan);
/// Of one tile of a group.
Efforts count_efforts(kernels::PathPlan const& plan);

/// Seconds an effort takes: on one core of the reference CPU, and on the whole reference GPU.
struct EffortTimes {
  Efforts core_s{}, gpu_s{};
};
EffortTimes const& effort_times(PathClass group);

/// Sum of counts times seconds.
double seconds(Efforts const& counts, Efforts const& each);

}  // namespace muster::jobs::price
