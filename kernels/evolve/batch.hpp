// A run of slots on a CPU: their random words and, gene by gene, their values, lane beside lane.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "kernels/config.hpp"
#include "kernels/evolve/view.hpp"
#include "kernels/rng/philox_lanes.hpp"

MUSTER_KERNELS_BEGIN

inline constexpr int slot_lanes = 16;

/// The random words of slot_lanes slots under one stream: word i of a lane.
class LaneWords {
 public:
  explicit LaneWords(std::uint32_t words) : blocks_(blocks_of(words)) {}

  void draw(SearchView const& s, std::uint64_t first_slot, std::uint32_t stream) {
    for (std::uint32_t b = 0; b < blocks_.size(); ++b)
      philox_lanes(s.keys, item_of(s, first_slot), b, stream, blocks_[b].words);
  }
  std::uint32_t const* lanes(std::uint32_t i) const { return blocks_[i / 4].words[i % 4]; }
  std::uint32_t word(std::uint32_t i, int lane) const { return lanes(i)[lane]; }

 private:
  struct Block {
    std::uint32_t words[4][slot_lanes];
  };
  std::vector<Block> blocks_;
};

/// One gene of every lane.
struct LaneGene {
  double value[slot_lanes];
};

/// genome[lane][g] into a lane beside lane.
MUSTER_FN void gather(double const* const (&genomes)[slot_lanes], std::uint32_t g, LaneGene& to) {
  for (int l = 0; l < slot_lanes; ++l) to.value[l] = genomes[l][g];
}

/// The slots of a batch: lanes behind the last repeat it, so that whatever a lane reads exists.
struct LaneSlots {
  std::uint64_t slot[slot_lanes];
  std::uint32_t own[slot_lanes];  ///< index within the island
  std::uint64_t start[slot_lanes];  ///< first slot of the island
  int used;

  LaneSlots(SearchView const& s, std::uint64_t first, std::uint64_t count)
      : used(static_cast<int>(std::min<std::uint64_t>(count, slot_lanes))) {
    for (int l = 0; l < slot_lanes; ++l) {
      slot[l] = first + static_cast<std::uint64_t>(l < used ? l : used - 1);
      own[l] = static_cast<std::uint32_t>(slot[l] % s.island_size);
      start[l] = slot[l] - own[l];
    }
  }
};

MUSTER_FN void store(LaneSlots const& at, LaneGene const& gene, std::uint32_t genes, std::uint32_t g, double* out) {
  for (int l = 0; l < at.used; ++l) out[static_cast<std::uint32_t>(l) * genes + g] = gene.value[l];
}

MUSTER_KERNELS_END
