// What every rank but 0 does: fetch leases from rank 0, compute them on its devices, send back
// sums.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "comm/transport.hpp"
#include "core/error.hpp"
#include "jobs/job.hpp"
#include "jobs/registry.hpp"
#include "worker/consumers.hpp"

namespace muster::worker {

/// The build this rank runs; rank 0 refuses ranks of another one.
struct Build {
  std::string muster_version;
  std::uint64_t arithmetic_version = 0;
};

/// Builds the runnable job from the text that rank 0 sent, e.g. jobs::find_kind(r.kind).make(r).
using MakeJob = std::function<std::shared_ptr<jobs::Job const>(jobs::ResolvedJob const&)>;

struct WorkerOptions {
  Build build;
  MakeJob make_job;
  Consumption consumption;
  comm::Rendezvous* rendezvous = nullptr;  ///< where GPUs of several ranks compute together; null: nowhere
  /// What this rank's machine saw happen to others before, in the roll call.
  std::vector<comm::RankNews> early_news;
  /// A sign of life to rank 0 this often, which answers each.
  std::chrono::milliseconds heartbeat{1000};
  /// Gives up when rank 0 has been silent for so long.
  std::chrono::milliseconds silence_limit{120'000};
  /// Counts signs that the launcher ends this rank. When rank 0 says nothing for so long after one, it leaves.
  std::atomic<unsigned> const* end_signs = nullptr;
  std::chrono::milliseconds orphan_limit{5'000};
  /// Gives up when the devices are not ready (contexts, tables) in this time.
  std::chrono::milliseconds start_limit{300'000};
};

/// Of a run of so many processes: rank 0 takes in a thousand signs of life a second at most.
std::chrono::milliseconds heartbeat_of(int ranks);

struct WorkerOutcome {
  Exit verdict = Exit::done;  ///< of the run, as rank 0 told it
  std::string reason;         ///< rank 0's words when it is not `done`
  bool is_root_lost = false;  ///< rank 0 has died; those that live may go on without it
  std::uint64_t tiles = 0;    ///< computed here, committed or not
  std::uint64_t leases = 0;
};

/// Serves rank 0 until it says stop. The calling thread does the messages (with MPI: the thread
/// that made the transport), compute threads never touch it. An Error of a tile or of a device goes
/// to rank 0, which ends the run with it, and is not thrown here. Throws Error (Exit::environment)
/// when rank 0 falls silent or speaks another protocol version, (Exit::bug) for a message that
/// cannot be.
WorkerOutcome run_worker(comm::Transport& transport, WorkerOptions const& options);

}  // namespace muster::worker
