// Who of the halls of fame is the champion, and the figure that null markets are ranked by.
#pragma once

#include <vector>

#include "jobs/evolve/generation.hpp"
#include "jobs/evolve/ground.hpp"

namespace muster::jobs::evolve {

/// Of one fold: the best by validation of its hall, ties by train.
struct FoldChampion {
  std::vector<std::int64_t> validation;  ///< fitness of each of the hall
  std::size_t place = 0;                 ///< 0 where the hall is empty
  bool is_there = false;                 ///< it is feasible on the validation span, too
  double train_fitness = 0, validation_fitness = 0;
};

struct Champion {
  std::vector<FoldChampion> folds;
  std::size_t fold = 0;   ///< that the job's champion is of: the last of walk_forward, the best by validation else
  bool is_there = false;
  double statistic = 0;   ///< mean over the folds of train and validation fitness; minus infinity where one has none
};

Champion choose_champion(Scheme scheme, Ground const& ground, std::vector<Herd> const& herds);

}  // namespace muster::jobs::evolve
