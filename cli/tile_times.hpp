// What this machine's devices take for a job's tiles: timed once, then remembered in the user's cache folder.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/job_file.hpp"
#include "cli/machine.hpp"
#include "topology/cost.hpp"

namespace muster::cli {

struct RememberedTime {
  std::string key;     ///< SHA-256 of the device, the build and the tiles
  std::string device;  ///< for people
  topology::TileTime time;
};

/// $XDG_CACHE_HOME/muster/tile-times.txt, or ~/.cache/muster/tile-times.txt; none without a home.
std::optional<std::filesystem::path> tile_times_path();
/// The newest last. Empty for a text that is not such a file or has a time that cannot be: it is only a cache.
std::vector<RememberedTime> parse_tile_times(std::string_view text);
std::string render_tile_times(std::vector<RememberedTime> const& times);

/// `remembered`: only what an earlier plan has timed; `timed`: what is not known is timed now, a third of a second a sort of
/// device.
enum class Timing { remembered, timed };
topology::TileTimes tile_times_here(Machine const& machine, LoadedJob const& loaded, Timing timing);

}  // namespace muster::cli
