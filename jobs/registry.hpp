// The kinds of job. Adding one is a folder jobs/<kind>/ and one line in registry.cpp.
#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/job.hpp"
#include "topology/profiles.hpp"

namespace muster::jobs {

/// A job file after parsing, checking and planning: all that a result depends on, as canonical text.
struct ResolvedJob {
  std::string kind;
  std::string name;
  /// Canonical TOML: every key set, defaults and auto values included, book files inlined. Two jobs with
  /// the same text give the same bits. SHA-256 of this text is the job's hash.
  std::string text;
  std::uint64_t seed = 0;
  /// Where files that the text names are looked for; no part of the answer, for they are known by their digests.
  std::string folder = {};
};

/// How a setting got its value, for the plan's table.
struct ResolvedSetting {
  std::string key;
  std::string value;
  std::string reason;  ///< "set in the job file", "default", "auto: mid tier (12 GB)"
};

/// What a job file is resolved with, besides its text.
struct ResolveOptions {
  std::vector<std::string> overrides;         ///< `a.b=value`, applied in order
  topology::Tier tier = topology::Tier::mid;  ///< decides "auto" values; mid is the CPU's
  std::string tier_reason = {};  ///< why that tier, for the settings' reasons; may be empty
};

struct Kind {
  std::string_view name;
  /// Parses and checks a job file and resolves it. All faults at once, as one Error (Exit::user) whose
  /// message has a line `file:line:col: key: problem (why); what to do` per fault.
  ResolvedJob (*resolve)(std::string_view text, std::filesystem::path const& file,
                         ResolveOptions const& options, std::vector<ResolvedSetting>* settings);
  /// Builds the runnable job from its resolved text (on every rank, and again by verify and replay).
  std::unique_ptr<Job> (*make)(ResolvedJob const& resolved);
  /// Reference documentation of all keys, generated from the field tables (Markdown).
  std::string (*reference)();
  bool has_model_parallel_form = false;  ///< some of its jobs have one
};

std::vector<Kind> const& kinds();
/// Throws Error (Exit::user) naming the nearest known kind.
Kind const& find_kind(std::string_view name);
/// Resolves a job file of any kind: reads its `kind` and hands it to that kind's resolve. Throws as that
/// does, and for a missing or unknown kind.
ResolvedJob resolve_job(std::string_view text, std::filesystem::path const& file,
                        ResolveOptions const& options, std::vector<ResolvedSetting>* settings);

}  // namespace muster::jobs
