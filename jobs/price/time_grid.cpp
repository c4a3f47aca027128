#include "jobs/price/time_grid.hpp"

#include <algorithm>

#include "core/error.hpp"

namespace muster::jobs::price {

std::vector<double> make_time_grid(std::vector<double> times, double steps_per_year) {
  std::sort(times.begin(), times.end());
  std::vector<double> grid;
  double last = 0;
  for (double time : times) {
    double const gap = time - last;
    if (gap < same_time_years) continue;
    double const wanted = gap * steps_per_year - 1e-9;
    MUSTER_REQUIRE(wanted < static_cast<double>(max_steps),
                   "simulation.steps_per_year = {} gives over {} steps (they would not fit); lower it", steps_per_year,
                   max_steps);
    std::uint64_t steps = 1;
    while (static_cast<double>(steps) < wanted) ++steps;
    for (std::uint64_t k = 1; k < steps; ++k)
      grid.push_back(last + gap * (static_cast<double>(k) / static_cast<double>(steps)));
    grid.push_back(time);
    MUSTER_REQUIRE(grid.size() <= max_steps,
                   "simulation.steps_per_year = {} gives over {} steps (they would not fit); lower it", steps_per_year,
                   max_steps);
    last = time;
  }
  return grid;
}

std::uint32_t find_time(std::vector<double> const& grid, double time) {
  auto const at = std::lower_bound(grid.begin(), grid.end(), time - same_time_years);
  MUSTER_ASSERT(at != grid.end() && *at < time + same_time_years, "time {} is not on the grid", time);
  return static_cast<std::uint32_t>(at - grid.begin());
}

}  // namespace muster::jobs::price
