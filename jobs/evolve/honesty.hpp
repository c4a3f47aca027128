// Whether the champion is more than luck: every figure in double, from the generation a job ends with.
#pragma once

#include <cstdint>

#include "jobs/evolve/champion.hpp"
#include "jobs/evolve/generation.hpp"
#include "jobs/evolve/scenery.hpp"

namespace muster::jobs::evolve {

/// Two verdicts that are never mixed: `search_p` of the search, `test_psr` of the span that was touched once. NaN where the
/// job gives no figure.
struct Honesty {
  double statistic = 0;      ///< of the champion: mean of train and validation fitness
  double search_p = 0;       ///< (1 + null markets as good) / (1 + null markets)
  std::uint64_t null_markets = 0;
  double test_psr = 0;       ///< probability that its true Sharpe ratio on the test span is above 0
  std::uint64_t evaluated_trials = 0;
  double effective_trials = 0;  ///< that the evaluated ones are worth, from the sampled ones' correlation
  double deflated_sharpe_evaluated = 0;  ///< before the test span, against the best of so many
  double deflated_sharpe_effective = 0;
  double overfitting = 0;    ///< probability by CSCV, over the sampled trials
  double overfitting_slope = 0;
  std::uint64_t sampled_trials = 0;
  double stability = 0;      ///< share of the champion's neighbours, one gene a step off, with at least half its train fitness
};

Honesty judge_honesty(Params const& params, Scenery const& scenery, Generation const& last, Champion const& champion);

}  // namespace muster::jobs::evolve
