// Watches the ranks of one machine beside MPI, which with Open MPI 4.1 tells nobody of a death.
#pragma once

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "comm/pulse_board.hpp"
#include "comm/transport.hpp"
#include "core/process.hpp"

namespace muster::comm {

/// A rank of this machine.
struct Neighbour {
  int rank = 0;
  ProcessId process;
};

struct WatchRules {
  std::chrono::milliseconds beat{50};
  int look_after_beats = 4;     ///< a neighbour that missed so many: is it stopped?
  int silent_after_beats = 200;  ///< it shows no sign of life, whatever the system says
  int stuck_after_beats = 60;   ///< inside one call into MPI: this process leaves
  int finalize_beats = 200;     ///< rank 0 in MPI_Finalize: it leaves without
};

/// A thread of each rank that hears of its neighbours' deaths at once (pidfd), sees stops by beats
/// that stay away, and ends its own process when a call into MPI does not come back. Waits are
/// counted in its own beats, so that a process that was stopped itself accuses nobody.
class NodeWatch {
 public:
  /// `neighbours` in ascending order, this rank among them, in the order of the board's slots;
  /// without a board only deaths are seen. `wake` is called from the watch's thread when there is
  /// news; `leave` when MPI is stuck, and does not return.
  NodeWatch(std::vector<Neighbour> neighbours, int own_rank, std::optional<PulseBoard> board,
            std::function<void()> wake, std::function<void()> leave, WatchRules rules = {});
  ~NodeWatch();

  /// What became known since the last time, for the one rank of the machine that reports: the
  /// lowest alive. News of rank 0 are for everybody.
  std::vector<RankNews> take_news();
  /// This rank ends in good order from now on: its end is no news to the others.
  void note_leaving();
  /// For the rank that reports: waits up to `limit` for neighbours to leave in good order and kills
  /// those that do not, stopped ones at once. Returns how many were killed.
  int end_leftovers(std::chrono::milliseconds limit);

  /// Until rank 0 has ended, or up to `limit`; at once where it is on another machine.
  void wait_for_root(std::chrono::milliseconds limit);

  /// Around calls into MPI that ought to return at once.
  void enter_mpi() { limit_mpi(rules_.stuck_after_beats); }
  void leave_mpi() { mpi_limit_.store(0, std::memory_order_relaxed); }
  /// Before MPI_Finalize, in which ranks wait for rank 0, and rank 0 for nobody's work.
  void enter_finalize() {
    if (own_rank_ == 0) limit_mpi(rules_.finalize_beats);
    is_finalizing_ = true;
  }

 private:
  struct Watched {
    int rank = 0;
    int slot = 0;
    ProcessHandle handle;
    std::uint64_t beats_seen = 0;
    int beats_missed = 0;
    bool is_dead = false;
    std::optional<Fate> told;  ///< of what was told last; nullopt: it runs
  };

  void limit_mpi(int beats) {
    mpi_limit_.store(beats_.load(std::memory_order_relaxed) + static_cast<std::uint64_t>(beats), std::memory_order_relaxed);
  }
  void run();
  void wait_for_events();
  void look_for_deaths();
  void look_for_stops();
  void look_at(Watched& watched);
  void tell(Watched& watched, Fate fate);
  bool has_left(Watched const& watched);
  bool is_reporter_locked() const;

  int const own_rank_;
  int own_slot_ = 0;
  std::optional<PulseBoard> board_;
  std::function<void()> const wake_, leave_;
  WatchRules const rules_;
  int stop_fd_ = -1;
  std::atomic<std::uint64_t> beats_{0};
  std::atomic<std::uint64_t> mpi_limit_{0};  ///< the beat by which MPI has to be back; 0: not in MPI
  std::atomic<bool> is_finalizing_{false};
  std::uint64_t const kills_before_;
  bool has_more_news_ = false;  ///< of the watch's thread alone
  mutable std::mutex mutex_;
  std::vector<Watched> others_;  ///< guarded by mutex_
  std::vector<RankNews> news_;   ///< guarded by mutex_
  std::thread thread_;
};

}  // namespace muster::comm
