#include "jobs/train/schedule.hpp"

#include "jobs/train/sweep.hpp"
#include "kernels/scalar_math.hpp"

namespace muster::jobs::train {
namespace {

/// From 0 to 1 by half a cosine.
double swing(double share) { return 0.5 * (1 - kernels::exact_cos(0x1.921fb54442d18p1 * share)); }

}  // namespace

std::uint64_t steps_an_epoch(Params const& params) { return (params.samples.train + params.training.batch - 1) / params.training.batch; }

std::uint64_t validation_interval(Params const& params) {
  return params.training.validate_every > 0 ? params.training.validate_every : steps_an_epoch(params);
}

std::uint64_t step_count(Params const& params) { return steps_an_epoch(params) * params.training.epochs; }

std::uint64_t repeats_of(Params const& params) {
  return params.model == Model::surrogate ? params.network.repeats : params.encoder.repeats;
}

std::uint64_t own_run_count(Params const& params) { return repeats_of(params) * combination_count(params.sweep); }

std::uint64_t run_count(Params const& params) {
  bool const has_baseline = params.model == Model::surrogate && params.network.baseline != Baseline::none;
  return own_run_count(params) * (has_baseline ? 2 : 1);
}

std::uint64_t validation_count(Params const& params) {
  auto const steps = step_count(params), every = validation_interval(params);
  return (steps + every - 1) / every;
}

std::uint64_t spare_stages(Params const& params) { return run_count(params) * (32 + step_count(params) / 64); }

double learning_rate(Params const& params, TrainingChoice const& training, std::uint64_t step) {
  double const steps = static_cast<double>(step_count(params)), rise = training.warmup * steps, at = static_cast<double>(step) + 1;
  if (at <= rise) {
    double const share = at / rise;
    return training.learning_rate * (training.schedule == Schedule::one_cycle ? 0.04 + 0.96 * swing(share) : share);
  }
  if (training.schedule == Schedule::constant) return training.learning_rate;
  double const fall = swing((at - rise) / (steps - rise));
  return training.learning_rate * (1 - (1 - training.final_rate) * fall);
}

}  // namespace muster::jobs::train
