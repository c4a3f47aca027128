#include "kernels/evolve/survival.hpp"

#include <algorithm>

#include "kernels/evolve/order.hpp"

namespace muster::kernels {
namespace {

void move_in(Population& population, std::uint64_t slot, Newcomers const& from, std::uint32_t index,
             std::uint32_t genes) {
  std::copy_n(from.genomes.data() + std::size_t{index} * genes, genes, population.genomes.data() + slot * genes);
  population.fitness[slot] = from.fitness[index];
  if (!from.tags.empty()) population.tags[slot] = from.tags[index];
  if (from.scale.empty()) return;
  population.scale[slot] = from.scale[index];
  population.cross[slot] = from.cross[index];
}

}  // namespace

template <class Genome>
void Survival::part(std::uint32_t count, Genome genome) {
  if (count == 0 || count >= keys_.size()) return;
  auto const better = [&](Key const& a, Key const& b) {
    if (a.fitness != b.fitness) return a.fitness > b.fitness;
    return wins_tie({a.fitness, genome(a.index), a.index}, {b.fitness, genome(b.index), b.index}, genes_);
  };
  std::nth_element(keys_.begin(), keys_.begin() + count, keys_.end(), better);
}

void Survival::keep_best(Population& population, std::uint64_t start, std::uint32_t size, Newcomers const& newcomers) {
  auto const arrivals = static_cast<std::uint32_t>(newcomers.fitness.size());
  keys_.clear();
  for (std::uint32_t i = 0; i < size; ++i) keys_.push_back({population.fitness[start + i], i});
  for (std::uint32_t i = 0; i < arrivals; ++i) keys_.push_back({newcomers.fitness[i], size + i});
  part(size, [&, own = population.genomes.data() + start * genes_](std::uint32_t i) {
    return i < size ? own + std::size_t{i} * genes_ : newcomers.genomes.data() + std::size_t{i - size} * genes_;
  });
  stays_.assign(keys_.size(), 0);
  for (std::size_t k = 0; k < size; ++k) stays_[keys_[k].index] = 1;
  std::uint32_t next = 0;
  for (std::uint32_t i = 0; i < size; ++i) {
    if (stays_[i] != 0) continue;
    while (stays_[size + next] == 0) ++next;
    move_in(population, start + i, newcomers, next++, genes_);
  }
}

std::vector<std::uint32_t> const& Survival::best(double const* genomes, std::int64_t const* fitness, std::uint32_t size,
                                                 std::uint32_t count) {
  keys_.clear();
  for (std::uint32_t i = 0; i < size; ++i) keys_.push_back({fitness[i], i});
  part(count, [&](std::uint32_t i) { return genomes + std::size_t{i} * genes_; });
  chosen_.clear();
  for (std::uint32_t i = 0; i < std::min(count, size); ++i) chosen_.push_back(keys_[i].index);
  std::sort(chosen_.begin(), chosen_.end());
  return chosen_;
}

}  // namespace muster::kernels
