// Tiles that more than one rank has: who gets them, and what becomes of the leases that come
// second.
#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

#include "orchestrator/leasing.hpp"

namespace muster::orchestrator {
namespace {

/// A rank with idle consumers.
struct Helper {
  int rank = 0;
  double seconds_per_tile = 0;
  std::uint64_t idle = 0;
};

/// An open lease with tiles that only its rank has.
struct Late {
  std::uint64_t id = 0;
  double left_s = 0;
};

std::uint64_t unhedged(OpenLease const& lease) { return lease.range.count - lease.hedged; }

/// By the rank's speed as known now.
double due_s(State const& state, OpenLease const& lease) {
  RankState const& rank = state.ranks[lease.rank];
  double const tiles = static_cast<double>(lease.tiles_ahead) / rank.consumers +
                       static_cast<double>(lease.range.count);
  return lease.issued_s + tiles * expected_seconds_per_tile(state, rank);
}

std::vector<Helper> idle_ranks(State const& state) {
  std::vector<Helper> idle;
  for (std::size_t at = 0; at < state.ranks.size(); ++at) {
    RankState const& rank = state.ranks[at];
    std::uint64_t const busy = std::uint64_t{rank.leases} + rank.beaten;
    int const id = static_cast<int>(at);
    if (is_usable(rank) && busy < rank.consumers && may_send(state, id, 1))
      idle.push_back({id, expected_seconds_per_tile(state, rank), rank.consumers - busy});
  }
  std::stable_sort(idle.begin(), idle.end(), [](Helper const& a, Helper const& b) {
    return a.seconds_per_tile < b.seconds_per_tile;
  });
  return idle;
}

/// The latest first. What a rank with an overdue lease still needs is anyone's guess: as long as it
/// has had already.
std::vector<Late> late_leases(State const& state, double now_s) {
  std::vector<bool> is_overdue(state.ranks.size(), false);
  for (auto const& [id, lease] : state.leases)
    if (due_s(state, lease) < now_s) is_overdue[lease.rank] = true;
  std::vector<Late> late;
  for (auto const& [id, lease] : state.leases) {
    if (unhedged(lease) == 0 || lease.is_risky) continue;
    double const by_speed = due_s(state, lease) - now_s;
    late.push_back(
        {id, is_overdue[lease.rank] ? std::max(by_speed, now_s - lease.issued_s) : by_speed});
  }
  std::sort(late.begin(), late.end(), [](Late const& a, Late const& b) {
    return a.left_s != b.left_s ? a.left_s > b.left_s : a.id < b.id;
  });
  return late;
}

/// Opens a lease of up to `share` tiles of the latest lease that the helper can overtake.
bool help(State& state, std::vector<Late> const& late, Helper const& helper, double share,
          double now_s, Actions& actions) {
  LeaseSettings const& settings = state.settings;
  double const least = std::max(share, settings.smallest_lease_s / helper.seconds_per_tile);
  for (auto const& [id, left_s] : late) {
    OpenLease& from = state.leases.at(id);
    if (from.rank == helper.rank || unhedged(from) == 0) continue;
    double const most = static_cast<double>(std::min(unhedged(from), settings.max_tiles_per_lease));
    double const tiles = std::min(std::ceil(least), most);
    if (tiles * helper.seconds_per_tile + settings.least_hedge_gain_s > left_s) continue;
    TileRange const range{from.range.first + from.hedged, static_cast<std::uint64_t>(tiles)};
    from.hedged += range.count;
    from.is_shared = true;
    unsigned const attempt = from.attempt;
    issue(state, helper.rank, range, attempt, now_s, actions).is_shared = true;
    ++state.counters.leases_hedged;
    return true;
  }
  return false;
}

void let_go(State& state, OpenLease const& lease) {
  RankState& holder = state.ranks[lease.rank];
  --holder.leases;
  if (lease.is_risky) --holder.risky;
  holder.leased_tiles -= lease.range.count;
}

/// The tiles of closed leases that are neither in `won` nor in an open lease go to the reissues,
/// once.
void give_back(State& state, std::span<OpenLease const> closed, TileRange won, unsigned attempt,
               int failed_on) {
  RangeSet covered;
  covered.cover(won);
  for (OpenLease const& lease : closed) {
    if (lease.is_shared)
      for (auto const& [id, open] : state.leases)
        if (open.is_shared && overlap(open.range, lease.range)) covered.cover(open.range);
    for (TileRange gap : covered.gaps(lease.range.first, lease.range.end())) {
      state.reissues.push_back({gap, attempt, failed_on, false, false});
      covered.insert(gap);
    }
  }
}

/// The second lease of these tiles has come to nothing: they may be given to others again.
void hedge_again(State& state, TileRange range) {
  for (auto& [id, lease] : state.leases)
    if (overlap(lease.range, range)) {
      std::uint64_t const before = range.first - std::min(range.first, lease.range.first);
      lease.hedged = std::min(lease.hedged, before);
    }
}

}  // namespace

void hedge(State& state, double now_s, Actions& actions) {
  if (state.settings.hedging == Hedging::off || state.phase != Phase::computing ||
      state.stop_is_requested || !state.pending.empty() || !state.reissues.empty() ||
      state.pace.measured_consumers == 0)
    return;
  std::vector<Helper> const idle = idle_ranks(state);
  if (idle.empty()) return;
  std::vector<Late> const late = late_leases(state, now_s);
  double rate = 0, tiles = 0;
  for (Helper const& helper : idle)
    rate += static_cast<double>(helper.idle) / helper.seconds_per_tile;
  for (Late const& of : late) tiles += static_cast<double>(unhedged(state.leases.at(of.id)));
  for (Helper const& helper : idle) {
    std::size_t const first_lease = actions.leases.size();
    double const share = tiles / (helper.seconds_per_tile * rate);
    std::uint64_t const most =
        std::min<std::uint64_t>(helper.idle, state.settings.leases_per_message);
    for (std::uint64_t given = 0; given < most; ++given)
      if (!help(state, late, helper, share, now_s, actions)) break;
    if (actions.leases.size() > first_lease)
      push_answer(state, helper.rank, AnswerType::work, first_lease, actions);
  }
}

void set_quiet(State& state, int rank, bool is_quiet) {
  RankState& of = state.ranks[rank];
  if (of.is_quiet == is_quiet) return;
  of.is_quiet = is_quiet;
  state.quiet_ranks += is_quiet ? 1 : -1;
}

std::optional<Reissue> take_of_quiet(State& state, int rank, std::uint64_t count) {
  if (state.quiet_ranks == 0) return std::nullopt;
  auto found = state.leases.end();
  for (auto at = state.leases.begin(); at != state.leases.end(); ++at) {
    OpenLease const& lease = at->second;
    bool const is_it = lease.rank != rank && state.ranks[lease.rank].is_quiet && !lease.is_risky && unhedged(lease) > 0;
    if (is_it && (found == state.leases.end() || at->first < found->first)) found = at;
  }
  if (found == state.leases.end()) return std::nullopt;
  OpenLease& from = found->second;
  TileRange const range{from.range.first + from.hedged, std::min(count, unhedged(from))};
  from.hedged += range.count;
  from.is_shared = true;
  return Reissue{range, from.attempt, -1, false, true};
}

void beat_others(State& state, TileRange won) {
  std::vector<OpenLease> closed;
  unsigned attempt = 1;
  for (auto at = state.leases.begin(); at != state.leases.end();) {
    OpenLease const& lease = at->second;
    if (!overlap(lease.range, won)) {
      ++at;
      continue;
    }
    let_go(state, lease);
    ++state.ranks[lease.rank].beaten;
    state.ranks[lease.rank].to_drop.push_back(at->first);
    ++state.counters.leases_beaten;
    state.beaten.emplace(at->first, BeatenLease{lease.rank, lease.range.count, lease.deadline_s});
    attempt = std::max(attempt, lease.attempt);
    closed.push_back(lease);
    at = state.leases.erase(at);
  }
  give_back(state, closed, won, attempt, -1);
}

void forget_beaten(State& state, int rank) {
  std::erase_if(state.beaten, [rank](auto const& lease) { return lease.second.rank == rank; });
  state.ranks[rank].beaten = 0;
  state.ranks[rank].to_drop.clear();
}

bool forget_overdue_beaten(State& state, double now_s) {
  return 0 < std::erase_if(state.beaten, [&](auto const& lease) {
           if (lease.second.deadline_s >= now_s) return false;
           --state.ranks[lease.second.rank].beaten;
           std::erase(state.ranks[lease.second.rank].to_drop, lease.first);
           return true;
         });
}

void void_lease(State& state, std::uint64_t lease, std::string const& why, double now_s,
                Actions& actions) {
  auto const at = state.leases.find(lease);
  OpenLease const open = at->second;
  state.leases.erase(at);
  let_go(state, open);
  if (open.is_shared) hedge_again(state, open.range);
  if (open.attempt < state.settings.attempts) {
    give_back(state, std::span(&open, 1), {}, open.attempt + 1, open.rank);
    return;
  }
  std::string const text = fmt::format(
      "tiles {} to {} were not computed in {} attempts, the last on rank {} ({}); check that "
      "rank's host and "
      "device, then run again to resume",
      open.range.first, open.range.end() - 1, open.attempt, open.rank, why);
  on_end(state, Exit::environment, text, Error(Exit::environment, text, Retry::may_help), now_s,
         actions);
}

void return_lease(State& state, std::uint64_t lease) {
  auto const at = state.leases.find(lease);
  OpenLease const open = at->second;
  state.leases.erase(at);
  let_go(state, open);
  if (open.is_shared) hedge_again(state, open.range);
  give_back(state, std::span(&open, 1), {}, open.attempt, open.rank);
}

}  // namespace muster::orchestrator
