// How a finished result is told.
#pragma once

#include <filesystem>
#include <string>

#include "cli/job_file.hpp"
#include "cli/value.hpp"
#include "io/result_file.hpp"
#include "orchestrator/run.hpp"

namespace muster::cli {

/// The job's own compact table, then where it was computed and the digest.
std::string result_text(LoadedJob const& loaded, io::Result const& result, std::filesystem::path const& output);
Value result_json(LoadedJob const& loaded, io::Result const& result, std::filesystem::path const& output);

/// "12.3 s, 3.2e+09 path-steps/s": of this run, not of earlier parts that it resumed.
std::string speed_text(jobs::Job const& job, orchestrator::RunOutcome const& outcome);
/// "memory   cuda:0 holds at most 1.2 GiB of 130 GiB, its driver 518 MiB": a line for each device; empty without any.
std::string memory_text(orchestrator::RunOutcome const& outcome);
Value speed_json(jobs::Job const& job, orchestrator::RunOutcome const& outcome);

/// Why a run of `tiles` tiles ended there.
std::string stop_rule_text(jobs::Job const& job, std::uint64_t tiles);

}  // namespace muster::cli
