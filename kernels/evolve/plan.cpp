#include "kernels/evolve/plan.hpp"

#include "kernels/scalar_math.hpp"

namespace muster::kernels {
namespace {

GeneRange range_of(Gene const& gene) {
  if (gene.step == 0) return {gene.low, gene.high, gene.high - gene.low, 1, 0};
  // A range that is a whole number of steps but for rounding has its end on the grid.
  auto const steps = static_cast<double>(static_cast<std::int64_t>((gene.high - gene.low) / gene.step + 1e-9));
  // One value alone: a continuous range of no width.
  if (steps == 0) return {gene.low, gene.low, 0, 1, 0};
  return {gene.low, gene.low + gene.step * steps, gene.step * steps, gene.step, steps};
}

double crossover_spread(SearchSettings const& settings) {
  if (settings.crossover_spread > 0) return settings.crossover_spread;
  return settings.crossover == Crossover::blend ? 0.5 : (settings.crossover == Crossover::exponential ? 0.9 : 1.0);
}

double mutation_spread(SearchSettings const& settings) {
  if (settings.mutation_spread > 0) return settings.mutation_spread;
  return settings.mutation == Mutation::gaussian ? 0.1 : 20.0;
}

}  // namespace

SearchPlan::SearchPlan(SearchSettings const& settings) {
  for (Gene const& gene : settings.genes) ranges.push_back(range_of(gene));
  view.algorithm = settings.algorithm;
  view.ranges = ranges.data();
  view.keys = philox_keys(settings.seed);
  view.genes = static_cast<std::uint32_t>(ranges.size());
  view.island_size = settings.island_size;
  view.tournament = settings.tournament;
  view.crossover = settings.crossover;
  view.mutation = settings.mutation;
  view.crossover_chance = static_cast<std::uint64_t>(settings.crossover_rate * 0x1p32);
  view.cuts = settings.crossover == Crossover::one_point || settings.crossover == Crossover::two_point ||
              settings.crossover == Crossover::exponential;
  double const spread = crossover_spread(settings);
  view.spread = settings.crossover == Crossover::sbx ? 1 / (spread + 1) : spread;
  if (settings.crossover == Crossover::exponential) view.log_go_on = exact_log(spread);
  view.mutation_size = mutation_spread(settings);
  view.mutation_power = 1 / (view.mutation_size + 1);
  view.base = settings.trial_base;
  view.trial_crossover = settings.trial_crossover;
  view.new_scale = settings.new_scale;
  view.new_cross = settings.new_cross;
}

std::uint64_t mutation_chance(SearchSettings const& settings, std::int32_t level) {
  constexpr double quarter[4] = {1, 0x1.306fe0a31b715p0, 0x1.6a09e667f3bcdp0, 0x1.ae89f995ad3adp0};
  double const rate =
      settings.mutation_rate > 0 ? settings.mutation_rate : 1.0 / static_cast<double>(settings.genes.size());
  double chance = rate * 0x1p32 * quarter[level & 3];
  std::int32_t const doublings = (level - (level & 3)) / 4;
  for (std::int32_t i = 0; i < doublings; ++i) chance *= 2;
  for (std::int32_t i = 0; i > doublings; --i) chance *= 0.5;
  // Adaptation does not take a rate beyond one half.
  double const most = rate > 0.5 ? rate * 0x1p32 : 0x1p31;
  return static_cast<std::uint64_t>(chance < most ? chance : most);
}

}  // namespace muster::kernels
