// The job file of `train` to parameters, and back to canonical text.
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "jobs/registry.hpp"
#include "jobs/train/params.hpp"

namespace muster::jobs::train {

/// Parses, checks and resolves a job file; opens its bars for their digest and windows, where it has some. Throws Error (Exit::user) with a line for each fault.
Params parse_params(std::string_view text, std::filesystem::path const& file, ResolveOptions const& options = {},
                    std::vector<ResolvedSetting>* settings = nullptr);

/// The parameters of a result, whose bars may be gone: Params::samples is that of a surrogate alone.
Params read_params(std::string_view resolved);

/// Canonical text: every key that the model reads.
std::string render_params(Params const& params);

kernels::nets::Shape shape_of(Params const& params);

}  // namespace muster::jobs::train
