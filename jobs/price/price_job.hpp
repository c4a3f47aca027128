// The kind of job `price`: an option book by closed forms, by Monte Carlo, or by both.
#pragma once

#include <memory>

#include "jobs/job.hpp"
#include "jobs/price/params.hpp"

namespace muster::jobs::price {

/// Throws Error (Exit::user) where the parameters ask for what no method here can price.
std::unique_ptr<Job> make_price_job(Params const& params);

}  // namespace muster::jobs::price
