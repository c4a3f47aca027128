// How different the genomes of a run of slots are, in exact integers.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "kernels/evolve/view.hpp"

namespace muster::kernels {

/// 4 x the mean absolute deviation from the mean, each gene's value a 2^20th of its range, averaged over genes that
/// have a width, in millionths rounded down: 1 000 000 for evenly spread values, 0 where all are the same.
std::uint64_t diversity_millionths(std::vector<GeneRange> const& ranges, std::span<double const> genomes,
                                   int threads = 1);

}  // namespace muster::kernels
