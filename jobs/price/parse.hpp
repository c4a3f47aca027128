// The job file of `price` to parameters.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/toml_limits.hpp"
#include "jobs/price/params.hpp"
#include "jobs/registry.hpp"
#include "topology/profiles.hpp"

namespace muster::jobs::price {

/// What parsing depends on besides the text.
struct ParseOptions {
  std::vector<std::string> overrides;         ///< `a.b=value`, applied in order
  topology::Tier tier = topology::Tier::mid;  ///< decides "auto" values; mid is the CPU's
  std::string tier_reason = {};               ///< why that tier; empty: not told
  TomlLimits limits = default_toml_limits;
};

/// Parses, checks and resolves a job file: strategies and the book file are expanded into
/// instruments, every default and "auto" value is set. `file` names it in messages and is where a
/// relative book path starts. `settings`, if given, receives every setting with its reason. Throws
/// Error (Exit::user) with one line `file:line:col: key: problem (why); what to do` for each fault.
Params parse_params(std::string_view text, std::filesystem::path const& file,
                    ParseOptions const& options = {},
                    std::vector<ResolvedSetting>* settings = nullptr);

/// Parses canonical text, as render_params writes it. Throws like parse_params.
Params parse_resolved(std::string_view text);

}  // namespace muster::jobs::price
