// Blocks of a GPU that work together, and how they find the best of many. Included by cuda_search.cu and the emulated test.
#pragma once

#include <cstdint>

#include "kernels/config.hpp"
#include "kernels/evolve/search.hpp"

MUSTER_KERNELS_BEGIN

inline constexpr std::uint32_t crew_threads = 512;     ///< of a block, at most
inline constexpr int crew_blocks = 2;                  ///< of a multiprocessor, at most
inline constexpr std::uint32_t most_crew_blocks = 1024;
inline constexpr int digit_bits = 11;
inline constexpr std::uint32_t digits = 1u << digit_bits;

/// What the blocks of a crew share in the device's memory. Zero at first.
struct CrewMemory {
  unsigned long long arrived;  ///< at their barrier, ever since
  std::uint32_t digit_counts[3][digits];
  unsigned long long bits[3][2];
  std::uint64_t tallies[most_crew_blocks][2];
  unsigned long long sums[max_genes + 1];
};

/// What the threads of a block share.
struct CrewScratch {
  std::uint32_t digit_counts[digits];
  std::uint64_t warps[crew_threads / 32 + 1];
  std::uint64_t told[3];
  unsigned long long bits[2];
};

struct Crew {
  std::uint32_t thread, threads;  ///< of a block
  std::uint32_t block, blocks;
  CrewMemory* memory;  ///< null for a block by itself
  CrewScratch& scratch;

  __device__ std::uint64_t first() const { return std::uint64_t{block} * threads + thread; }
  __device__ std::uint64_t step() const { return std::uint64_t{blocks} * threads; }
  __device__ bool leads() const { return block == 0 && thread == 0; }

  /// All of them are there, and see what the others wrote. They must be resident at once.
  __device__ void meet() const {
    __syncthreads();
    if (blocks == 1) return;
    if (thread == 0) {
      __threadfence();
      unsigned long long const ticket = atomicAdd(&memory->arrived, 1ull);
      unsigned long long const all = (ticket / blocks + 1) * blocks;
      while (*static_cast<unsigned long long volatile*>(&memory->arrived) < all) continue;
      __threadfence();
    }
    __syncthreads();
  }
};

/// What others of the crew wrote, past this block's cache.
template <class T>
__device__ T fresh(T const& at) {
  return *static_cast<T const volatile*>(&at);
}

struct Scan {
  std::uint64_t before, total;
};

/// Sums of a block, in the order of its threads.
__device__ inline Scan scan(Crew const& crew, std::uint64_t mine) {
  std::uint32_t const lane = crew.thread % 32, warp = crew.thread / 32, warps = crew.threads / 32;
  std::uint64_t through = mine;
  for (unsigned offset = 1; offset < 32; offset *= 2) {
    std::uint64_t const other = __shfl_up_sync(0xffffffffu, through, offset, 32);
    if (lane >= offset) through += other;
  }
  __syncthreads();
  if (lane == 31) crew.scratch.warps[warp] = through;
  __syncthreads();
  std::uint64_t before = 0, total = 0;
  for (std::uint32_t w = 0; w < warps; ++w) {
    if (w == warp) before = total;
    total += crew.scratch.warps[w];
  }
  return {before + through - mine, total};
}

/// A block's part of so many things.
struct Part {
  std::uint64_t first, last;
};
__device__ inline Part part_of(Crew const& crew, std::uint64_t count) {
  return {count * crew.block / crew.blocks, count * (crew.block + 1) / crew.blocks};
}

/// Where a ranking is cut: by up to three words, the greater before the smaller.
struct Cut {
  std::uint64_t key[3];
  int word;  ///< the last that decides
  int low;   ///< its lower bits do not
};

template <class Ranking>
__device__ bool is_above(Cut const& cut, Ranking const& ranking, std::uint64_t i) {
  for (int w = 0; w < cut.word; ++w) {
    std::uint64_t const word = ranking.word(i, w);
    if (word != cut.key[w]) return word > cut.key[w];
  }
  return ranking.word(i, cut.word) >> cut.low >= cut.key[cut.word] >> cut.low;
}

