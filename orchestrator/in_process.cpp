// A cluster in one process: ranks are threads, rank 0 is the caller.
#include <thread>

#include "core/log.hpp"
#include "orchestrator/run.hpp"

namespace muster::orchestrator {
namespace {

void work(comm::Transport& transport, jobs::Job const& job, DriverOptions const& options) {
  worker::WorkerOptions own;
  own.rendezvous = options.rendezvous;
  own.build = options.build;
  auto const index = static_cast<std::size_t>(transport.rank() - 1);
  own.consumption = index < options.other_consumptions.size() ? options.other_consumptions[index]
                                                              : options.consumption;
  // Shared, not owned: the job outlives every rank of this process.
  own.make_job = [&job](jobs::ResolvedJob const&) {
    return std::shared_ptr<jobs::Job const>(std::shared_ptr<void>(), &job);
  };
  try {
    worker::run_worker(transport, own);
  } catch (std::exception const& error) {
    // Rank 0 misses it soon and gives its leases to others.
    log::error("rank {} ended: {}", transport.rank(), error.what());
  }
}

}  // namespace

RunOutcome run_ranks_in_process(int ranks, jobs::Job const& job, DriverOptions const& options,
                                Persistence& persistence, ProgressSink& progress) {
  auto ends = comm::make_in_process(ranks);
  std::vector<std::jthread> workers;  // joined on every way out, before the transports go
  for (int rank = 1; rank < ranks; ++rank)
    workers.emplace_back([&ends, &job, &options, rank] { work(*ends[rank], job, options); });
  return run_job(*ends[0], job, options, persistence, progress);
}

}  // namespace muster::orchestrator
