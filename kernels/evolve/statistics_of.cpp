// What a generation looks like.
#include <algorithm>
#include <numeric>

#include "kernels/evolve/diversity.hpp"
#include "kernels/evolve/order.hpp"
#include "kernels/evolve/plan.hpp"

namespace muster::kernels {
namespace {

/// Where a value lies in its range, in 2^20ths.
std::uint64_t place_of(GeneRange const& range, double x) {
  return static_cast<std::uint64_t>((x - range.low) / range.width * 0x1p20);
}

/// The sum of |place - mean place| over the slots.
std::uint64_t deviation_of(GeneRange const& range, std::span<double const> genomes, std::size_t gene, std::size_t genes) {
  std::uint64_t sum = 0, slots = genomes.size() / genes, deviation = 0;
  for (std::size_t i = gene; i < genomes.size(); i += genes) sum += place_of(range, genomes[i]);
  std::uint64_t const mean = sum / slots;
  for (std::size_t i = gene; i < genomes.size(); i += genes) {
    std::uint64_t const place = place_of(range, genomes[i]);
    deviation += place > mean ? place - mean : mean - place;
  }
  return deviation;
}

class Order {
 public:
  Order(SearchSettings const& settings, Population const& population)
      : genes_(static_cast<std::uint32_t>(settings.genes.size())), population_(population) {}
  bool operator()(std::uint64_t a, std::uint64_t b) const { return is_better(ranked(a), ranked(b), genes_); }

 private:
  Ranked ranked(std::uint64_t slot) const {
    return {population_.fitness[slot], population_.genomes.data() + slot * genes_, slot};
  }
  std::uint32_t genes_;
  Population const& population_;
};

/// Each term is divided first, so that no sum of finite values is infinite.
double mean_of(std::vector<std::int64_t> const& fitness) {
  double mean = 0;
  for (std::int64_t one : fitness) mean += fitness_value(one) / static_cast<double>(fitness.size());
  return mean;
}

void describe(std::vector<std::int64_t>& feasible, GenerationStats& stats) {
  stats.feasible = feasible.size();
  stats.best = stats.median = stats.mean = stats.worst = fitness_value(infeasible(Infeasible::unknown));
  if (feasible.empty()) return;
  stats.mean = mean_of(feasible);
  auto const middle = feasible.begin() + static_cast<std::ptrdiff_t>((feasible.size() - 1) / 2);
  std::nth_element(feasible.begin(), middle, feasible.end());
  stats.median = fitness_value(*middle);
  stats.best = fitness_value(*std::max_element(middle, feasible.end()));
  stats.worst = fitness_value(*std::min_element(feasible.begin(), middle + 1));
}

}  // namespace

std::uint64_t diversity_millionths(std::vector<GeneRange> const& ranges, std::span<double const> genomes) {
  std::size_t const genes = ranges.size(), slots = genomes.size() / genes;
  unsigned __int128 sum = 0;
  std::uint64_t wide = 0;
  for (std::size_t g = 0; g < genes; ++g) {
    if (!(ranges[g].width > 0)) continue;
    sum += deviation_of(ranges[g], genomes, g, genes);
    ++wide;
  }
  return wide == 0 ? 0 : static_cast<std::uint64_t>(sum * 4'000'000 / (static_cast<unsigned __int128>(wide * slots) << 20));
}

GenerationStats statistics_of(SearchSettings const& settings, Population const& population) {
  GenerationStats stats;
  Order const better(settings, population);
  std::vector<std::int64_t> feasible;
  for (std::uint64_t slot = 0; slot < population.fitness.size(); ++slot) {
    std::int64_t const fitness = population.fitness[slot];
    if (better(slot, stats.champion)) stats.champion = slot;
    if (is_feasible(fitness)) feasible.push_back(fitness);
    else ++stats.infeasible[static_cast<int>(reason_of(fitness))];
  }
  describe(feasible, stats);
  stats.diversity = static_cast<double>(diversity_millionths(SearchPlan(settings).ranges, population.genomes)) * 1e-6;
  return stats;
}

std::vector<std::uint64_t> best_slots(SearchSettings const& settings, Population const& population, std::size_t count) {
  std::vector<std::uint64_t> slots(population.fitness.size());
  std::iota(slots.begin(), slots.end(), 0);
  count = std::min(count, slots.size());
  std::partial_sort(slots.begin(), slots.begin() + static_cast<std::ptrdiff_t>(count), slots.end(), Order(settings, population));
  slots.resize(count);
  return slots;
}

}  // namespace muster::kernels
