// SIGINT, SIGTERM and SIGUSR1 ask a run to stop in good order; a second one ends the process.
#pragma once

#include <atomic>

namespace muster::cli {

/// Installs the handlers. SIGUSR1 is what mpirun and srun pass on to their ranks, and what sbatch sends
/// ahead of a time limit (--signal).
void catch_stop_signals();
/// While MPI starts, ranks may wait for a dead one: a launcher that ends such a rank is obeyed within seconds.
/// The first thing it sends is SIGCONT; SIGTERM comes half a minute later.
void expect_end_while_starting();
/// Takes that back, and counts what may be the launcher's wish from now on.
void count_end_signs();
std::atomic<unsigned> const& end_signs();
/// Set by the handlers, and by request_stop().
std::atomic<bool> const& stop_requested();
/// The first of them was a SIGTERM of this process's parent. mpirun and its daemons send one to each of their ranks to end
/// them, and never pass one on.
bool is_ended_by_parent();
/// The same wish from elsewhere; from any thread.
void request_stop();

}  // namespace muster::cli
