// The job file of `train` to parameters, and back to canonical text.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/registry.hpp"
#include "jobs/train/params.hpp"

namespace muster::jobs::train {

/// Parses, checks and resolves a job file. Throws Error (Exit::user) with a line for each fault.
Params parse_params(std::string_view text, std::filesystem::path const& file, ResolveOptions const& options = {},
                    std::vector<ResolvedSetting>* settings = nullptr);

/// Canonical text: every key.
std::string render_params(Params const& params);

kernels::nets::Shape shape_of(Params const& params);

}  // namespace muster::jobs::train
