// Stages that ranks compute together, their GPUs as one: inside the orchestrator only.
#pragma once

#include <string>

#include "orchestrator/events.hpp"
#include "orchestrator/state.hpp"

namespace muster::orchestrator {

/// Nothing of the stage is leased one by one: ranks compute it together, or wait until all of them can.
bool waits_for_others(State const& state);
/// Opens a lease of the whole stage for each usable rank once all are free and may be sent it. True: they are answered.
bool gather(State& state, Actions& actions);
/// The rank's own, if it still computes with others by this lease; else null.
Together::Member* joint_member(State& state, int rank, std::uint64_t lease);
/// Rank 0 says how long; the stage is complete.
Merge on_joint_result(State& state, double seconds);
/// How far rank 0 got, when it went on for so many seconds after the first stage.
void note_reached(State& state, std::uint64_t end, double seconds);
/// Its lease is over, of so many tiles. None of rank 0's: the stage is to be leased as others are.
void end_member(State& state, Together::Member& member, std::uint64_t tiles);
/// One of them is lost: all but `without`, whose lease has ended, are to drop what they do, and those that are left meet again.
void break_up(State& state, double now_s, int without = -1);
/// The same when a rank's lease has failed by what may be the meeting's fault: after some such, sums go through rank 0.
void fail_meeting(State& state, int rank, std::string const& why, double now_s, Actions& actions);
/// What ranks carry is not what rank 0 goes on with: each gets it anew.
void forget_stages(State& state);
bool is_together(State const& state, int rank);

}  // namespace muster::orchestrator
