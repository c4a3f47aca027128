// Who stays in an island of a GPU, and who leaves it for others. Included by cuda_search.cu and the emulated test.
#pragma once

#include <cstdint>

#include "kernels/evolve/child.hpp"
#include "kernels/evolve/cuda_crew.hpp"
#include "kernels/evolve/order.hpp"
#include "kernels/evolve/spread.hpp"

MUSTER_KERNELS_BEGIN

/// Individuals side by side on a device.
struct DevicePeople {
  double* genomes = nullptr;  ///< each x genes
  std::int64_t* fitness = nullptr;
  double* scale = nullptr;    ///< jde; else null, like cross
  double* cross = nullptr;

  __device__ DevicePeople from(std::uint64_t at, std::uint32_t genes) const {
    return {genomes + at * genes, fitness + at, scale == nullptr ? nullptr : scale + at, cross == nullptr ? nullptr : cross + at};
  }
};

__device__ inline void copy_person(DevicePeople const& to, std::uint64_t at, DevicePeople const& from, std::uint64_t of, std::uint32_t genes) {
  for (std::uint32_t g = 0; g < genes; ++g) to.genomes[at * genes + g] = from.genomes[of * genes + g];
  to.fitness[at] = from.fitness[of];
  if (to.scale == nullptr || from.scale == nullptr) return;
  to.scale[at] = from.scale[of];
  to.cross[at] = from.cross[of];
}

__device__ inline std::uint64_t ordered(std::int64_t fitness) { return static_cast<std::uint64_t>(fitness) ^ std::uint64_t{1} << 63; }

/// Islanders, then those who want in, by the total order.
struct Contest {
  DevicePeople residents;
  DevicePeople newcomers;
  std::uint32_t const* rows;  ///< of newcomers; null: one after the other
  std::uint32_t size, arrivals, genes;

  static constexpr int words = 3;
  __device__ int bits(int w) const { return w < 2 ? 64 : 64 - __clzll(static_cast<long long>(size) + arrivals); }
  __device__ std::uint64_t row(std::uint64_t arrival) const { return rows == nullptr ? arrival : rows[arrival]; }
  __device__ std::uint64_t word(std::uint64_t i, int w) const {
    if (w == 2) return std::uint64_t{size} + arrivals - i;
    bool const is_resident = i < size;
    DevicePeople const& people = is_resident ? residents : newcomers;
    std::uint64_t const at = is_resident ? i : row(i - size);
    return w == 0 ? ordered(people.fitness[at]) : hash_genes(people.genomes + at * genes, genes);
  }
};

/// Calls take(rank, i) for those of [0, count) that are chosen, ranked in rising order.
template <class Chosen, class Take>
__device__ void each_ranked(Crew const& crew, Part part, std::uint64_t before, Chosen chosen, Take take) {
  // Counts of several rows of threads side by side in one word.
  constexpr int rows = 6, count_bits = 10;
  static_assert(crew_threads < 1u << count_bits);
  auto const count_in = [](std::uint64_t counts, int row) { return counts >> row * count_bits & ((1u << count_bits) - 1); };
  for (std::uint64_t begin = part.first; begin < part.last; begin += rows * crew.threads) {
    std::uint64_t mine = 0;
    for (int row = 0; row < rows; ++row) {
      std::uint64_t const i = begin + static_cast<std::uint64_t>(row) * crew.threads + crew.thread;
      if (i < part.last && chosen(i)) mine |= std::uint64_t{1} << row * count_bits;
    }
    Scan const ranks = scan(crew, mine);
    for (int row = 0; row < rows; ++row) {
      if (count_in(mine, row) != 0) take(before + count_in(ranks.before, row), begin + static_cast<std::uint64_t>(row) * crew.threads + crew.thread);
      before += count_in(ranks.total, row);
    }
  }
}

template <class Chosen>
__device__ std::uint64_t count_of(Crew const& crew, Part part, Chosen chosen) {
  std::uint64_t own = 0;
  for (std::uint64_t i = part.first + crew.thread; i < part.last; i += crew.threads) own += chosen(i) ? 1 : 0;
  return scan(crew, own).total;
}

/// Of numbers that each block has counted: the sums over the blocks before this one.
__device__ inline void sum_before(Crew const& crew, std::uint64_t (&counts)[2]) {
  if (crew.thread == 0) {
    crew.memory->tallies[crew.block][0] = counts[0];
    crew.memory->tallies[crew.block][1] = counts[1];
  }
  crew.meet();
  std::uint64_t own[2] = {0, 0};
  for (std::uint32_t b = crew.thread; b < crew.block; b += crew.threads)
    for (int k = 0; k < 2; ++k) own[k] += fresh(crew.memory->tallies[b][k]);
  for (int k = 0; k < 2; ++k) counts[k] = scan(crew, own[k]).total;
}

