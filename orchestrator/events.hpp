// What happens to rank 0, as functions over its state. After each message of a rank: on_heard, then
// the event it brings, then answer. Everything to be done in the world comes back in `Actions`.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "orchestrator/persistence.hpp"
#include "orchestrator/state.hpp"

namespace muster::orchestrator {

enum class AnswerType { welcome, work, noted, stop };

/// One message to one rank. Its leases are actions.leases[first_lease, first_lease + lease_count), and those to drop
/// actions.drops[first_drop, first_drop + drop_count).
struct Answer {
  int rank = 0;
  AnswerType type = AnswerType::noted;
  std::uint64_t sequence = 0;  ///< of this message among those to the rank
  std::size_t first_lease = 0;
  std::size_t lease_count = 0;
  std::size_t first_drop = 0;
  std::size_t drop_count = 0;
  /// The stage that the rank is to be brought to the current one from, before the leases.
  std::optional<std::uint64_t> step_from = {};
  /// Of the rank among those that compute its only lease together.
  std::optional<std::uint32_t> joint = {};
};

struct Actions {
  std::vector<Answer> answers;
  std::vector<Lease> leases;
  std::vector<std::uint64_t> drops;  ///< ids of leases that others were first with
  std::vector<std::string> notices;  ///< for the log: ranks suspected, leases issued again
  std::vector<std::string> remarks;  ///< the same, of what may be nothing
  void clear();
};

/// What to do with a result's sums and digests.
enum class Merge { commit, refuse };
enum class StageVerdict { go_on, done };

/// A new run, or one that goes on from `saved` with the next epoch. `stages` as Job::stages().
/// Throws Error (Exit::user) when `saved` cannot be of a job with these stages and `slots`.
State make_state(int ranks, std::vector<std::uint64_t> stages, std::size_t slots,
                 std::optional<Saved> const& saved, LeaseSettings const& settings);

/// For every message, first. Clears a suspicion.
void on_heard(State& state, int rank, std::uint64_t sequence, std::uint64_t acknowledged,
              double now_s);
void on_hello(State& state, int rank, std::string host);
void on_ready(State& state, int rank, std::uint32_t consumers, std::uint64_t preferred_tiles,
              std::uint32_t cards, double now_s);
/// `commit`: exactly once for each tile of the run; the state counts it as committed from here on.
/// When it completes the stage, the phase turns to `judging`.
Merge on_result(State& state, int rank, std::uint32_t epoch, std::uint64_t lease, TileRange range,
                double seconds);
/// The rank, alone in the run or together with others, completed this stage and went on for so many seconds more: all tiles before
/// `end`, of whole stages, are committed.
void on_ran_ahead(State& state, int rank, std::uint64_t end, double seconds);
/// A lease it was told to drop has ended; tiles that nobody else has are given out again.
/// Or a joint one, that was done.
void on_dropped(State& state, int rank, std::uint32_t epoch, worker::Dropped const& dropped);
/// Reissues what may be tried again, ends the run otherwise.
void on_failure(State& state, int rank, std::uint32_t epoch, worker::Failure const& failure,
                double now_s, Actions& actions);
/// What became of the memory of the rank's devices since its start.
void on_memory(State& state, int rank, std::vector<worker::DeviceUse> devices);
void on_alive(State& state, int rank);
/// What a machine saw of one of its ranks: a dead one's leases go to others at once, those it died of
/// with care; one that is stopped or silent is a suspect. Throws Error (Exit::bug) for a rank that
/// does not exist.
void on_news(State& state, comm::RankNews const& news, double now_s, Actions& actions);
void on_bye(State& state, int rank);
/// Answers the rank's messages as far as the rules allow: with leases when it may have more, with a
/// stop when the run is over. Nothing to say is kept for later, a sign of life is always answered.
void answer(State& state, int rank, double now_s, Actions& actions);

/// In phase `judging`: what Job::is_done said (the last stage is always done). Answers all ranks.
void on_stage_judged(State& state, StageVerdict verdict, double now_s, Actions& actions);
/// A few times a second: leases of quiet ranks go to others as well, silent ranks become suspects, expired leases go to
/// others.
void on_tick(State& state, double now_s, Actions& actions);
/// No new leases; the run is over when the open ones are back.
void on_stop_requested(State& state, double now_s, Actions& actions);
/// The run is over now, whatever is still open. The first end counts.
void on_end(State& state, Exit verdict, std::string reason, std::optional<Error> error,
            double now_s, Actions& actions);

/// No rank but 0 is waited for any more: each said goodbye or is suspect.
bool has_everyone_left(State const& state);
/// Some rank died, or is not expected to leave by itself: MPI_Finalize would hang.
bool has_losses(State const& state);
/// What a save has to hold, sums apart.
Saved to_save(State const& state);

}  // namespace muster::orchestrator
