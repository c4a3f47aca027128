// The job file of `evolve` to parameters, and back to canonical text.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/evolve/params.hpp"
#include "jobs/registry.hpp"

namespace muster::jobs::evolve {

/// Whether the features of a job must be of its bars, and of a network that has not seen what judges rules.
enum class Universe { own, another };

/// Parses, checks and resolves a job file; opens its bars and features for their digests. Throws Error (Exit::user) with a line for each
/// fault.
Params parse_params(std::string_view text, std::filesystem::path const& file, ResolveOptions const& options = {},
                    std::vector<ResolvedSetting>* settings = nullptr, Universe universe = Universe::own);

/// Canonical text: every key that the objective reads.
std::string render_params(Params const& params);

}  // namespace muster::jobs::evolve
