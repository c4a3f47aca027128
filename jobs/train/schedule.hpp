// The learning rate by step.
#pragma once

#include <cstdint>

#include "jobs/train/params.hpp"

namespace muster::jobs::train {

std::uint64_t steps_an_epoch(Params const& params);
std::uint64_t step_count(Params const& params);
/// Steps from one validation to the next; the last step is always followed by one.
std::uint64_t validation_interval(Params const& params);
/// Networks of a kind.
std::uint64_t repeats_of(Params const& params);
/// Networks of all combinations of a sweep, without the baseline.
std::uint64_t own_run_count(Params const& params);
/// Networks that are taught one after the other, those of the baseline last.
std::uint64_t run_count(Params const& params);
/// Of one of them.
std::uint64_t validation_count(Params const& params);
/// Steps that may be summed once more on another scale, of all runs together.
std::uint64_t spare_stages(Params const& params);
/// Of step number `step`, the first being 0. All schedules rise linearly over the warm-up; then `constant` stays, `cosine`
/// falls by half a cosine to the final rate, and `one_cycle` rises and falls by half cosines (Smith and Topin 2018).
double learning_rate(Params const& params, TrainingChoice const& training, std::uint64_t step);
inline double learning_rate(Params const& params, std::uint64_t step) { return learning_rate(params, params.training, step); }

}  // namespace muster::jobs::train
