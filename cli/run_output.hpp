// What stands at a run's output file, and how the run goes on from there.
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "cli/job_file.hpp"
#include "cli/options.hpp"
#include "io/result_file.hpp"
#include "io/run_state.hpp"

namespace muster::cli {

/// The output asked for, or the job's name + ".h5" in the current directory.
std::filesystem::path output_path(std::filesystem::path const& asked_for, std::string const& job_name);

/// The finished result of this very job at `output`, if it is there and not to be computed afresh. Throws
/// Error (Exit::user) when `output` is something else: another job's result, or no result at all, which
/// is never replaced. `saved` here and below: what read_saved_run said.
std::optional<io::Result> finished_result(std::filesystem::path const& output, std::string const& job_hash,
                                          Start start, std::optional<io::SavedRun> const& saved);

/// The hash of the job that the unfinished run there, or else the result there, is of.
std::optional<std::string> begun_hash(std::filesystem::path const& output, std::optional<io::SavedRun> const& saved);

struct OpenState {
  io::RunState state;
  bool is_resumed = false;
};
/// The unfinished run of this job beside `output`, or a new one, to be computed on `devices` (a kind of device). Throws
/// Error (Exit::user) for another job's, and for one begun on another kind where the job has its bits on one kind only.
OpenState open_state(std::filesystem::path const& output, LoadedJob const& loaded, std::string const& devices, Start start,
                     std::optional<io::SavedRun> saved);

/// Removes what a run that was killed after its result was complete has left beside it.
void discard_leftovers(std::filesystem::path const& output, std::string const& job_hash);

/// "2026-01-31T09:30:00Z", now.
std::string now_utc();

}  // namespace muster::cli
