#include "jobs/evolve/generation.hpp"

#include <algorithm>

#include "core/parallel.hpp"
#include "jobs/evolve/lineage.hpp"
#include "jobs/evolve/seeds.hpp"
#include "jobs/evolve/spans.hpp"
#include "jobs/evolve/words.hpp"
#include "kernels/sums/slots.hpp"

namespace muster::jobs::evolve {
namespace {

using kernels::GenerationStats;
using kernels::Population;

std::vector<std::int64_t> widened(std::vector<std::int32_t> const& values) { return {values.begin(), values.end()}; }

/// The members of one record, written and read by the same list.
template <class Io, class Stats>
void visit_stats(Io io, Stats& stats) {
  io(stats.feasible);
  for (auto& count : stats.infeasible) io(count);
  io(stats.champion);
  io(stats.best);
  io(stats.median);
  io(stats.mean);
  io(stats.worst);
  io(stats.diversity);
}

bool is_better(Veteran const& a, Veteran const& b) {
  if (a.fitness != b.fitness) return a.fitness > b.fitness;
  if (a.generation != b.generation) return a.generation < b.generation;
  return a.slot < b.slot;
}

}  // namespace

kernels::SearchSettings search_settings(Params const& params, std::vector<kernels::Gene> genes) {
  SearchChoice const& from = params.search;
  kernels::SearchSettings to;
  to.genes = std::move(genes);
  to.algorithm = from.algorithm;
  to.seed = params.seed;
  to.islands = static_cast<std::uint32_t>(from.islands);
  to.island_size = static_cast<std::uint32_t>(from.population / from.islands);
  to.tournament = static_cast<std::uint32_t>(from.tournament);
  to.crossover = from.crossover;
  to.crossover_rate = from.crossover_rate;
  to.crossover_spread = from.crossover_spread;
  to.mutation = from.mutation;
  to.mutation_rate = from.mutation_rate;
  to.mutation_spread = from.mutation_spread;
  to.adaptation = from.adaptation;
  to.replacement = from.replacement;
  to.elites = static_cast<std::uint32_t>(from.elites);
  to.trial_base = from.trial_base;
  to.trial_crossover = from.trial_crossover;
  to.topology = from.topology;
  for (std::size_t i = 0; i + 1 < from.edges.size(); i += 2)
    to.edges.push_back({static_cast<std::uint32_t>(from.edges[i]), static_cast<std::uint32_t>(from.edges[i + 1])});
  to.migration_every = static_cast<std::uint32_t>(from.migration_every);
  to.migrants = static_cast<std::uint32_t>(from.migrants);
  to.migrant_choice = from.migrant_choice;
  return to;
}

Breeding::Breeding(Params const& params, std::vector<kernels::Gene> genes)
    : generations_(params.search.generations), hall_size_(params.hall_of_fame), reach_(params.lineage),
      trials_(is_traded(params.objective) ? params.honesty.trials : 0) {
  auto const folds = is_traded(params.objective) ? fold_count(params.spans) : 1;
  for (std::uint64_t fold = 0; fold < folds; ++fold) {
    settings_.push_back(search_settings(params, genes));
    if (fold > 0) settings_.back().seed = seed_for(Purpose::fold, fold, params.seed);
  }
}

void Breeding::propose(Generation& generation, int threads) const {
  for (std::size_t h = 0; h < herds(); ++h) {
    Herd& herd = generation.herds[h];
    herd.candidates = spares_->take();
    herd.candidates.resize(slots() * genes());
    in_pieces(slots(), threads, [&](std::uint64_t first, std::uint64_t count) {
      auto const out = std::span(herd.candidates).subspan(first * genes(), count * genes());
      if (generation.index == 0)
        kernels::first_candidates(settings_[h], first, count, out);
      else
        kernels::propose(settings_[h], herd.population, first, count, out);
    });
  }
}

std::shared_ptr<Generation> Breeding::first(int threads) const {
  auto generation = std::make_shared<Generation>(spares_);
  generation->last = generations_;
  generation->herds.resize(herds());
  propose(*generation, threads);
  return generation;
}

std::shared_ptr<Generation> Breeding::next(Generation const& from, std::span<std::int64_t const> fitness, int threads) const {
  auto to = from.has_candidates() ? std::make_shared<Generation>(spares_) : std::make_shared<Generation>(from);
  to->index = from.index + 1;
  if (!from.has_candidates()) return to;
  to->last = from.last;
  to->trials = from.trials;
  sample_trials(from, *to);
  for (std::size_t h = 0; h < herds(); ++h) to->herds.push_back(next(h, from, fitness.subspan(h * slots(), slots()), threads));
  if (to->index <= to->last) propose(*to, threads);
  return to;
}

std::shared_ptr<Generation> Breeding::cut(Generation const& generation) {
  auto to = std::make_shared<Generation>(generation);
  to->last = generation.index - 1;
  for (Herd& herd : to->herds) herd.candidates.clear();
  return to;
}

Herd Breeding::next(std::size_t h, Generation const& from, std::span<std::int64_t const> fitness, int threads) const {
  Herd const& before = from.herds[h];
  Herd herd;
  herd.history = before.history;
  herd.hall = before.hall;
  remember(herd, from.index, before.candidates, fitness);
  herd.population = from.index == 0
                        ? first_population(h, before, fitness)
                        : kernels::select(settings_[h], copy_of(before.population, threads), before.candidates, fitness, threads);
  if (reach_ > 0) take_up_births({settings_[h], before, from.index, fitness, reach_}, herd, threads);
  herd.history.push_back(kernels::statistics_of(settings_[h], herd.population, threads));
  return herd;
}

/// Into memory that was used before.
kernels::Population Breeding::copy_of(kernels::Population const& population, int threads) const {
  Population copy{.generation = population.generation, .genomes = spares_->take(), .fitness = population.fitness, .scale = population.scale,
                  .cross = population.cross, .rate = population.rate, .tags = population.tags};
  copy.genomes.resize(population.genomes.size());
  in_pieces(copy.genomes.size(), threads, [&](std::uint64_t first, std::uint64_t count) {
    std::copy_n(population.genomes.begin() + static_cast<std::ptrdiff_t>(first), count, copy.genomes.begin() + static_cast<std::ptrdiff_t>(first));
  });
  return copy;
}

kernels::Population Breeding::first_population(std::size_t h, Herd const& herd, std::span<std::int64_t const> fitness) const {
  auto population = kernels::first_population(settings_[h], herd.candidates, {fitness.begin(), fitness.end()});
  for (std::uint64_t slot = 0; reach_ > 0 && slot < slots(); ++slot) population.tags.push_back(newborn_tag(slot));
  return population;
}

void Breeding::remember(Herd& herd, std::uint64_t generation, std::span<double const> candidates,
                        std::span<std::int64_t const> fitness) const {
  for (std::uint64_t slot = 0; slot < fitness.size(); ++slot)
    remember(herd, generation, slot, candidates.subspan(slot * genes(), genes()), fitness[slot]);
}

void Breeding::remember(Herd& herd, std::uint64_t generation, std::uint64_t slot, std::span<double const> genome, std::int64_t fitness) const {
  auto& hall = herd.hall;
  if (!kernels::is_feasible(fitness)) return;
  if (hall.size() == hall_size_ && fitness <= hall.back().fitness) return;
  bool const is_known =
      std::ranges::any_of(hall, [&](Veteran const& one) { return one.fitness == fitness && std::ranges::equal(one.genome, genome); });
  if (is_known) return;
  Veteran veteran{{genome.begin(), genome.end()}, fitness, generation, slot, newborn_tag(slot)};
  hall.insert(std::ranges::upper_bound(hall, veteran, is_better), std::move(veteran));
  if (hall.size() > hall_size_) hall.pop_back();
}

std::shared_ptr<Generation> Breeding::begin_like(Generation const& from) const {
  auto to = std::make_shared<Generation>(spares_);
  to->index = from.index;
  to->last = from.last;
  to->trials = from.trials;
  for (Herd const& herd : from.herds) to->herds.push_back({.history = herd.history, .hall = herd.hall});
  return to;
}

/// Trial i is of the generation, herd and slot that its key says, so that a sample of all of them comes together.
std::vector<Breeding::Place> Breeding::trials_of(std::uint64_t generation) const {
  std::vector<Place> places;
  for (std::uint64_t i = 0; i < trials_; ++i) {
    auto const key = seed_for(Purpose::trial, i, settings_.front().seed);
    if (key % (generations_ + 1) != generation) continue;
    auto const place = kernels::mix64(key) % (slots() * herds());
    places.push_back({place / slots(), place % slots()});
  }
  return places;
}

void Breeding::sample_trials(Generation const& from, Generation& to) const {
  for (Place const place : trials_of(from.index)) {
    auto const genome = std::span(from.herds[place.herd].candidates).subspan(place.slot * genes(), genes());
    to.trials.emplace_back(genome.begin(), genome.end());
  }
}

namespace {

void put_herd(WordWriter& out, Herd const& herd) {
  Population const& population = herd.population;
  out.put(population.generation);
  out.put_all(population.genomes);
  out.put_all(population.fitness);
  out.put_all(population.scale);
  out.put_all(population.cross);
  out.put_all(widened(population.rate));
  out.put(std::uint64_t{herd.history.size()});
  for (GenerationStats const& stats : herd.history) visit_stats([&](auto const& value) { out.put(value); }, stats);
  out.put(std::uint64_t{herd.hall.size()});
  for (Veteran const& one : herd.hall) {
    out.put_all(one.genome);
    out.put(one.fitness);
    out.put(one.generation);
    out.put(one.slot);
  }
}

Herd get_herd(WordReader& in, std::size_t genes) {
  Herd herd;
  Population& population = herd.population;
  in.get(population.generation);
  in.get_all(population.genomes);
  in.get_all(population.fitness);
  in.get_all(population.scale);
  in.get_all(population.cross);
  std::vector<std::int64_t> rates;
  in.get_all(rates);
  population.rate.assign(rates.begin(), rates.end());
  herd.history.resize(in.size());
  for (GenerationStats& stats : herd.history) visit_stats([&](auto& value) { in.get(value); }, stats);
  herd.hall.resize(in.size());
  for (Veteran& one : herd.hall) {
    in.get_all(one.genome);
    in.get(one.fitness);
    in.get(one.generation);
    in.get(one.slot);
    if (one.genome.size() != genes) refuse_words("has a genome of another length");
  }
  return herd;
}

}  // namespace

Slots Breeding::encode(Generation const& generation) const {
  WordWriter out;
  out.put(generation.index);
  out.put(generation.last);
  for (Herd const& herd : generation.herds) {
    put_herd(out, herd);
    if (reach_ > 0) put_ancestors(out, herd);
  }
  out.put(std::uint64_t{generation.trials.size()});
  for (auto const& genome : generation.trials) out.put_all(genome);
  out.put_all(generation.nulls);
  return out.take();
}

std::shared_ptr<Generation> Breeding::decode(std::span<std::int64_t const> words, int threads) const {
  WordReader in(words);
  auto generation = std::make_shared<Generation>(spares_);
  Generation& to = *generation;
  in.get(to.index);
  if (to.index > generations_ + 2) refuse_words("is beyond the last one");
  in.get(to.last);
  if (to.last > generations_) refuse_words("ends after the last one");
  for (std::size_t h = 0; h < herds(); ++h) {
    to.herds.push_back(get_herd(in, genes()));
    if (to.herds.back().history.size() != std::min(to.index, to.last + 1)) refuse_words("counts generations that it has not");
    auto const fault = to.index > 0 ? kernels::fault_in(settings_[h], to.herds.back().population) : "";
    if (!fault.empty()) refuse_words(("has a population with " + fault).c_str());
    if (reach_ > 0) get_ancestors(in, to.herds.back(), to.index);
  }
  to.trials.resize(in.size());
  for (auto& genome : to.trials) {
    in.get_all(genome);
    if (genome.size() != genes()) refuse_words("has a genome of another length");
  }
  in.get_all(to.nulls);
  if (!in.is_at_end()) refuse_words("has words too many");
  if (to.index <= to.last) propose(to, threads);
  return generation;
}

}  // namespace muster::jobs::evolve
