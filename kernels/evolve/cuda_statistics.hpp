// What a generation on a GPU looks like. Included by cuda_search.cu and the emulated test.
#pragma once

#include <cstdint>

#include "kernels/evolve/cuda_selection.hpp"
#include "kernels/evolve/herd_sums.hpp"

MUSTER_KERNELS_BEGIN

/// GenerationStats before it is divided and named.
struct DeviceStats {
  unsigned long long infeasible[infeasible_reasons];
  long long worst;  ///< of the feasible
  std::uint64_t champion;
  std::int64_t best, median;
  double mean;
  std::uint64_t deviation;
};

/// The best of some, with what the order compares.
struct Leader {
  std::int64_t fitness;
  std::uint64_t hash, slot;
};

__device__ inline bool leads(Leader const& a, Leader const& b) {
  if (a.fitness != b.fitness) return a.fitness > b.fitness;
  return a.hash != b.hash ? a.hash > b.hash : a.slot < b.slot;
}

__device__ inline Leader best_of_warp(Leader mine) {
  for (int offset = 16; offset > 0; offset /= 2) {
    Leader const other{__shfl_xor_sync(0xffffffffu, mine.fitness, offset), __shfl_xor_sync(0xffffffffu, mine.hash, offset),
                       __shfl_xor_sync(0xffffffffu, mine.slot, offset)};
    if (leads(other, mine)) mine = other;
  }
  return mine;
}

/// What statistics need of a device's memory.
struct StatisticsMemory {
  Leader* leaders = nullptr;  ///< a warp each, of all blocks
  double* sums = nullptr;     ///< of groups, and of groups of groups
};

struct GenerationView {
  GeneRange const* ranges = nullptr;
  std::uint32_t genes = 0;
  std::uint64_t slots = 0;
  double const* genomes = nullptr;
  std::int64_t const* fitness = nullptr;
};

/// The best of a thread's slots, and what it counts on the way.
__device__ inline Leader look_at(Crew const& crew, GenerationView const& v, std::uint64_t (&infeasible)[infeasible_reasons], long long& worst) {
  auto const ranked = [&](std::uint64_t slot) { return Ranked{v.fitness[slot], v.genomes + slot * v.genes, slot}; };
  std::uint64_t best = crew.first() < v.slots ? crew.first() : 0;
  for (std::uint64_t slot = crew.first(); slot < v.slots; slot += crew.step()) {
    std::int64_t const fitness = v.fitness[slot];
    if (is_better(ranked(slot), ranked(best), v.genes)) best = slot;
    if (is_feasible(fitness))
      worst = fitness < worst ? fitness : worst;
    else
      ++infeasible[static_cast<int>(reason_of(fitness))];
  }
  return {v.fitness[best], hash_genes(v.genomes + best * v.genes, v.genes), best};
}

/// Counts, the worst, and the champion.
__device__ inline void look_over(Crew const& crew, GenerationView const& v, StatisticsMemory const& memory, DeviceStats& out) {
  std::uint64_t infeasible[infeasible_reasons] = {};
  long long worst = INT64_MAX;
  Leader const leader = best_of_warp(look_at(crew, v, infeasible, worst));
  for (int reason = 0; reason < infeasible_reasons; ++reason) {
    std::uint64_t const count = scan(crew, infeasible[reason]).total;
    if (crew.thread == 0 && count > 0) atomicAdd(&out.infeasible[reason], static_cast<unsigned long long>(count));
  }
  if (worst != INT64_MAX) atomicMin(&out.worst, worst);
  std::uint32_t const warps = crew.threads / 32, all = warps * crew.blocks;
  if (crew.thread % 32 == 0) memory.leaders[crew.block * warps + crew.thread / 32] = leader;
  crew.meet();
  if (crew.block != 0 || crew.thread >= 32) return;
  Leader best = memory.leaders[0];
  for (std::uint32_t i = crew.thread; i < all; i += 32) {
    Leader const other{fresh(memory.leaders[i].fitness), fresh(memory.leaders[i].hash), fresh(memory.leaders[i].slot)};
    if (leads(other, best)) best = other;
  }
  best = best_of_warp(best);
  if (crew.thread != 0) return;
  out.champion = best.slot;
  out.best = best.fitness;
}

