// FILE.looks: who has looked at bars of a bar file that no search may see (docs/formats/looks.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace muster::io {

/// One job that has judged its champion by a test span. Bars are named by their instants, so that a file that has grown keeps
/// its looks.
struct Look {
  std::string at_utc;       ///< when it was first counted, "2026-01-31T09:30:00Z"
  std::string job_hash;     ///< 64 hex digits
  std::string bars_digest;  ///< 64 hex digits
  std::string from, to;     ///< the span's first and last bar, "2018-01-05T00:00:00Z"
  double psr = 0;           ///< probability of a true Sharpe ratio above 0; NaN where there is none
  std::string champion;
};

std::filesystem::path looks_path(std::filesystem::path const& bars);

std::string format_look(Look const& look);
/// Throws Error (Exit::user) naming `path`, line and what is wrong. A last line without its end is of a writer that was
/// killed and does not count.
std::vector<Look> parse_looks(std::string_view text, std::filesystem::path const& path);

/// All of them; none where there is no file. Throws Error: Exit::user for content, Exit::environment for what cannot be read.
std::vector<Look> read_looks(std::filesystem::path const& path);

/// Adds it unless its job has one at that span, and returns all. Under a lock, in one step: a kill leaves the file as it was
/// or with the look. Throws Error as read_looks, and Exit::environment where it cannot be written or the lock is not free
/// within 10 s.
std::vector<Look> add_look(std::filesystem::path const& path, Look const& look);

/// Those whose span has a bar between the two instants.
std::vector<Look> looks_between(std::vector<Look> const& looks, std::string const& from, std::string const& to);

}  // namespace muster::io
