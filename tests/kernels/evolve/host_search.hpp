// A DeviceSearch that runs on this CPU, with its memory taken of a device's pool.
#pragma once

#include <algorithm>
#include <vector>

#include "kernels/device_pool.hpp"
#include "kernels/evolve/device_search.hpp"

namespace muster::test {

class HostSearch final : public kernels::DeviceSearch {
 public:
  /// Tells of so many finalists at most.
  HostSearch(kernels::SearchSettings const& settings, kernels::DevicePool& pool, std::size_t most_finalists)
      : settings_(settings), memory_(pool, kernels::device_search_bytes(settings)), most_finalists_(most_finalists),
        candidates_(settings.slots() * settings.genes.size()), fitness_(settings.slots()), sums_(settings.slots()) {}

  void load(kernels::Population const& population) override { population_ = population; }
  void propose() override { kernels::propose(settings_, population_, 0, settings_.slots(), candidates_); }
  kernels::DeviceHerd herd() override { return {candidates_.data(), fitness_.data(), sums_.data(), settings_.slots()}; }
  void read_candidates(std::span<double> genomes) override { std::ranges::copy(candidates_, genomes.begin()); }
  void read_fitness(std::span<std::int64_t> fitness) override { std::ranges::copy(fitness_, fitness.begin()); }
  void write_fitness(std::span<std::int64_t const> fitness) override { fitness_.assign(fitness.begin(), fitness.end()); }
  kernels::HerdAnswer finish(kernels::HerdQuestion const& question) override {
    kernels::HerdAnswer answer;
    answer.tiles.resize((fitness_.size() + question.tile_slots - 1) / question.tile_slots);
    for (std::uint64_t slot = 0; slot < fitness_.size(); ++slot)
      answer.tiles[slot / question.tile_slots].add(slot % question.tile_slots, kernels::genome_hash(genomes(slot, 1)), fitness_[slot]);
    for (auto const slot : question.slots) answer.genomes.emplace_back(genomes(slot, 1).begin(), genomes(slot, 1).end());
    for (std::uint64_t slot = 0; slot < fitness_.size(); ++slot)
      if (is_finalist(question, slot)) answer.finalists.push_back({slot, fitness_[slot], {genomes(slot, 1).begin(), genomes(slot, 1).end()}});
    answer.are_all_finalists = answer.finalists.size() <= most_finalists_;
    if (!answer.are_all_finalists) answer.finalists.clear();
    population_ = kernels::select(settings_, std::move(population_), candidates_, fitness_);
    return answer;
  }
  kernels::GenerationStats statistics() override { return kernels::statistics_of(settings_, population_); }
  void wait() override {}
  void read(kernels::Population& population) override { population = population_; }

 private:
  std::span<double const> genomes(std::uint64_t first, std::uint64_t count) const {
    auto const genes = settings_.genes.size();
    return std::span(candidates_).subspan(first * genes, count * genes);
  }
  bool is_finalist(kernels::HerdQuestion const& question, std::uint64_t slot) const {
    auto const& hall = question.hall;
    auto const is_it = [&](kernels::KnownGenome const& one) { return one.fitness == fitness_[slot] && std::ranges::equal(one.genome, genomes(slot, 1)); };
    if (!kernels::is_feasible(fitness_[slot]) || std::ranges::any_of(hall, is_it)) return false;
    return !question.is_hall_full || fitness_[slot] > hall.back().fitness;
  }

  kernels::SearchSettings const settings_;
  kernels::PoolMemory memory_;
  std::size_t const most_finalists_;
  kernels::Population population_;
  std::vector<double> candidates_;
  std::vector<std::int64_t> fitness_;
  std::vector<double> sums_;
};

}  // namespace muster::test
