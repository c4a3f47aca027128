#include "kernels/evolve/search.hpp"

#include "kernels/evolve/herd_digest.hpp"
#include "kernels/evolve/order.hpp"
#include "kernels/evolve/plan.hpp"
#include "kernels/evolve/slots_body.hpp"
#include "kernels/isa.hpp"
#include "kernels/isa_tables.hpp"

namespace muster::kernels {
namespace {

/// The mutation chances of the islands that these slots are in.
std::vector<std::uint64_t> chances_of(SearchSettings const& settings, Population const& population, std::uint64_t first,
                                      std::uint64_t count) {
  std::vector<std::uint64_t> chances;
  std::uint64_t const last_island = (first + count - 1) / settings.island_size;
  for (std::uint64_t island = first / settings.island_size; island <= last_island; ++island)
    chances.push_back(mutation_chance(settings, population.rate[island]));
  return chances;
}

}  // namespace

void point_to(SearchView& view, Population const& population) {
  view.generation = population.generation + 1;
  view.genomes = population.genomes.data();
  view.fitness = population.fitness.data();
  view.scale = population.scale.data();
  view.cross = population.cross.data();
}

void first_candidates(SearchSettings const& settings, std::uint64_t first, std::uint64_t count, std::span<double> out) {
  SearchPlan const plan(settings);
  MUSTER_DISPATCH(draw_slots, plan.view, first, count, out.data());
}

Population first_population(SearchSettings const& settings, std::vector<double> candidates,
                            std::vector<std::int64_t> fitness) {
  Population population{
      0, std::move(candidates), std::move(fitness), {}, {}, std::vector<std::int32_t>(settings.islands)};
  if (settings.algorithm != Algorithm::jde) return population;
  population.scale.resize(settings.slots());
  population.cross.resize(settings.slots());
  SearchPlan const plan(settings);
  MUSTER_DISPATCH(draw_controls, plan.view, settings.slots(), population.scale.data(), population.cross.data());
  return population;
}

void propose(SearchSettings const& settings, Population const& population, std::uint64_t first, std::uint64_t count,
             std::span<double> out) {
  if (count == 0) return;
  SearchPlan plan(settings);
  point_to(plan.view, population);
  auto const chances = chances_of(settings, population, first, count);
  plan.view.first_island = static_cast<std::uint32_t>(first / settings.island_size);
  plan.view.mutation_chance = chances.data();
  MUSTER_DISPATCH(propose_slots, plan.view, first, count, out.data());
}

std::vector<Origin> origins_of(SearchSettings const& settings, Population const& population, std::span<std::uint32_t const> slots) {
  SearchPlan plan(settings);
  point_to(plan.view, population);
  std::vector<Origin> origins;
  origins.reserve(slots.size());
  for (std::uint32_t const slot : slots) origins.push_back(MUSTER_DISPATCH(origin_of, plan.view, slot));
  return origins;
}

std::uint64_t genome_hash(std::span<double const> genome) {
  return hash_genes(genome.data(), static_cast<std::uint32_t>(genome.size()));
}

TileDigest herd_digest(std::uint64_t tile, HerdSums const& sums) {
  return {digest_finish(digest_key_high, tile, sums.high), digest_finish(digest_key_low, tile, sums.low)};
}

TileDigest herd_digest(std::uint64_t tile, std::span<double const> genomes, std::span<std::int64_t const> fitness) {
  auto const genes = static_cast<std::uint32_t>(fitness.empty() ? 0 : genomes.size() / fitness.size());
  HerdSums sums;
  for (std::size_t i = 0; i < fitness.size(); ++i) sums.add(i, hash_genes(genomes.data() + i * genes, genes), fitness[i]);
  return herd_digest(tile, sums);
}

}  // namespace muster::kernels
