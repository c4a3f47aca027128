// All that rank 0 knows of a run: tiles, leases and ranks. Plain data; events.hpp has the functions
// over it. No clock, messages, files or threads: times are seconds since the run's start, given as
// arguments.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/tile.hpp"
#include "orchestrator/range_set.hpp"
#include "orchestrator/settings.hpp"
#include "worker/protocol.hpp"

namespace muster::orchestrator {

using worker::Lease;

enum class RankPhase {
  absent,   ///< not heard of yet
  greeted,  ///< said hello, has the job
  ready,    ///< computes
  leaving,  ///< was told to stop
  gone,     ///< said goodbye, or died
};

struct RankState {
  RankPhase phase = RankPhase::absent;
  bool is_suspect =
      false;  ///< silent for too long: is sent nothing, holds no lease, until heard again
  bool is_quiet = false;   ///< silent for a moment: others get its leases as well
  unsigned ticks_unheard = 0;
  bool is_barred = false;  ///< failed too often: gets no more work
  bool is_lost = false;    ///< died
  bool owes_note = false;  ///< its sign of life is not answered yet
  std::string host;
  std::uint32_t consumers = 0;
  std::uint64_t preferred_tiles = 1;
  std::uint32_t cards = 0;      ///< worker::Ready::cards
  double seconds_per_tile = 0;  ///< of one consumer, smoothed; 0: not measured
  double heard_at_s = 0;
  std::uint64_t heard = 0;         ///< highest sequence of its messages
  std::uint64_t sent = 0;          ///< messages to it; never more than `heard`
  std::uint64_t acknowledged = 0;  ///< of those, by its word
  std::uint32_t leases = 0;        ///< open ones
  std::uint32_t risky = 0;         ///< of them
  std::uint64_t leased_tiles = 0;  ///< in them
  std::uint32_t beaten = 0;        ///< leases it still computes for nothing
  std::vector<std::uint64_t> to_drop;  ///< of them, those it was not told of yet
  unsigned failures_in_a_row = 0;
  std::uint64_t committed_tiles = 0;
  double busy_seconds = 0;
  std::uint64_t stage = 0;  ///< of a job in steps: what it can compute tiles of
  std::vector<worker::DeviceUse> devices;  ///< of which it told last
};

struct OpenLease {
  TileRange range;
  int rank = 0;
  double deadline_s = 0;
  unsigned attempt = 1;
  double issued_s = 0;
  std::uint64_t tiles_ahead = 0;  ///< its rank held when it was issued
  std::uint64_t hedged = 0;       ///< of its tiles, from the front, that others got as well
  bool is_shared = false;         ///< may have tiles in common with other open leases
  bool is_risky = false;          ///< ranks died of these tiles: nothing else is computed beside them
};

/// A lease some of whose tiles were committed from another one. It keeps its rank busy until the rank
/// has dropped it, or its result comes, which is refused.
struct BeatenLease {
  int rank = 0;
  std::uint64_t tiles = 0;
  double deadline_s = 0;
};

/// Ranks that compute from a stage on together, each a share of every stage. Rank 0, which is always one, tells how far they came;
/// the others end where it did.
struct Together {
  struct Member {
    int rank = 0;
    std::uint64_t lease = 0;
    std::uint64_t tiles = 0;  ///< by its own word
    bool has_ended = false;
  };
  std::vector<Member> members;  ///< rank 0 first
  TileRange stage;              ///< that they began with
  std::uint64_t tiles = 0;      ///< that rank 0 had in the end; 0: not known, or none
  std::uint64_t reached = 0;    ///< the stage behind these

  bool has_everyone_ended() const {
    for (auto const& member : members)
      if (!member.has_ended) return false;
    return true;
  }
};

/// Tiles that were leased and came to nothing.
struct Reissue {
  TileRange range;
  unsigned attempt = 2;
  int failed_on = -1;  ///< goes to another rank if there is one
  bool is_risky = false;
  bool is_shared = false;  ///< a quiet rank has them too
};

/// Tiles that a rank was computing when it died.
struct Casualty {
  TileRange range;
  int rank = 0;
  std::string how;         ///< "killed by signal 11"
  bool is_by_own = false;  ///< not by somebody's SIGKILL or SIGTERM
};

struct Counters {
  std::uint64_t leases_issued = 0;
  std::uint64_t stages_together = 0;  ///< computed by several ranks' GPUs as one
  std::uint64_t meetings = 0;         ///< of such ranks
  std::uint64_t leases_committed = 0;
  std::uint64_t leases_hedged = 0;    ///< of those issued: of tiles another rank was late with
  std::uint64_t leases_beaten = 0;    ///< others were first
  std::uint64_t leases_dropped = 0;   ///< of the beaten: not computed to the end
  std::uint64_t results_refused = 0;  ///< stale epoch, unknown or ended lease
  std::uint64_t leases_expired = 0;
  std::uint64_t leases_reissued = 0;
  std::uint64_t retryable_failures = 0;
  std::uint64_t ranks_quiet = 0;  ///< times that one was silent for a moment
  std::uint64_t ranks_suspected = 0;
  std::uint64_t ranks_lost = 0;
  std::uint64_t smaller_batches = 0;  ///< steps down of devices without memory enough
  std::uint64_t recomputations = 0;
  std::uint64_t moves_to_cpu = 0;
};

/// By name, for saves and people.
std::vector<std::pair<std::string, std::uint64_t>> to_pairs(Counters const& counters);
/// Unknown names are dropped: counters inform, nothing depends on them.
Counters counters_from_pairs(std::vector<std::pair<std::string, std::uint64_t>> const& pairs);

/// How fast the ranks that may get work are together.
struct Pace {
  double measured_rate = 0;  ///< tiles per second
  std::uint64_t measured_consumers = 0;
  std::uint64_t unmeasured_consumers = 0;
};

enum class Phase {
  computing,
  judging,  ///< a stage is complete; its verdict is awaited
  over,     ///< ranks are told to stop
};

struct State {
  LeaseSettings settings;
  std::uint32_t epoch = 1;
  std::vector<std::uint64_t> stages;  ///< Job::stages()
  bool has_steps = false;             ///< ranks have to be brought to a stage before they get its tiles
  bool may_meet = false;              ///< GPUs of several ranks can compute together
  bool is_joint = false;              ///< the stage is one for that
  std::optional<Together> together;
  bool are_apart = false;     ///< those that were together may get other work: all are to be answered
  std::uint64_t meeting = 0;  ///< number of the last one
  std::vector<int> met;       ///< ranks that are still connected by it
  unsigned failed_meetings = 0;  ///< one after the other
  std::size_t stage = 0;
  Phase phase = Phase::computing;
  bool stop_is_requested = false;

  Exit verdict = Exit::done;   ///< once over
  std::string reason;          ///< in words, when the verdict is not `done`
  std::optional<Error> error;  ///< what ended the run, when an error did

  RangeSet committed;
  RangeSet pending;  ///< of the stage: not committed, leased or to be reissued
  std::deque<Reissue> reissues;
  std::unordered_map<std::uint64_t, OpenLease> leases;
  std::unordered_map<std::uint64_t, BeatenLease> beaten;
  std::vector<Casualty> casualties;
  RangeSet set_aside;  ///< killed too many ranks: not tried again in this run
  std::uint64_t next_lease = 1;
  std::vector<RankState> ranks;
  std::uint32_t quiet_ranks = 0;
  Pace pace;
  Counters counters;

  std::uint64_t stage_end() const { return stages[stage]; }
};

}  // namespace muster::orchestrator
