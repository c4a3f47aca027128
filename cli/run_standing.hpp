// How a run stands, in words and as JSON: for status and wait.
#pragma once

#include <filesystem>
#include <string>

#include "cli/options.hpp"
#include "cli/value.hpp"
#include "io/standing.hpp"

namespace muster::cli {

struct StandingReport {
  std::string text;
  Value json;
};

/// Of a run that is there at all. With Detail::why: what holds it up, or what ended it, as far as its
/// files tell, and the last warnings of its log.
StandingReport describe(io::Standing const& standing, std::filesystem::path const& output, Detail detail);

/// "done", "running", "interrupted", "stopped", "user", ...
std::string_view word_for(io::Standing const& standing);
/// "12 of 64 tiles"; empty before the first save.
std::string progress_text(io::Standing const& standing);

/// Throws Error (Exit::user) when there is neither a result nor a state nor anybody at work.
void require_run(io::Standing const& standing, std::filesystem::path const& output);

}  // namespace muster::cli
