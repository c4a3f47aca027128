// F.h5.state as bytes (docs/formats/state.md).
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "io/run_state.hpp"

namespace muster::io {

/// Throws Error (Exit::bug) for a run that decode_state would refuse.
std::string encode_state(SavedRun const& run);
/// Throws Error (Exit::user) naming `file`: damaged, cut short, another version, contradictory.
SavedRun decode_state(std::string const& bytes, std::filesystem::path const& file);
/// Sorted, disjoint, not adjacent, not empty, inside 64 bits.
bool are_proper_ranges(std::vector<TileRange> const& ranges);
/// Stages from 1, ascending; none empty.
bool are_proper_waypoints(std::vector<Waypoint> const& waypoints);

}  // namespace muster::io
