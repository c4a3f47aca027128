// An evolve job, runnable.
#pragma once

#include <filesystem>
#include <memory>

#include "jobs/evolve/params.hpp"
#include "jobs/job.hpp"

namespace muster::jobs::evolve {

/// Bars are relative to `folder`.
std::unique_ptr<Job> make_evolve_job(Params const& params, std::filesystem::path const& folder);

/// Reference documentation of all keys.
std::string reference();

}  // namespace muster::jobs::evolve
