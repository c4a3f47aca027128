// SIGINT, SIGTERM and SIGUSR1 ask a run to stop in good order; a second one ends the process.
#pragma once

#include <atomic>

namespace muster::cli {

/// Installs the handlers. SIGUSR1 is what mpirun and srun pass on to their ranks, and what sbatch sends
/// ahead of a time limit (--signal).
void catch_stop_signals();
/// Set by the handlers, and by request_stop().
std::atomic<bool> const& stop_requested();
/// The same wish from elsewhere; from any thread.
void request_stop();

}  // namespace muster::cli
