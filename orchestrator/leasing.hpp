// Who gets which tiles, and how many: inside the orchestrator only.
#pragma once

#include <cstdint>

#include "orchestrator/events.hpp"
#include "orchestrator/state.hpp"

namespace muster::orchestrator {

/// May this rank be given leases?
bool is_usable(RankState const& rank);
/// Recounts the pace of all usable ranks; ranks not ready yet count while they gather.
void refresh_pace(State& state, double now_s);
/// One more measurement of a rank's speed.
void note_speed(State& state, RankState& rank, std::uint64_t tiles, double seconds);
/// How many tiles a rank's next lease should have: about target_lease_s of work, less when the
/// stage runs out, so that all ranks finish together.
std::uint64_t lease_tiles(State const& state, RankState const& rank);
/// Opens leases for the rank until its lookahead is full, nothing is left or the message is;
/// appends them to actions.leases.
void open_leases(State& state, int rank, double now_s, Actions& actions);
/// Takes a lease from its rank; its tiles go to the reissues. Ends the run after too many attempts.
void void_lease(State& state, std::uint64_t lease, std::string const& why, double now_s,
                Actions& actions);

/// answer() for every rank: something has become free or over.
void answer_all(State& state, double now_s, Actions& actions);

}  // namespace muster::orchestrator
