#include "kernels/evolve/migration.hpp"

#include <algorithm>
#include <vector>

#include "kernels/evolve/plan.hpp"
#include "kernels/evolve/slots_body.hpp"
#include "kernels/evolve/survival.hpp"
#include "kernels/isa.hpp"
#include "kernels/isa_tables.hpp"

namespace muster::kernels {
namespace {

std::vector<Edge> ring_edges(std::uint32_t islands) {
  std::vector<Edge> edges;
  for (std::uint32_t to = 0; islands > 1 && to < islands; ++to) edges.push_back({(to + islands - 1) % islands, to});
  return edges;
}

std::vector<Edge> full_edges(std::uint32_t islands) {
  std::vector<Edge> edges;
  for (std::uint32_t to = 0; to < islands; ++to)
    for (std::uint32_t from = 0; from < islands; ++from)
      if (from != to) edges.push_back({from, to});
  return edges;
}

/// The rows of the most even grid: the largest divisor up to the square root.
std::uint32_t torus_rows(std::uint32_t islands) {
  std::uint32_t rows = 1;
  for (std::uint32_t r = 1; std::uint64_t{r} * r <= islands; ++r)
    if (islands % r == 0) rows = r;
  return rows;
}

/// The four neighbours on a grid without borders; on small grids some are the same, or the island itself.
std::vector<Edge> torus_edges(std::uint32_t islands) {
  std::uint32_t const rows = torus_rows(islands), columns = islands / rows;
  std::vector<Edge> edges;
  for (std::uint32_t to = 0; to < islands; ++to) {
    std::uint32_t const row = to / columns, column = to % columns;
    std::vector<std::uint32_t> from{(row + rows - 1) % rows * columns + column, (row + 1) % rows * columns + column,
                                    row * columns + (column + columns - 1) % columns,
                                    row * columns + (column + 1) % columns};
    std::sort(from.begin(), from.end());
    from.erase(std::unique(from.begin(), from.end()), from.end());
    for (std::uint32_t island : from)
      if (island != to) edges.push_back({island, to});
  }
  return edges;
}

/// The migrants that each island sends, in the state before migration.
class Emigrants {
 public:
  Emigrants(SearchSettings const& settings, Population const& population)
      : settings_(settings), count_(settings.migrants), genes_(settings.genes.size()),
        survival_(static_cast<std::uint32_t>(genes_)) {
    if (settings.migrant_choice == MigrantChoice::random) drawn_ = drawn_migrants(settings, population.generation);
    for (std::uint32_t island = 0; island < settings.islands; ++island) take(population, island);
  }

  /// Appends those of an island to the arrivals of another.
  void append(std::uint32_t island, Population& arrivals) const {
    copy(genomes_, island, count_ * genes_, arrivals.genomes);
    copy(fitness_, island, count_, arrivals.fitness);
    if (!tags_.empty()) copy(tags_, island, count_, arrivals.tags);
    if (scale_.empty()) return;
    copy(scale_, island, count_, arrivals.scale);
    copy(cross_, island, count_, arrivals.cross);
  }

 private:
  template <class T>
  static void copy(std::vector<T> const& from, std::uint32_t island, std::size_t each, std::vector<T>& to) {
    auto const begin = from.begin() + static_cast<std::ptrdiff_t>(island * each);
    to.insert(to.end(), begin, begin + static_cast<std::ptrdiff_t>(each));
  }

  std::span<std::uint32_t const> choose(Population const& population, std::uint32_t island, std::uint64_t start) {
    if (settings_.migrant_choice == MigrantChoice::random) return std::span(drawn_).subspan(std::size_t{island} * count_, count_);
    return survival_.best(population.genomes.data() + start * genes_, population.fitness.data() + start, settings_.island_size, count_);
  }

  void take(Population const& population, std::uint32_t island) {
    std::uint64_t const start = std::uint64_t{island} * settings_.island_size;
    for (std::uint32_t index : choose(population, island, start)) {
      std::uint64_t const slot = start + index;
      genomes_.insert(genomes_.end(), population.genomes.data() + slot * genes_,
                      population.genomes.data() + (slot + 1) * genes_);
      fitness_.push_back(population.fitness[slot]);
      if (!population.tags.empty()) tags_.push_back(population.tags[slot]);
      if (population.scale.empty()) continue;
      scale_.push_back(population.scale[slot]);
      cross_.push_back(population.cross[slot]);
    }
  }

  SearchSettings const& settings_;
  std::uint32_t count_;
  std::size_t genes_;
  Survival survival_;
  std::vector<std::uint32_t> drawn_;
  std::vector<double> genomes_, scale_, cross_;
  std::vector<std::int64_t> fitness_;
  std::vector<std::uint32_t> tags_;
};

}  // namespace

std::vector<Edge> migration_edges(SearchSettings const& settings) {
  switch (settings.topology) {
    case Topology::none: return {};
    case Topology::ring: return ring_edges(settings.islands);
    case Topology::full: return full_edges(settings.islands);
    case Topology::torus: return torus_edges(settings.islands);
    case Topology::custom: break;
  }
  std::vector<Edge> edges = settings.edges;
  std::stable_sort(edges.begin(), edges.end(), [](Edge a, Edge b) { return a.to < b.to; });
  return edges;
}

std::vector<std::uint32_t> drawn_migrants(SearchSettings const& settings, std::uint64_t generation) {
  SearchPlan plan(settings);
  plan.view.generation = generation;
  std::vector<std::uint32_t> drawn(std::size_t{settings.islands} * settings.migrants);
  for (std::uint32_t island = 0; island < settings.islands; ++island)
    MUSTER_DISPATCH(draw_migrants, plan.view, island, settings.migrants, drawn.data() + std::size_t{island} * settings.migrants);
  return drawn;
}

void migrate(SearchSettings const& settings, Population& population) {
  auto const edges = migration_edges(settings);
  if (edges.empty() || settings.migrants == 0) return;
  Emigrants const emigrants(settings, population);
  Survival survival(static_cast<std::uint32_t>(settings.genes.size()));
  for (std::size_t i = 0; i < edges.size();) {
    Population arrivals;
    std::uint32_t const to = edges[i].to;
    for (; i < edges.size() && edges[i].to == to; ++i) emigrants.append(edges[i].from, arrivals);
    survival.keep_best(population, std::uint64_t{to} * settings.island_size, settings.island_size,
                       {arrivals.genomes, arrivals.fitness, arrivals.scale, arrivals.cross, arrivals.tags});
  }
}

}  // namespace muster::kernels