/// Counts digits, those of all blocks together, and finds out whether the words are all the same.
class DigitCounts {
 public:
  __device__ explicit DigitCounts(Crew const& crew) : crew_(crew) {
    if (crew.blocks == 1) return;
    for (auto& counts : crew.memory->digit_counts)
      for (std::uint64_t d = crew.first(); d < digits; d += crew.step()) counts[d] = 0;
    if (crew.leads())
      for (auto& bits : crew.memory->bits) bits[0] = bits[1] = 0;
    crew.meet();
  }
  __device__ void begin() {
    set_ = unset_ = 0;
    __syncthreads();
    for (std::uint32_t d = crew_.thread; d < digits; d += crew_.threads) crew_.scratch.digit_counts[d] = 0;
    if (crew_.thread == 0) crew_.scratch.bits[0] = crew_.scratch.bits[1] = 0;
    __syncthreads();
  }
  __device__ void add(std::uint64_t word, std::uint32_t digit) {
    set_ |= word;
    unset_ |= ~word;
    atomicAdd(&crew_.scratch.digit_counts[digit], 1u);
  }
  /// From now on those of all.
  __device__ void join() {
    for (int offset = 16; offset > 0; offset /= 2) {
      set_ |= __shfl_xor_sync(0xffffffffu, set_, offset);
      unset_ |= __shfl_xor_sync(0xffffffffu, unset_, offset);
    }
    if (crew_.thread % 32 == 0) {
      atomicOr(&crew_.scratch.bits[0], static_cast<unsigned long long>(set_));
      atomicOr(&crew_.scratch.bits[1], static_cast<unsigned long long>(unset_));
    }
    __syncthreads();
    if (crew_.blocks == 1) return;
    unsigned long long* const bits = crew_.memory->bits[pass_ % 3];
    if (crew_.thread < 2) atomicOr(&bits[crew_.thread], crew_.scratch.bits[crew_.thread]);
    std::uint32_t* const all = crew_.memory->digit_counts[pass_ % 3];
    for (std::uint32_t d = crew_.thread; d < digits; d += crew_.threads)
      if (crew_.scratch.digit_counts[d] != 0) atomicAdd(&all[d], crew_.scratch.digit_counts[d]);
    // Whoever read these did so before the last meeting, and whoever adds to them does so behind the next.
    if (crew_.block == 0)
      for (std::uint32_t d = crew_.thread; d < digits; d += crew_.threads) crew_.memory->digit_counts[(pass_ + 1) % 3][d] = 0;
    if (crew_.leads()) crew_.memory->bits[(pass_ + 1) % 3][0] = crew_.memory->bits[(pass_ + 1) % 3][1] = 0;
    crew_.meet();
    for (std::uint32_t d = crew_.thread; d < digits; d += crew_.threads) crew_.scratch.digit_counts[d] = fresh(all[d]);
    if (crew_.thread < 2) crew_.scratch.bits[crew_.thread] = fresh(bits[crew_.thread]);
    __syncthreads();
    ++pass_;
  }
  /// Of those that were counted.
  __device__ bool are_one_word() const { return (crew_.scratch.bits[0] & crew_.scratch.bits[1]) == 0; }
  __device__ std::uint64_t word() const { return crew_.scratch.bits[0]; }

 private:
  Crew const& crew_;
  std::uint64_t set_ = 0, unset_ = 0;  // bits that are in one of a thread's words, and that are not
  std::uint32_t pass_ = 0;
};

struct FoundDigit {
  std::uint32_t digit;
  std::uint64_t above;  ///< things with greater digits
  std::uint64_t equal;
};

