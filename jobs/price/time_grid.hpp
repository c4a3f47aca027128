// The times at which a group of contracts is simulated.
#pragma once

#include <cstdint>
#include <vector>

namespace muster::jobs::price {

/// Times nearer than this (three hundredths of a second) are one.
inline constexpr double same_time_years = 1e-9;
/// More steps than this are refused: the plan's arrays are kept in memory.
inline constexpr std::uint64_t max_steps = 1'000'000;

/// The union of `times` (years, > 0) with equal steps between neighbours, at least `steps_per_year`; ascending,
/// the last one the latest of `times`. `steps_per_year` 0: no steps but `times`.
/// Throws Error (Exit::user) when there would be more than max_steps.
std::vector<double> make_time_grid(std::vector<double> times, double steps_per_year);

/// Index of `time` in `grid`; the grid must hold it.
std::uint32_t find_time(std::vector<double> const& grid, double time);

}  // namespace muster::jobs::price
