// Who gets which tiles, and how many: inside the orchestrator only.
#pragma once

#include <cstdint>
#include <optional>

#include "orchestrator/events.hpp"
#include "orchestrator/state.hpp"

namespace muster::orchestrator {

/// May this rank be given leases?
bool is_usable(RankState const& rank);
/// May this rank be sent a message now, with `reserved` more to follow?
bool may_send(State const& state, int rank, unsigned reserved);
/// Its leases are actions.leases from `first_lease` on.
void push_answer(State& state, int rank, AnswerType type, std::size_t first_lease,
                 Actions& actions);
/// Recounts the pace of all usable ranks; ranks not ready yet count while they gather.
void refresh_pace(State& state, double now_s);
/// One more measurement of a rank's speed.
void note_speed(State& state, RankState& rank, std::uint64_t tiles, double seconds);
/// How many tiles a rank's next lease should have: about target_lease_s of work, less when the
/// stage runs out, so that all ranks finish together.
std::uint64_t lease_tiles(State const& state, RankState const& rank);
/// Every rank has work, and there is more: nobody waits for an answer within the next tens of milliseconds.
bool is_calm(State const& state);
/// Opens leases for the rank until its lookahead is full, nothing is left or the message is;
/// appends them to actions.leases.
void open_leases(State& state, int rank, double now_s, Actions& actions);
/// Opens one lease of tiles that nobody but a late rank has; appends it to actions.leases.
OpenLease& issue(State& state, int rank, TileRange range, unsigned attempt, double now_s,
                 Actions& actions);
/// Seconds a tile of one consumer; a guess from the others where the rank is not measured.
double expected_seconds_per_tile(State const& state, RankState const& rank);
/// At the end of a stage, when nothing is left to lease: idle ranks get the tiles of late leases
/// too.
void hedge(State& state, double now_s, Actions& actions);
/// After the commit of a shared lease: all others with tiles of `won` are beaten, and what only
/// they had goes to the reissues.
void beat_others(State& state, TileRange won);
void forget_beaten(State& state, int rank);
/// Ranks that never finish a beaten lease get others after its deadline; returns whether there are
/// any.
bool forget_overdue_beaten(State& state, double now_s);
void set_quiet(State& state, int rank, bool is_quiet);
/// Up to `count` tiles that only a quiet rank has, for another rank to compute as well.
std::optional<Reissue> take_of_quiet(State& state, int rank, std::uint64_t count);
/// Takes a lease from its rank; its tiles go to the reissues. Ends the run after too many attempts.
void void_lease(State& state, std::uint64_t lease, std::string const& why, double now_s,
                Actions& actions);

/// Takes a lease from a rank that died computing it: its tiles go to others, alone from the second
/// death on, and are set aside when they have killed too many.
void bury_lease(State& state, std::uint64_t lease, Casualty casualty, Actions& actions);
/// Takes a lease from a rank that died before it came to it.
void return_lease(State& state, std::uint64_t lease);
/// Ends the run when nothing is left but tiles set aside.
void end_if_only_set_aside(State& state, double now_s, Actions& actions);

/// answer() for every rank: something has become free or over.
void answer_all(State& state, double now_s, Actions& actions);

}  // namespace muster::orchestrator
