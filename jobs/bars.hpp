// Bars that a job names, by a path and a digest.
#pragma once

#include <filesystem>
#include <string>

#include "io/bars.hpp"

namespace muster::jobs {

/// A bar file, its path relative to `folder`, or a generated market. Throws Error (Exit::user), also where a digest is given and
/// the bars have another one.
io::Bars open_bars(std::string const& name, std::string const& digest, std::filesystem::path const& folder);

/// "synthetic:...": made by a formula, not read from a file.
bool is_generated(std::string const& name);

/// The instant of a bar, for people and tables: a date for daily bars.
std::string bar_time(io::BarInterval interval, std::int64_t time);

}  // namespace muster::jobs
