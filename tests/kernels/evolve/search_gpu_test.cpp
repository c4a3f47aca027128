// A search on a GPU is that of the CPU, generation by generation: candidates, population, statistics, digests, who is among the best.
#include <algorithm>
#include <cstdio>
#include <string>

#include "core/error.hpp"
#include "kernels/device_pool.hpp"
#include "kernels/evolve/device_search.hpp"
#include "kernels/evolve/herd_digest.hpp"
#include "tests/kernels/evolve/scene.hpp"

namespace muster::test {
namespace {

constexpr std::uint64_t tile_slots = 50;

/// What came of a generation on one side or the other.
struct Seen {
  std::vector<double> candidates;
  Population population;
  GenerationStats stats;
  std::vector<TileDigest> digests;
};

std::vector<TileDigest> digests_of(std::vector<double> const& candidates, std::vector<std::int64_t> const& fitness) {
  std::vector<TileDigest> digests;
  std::size_t const genes = candidates.size() / fitness.size();
  for (std::size_t first = 0; first < fitness.size(); first += tile_slots) {
    std::size_t const count = std::min<std::size_t>(tile_slots, fitness.size() - first);
    auto const genomes = std::span(candidates).subspan(first * genes, count * genes);
    digests.push_back(herd_digest(100 + digests.size(), genomes, std::span(fitness).subspan(first, count)));
  }
  return digests;
}

/// Coarse, so that many are equal, and some have none.
std::vector<std::int64_t> judged(SearchSettings const& s, std::vector<double> const& candidates) {
  auto fitness = scored(s, candidates);
  for (std::size_t i = 0; i < fitness.size(); ++i) {
    double const value = fitness_value(fitness[i]);
    fitness[i] = value < -80 ? infeasible(Infeasible::ruin) : fitness_of(static_cast<double>(static_cast<int>(value)));
  }
  return fitness;
}

bool same_stats(GenerationStats const& a, GenerationStats const& b) {
  auto const same = [](double x, double y) { return x == y || (x != x && y != y); };
  bool is_same = a.feasible == b.feasible && a.champion == b.champion && same(a.best, b.best) && same(a.median, b.median) &&
                 same(a.mean, b.mean) && same(a.worst, b.worst) && a.diversity == b.diversity;
  for (int reason = 0; reason < infeasible_reasons; ++reason) is_same = is_same && a.infeasible[reason] == b.infeasible[reason];
  return is_same;
}

/// Those of the CPU that beat the last of a hall.
std::size_t finalists_in(std::vector<std::int64_t> const& fitness, std::int64_t floor) {
  return static_cast<std::size_t>(std::ranges::count_if(fitness, [&](std::int64_t f) { return is_feasible(f) && f > floor; }));
}

/// "" or what differs.
std::string difference(SearchSettings const& s, DevicePool& pool, int generations) {
  auto const search = pool.device().open_search(s, pool);
  Population population = begun(s);
  search->load(population);
  for (int g = 0; g < generations; ++g) {
    auto const candidates = proposed(s, population);
    auto const fitness = judged(s, candidates);
    search->propose();
    std::vector<double> there(candidates.size());
    search->read_candidates(there);
    if (there != candidates) return "candidates of generation " + std::to_string(g + 1);
    search->write_fitness(fitness);
    std::vector<double> const nobody(s.genes.size(), 1e9);
    std::int64_t const floor = population.fitness[population.fitness.size() / 2];
    KnownGenome const known[] = {{floor, nobody}};
    std::uint64_t const wanted[] = {s.slots() - 1, 0};
    auto const answer = search->finish({.tile_slots = tile_slots, .hall = known, .is_hall_full = true, .slots = wanted});
    population = select(s, std::move(population), candidates, fitness, 4);
    std::vector<TileDigest> digests;
    for (auto const& sums : answer.tiles) digests.push_back(herd_digest(100 + digests.size(), sums));
    if (digests != digests_of(candidates, fitness)) return "digests of generation " + std::to_string(g + 1);
    for (std::size_t i = 0; i < 2; ++i)
      if (!std::ranges::equal(answer.genomes[i], std::span(candidates).subspan(wanted[i] * s.genes.size(), s.genes.size()))) return "a genome that was asked for";
    auto const finalists = finalists_in(fitness, floor);
    if (answer.are_all_finalists != (finalists <= 1024) || (answer.are_all_finalists && answer.finalists.size() != finalists)) return "finalists";
    for (auto const& one : answer.finalists)
      if (one.fitness != fitness[one.slot] || !std::ranges::equal(one.genome, std::span(candidates).subspan(one.slot * s.genes.size(), s.genes.size()))) return "a finalist";
    Population found;
    search->read(found);
    if (!(found == population)) return "the population after generation " + std::to_string(g + 1);
    if (!same_stats(search->statistics(), statistics_of(s, population, 4))) return "statistics of generation " + std::to_string(g + 1);
  }
  return {};
}

SearchSettings sized(SearchSettings s, std::uint32_t islands, std::uint32_t size) {
  s.islands = islands;
  s.island_size = size;
  s.migration_every = 2;
  if (s.topology == Topology::custom || islands == 1) s.topology = Topology::ring;
  return s;
}

int count_wrong() {
  DevicePool pool([] { return Opened{open_cuda(0), UINT64_MAX}; });
  int wrong = 0, searches = 0;
  auto const look = [&](SearchSettings const& s, int generations, std::string const& what) {
    ++searches;
    auto const found = difference(s, pool, generations);
    if (found.empty()) return;
    ++wrong;
    std::printf("%s: other %s\n", what.c_str(), found.c_str());
  };
  for (int i = 0; i < varied; ++i) look(varied_settings(i), 11, "search " + std::to_string(i));
  for (int i = 0; i < 20; ++i) {
    look(sized(varied_settings(i), 1, 100'000), 4, "one large island, policies " + std::to_string(i));
    look(sized(varied_settings(i), 7, 9'001), 5, "seven islands, policies " + std::to_string(i));
    look(sized(varied_settings(i), 1000, 64), 5, "a thousand islands, policies " + std::to_string(i));
  }
  auto grid = small_settings();
  grid.genes = {{2, 20, 1}, {2, 20, 1}};
  look(sized(grid, 1, 300'000), 8, "one island of few genomes");
  look(sized(grid, 64, 5'000), 8, "64 islands of few genomes");
  auto many = small_settings();
  many.genes.assign(256, {-5, 5, 0});
  look(sized(many, 3, 2'000), 4, "256 genes");
  std::printf("%d of %d searches differ from the CPU\n", wrong, searches);
  return wrong;
}

}  // namespace
}  // namespace muster::test

int main() {
  try {
    return muster::test::count_wrong() == 0 ? 0 : 1;
  } catch (muster::Error const& error) {
    std::printf("FAILED: %s\n", error.what());
    return 1;
  }
}
