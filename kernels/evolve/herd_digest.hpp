// Fingerprints of judged individuals, by which it is checked what was judged, and what came of it.
#pragma once

#include <cstdint>
#include <span>

#include "core/tile.hpp"
#include "kernels/evolve/herd_sums.hpp"

namespace muster::kernels {

/// Of a tile, from the sums over its individuals.
TileDigest herd_digest(std::uint64_t tile, HerdSums const& sums);
TileDigest herd_digest(std::uint64_t tile, std::span<double const> genomes, std::span<std::int64_t const> fitness);

}  // namespace muster::kernels
