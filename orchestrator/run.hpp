// Runs a job: what rank 0 does from the first lease to the last commit.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "comm/transport.hpp"
#include "core/error.hpp"
#include "core/tile.hpp"
#include "jobs/job.hpp"
#include "jobs/registry.hpp"
#include "orchestrator/persistence.hpp"
#include "orchestrator/progress.hpp"
#include "orchestrator/settings.hpp"
#include "worker/worker.hpp"

namespace muster::orchestrator {

struct DriverOptions {
  worker::Build build;
  /// Sent to the other ranks; may stay empty where there are none. Its hash is compared by every
  /// rank.
  jobs::ResolvedJob resolved;
  /// Rank 0 works too: its own compute threads.
  worker::Consumption consumption;
  comm::Rendezvous* rendezvous = nullptr;  ///< where GPUs of several ranks compute together; null: nowhere
  /// Of ranks 1, 2, ... of run_ranks_in_process, where they differ from rank 0's (another GPU each,
  /// say).
  std::vector<worker::Consumption> other_consumptions;
  /// What was said of ranks before the run, in the roll call.
  std::vector<comm::RankNews> early_news;
  LeaseSettings leases;
  double commit_interval_s = 10;  ///< a killed run loses at most so much work
  double progress_interval_s = 0.5;
  double stop_grace_s = 10;   ///< after a stop request, for leases already handed out
  double leave_grace_s = 10;  ///< at the end, for ranks to say goodbye
  /// Set by a signal handler; the run then stops in good order. May be null.
  std::atomic<bool> const* stop_requested = nullptr;
};

struct RunOutcome {
  Exit verdict = Exit::done;  ///< `done`, or `stopped`: resumable
  Slots sums;                 ///< normalized; of the committed tiles. Of a job in steps: what it carries, encoded
  std::uint64_t tiles = 0;    ///< tiles in `sums`; with `done` they are [0, tiles)
  bool lost_ranks = false;    ///< some rank fell silent on the way
  double seconds = 0;         ///< of this run
  double units = 0;           ///< work that this run committed, in the job's unit
  std::vector<RankShare> ranks;
  std::vector<std::pair<std::string, std::uint64_t>> counters;
  std::vector<Waypoint> waypoints;  ///< of a job in steps, from which its stages can be computed again
};

/// LeaseSettings::quiet_after_ticks where ranks give signs of life so often: two in a row have stayed away.
unsigned quiet_ticks_of(std::chrono::milliseconds heartbeat);

/// Rank 0 of `transport`. Resumes what `persistence` has, computes to the end of the stage at which
/// the job is done, saves, dismisses the other ranks. Throws the Error that ended the run otherwise
/// (of a tile: with rank, host and device before its message), after the other ranks were told and
/// progress was saved as far as it goes.
RunOutcome run_job(comm::Transport& transport, jobs::Job const& job, DriverOptions const& options,
                   Persistence& persistence, ProgressSink& progress);

/// `ranks` ranks as threads of this process; each gets `options.consumption` unless it has its own
/// among `options.other_consumptions`.
RunOutcome run_ranks_in_process(int ranks, jobs::Job const& job, DriverOptions const& options,
                                Persistence& persistence, ProgressSink& progress);

/// For rank 0 when there is no run (a faulty job file, a finished one): answers every rank's hello
/// with `verdict` and `reason`, so that they leave too. Returns false when some did not come within
/// the limit.
bool dismiss_workers(comm::Transport& transport, Exit verdict, std::string const& reason,
                     double limit_s);

}  // namespace muster::orchestrator
