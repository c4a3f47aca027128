#include "orchestrator/leasing.hpp"

#include <algorithm>
#include <cmath>

namespace muster::orchestrator {
namespace {

constexpr double speed_smoothing = 0.3;
/// A lease shorter than the clock resolves still counts as something.
constexpr double least_seconds_per_tile = 1e-9;
/// Each lease takes this part of the rank's fair share of what is left: the rest evens out later.
constexpr double part_of_share = 0.5;
/// Leases are not small yet when the stage's end is so far away.
constexpr double calm_until_end_s = 1;

bool is_measured(RankState const& rank) { return rank.seconds_per_tile > 0; }

double rate(RankState const& rank) { return rank.consumers / rank.seconds_per_tile; }

void count_in_pace(Pace& pace, RankState const& rank) {
  if (is_measured(rank)) {
    pace.measured_rate += rate(rank);
    pace.measured_consumers += rank.consumers;
  } else {
    pace.unmeasured_consumers += rank.consumers;
  }
}

double rate_per_consumer(Pace const& pace) {
  return pace.measured_consumers > 0
             ? pace.measured_rate / static_cast<double>(pace.measured_consumers)
             : 1;
}

std::uint64_t tiles_left(State const& state) {
  std::uint64_t left = state.pending.total();
  for (Reissue const& reissue : state.reissues) left += reissue.range.count;
  return left;
}

double seconds_of_all(RankState const& rank, std::uint64_t more_tiles) {
  return static_cast<double>(rank.leased_tiles + more_tiles) * rank.seconds_per_tile /
         rank.consumers;
}

double time_allowed(LeaseSettings const& settings, RankState const& rank, std::uint64_t tiles) {
  if (!is_measured(rank)) return settings.unmeasured_deadline_s;
  return std::max(settings.least_deadline_s,
                  settings.deadline_factor * seconds_of_all(rank, tiles));
}

/// Another usable rank would have to be there, or nobody could ever compute the tiles.
bool may_take(State const& state, int rank, Reissue const& reissue) {
  if (reissue.failed_on != rank) return true;
  for (std::size_t other = 0; other < state.ranks.size(); ++other)
    if (static_cast<int>(other) != rank && is_usable(state.ranks[other])) return false;
  return true;
}

/// What goes out next to this rank: reissues first, for others may wait for them at the stage's
/// end.
Reissue take_tiles(State& state, int rank, std::uint64_t count) {
  for (auto at = state.reissues.begin(); at != state.reissues.end(); ++at) {
    if (!may_take(state, rank, *at) || (at->is_risky && state.ranks[rank].leases > 0)) continue;
    Reissue taken = *at;
    taken.range.count = std::min(count, taken.range.count);
    at->range = {taken.range.end(), at->range.count - taken.range.count};
    if (at->range.count == 0) state.reissues.erase(at);
    return taken;
  }
  if (auto const also = take_of_quiet(state, rank, count)) return *also;
  return {state.pending.take_front(count), 1, -1, false, false};
}

}  // namespace

bool is_usable(RankState const& rank) {
  return rank.phase == RankPhase::ready && !rank.is_suspect && !rank.is_barred;
}

void refresh_pace(State& state, double now_s) {
  state.pace = {};
  std::uint64_t absent = 0;
  std::uint32_t most_consumers = 1;
  for (RankState const& rank : state.ranks) {
    if (is_usable(rank)) count_in_pace(state.pace, rank);
    if (rank.phase == RankPhase::absent || rank.phase == RankPhase::greeted) ++absent;
    most_consumers = std::max(most_consumers, rank.consumers);
  }
  // Rank 0 is ready first; without this it would take half of a short job before the others are
  // there.
  if (now_s < state.settings.gathering_s)
    state.pace.unmeasured_consumers += absent * most_consumers;
}

void note_speed(State& state, RankState& rank, std::uint64_t tiles, double seconds) {
  double const measured = std::max(seconds / static_cast<double>(tiles), least_seconds_per_tile);
  Pace& pace = state.pace;
  if (!is_measured(rank)) {
    rank.seconds_per_tile = measured;
    if (!is_usable(rank)) return;
    pace.unmeasured_consumers -= std::min<std::uint64_t>(pace.unmeasured_consumers, rank.consumers);
    pace.measured_consumers += rank.consumers;
    pace.measured_rate += rate(rank);
    return;
  }
  double const before = rate(rank);
  rank.seconds_per_tile += speed_smoothing * (measured - rank.seconds_per_tile);
  if (is_usable(rank)) pace.measured_rate = std::max(pace.measured_rate + rate(rank) - before, 0.0);
}

std::uint64_t lease_tiles(State const& state, RankState const& rank) {
  LeaseSettings const& settings = state.settings;
  double const per_consumer = rate_per_consumer(state.pace);
  double const total = state.pace.measured_rate +
                       static_cast<double>(state.pace.unmeasured_consumers) * per_consumer;
  // One consumer's part: leases of one rank are computed side by side.
  double const own = is_measured(rank) ? 1 / rank.seconds_per_tile : per_consumer;
  double const share = total > 0 ? std::min(1.0, own / total) : 1.0;
  // A lone consumer has nobody to even out with, and runs ahead from a whole stage.
  bool const is_alone = state.has_steps && state.ranks.size() == 1 && rank.consumers == 1;
  double const fair = (is_alone ? 1 : part_of_share) * share * static_cast<double>(tiles_left(state));
  double wanted = static_cast<double>(rank.preferred_tiles);
  double least = 1;
  if (is_measured(rank)) {
    wanted = settings.target_lease_s / rank.seconds_per_tile;
    // Whole batches of the device where they fit.
    if (wanted > static_cast<double>(rank.preferred_tiles))
      wanted -= std::fmod(wanted, static_cast<double>(rank.preferred_tiles));
    least = settings.smallest_lease_s / rank.seconds_per_tile;
  }
  double const tiles = std::min(wanted, std::max(fair, least));
  return static_cast<std::uint64_t>(
      std::clamp(tiles, 1.0, static_cast<double>(settings.max_tiles_per_lease)));
}

bool is_calm(State const& state) {
  double const left_s = state.pace.measured_rate > 0 ? static_cast<double>(state.pending.total()) / state.pace.measured_rate : 0;
  return state.phase == Phase::computing && !state.stop_is_requested && state.reissues.empty() && left_s >= calm_until_end_s &&
         std::all_of(state.ranks.begin(), state.ranks.end(), [](RankState const& rank) {
           return rank.phase == RankPhase::gone || rank.is_suspect || rank.is_barred ||
                  (is_usable(rank) && is_measured(rank) && rank.leases + rank.beaten >= rank.consumers);
         });
}

double expected_seconds_per_tile(State const& state, RankState const& rank) {
  return is_measured(rank) ? rank.seconds_per_tile : 1 / rate_per_consumer(state.pace);
}

OpenLease& issue(State& state, int rank, TileRange range, unsigned attempt, double now_s,
                 Actions& actions) {
  RankState& to = state.ranks[rank];
  // Each attempt doubles the time, in case the estimate was the fault.
  double const allowed = time_allowed(state.settings, to, range.count) * std::ldexp(1, attempt - 1);
  std::uint64_t const id = state.next_lease++;
  actions.leases.push_back({id, range});
  ++to.leases;
  ++state.counters.leases_issued;
  std::uint64_t const ahead = to.leased_tiles;
  to.leased_tiles += range.count;
  return state.leases.emplace(id, OpenLease{range, rank, now_s + allowed, attempt, now_s, ahead})
      .first->second;
}

void open_leases(State& state, int rank, double now_s, Actions& actions) {
  RankState& to = state.ranks[rank];
  std::uint64_t const lookahead = std::uint64_t{state.settings.leases_per_consumer} * to.consumers;
  for (unsigned in_message = 0;
       to.risky == 0 && to.leases + to.beaten < lookahead && in_message < state.settings.leases_per_message;
       ++in_message) {
    Reissue const next = take_tiles(state, rank, lease_tiles(state, to));
    if (next.range.count == 0) return;
    OpenLease& lease = issue(state, rank, next.range, next.attempt, now_s, actions);
    lease.is_shared = next.is_shared;
    if (next.is_shared)
      ++state.counters.leases_hedged;
    else if (next.attempt > 1 || next.is_risky)
      ++state.counters.leases_reissued;
    if (!next.is_risky) continue;
    lease.is_risky = true;
    ++to.risky;
    return;
  }
}

}  // namespace muster::orchestrator
