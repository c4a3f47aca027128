// The kernels of a search. Included by cuda_search.cu alone. Those of crews have `each` blocks a crew, and a crew takes every so manieth
// island.
#pragma once

#include "kernels/evolve/cuda_statistics.hpp"
#include "kernels/evolve/plan.hpp"

MUSTER_KERNELS_BEGIN

inline constexpr unsigned plain_threads = 256;

__device__ inline std::uint64_t plain_index() { return std::uint64_t{blockIdx.x} * blockDim.x + threadIdx.x; }

static __global__ void propose_kernel(SearchView const s, std::uint64_t slots, double* out) {
  std::uint64_t const slot = plain_index();
  if (slot >= slots) return;
  if (s.algorithm == Algorithm::jde)
    make_trial(s, slot, out + slot * s.genes);
  else
    make_child(s, slot, out + slot * s.genes);
}

static __global__ void __launch_bounds__(crew_threads, crew_blocks)
    tell_kernel(GenerationView herd, std::uint64_t tile_slots, DeviceHall hall, DeviceFinalists finalists, HerdSums* out) {
  __shared__ CrewScratch scratch;
  std::uint64_t const first = blockIdx.x * tile_slots, end = first + tile_slots;
  Crew const crew{threadIdx.x, blockDim.x, 0, 1, nullptr, scratch};
  tell_tile(crew, herd, first, end < herd.slots ? end : herd.slots, hall, finalists, out[blockIdx.x]);
}

static __global__ void gather_kernel(double const* genomes, std::uint32_t genes, std::uint64_t const* slots, double* out) {
  for (std::uint32_t g = threadIdx.x; g < genes; g += blockDim.x)
    out[std::uint64_t{blockIdx.x} * genes + g] = genomes[slots[blockIdx.x] * genes + g];
}

/// Islands of a search, for crews.
struct Islands {
  std::uint32_t count, size, genes, each;
  CrewMemory* memory;
  DevicePeople population;

  __device__ std::uint32_t crews() const { return gridDim.x / each; }
  __device__ std::uint32_t first() const { return blockIdx.x / each; }
  __device__ Crew crew(CrewScratch& scratch) const { return {threadIdx.x, blockDim.x, blockIdx.x % each, each, memory + first(), scratch}; }
  __device__ std::uint64_t start(std::uint32_t island) const { return std::uint64_t{island} * size; }
  __device__ DevicePeople people(std::uint32_t island) const { return population.from(start(island), genes); }
};

/// Newcomers `each` to an island, or those of the rows from `firsts` on.
struct Arrivals {
  DevicePeople people;
  std::uint32_t each;
  std::uint32_t const* rows;
  std::uint32_t const* firsts;
};

static __global__ void __launch_bounds__(crew_threads, crew_blocks)
    keep_kernel(Islands islands, Arrivals arrivals, std::uint32_t* rows, std::uint8_t* stays) {
  __shared__ CrewScratch scratch;
  Crew const crew = islands.crew(scratch);
  for (std::uint32_t island = islands.first(); island < islands.count; island += islands.crews()) {
    Contest contest{islands.people(island), arrivals.people, arrivals.rows, islands.size, arrivals.each, islands.genes};
    if (arrivals.rows == nullptr) {
      contest.newcomers = arrivals.people.from(std::uint64_t{island} * arrivals.each, islands.genes);
    } else {
      contest.rows += arrivals.firsts[island];
      contest.arrivals = arrivals.firsts[island + 1] - arrivals.firsts[island];
    }
    std::uint64_t const first = islands.start(island);
    std::uint64_t const arrived = arrivals.rows == nullptr ? std::uint64_t{island} * arrivals.each : arrivals.firsts[island];
    if (contest.arrivals > 0) keep_best(crew, contest, {rows + first, stays + first + arrived});
  }
}

static __global__ void __launch_bounds__(crew_threads, crew_blocks)
    copy_best_kernel(Islands islands, std::uint32_t count, DevicePeople to) {
  __shared__ CrewScratch scratch;
  Crew const crew = islands.crew(scratch);
  for (std::uint32_t island = islands.first(); island < islands.count; island += islands.crews())
    copy_best(crew, {islands.people(island), {}, nullptr, islands.size, 0, islands.genes}, count, to.from(std::uint64_t{island} * count, islands.genes));
}

static __global__ void copy_drawn_kernel(Islands islands, std::uint32_t count, std::uint32_t const* drawn, DevicePeople to) {
  std::uint64_t const at = plain_index();
  if (at >= std::uint64_t{islands.count} * count) return;
  copy_person(to, at, islands.population, islands.start(static_cast<std::uint32_t>(at / count)) + drawn[at], islands.genes);
}

static __global__ void replace_kernel(SearchView const s, std::uint64_t slots, DevicePeople trials, DevicePeople population) {
  std::uint64_t const slot = plain_index();
  if (slot < slots) replace_beaten(s, slot, trials, population);
}

/// Mutation rates of islands.
struct Rates {
  std::int32_t* levels;
  std::uint64_t* chances;
  std::uint64_t const* chance_of_level;  ///< from the least on
  __device__ void move(std::uint32_t island, std::int32_t by) const {
    levels[island] = moved_level(levels[island], by, most_rate_level);
    chances[island] = chance_of_level[levels[island] + most_rate_level];
  }
};

static __global__ void __launch_bounds__(crew_threads, crew_blocks)
    follow_success_kernel(Islands islands, std::int64_t const* fitness, Rates rates) {
  __shared__ CrewScratch scratch;
  Crew const crew = islands.crew(scratch);
  for (std::uint32_t island = islands.first(); island < islands.count; island += islands.crews()) {
    std::uint64_t const start = islands.start(island);
    auto const succeeds = [&](std::uint64_t i) { return fitness[start + i] > islands.population.fitness[start + i]; };
    std::uint64_t counts[2] = {count_of(crew, part_of(crew, islands.size), succeeds), 0};
    std::uint64_t const own = counts[0];
    sum_before(crew, counts);
    if (crew.block + 1 == crew.blocks && crew.thread == 0) rates.move(island, step_for_success(counts[0] + own, islands.size));
    crew.meet();
  }
}

static __global__ void __launch_bounds__(crew_threads, crew_blocks)
    follow_spread_kernel(Islands islands, GeneRange const* ranges, std::uint32_t wide, Rates rates) {
  __shared__ CrewScratch scratch;
  Crew const crew = islands.crew(scratch);
  for (std::uint32_t island = islands.first(); island < islands.count; island += islands.crews()) {
    std::uint64_t const deviation = deviation_of(crew, ranges, islands.genes, islands.people(island).genomes, islands.size);
    if (crew.leads()) rates.move(island, step_for_spread(spread_millionths(deviation, wide, islands.size)));
    crew.meet();
  }
}

static __global__ void __launch_bounds__(crew_threads, crew_blocks)
    describe_kernel(GenerationView view, CrewMemory* memory, StatisticsMemory statistics, DeviceStats* out) {
  __shared__ CrewScratch scratch;
  describe({threadIdx.x, blockDim.x, blockIdx.x, gridDim.x, memory, scratch}, view, statistics, *out);
}

MUSTER_KERNELS_END
