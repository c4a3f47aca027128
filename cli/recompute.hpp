// Computes chosen tiles of a job again, on this process's devices, for verify.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "core/tile.hpp"
#include "jobs/job.hpp"
#include "worker/consumers.hpp"

namespace muster::cli {

/// Which tiles of [0, tiles) to compute: all of them, or one in each of `picks` equal shares.
struct Selection {
  std::uint64_t tiles = 0;
  std::uint64_t picks = 0;  ///< at most `tiles`; equal to it means all
  std::uint64_t seed = 0;
  bool is_whole() const { return picks == tiles; }
};

/// The tile picked from share `index` of a selection that is not whole.
std::uint64_t picked_tile(Selection const& selection, std::uint64_t index);

/// Reads "1%", "0.5 %" or a number of tiles; at least `least` tiles are taken where there are so many.
/// Throws Error (Exit::user).
Selection parse_selection(std::string const& sample, std::uint64_t tiles, std::uint64_t seed, std::uint64_t least);

/// Called on the caller's thread with tiles in any order of ranges.
using Judge = std::function<void(TileRange range, std::span<TileDigest const> digests)>;

/// Computes the selection; returns the exact sums of what was computed, normalized. Of a job in steps as many of its first
/// stages as hold so many tiles are computed, each in whole; what is carried after them, encoded, comes back. Throws the first Error
/// of a tile or device, or Error (Exit::stopped) when a signal asks to stop.
Slots recompute(jobs::Job const& job, worker::Consumption const& consumption, Selection const& selection,
                Judge const& judge);

}  // namespace muster::cli