/// Scratch of a selection.
struct Stayers {
  std::uint32_t* rows = nullptr;  ///< a number a resident
  std::uint8_t* stays = nullptr;  ///< of residents and newcomers
};

/// Survival::keep_best.
__device__ inline void keep_best(Crew const& crew, Contest const& contest, Stayers const& scratch) {
  std::uint64_t const all = std::uint64_t{contest.size} + contest.arrivals;
  Cut const cut = cut_at(crew, contest, all, contest.size);
  // Each is looked at once, and by the same thread's block later.
  auto const look = [&](std::uint64_t i) { return scratch.stays[i] = is_above(cut, contest, i) ? 1 : 0; };
  auto const is_freed = [&](std::uint64_t i) { return scratch.stays[i] == 0; };
  auto const comes = [&](std::uint64_t i) { return scratch.stays[contest.size + i] != 0; };
  Part const places = part_of(crew, contest.size), newcomers = part_of(crew, contest.arrivals);
  std::uint64_t before[2] = {count_of(crew, places, [&](std::uint64_t i) { return look(i) == 0; }),
                             count_of(crew, newcomers, [&](std::uint64_t i) { return look(contest.size + i) != 0; })};
  sum_before(crew, before);
  each_ranked(crew, newcomers, before[1], comes,
              [&](std::uint64_t rank, std::uint64_t i) { scratch.rows[rank] = static_cast<std::uint32_t>(contest.row(i)); });
  crew.meet();
  each_ranked(crew, places, before[0], is_freed, [&](std::uint64_t rank, std::uint64_t i) {
    copy_person(contest.residents, i, contest.newcomers, fresh(scratch.rows[rank]), contest.genes);
  });
  crew.meet();
}

/// Copies the `count` best of an island, as Survival::best chooses them.
__device__ inline void copy_best(Crew const& crew, Contest const& island, std::uint32_t count, DevicePeople const& to) {
  Cut const cut = cut_at(crew, island, island.size, count);
  auto const is_one = [&](std::uint64_t i) { return is_above(cut, island, i); };
  Part const part = part_of(crew, island.size);
  std::uint64_t before[2] = {count_of(crew, part, is_one), 0};
  sum_before(crew, before);
  each_ranked(crew, part, before[0], is_one,
              [&](std::uint64_t rank, std::uint64_t i) { copy_person(to, rank, island.residents, i, island.genes); });
  crew.meet();
}

/// A trial takes its slot unless it is worse; its F and CR come with it.
__device__ inline void replace_beaten(SearchView const& s, std::uint64_t slot, DevicePeople const& trials, DevicePeople const& population) {
  if (trials.fitness[slot] < population.fitness[slot]) return;
  copy_person(population, slot, trials, slot, s.genes);
  std::uint32_t words[4];
  philox(s.keys, item_of(s, slot), 1, stream_trial, words);
  Control const control = trial_control(s, {population.scale[slot], population.cross[slot]}, words);
  population.scale[slot] = control.scale;
  population.cross[slot] = control.cross;
}

/// The sum of |place - mean place| over the genes of a run of slots. Leaves its sums in the crew's memory.
__device__ inline std::uint64_t deviation_of(Crew const& crew, GeneRange const* ranges, std::uint32_t genes, double const* genomes,
                                             std::uint64_t slots) {
  auto* const sums = crew.memory->sums;
  for (std::uint64_t g = crew.first(); g <= genes; g += crew.step()) sums[g] = 0;
  crew.meet();
  // Each thread has one gene of some slots.
  std::uint64_t const rows = crew.step() / genes, row = crew.first() / genes;
  std::uint32_t const gene = static_cast<std::uint32_t>(crew.first() % genes);
  GenePlace const place(ranges[gene]);
  if (row < rows) {
    unsigned long long own = 0;
    for (std::uint64_t slot = row; slot < slots; slot += rows) own += static_cast<std::uint32_t>(place(genomes[slot * genes + gene]));
    atomicAdd(&sums[gene], own);
  }
  crew.meet();
  unsigned long long own = 0;
  if (row < rows) {
    auto const mean = static_cast<std::int32_t>(fresh(sums[gene]) / slots);
    for (std::uint64_t slot = row; slot < slots; slot += rows) {
      std::int32_t const off = place(genomes[slot * genes + gene]) - mean;
      own += static_cast<std::uint32_t>(off < 0 ? -off : off);
    }
  }
  unsigned long long const of_block = scan(crew, own).total;
  if (crew.thread == 0) atomicAdd(&sums[genes], of_block);
  crew.meet();
  return fresh(sums[genes]);
}

MUSTER_KERNELS_END
