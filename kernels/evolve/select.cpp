// Selection within islands, and what the mutation rate learns from it.
#include <algorithm>
#include <vector>

#include "core/parallel.hpp"
#include "kernels/evolve/diversity.hpp"
#include "kernels/evolve/migration.hpp"
#include "kernels/evolve/order.hpp"
#include "kernels/evolve/plan.hpp"
#include "kernels/evolve/slots_body.hpp"
#include "kernels/evolve/spread.hpp"
#include "kernels/evolve/survival.hpp"
#include "kernels/isa.hpp"
#include "kernels/isa_tables.hpp"

namespace muster::kernels {
namespace {

/// One selection: islands one after another, with buffers that serve them all.
class Selection {
 public:
  Selection(SearchSettings const& settings, Population& population, std::span<double const> candidates,
            std::span<std::int64_t const> fitness)
      : settings_(settings), population_(population), candidates_(candidates), fitness_(fitness), plan_(settings),
        survival_(plan_.view.genes) {
    plan_.view.generation = population.generation + 1;
  }

  void run(std::uint32_t island) {
    start_ = std::uint64_t{island} * size();
    if (settings_.algorithm == Algorithm::jde) return replace_beaten();
    std::int32_t& level = population_.rate[island];
    if (settings_.adaptation == Adaptation::success) level = moved(level, follows_success());
    settings_.replacement == Replacement::plus ? keep_best() : keep_elites();
    if (settings_.adaptation == Adaptation::diversity) level = moved(level, follows_diversity());
  }

 private:
  std::uint32_t size() const { return settings_.island_size; }
  std::size_t genes() const { return plan_.view.genes; }
  double const* candidate(std::uint64_t slot) const { return candidates_.data() + slot * genes(); }
  double* resident(std::uint64_t slot) const { return population_.genomes.data() + slot * genes(); }

  bool has_tags() const { return !population_.tags.empty(); }
  static std::uint32_t tag_of(std::uint64_t slot) { return new_tag | static_cast<std::uint32_t>(slot); }

  /// Of the island's candidates.
  std::span<std::uint32_t const> candidate_tags() {
    tags_.clear();
    for (std::uint64_t slot = start_; has_tags() && slot < start_ + size(); ++slot) tags_.push_back(tag_of(slot));
    return tags_;
  }

  static std::int32_t moved(std::int32_t level, std::int32_t by) { return moved_level(level, by, most_rate_level); }

  /// A trial takes the slot unless it is worse; its F and CR come with it.
  void replace_beaten() {
    for (std::uint64_t slot = start_; slot < start_ + size(); ++slot) {
      if (fitness_[slot] < population_.fitness[slot]) continue;
      std::copy_n(candidate(slot), genes(), resident(slot));
      population_.fitness[slot] = fitness_[slot];
      if (has_tags()) population_.tags[slot] = tag_of(slot);
      MUSTER_DISPATCH(renew_control, plan_.view, slot, population_.scale[slot], population_.cross[slot]);
    }
  }

  void keep_best() {
    survival_.keep_best(
        population_, start_, size(),
        {candidates_.subspan(start_ * genes(), size() * genes()), fitness_.subspan(start_, size()), {}, {}, candidate_tags()});
  }

  /// The children take the island, and then the elites the places of the worst of them that they beat.
  void keep_elites() {
    std::vector<double> genomes;
    std::vector<std::int64_t> fitness;
    std::vector<std::uint32_t> tags;
    for (std::uint32_t i :
         survival_.best(resident(start_), population_.fitness.data() + start_, size(), settings_.elites)) {
      if (fitness.size() == settings_.elites) break;
      genomes.insert(genomes.end(), resident(start_ + i), resident(start_ + i) + genes());
      fitness.push_back(population_.fitness[start_ + i]);
      if (has_tags()) tags.push_back(population_.tags[start_ + i]);
    }
    std::copy_n(candidate(start_), size() * genes(), resident(start_));
    std::copy_n(fitness_.data() + start_, size(), population_.fitness.data() + start_);
    std::ranges::copy(candidate_tags(), population_.tags.begin() + static_cast<std::ptrdiff_t>(has_tags() ? start_ : 0));
    if (!fitness.empty()) survival_.keep_best(population_, start_, size(), {genomes, fitness, {}, {}, tags});
  }

  /// A child succeeds when it is fitter than what holds its slot.
  std::int32_t follows_success() const {
    std::uint64_t succeeded = 0;
    for (std::uint64_t slot = start_; slot < start_ + size(); ++slot)
      succeeded += fitness_[slot] > population_.fitness[slot] ? 1 : 0;
    return step_for_success(succeeded, size());
  }

  std::int32_t follows_diversity() const {
    return step_for_spread(diversity_millionths(plan_.ranges, {resident(start_), size() * genes()}));
  }

  SearchSettings const& settings_;
  Population& population_;
  std::span<double const> candidates_;
  std::span<std::int64_t const> fitness_;
  SearchPlan plan_;
  Survival survival_;
  std::vector<std::uint32_t> tags_;
  std::uint64_t start_ = 0;
};

}  // namespace

void select_islands(SearchSettings const& settings, Population& population, std::span<double const> candidates,
                    std::span<std::int64_t const> fitness, std::uint32_t first, std::uint32_t count) {
  Selection selection(settings, population, candidates, fitness);
  for (std::uint32_t island = first; island < first + count; ++island) selection.run(island);
}

void finish_generation(SearchSettings const& settings, Population& population) {
  ++population.generation;
  if (settings.migration_every != 0 && population.generation % settings.migration_every == 0)
    migrate(settings, population);
}

Population select(SearchSettings const& settings, Population&& population, std::span<double const> candidates,
                  std::span<std::int64_t const> fitness, int threads) {
  auto const pieces = std::clamp<std::uint32_t>(static_cast<std::uint32_t>(std::max(threads, 1)), 1, settings.islands);
  in_parallel(pieces, threads, [&](std::size_t piece) {
    auto const from = static_cast<std::uint32_t>(std::uint64_t{settings.islands} * piece / pieces);
    auto const to = static_cast<std::uint32_t>(std::uint64_t{settings.islands} * (piece + 1) / pieces);
    select_islands(settings, population, candidates, fitness, from, to - from);
  });
  finish_generation(settings, population);
  return std::move(population);
}

}  // namespace muster::kernels
