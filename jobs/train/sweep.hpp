// Training with other settings, one after the other.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "jobs/train/params.hpp"

namespace muster::jobs::train {

inline constexpr std::size_t sweep_combinations = 64;

/// All combinations of the values, 1 without any.
std::uint64_t combination_count(SweepChoice const& sweep);
/// How a run is trained. The repeats of a combination follow each other, and the first key changes least often.
TrainingChoice training_of(Params const& params, std::uint64_t run);
/// In any of its runs.
bool has_dropout(Params const& params);
/// The swept keys of a combination with their values.
std::vector<std::pair<std::string, double>> settings_of(SweepChoice const& sweep, std::uint64_t combination);

}  // namespace muster::jobs::train
