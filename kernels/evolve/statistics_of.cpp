// What a generation looks like.
#include <algorithm>
#include <mutex>
#include <numeric>

#include "core/parallel.hpp"
#include "kernels/evolve/diversity.hpp"
#include "kernels/evolve/order.hpp"
#include "kernels/evolve/plan.hpp"
#include "kernels/evolve/spread.hpp"

namespace muster::kernels {
namespace {

/// Slots that a thread takes at a time.
constexpr std::uint64_t block_slots = 4096;
/// Fewer take less time than it takes to start a thread.
constexpr std::uint64_t least_slots_a_thread = 16'384;

std::size_t blocks_of_slots(std::uint64_t count) { return (count + block_slots - 1) / block_slots; }

/// Calls work(i, first, last) with the slots of block i of `count`, on so many threads at most.
template <class Work>
void each_block(std::uint64_t count, int threads, Work work) {
  auto const worthy = std::min<std::uint64_t>(count / least_slots_a_thread, static_cast<std::uint64_t>(std::max(threads, 1)));
  in_parallel(blocks_of_slots(count), static_cast<int>(worthy),
              [&](std::size_t i) { work(i, i * block_slots, std::min((i + 1) * block_slots, count)); });
}

/// Where values lie in their ranges, in 2^20ths.
class Places {
 public:
  Places(std::vector<GeneRange> const& ranges, std::span<double const> genomes, int threads)
      : genes_(ranges.size()), genomes_(genomes), slots_(genomes.size() / genes_), threads_(threads) {
    for (std::size_t g = 0; g < genes_; ++g) places_[g] = GenePlace(ranges[g]);
  }

  /// The sum of |place - mean place| over slots and genes.
  std::uint64_t deviation() const {
    auto const means = this->means();
    std::vector<std::uint64_t> sums(blocks_of_slots(slots_));
    each_block(slots_, threads_, [&](std::size_t block, std::uint64_t first, std::uint64_t last) {
      std::uint64_t sum = 0;
      for (std::uint64_t slot = first; slot < last; ++slot)
        for (std::size_t g = 0; g < genes_; ++g) {
          std::int32_t const off = place(slot, g) - static_cast<std::int32_t>(means[g]);
          sum += static_cast<std::uint32_t>(off < 0 ? -off : off);
        }
      sums[block] = sum;
    });
    return std::reduce(sums.begin(), sums.end());
  }

 private:
  std::vector<std::uint64_t> means() const {
    std::vector<std::uint64_t> sums(genes_);
    std::mutex mutex;
    each_block(slots_, threads_, [&](std::size_t, std::uint64_t first, std::uint64_t last) {
      std::uint64_t of_block[max_genes] = {};
      for (std::uint64_t slot = first; slot < last; ++slot)
        for (std::size_t g = 0; g < genes_; ++g) of_block[g] += static_cast<std::uint32_t>(place(slot, g));
      std::lock_guard const lock(mutex);  // integers: in any order
      for (std::size_t g = 0; g < genes_; ++g) sums[g] += of_block[g];
    });
    for (auto& sum : sums) sum /= slots_;
    return sums;
  }
  std::int32_t place(std::uint64_t slot, std::size_t g) const { return places_[g](genomes_[slot * genes_ + g]); }

  std::size_t genes_;
  std::span<double const> genomes_;
  std::uint64_t slots_;
  int threads_;
  GenePlace places_[max_genes];
};

/// The one that `rank` others are below, by so many bits at a time.
class OrderStatistic {
 public:
  OrderStatistic(std::span<std::int64_t const> values, int threads) : values_(values), threads_(threads) {}

  std::int64_t operator()(std::uint64_t rank) {
    std::uint64_t known = 0;
    for (int shift = 64; shift > 0;) {
      int const bits = std::min(shift, digit_bits);
      count(known, shift, shift - bits);
      shift -= bits;
      std::uint64_t digit = 0;
      for (; rank >= counts_[digit]; ++digit) rank -= counts_[digit];
      known |= digit << shift;
    }
    return static_cast<std::int64_t>(known ^ sign);
  }

 private:
  static constexpr int digit_bits = 11;
  static constexpr std::uint64_t sign = std::uint64_t{1} << 63;

  /// Of the values that have the bits from `high` on in common with `known`: how many have each digit from `low` on.
  void count(std::uint64_t known, int high, int low) {
    counts_.assign(std::size_t{1} << digit_bits, 0);
    std::mutex mutex;
    each_block(values_.size(), threads_, [&](std::size_t, std::uint64_t first, std::uint64_t last) {
      std::vector<std::uint32_t> own(counts_.size());
      std::uint64_t const mask = (std::uint64_t{1} << (high - low)) - 1;
      for (std::int64_t const value : values_.subspan(first, last - first)) {
        std::uint64_t const key = static_cast<std::uint64_t>(value) ^ sign;
        if (high == 64 || (key ^ known) >> high == 0) ++own[key >> low & mask];
      }
      std::lock_guard const lock(mutex);
      for (std::size_t digit = 0; digit < own.size(); ++digit) counts_[digit] += own[digit];
    });
  }

