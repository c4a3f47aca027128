// Computes chosen tiles of a job again, on this process's devices, for verify.
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

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

/// Computes the selection; returns the exact sums of what was computed, normalized. Throws the first Error of a tile or device, or
/// Error (Exit::stopped) when a signal asks to stop.
Slots recompute(jobs::Job const& job, worker::Consumption const& consumption, Selection const& selection,
                Judge const& judge);

/// What a run of a job in steps left behind.
struct Trail {
  std::span<Waypoint const> waypoints;
  std::span<std::int64_t const> end;  ///< what was carried in the end
  std::uint64_t tiles = 0;
};
/// Stages [first, end) of it, from one waypoint to the next, or from the start or to the end.
struct Stretch {
  std::uint64_t first = 0, end = 0;
  std::uint64_t tiles = 0;
  bool is_same = true;  ///< what was carried behind it, once it was computed
};
/// As few stretches, drawn by the seed, as hold so many tiles as are selected, in their order; of a run without waypoints its first
/// stages. Throws Error (Exit::user) for waypoints that are none of this job's.
std::vector<Stretch> choose_stretches(jobs::Job const& job, Trail const& trail, Selection const& selection);
/// Computes them, each from what was carried into it.
void recompute(jobs::Job const& job, worker::Consumption const& consumption, Trail const& trail, std::span<Stretch> stretches,
               Judge const& judge);

}  // namespace muster::cli
