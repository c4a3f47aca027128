#include "jobs/evolve/champion.hpp"

#include <limits>

namespace muster::jobs::evolve {
namespace {

FoldChampion champion_of(Ground const& ground, std::vector<Veteran> const& hall, std::size_t fold) {
  FoldChampion champion;
  for (Veteran const& one : hall) champion.validation.push_back(ground.validate(one.genome, fold));
  for (std::size_t i = 1; i < hall.size(); ++i)
    if (champion.validation[i] > champion.validation[champion.place]) champion.place = i;
  champion.is_there = !hall.empty() && kernels::is_feasible(champion.validation[champion.place]);
  if (!champion.is_there) return champion;
  champion.train_fitness = kernels::fitness_value(hall[champion.place].fitness);
  champion.validation_fitness = kernels::fitness_value(champion.validation[champion.place]);
  return champion;
}

}  // namespace

Champion choose_champion(Scheme scheme, Ground const& ground, std::vector<Herd> const& herds) {
  Champion champion;
  double sum = 0;
  for (std::size_t fold = 0; fold < herds.size(); ++fold) {
    auto const& one = champion.folds.emplace_back(champion_of(ground, herds[fold].hall, fold));
    sum += one.is_there ? 0.5 * (one.train_fitness + one.validation_fitness) : -std::numeric_limits<double>::infinity();
    auto const& best = champion.folds[champion.fold];
    bool const is_better = one.is_there && (!best.is_there || one.validation_fitness > best.validation_fitness);
    if (scheme == Scheme::walk_forward || is_better) champion.fold = fold;
  }
  champion.is_there = champion.folds[champion.fold].is_there;
  champion.statistic = sum / static_cast<double>(herds.size());
  return champion;
}

}  // namespace muster::jobs::evolve