  std::span<std::int64_t const> values_;
  int threads_;
  std::vector<std::uint64_t> counts_;
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

template <class Term>
double sum_of(std::uint64_t first, std::uint64_t last, Term term) {
  double sum = 0;
  for (std::uint64_t i = first; i < last; ++i) sum += term(i);
  return sum;
}

/// The sums of groups of `count` terms.
template <class Term>
std::vector<double> group_sums(std::uint64_t count, int threads, Term term) {
  std::vector<double> sums((count + mean_group - 1) / mean_group);
  each_block(count, threads, [&](std::size_t, std::uint64_t first, std::uint64_t last) {
    static_assert(block_slots % mean_group == 0);
    for (std::uint64_t at = first; at < last; at += mean_group) sums[at / mean_group] = sum_of(at, std::min(at + mean_group, last), term);
  });
  return sums;
}

/// Of `count` feasible ones. Each term is divided first, so that no sum of finite values is infinite.
double mean_of(std::vector<std::int64_t> const& fitness, std::uint64_t count, int threads) {
  auto sums = group_sums(fitness.size(), threads, [&](std::uint64_t slot) {
    return is_feasible(fitness[slot]) ? fitness_value(fitness[slot]) / static_cast<double>(count) : 0.0;
  });
  while (sums.size() > 1) sums = group_sums(sums.size(), 1, [&](std::uint64_t i) { return sums[i]; });
  return sums.front();
}

/// What a run of slots is like.
struct Some {
  std::uint64_t infeasible[infeasible_reasons] = {};
  std::uint64_t champion = 0;
  std::int64_t worst = INT64_MAX;  ///< of the feasible
};

Some look_at(Population const& population, Order const& better, std::uint64_t first, std::uint64_t last) {
  Some some;
  some.champion = first;
  for (std::uint64_t slot = first; slot < last; ++slot) {
    std::int64_t const fitness = population.fitness[slot];
    if (better(slot, some.champion)) some.champion = slot;
    if (is_feasible(fitness)) some.worst = std::min(some.worst, fitness);
    else ++some.infeasible[static_cast<int>(reason_of(fitness))];
  }
  return some;
}

/// The infeasible are below all others.
void describe(Population const& population, std::int64_t worst, int threads, GenerationStats& stats) {
  auto const& fitness = population.fitness;
  stats.best = stats.median = stats.mean = stats.worst = fitness_value(infeasible(Infeasible::unknown));
  if (stats.feasible == 0) return;
  stats.mean = mean_of(fitness, stats.feasible, threads);
  stats.median = fitness_value(OrderStatistic(fitness, threads)(fitness.size() - stats.feasible + (stats.feasible - 1) / 2));
  stats.best = fitness_value(fitness[stats.champion]);
  stats.worst = fitness_value(worst);
}

}  // namespace

std::uint64_t diversity_millionths(std::vector<GeneRange> const& ranges, std::span<double const> genomes, int threads) {
  std::uint64_t wide = 0;
  for (GeneRange const& range : ranges) wide += range.width > 0 ? 1 : 0;
  if (wide == 0) return 0;
  return spread_millionths(Places(ranges, genomes, threads).deviation(), wide, genomes.size() / ranges.size());
}

GenerationStats statistics_of(SearchSettings const& settings, Population const& population, int threads) {
  GenerationStats stats;
  Order const better(settings, population);
  auto const slots = population.fitness.size();
  std::vector<Some> parts(blocks_of_slots(slots));
  each_block(slots, threads,
             [&](std::size_t block, std::uint64_t first, std::uint64_t last) { parts[block] = look_at(population, better, first, last); });
  std::int64_t worst = INT64_MAX;
  stats.feasible = slots;
  for (Some const& part : parts) {
    if (better(part.champion, stats.champion)) stats.champion = part.champion;
    worst = std::min(worst, part.worst);
    for (int reason = 0; reason < infeasible_reasons; ++reason) {
      stats.infeasible[reason] += part.infeasible[reason];
      stats.feasible -= part.infeasible[reason];
    }
  }
  describe(population, worst, threads, stats);
  stats.diversity = static_cast<double>(diversity_millionths(SearchPlan(settings).ranges, population.genomes, threads)) * 1e-6;
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