/// As mean_of: groups in order, then their sums.
__device__ inline double mean_over(Crew const& crew, GenerationView const& v, std::uint64_t feasible, double* sums) {
  std::uint64_t count = (v.slots + mean_group - 1) / mean_group;
  for (std::uint64_t group = crew.first(); group < count; group += crew.step()) {
    double sum = 0;
    std::uint64_t const last = (group + 1) * mean_group < v.slots ? (group + 1) * mean_group : v.slots;
    for (std::uint64_t slot = group * mean_group; slot < last; ++slot)
      if (is_feasible(v.fitness[slot])) sum += fitness_value(v.fitness[slot]) / static_cast<double>(feasible);
    sums[group] = sum;
  }
  while (count > 1) {
    crew.meet();
    std::uint64_t const next = (count + mean_group - 1) / mean_group;
    double* const to = sums + count;
    for (std::uint64_t group = crew.first(); group < next; group += crew.step()) {
      double sum = 0;
      std::uint64_t const last = (group + 1) * mean_group < count ? (group + 1) * mean_group : count;
      for (std::uint64_t i = group * mean_group; i < last; ++i) sum += fresh(sums[i]);
      to[group] = sum;
    }
    sums = to;
    count = next;
  }
  crew.meet();
  return fresh(sums[0]);
}

struct ByFitness {
  std::int64_t const* fitness;
  static constexpr int words = 1;
  __device__ int bits(int) const { return 64; }
  __device__ std::uint64_t word(std::uint64_t i, int) const { return ordered(fitness[i]); }
};

/// statistics_of.
__device__ inline void describe(Crew const& crew, GenerationView const& v, StatisticsMemory const& memory, DeviceStats& out) {
  if (crew.leads()) out = {{}, INT64_MAX, 0, 0, 0, 0, 0};
  crew.meet();
  look_over(crew, v, memory, out);
  std::uint64_t const deviation = deviation_of(crew, v.ranges, v.genes, v.genomes, v.slots);
  if (crew.leads()) out.deviation = deviation;
  std::uint64_t feasible = v.slots;
  for (auto const& count : out.infeasible) feasible -= fresh(count);
  if (feasible == 0) return;
  double const mean = mean_over(crew, v, feasible, memory.sums);
  std::uint64_t const below = v.slots - feasible + (feasible - 1) / 2;
  Cut const cut = cut_at(crew, ByFitness{v.fitness}, v.slots, v.slots - below, true);
  if (!crew.leads()) return;
  out.mean = mean;
  out.median = static_cast<std::int64_t>(cut.key[0] ^ std::uint64_t{1} << 63);
}

/// The best so far; the first is the best.
struct DeviceHall {
  std::int64_t const* fitness = nullptr;
  double const* genomes = nullptr;
  std::uint32_t count = 0;
  bool is_full = false;
};

struct DeviceFinalists {
  unsigned long long* count = nullptr;  ///< also of those that there was no room for
  std::uint64_t* slots = nullptr;
  std::int64_t* fitness = nullptr;
  double* genomes = nullptr;
  std::uint64_t room = 0;
};

__device__ inline bool is_finalist(DeviceHall const& hall, std::int64_t fitness, double const* genome, std::uint32_t genes) {
  if (!is_feasible(fitness) || (hall.is_full && fitness <= hall.fitness[hall.count - 1])) return false;
  for (std::uint32_t i = 0; i < hall.count; ++i) {
    if (hall.fitness[i] != fitness) continue;
    std::uint32_t g = 0;
    while (g < genes && hall.genomes[std::uint64_t{i} * genes + g] == genome[g]) ++g;
    if (g == genes) return false;
  }
  return true;
}

__device__ inline void put_finalist(DeviceFinalists const& to, std::uint64_t slot, std::int64_t fitness, double const* genome, std::uint32_t genes) {
  unsigned long long const at = atomicAdd(to.count, 1ull);
  if (at >= to.room) return;
  to.slots[at] = slot;
  to.fitness[at] = fitness;
  for (std::uint32_t g = 0; g < genes; ++g) to.genomes[at * genes + g] = genome[g];
}

/// A tile of a herd, by one block: what its digest is made of, and who may be among the best.
__device__ inline void tell_tile(Crew const& crew, GenerationView const& herd, std::uint64_t first, std::uint64_t last, DeviceHall const& hall,
                                 DeviceFinalists const& finalists, HerdSums& out) {
  HerdSums sums;
  for (std::uint64_t slot = first + crew.thread; slot < last; slot += crew.threads) {
    double const* const genome = herd.genomes + slot * herd.genes;
    std::int64_t const fitness = herd.fitness[slot];
    sums.add(slot - first, hash_genes(genome, herd.genes), fitness);
    if (is_finalist(hall, fitness, genome, herd.genes)) put_finalist(finalists, slot, fitness, genome, herd.genes);
  }
  sums.high = scan(crew, sums.high).total;
  sums.low = scan(crew, sums.low).total;
  if (crew.thread == 0) out = sums;
}

MUSTER_KERNELS_END
