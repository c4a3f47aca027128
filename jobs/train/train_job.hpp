// A train job, runnable.
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "jobs/job.hpp"
#include "jobs/train/params.hpp"

namespace muster::jobs::train {

/// Bars are looked for in `folder`.
std::unique_ptr<Job> make_train_job(Params const& params, std::filesystem::path const& folder = {});

/// Reference documentation of all keys.
std::string reference();

}  // namespace muster::jobs::train
