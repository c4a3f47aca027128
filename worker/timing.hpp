// How long a job's tiles take on this machine: a short look before a plan is told, not a benchmark.
#pragma once

#include <optional>

#include "jobs/job.hpp"
#include "topology/cost.hpp"

namespace muster::worker {

/// Times tiles on so many CPU threads at work together: the mean of what each took at its best. Takes about a third of a
/// second. A stop rule, seeds and paths do not matter.
topology::TileTime time_on_threads(jobs::Job const& job, int threads);

/// How many tiles of a job there are to time: those that need nothing of others.
std::uint64_t tiles_to_time(jobs::Job const& job);

/// Times tiles on one GPU, in batches as large as a run's under the device's limit, smaller ones where memory is short.
/// Nullopt where it does not suffice for the smallest.
std::optional<topology::TileTime> time_on_gpu(jobs::Job const& job, jobs::Device device);

}  // namespace muster::worker
