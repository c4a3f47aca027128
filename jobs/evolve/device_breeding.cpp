#include "jobs/evolve/device_breeding.hpp"

#include "kernels/device_pool.hpp"
#include "kernels/evolve/herd_digest.hpp"

namespace muster::jobs::evolve {

std::unique_ptr<DeviceBreeding> DeviceBreeding::open(Breeding const& breeding, kernels::DevicePool& pool) {
  std::unique_ptr<DeviceBreeding> self(new DeviceBreeding(breeding));
  for (std::size_t h = 0; h < breeding.herds(); ++h) {
    self->searches_.push_back(pool.device().open_search(breeding.settings(h), pool));
    if (!self->searches_.back()) return nullptr;
  }
  return self;
}

std::uint64_t DeviceBreeding::bytes(Breeding const& breeding) {
  std::uint64_t bytes = 0;
  for (std::size_t h = 0; h < breeding.herds(); ++h) bytes += kernels::device_search_bytes(breeding.settings(h));
  return bytes;
}

void DeviceBreeding::load(Generation const& from) {
  for (std::size_t h = 0; h < searches_.size(); ++h) searches_[h]->load(from.herds[h].population);
}

void DeviceBreeding::next(Generation& at, Tiles const& tiles, JudgeOf const& judge_of, std::vector<TileDigest>& digests) {
  auto const trials = breeding_.trials_of(at.index);
  auto tile = tiles.first;
  std::vector<std::vector<std::vector<double>>> sampled;
  for (std::size_t h = 0; h < searches_.size(); ++h) {
    searches_[h]->propose();
    judge(*searches_[h], judge_of(h));
    describe(h, at);
    auto answer = finish(h, at.herds[h], trials, tiles.tile_slots);
    for (auto const& sums : answer.tiles) digests.push_back(kernels::herd_digest(tile++, sums));
    Herd& herd = at.herds[h];
    for (auto const& one : answer.finalists) breeding_.remember(herd, at.index, one.slot, one.genome, one.fitness);
    if (!answer.are_all_finalists) {
      read_candidates(*searches_[h]);
      searches_[h]->read_fitness(fitness_);
      breeding_.remember(herd, at.index, candidates_, fitness_);
    }
    sampled.push_back(std::move(answer.genomes));
  }
  std::vector<std::size_t> used(searches_.size());
  for (auto const place : trials) at.trials.push_back(std::move(sampled[place.herd][used[place.herd]++]));
  ++at.index;
}

void DeviceBreeding::judge(kernels::DeviceSearch& search, Judge& judge) {
  if (judge.judge_there(search.herd())) return;
  read_candidates(search);
  judge.judge(candidates_, fitness_);
  search.write_fitness(fitness_);
}

/// The generation before, while its candidates are judged.
void DeviceBreeding::describe(std::size_t h, Generation& at) {
  auto& history = at.herds[h].history;
  if (history.size() < at.index) history.push_back(searches_[h]->statistics());
}

kernels::HerdAnswer DeviceBreeding::finish(std::size_t h, Herd const& at, std::vector<Breeding::Place> const& trials, std::uint64_t tile_slots) {
  std::vector<kernels::KnownGenome> hall;
  for (Veteran const& one : at.hall) hall.push_back({one.fitness, one.genome});
  std::vector<std::uint64_t> slots;
  for (auto const place : trials)
    if (place.herd == h) slots.push_back(place.slot);
  return searches_[h]->finish({.tile_slots = tile_slots,
                               .hall = hall,
                               .is_hall_full = hall.size() == breeding_.hall_size(),
                               .slots = slots});
}

void DeviceBreeding::read_candidates(kernels::DeviceSearch& search) {
  candidates_.resize(breeding_.slots() * breeding_.genes());
  fitness_.resize(breeding_.slots());
  search.read_candidates(candidates_);
}

void DeviceBreeding::read(Generation& to) {
  for (std::size_t h = 0; h < searches_.size(); ++h) {
    Herd& herd = to.herds[h];
    describe(h, to);
    herd.population.genomes = breeding_.spare();
    searches_[h]->read(herd.population);
    herd.candidates = breeding_.spare();
    herd.candidates.resize(breeding_.slots() * breeding_.genes());
    searches_[h]->propose();
    searches_[h]->read_candidates(herd.candidates);
  }
}

}  // namespace muster::jobs::evolve