/// The digit of number `rank` from above, counted from 1.
__device__ inline FoundDigit digit_at(Crew const& crew, std::uint64_t rank) {
  std::uint32_t const each = digits / crew.threads, top = digits - 1 - crew.thread * each;
  std::uint64_t own = 0;
  for (std::uint32_t k = 0; k < each; ++k) own += crew.scratch.digit_counts[top - k];
  std::uint64_t above = scan(crew, own).before;
  if (above < rank && rank <= above + own) {
    std::uint32_t digit = top;
    for (; above + crew.scratch.digit_counts[digit] < rank; --digit) above += crew.scratch.digit_counts[digit];
    crew.scratch.told[0] = digit;
    crew.scratch.told[1] = above;
    crew.scratch.told[2] = crew.scratch.digit_counts[digit];
  }
  __syncthreads();
  return {static_cast<std::uint32_t>(crew.scratch.told[0]), crew.scratch.told[1], crew.scratch.told[2]};
}

/// Things that a thread looks at side by side, so that it waits for their memory once.
inline constexpr int abreast = 4;

/// Calls see(word) with word w of those of [0, count) that have the cut's key in the words before.
template <class Ranking, class See>
__device__ void each_equal(Crew const& crew, Ranking const& ranking, std::uint64_t count, Cut const& cut, See see) {
  for (std::uint64_t begin = crew.first(); begin < count; begin += abreast * crew.step()) {
    std::uint64_t words[abreast];
    for (int k = 0; k < abreast; ++k) {
      std::uint64_t const i = begin + static_cast<std::uint64_t>(k) * crew.step();
      words[k] = ranking.word(i < count ? i : begin, 0);
    }
    for (int k = 0; k < abreast; ++k) {
      std::uint64_t const i = begin + static_cast<std::uint64_t>(k) * crew.step();
      if (i >= count) break;
      if (cut.word == 0) {
        see(words[k]);
        continue;
      }
      bool is_equal = words[k] == cut.key[0];
      for (int w = 1; w < cut.word && is_equal; ++w) is_equal = ranking.word(i, w) == cut.key[w];
      if (is_equal) see(ranking.word(i, cut.word));
    }
  }
}

/// Finds the cut's word by its digits, of what is equal in the words before; `rank` becomes that among what is equal in it too. True
/// where no more need be known: the rest of what is equal is above the cut.
template <class Ranking>
__device__ bool find_word(Crew const& crew, Ranking const& ranking, std::uint64_t count, DigitCounts& counts, bool whole, Cut& cut, std::uint64_t& rank) {
  int const bits = ranking.bits(cut.word);
  std::uint64_t key = 0;
  for (cut.low = bits; cut.low > 0;) {
    int const high = cut.low;
    cut.low -= high < digit_bits ? high : digit_bits;
    counts.begin();
    each_equal(crew, ranking, count, cut, [&](std::uint64_t word) {
      if (high != bits && (word ^ key) >> high != 0) return;
      counts.add(word, static_cast<std::uint32_t>(word >> cut.low) & ((1u << (high - cut.low)) - 1));
    });
    counts.join();
    if (counts.are_one_word()) {
      cut.key[cut.word] = counts.word();
      cut.low = 0;
      return false;
    }
    FoundDigit const found = digit_at(crew, rank);
    key |= std::uint64_t{found.digit} << cut.low;
    rank -= found.above;
    cut.key[cut.word] = key;
    if (rank == found.equal && !whole) return true;
  }
  return false;
}

/// The cut below the first `rank` of `count`, 1 <= rank. Ranking: word(i, w) for w below `words`, and bits(w) that it has.
/// The key is whole where `whole` is said; else the cut is where no more need be known.
template <class Ranking>
__device__ Cut cut_at(Crew const& crew, Ranking const& ranking, std::uint64_t count, std::uint64_t rank, bool whole = false) {
  Cut cut{{0, 0, 0}, 0, 0};
  if (rank >= count && !whole) return cut;
  DigitCounts counts(crew);
  for (int word = 0; word < Ranking::words; ++word) {
    cut.word = word;
    cut.low = 0;
    if (find_word(crew, ranking, count, counts, whole, cut, rank)) break;
  }
  return cut;
}

MUSTER_KERNELS_END
