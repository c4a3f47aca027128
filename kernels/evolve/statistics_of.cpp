// What a generation looks like.
#include <algorithm>
#include <numeric>

#include "kernels/evolve/diversity.hpp"
#include "kernels/evolve/order.hpp"
#include "kernels/evolve/plan.hpp"

namespace muster::kernels {
namespace {

/// Where values lie in their ranges, in 2^20ths.
class Places {
 public:
  explicit Places(std::vector<GeneRange> const& ranges) : genes_(ranges.size()) {
    for (std::size_t g = 0; g < genes_; ++g) {
      low_[g] = ranges[g].low;
      scale_[g] = ranges[g].width > 0 ? 0x1p20 / ranges[g].width : 0;
    }
  }

  std::vector<std::uint64_t> means(std::span<double const> genomes) const {
    std::vector<std::uint64_t> sums(genes_);
    for (std::size_t i = 0; i < genomes.size(); i += genes_)
      for (std::size_t g = 0; g < genes_; ++g) sums[g] += static_cast<std::uint32_t>(place(g, genomes[i + g]));
    for (auto& sum : sums) sum /= genomes.size() / genes_;
    return sums;
  }

  /// The sum of |place - mean place| over slots and genes.
  std::uint64_t deviation(std::span<double const> genomes) const {
    auto const means = this->means(genomes);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < genomes.size(); i += genes_)
      for (std::size_t g = 0; g < genes_; ++g) {
        std::int32_t const off = place(g, genomes[i + g]) - static_cast<std::int32_t>(means[g]);
        sum += static_cast<std::uint32_t>(off < 0 ? -off : off);
      }
    return sum;
  }

 private:
  std::int32_t place(std::size_t g, double x) const { return static_cast<std::int32_t>((x - low_[g]) * scale_[g]); }

  std::size_t genes_;
  double low_[max_genes] = {};
  double scale_[max_genes] = {};
};

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
  std::uint64_t wide = 0;
  for (GeneRange const& range : ranges) wide += range.width > 0 ? 1 : 0;
  if (wide == 0) return 0;
  unsigned __int128 const full = static_cast<unsigned __int128>(wide * (genomes.size() / ranges.size())) << 20;
  return static_cast<std::uint64_t>(static_cast<unsigned __int128>(Places(ranges).deviation(genomes)) * 4'000'000 /
                                    full);
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
  std::partial_sort(slots.begin(), slots.begin() + static_cast<std::ptrdiff_t>(count), slots.end(),
                    Order(settings, population));
  slots.resize(count);
  return slots;
}

}  // namespace muster::kernels
