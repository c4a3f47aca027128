// A train job, runnable.
#pragma once

#include <memory>
#include <string>

#include "jobs/job.hpp"
#include "jobs/train/params.hpp"

namespace muster::jobs::train {

std::unique_ptr<Job> make_train_job(Params const& params);

/// Reference documentation of all keys.
std::string reference();

}  // namespace muster::jobs::train
