// Bars that a job names, by a path and a digest.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "io/bars.hpp"

namespace muster::jobs {

/// Bars and what they are known by.
struct KnownBars {
  io::Bars bars;
  std::string digest;  ///< io::bars_digest
};
using KnownBarsPtr = std::shared_ptr<KnownBars const>;

/// A bar file, its path relative to `folder`, or a generated market. Whoever asks next for the same bars shares them: a job is
/// resolved, planned and computed, and each asks. Throws Error (Exit::user), also where a digest is given and the bars have another one.
KnownBarsPtr open_bars(std::string const& name, std::string const& digest, std::filesystem::path const& folder);

/// "synthetic:...": made by a formula, not read from a file.
bool is_generated(std::string const& name);

/// The instant of a bar, for people and tables: a date for daily bars.
std::string bar_time(io::BarInterval interval, std::int64_t time);

}  // namespace muster::jobs
