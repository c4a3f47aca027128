// The total order of individuals: fitness, then genome hash, then slot (island after island).
#pragma once

#include <cstdint>

#include "kernels/host_device.hpp"
#include "kernels/sums/slots.hpp"

namespace muster::kernels {

/// The hash of genome bits that breaks ties of fitness.
MUSTER_HD std::uint64_t hash_genes(double const* genome, std::uint32_t genes) {
  std::uint64_t hash = 0x9e3779b97f4a7c15u;
  for (std::uint32_t g = 0; g < genes; ++g) {
    hash = (hash ^ __builtin_bit_cast(std::uint64_t, genome[g])) * 0xd1b54a32d192ed03u;
    hash ^= hash >> 32;
  }
  return mix64(hash);
}

/// What the order compares.
struct Ranked {
  std::int64_t fitness;
  double const* genome;
  std::uint64_t slot;
};

/// As is_better, for two of equal fitness: the greater hash first, then the smaller slot.
MUSTER_HD bool wins_tie(Ranked const& a, Ranked const& b, std::uint32_t genes) {
  std::uint64_t const hash_a = hash_genes(a.genome, genes), hash_b = hash_genes(b.genome, genes);
  return hash_a != hash_b ? hash_a > hash_b : a.slot < b.slot;
}

/// a comes before b. Hashes are computed only where the fitness is the same.
MUSTER_HD bool is_better(Ranked const& a, Ranked const& b, std::uint32_t genes) {
  return a.fitness != b.fitness ? a.fitness > b.fitness : wins_tie(a, b, genes);
}

}  // namespace muster::kernels
