// From a job file, or from the provenance in a result, to a runnable job.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "cli/options.hpp"
#include "cli/value.hpp"
#include "jobs/registry.hpp"

namespace muster::cli {

struct LoadedJob {
  jobs::ResolvedJob resolved;
  std::vector<jobs::ResolvedSetting> settings;
  std::string hash;  ///< SHA-256 of resolved.text, hex
  std::unique_ptr<jobs::Job> job;
};

/// Reads, checks and resolves a job file, its "auto" settings by the plan's tier. Throws Error
/// (Exit::user) with all faults at once.
LoadedJob load_job(JobArguments const& arguments, topology::Plan const& plan);
/// The mode that a job file asks for. Nothing where it has no such key or no such word: load_job tells that.
std::optional<topology::Mode> mode_in_job(JobArguments const& arguments);
/// Whether a job may be computed on several kinds of device at once.
topology::Mixing mixing_of(jobs::Job const& job);
/// Plans for a job and loads it: the plan depends on the job's mode and on what it promises, its "auto" settings
/// on the plan. `make_plan` is called last with the demand that holds.
LoadedJob load_planned_job(JobArguments const& job, MachineArguments const& machine,
                           std::function<topology::Plan(topology::Demand const&)> const& make_plan);
/// The job as a machine of another tier resolves it, when that has this hash: an unfinished run or a result of this very
/// job goes on as it began, whatever hardware it wakes up on. Nothing when no tier gives that hash: it is another job.
std::optional<LoadedJob> load_job_with_hash(JobArguments const& arguments, std::string const& hash);
/// The job of a text that was resolved before. Throws Error (Exit::user) when this build does not know
/// the kind or would resolve the text to something else. Files that it names are relative to `folder`.
LoadedJob load_resolved(std::string const& kind, std::string const& text, std::filesystem::path const& folder);

/// Tiles, work unit, stages: one object for --json.
Value job_json(LoadedJob const& loaded);
Value settings_json(std::vector<jobs::ResolvedSetting> const& settings);
/// What "auto" became, a line for each reason: `auto: mid tier (the CPU's): method = "both"`.
std::string describe_auto(std::vector<jobs::ResolvedSetting> const& settings, std::string_view begin);
/// "price_book (price): 64 tiles, 1.1e9 path-steps".
std::string describe(LoadedJob const& loaded);

}  // namespace muster::cli
