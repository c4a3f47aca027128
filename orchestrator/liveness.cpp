// Ranks that fall silent, leases that take too long.
#include <algorithm>

#include "core/process.hpp"
#include "orchestrator/events.hpp"
#include "orchestrator/joint.hpp"
#include "orchestrator/leasing.hpp"

namespace muster::orchestrator {
namespace {

/// A rank 0 that was held up itself, by a slow disk say, first takes in what has come meanwhile.
constexpr unsigned least_ticks_unheard = 2;

using LeaseIds = std::vector<std::uint64_t>;

/// In order of issue, so that a run of the same events goes the same way.
template <class Condition>
LeaseIds leases_where(State const& state, Condition condition) {
  LeaseIds ids;
  for (auto const& [id, lease] : state.leases)
    if (condition(lease)) ids.push_back(id);
  std::sort(ids.begin(), ids.end());
  return ids;
}

bool has_another_usable(State const& state, int rank) {
  for (std::size_t other = 0; other < state.ranks.size(); ++other)
    if (static_cast<int>(other) != rank && is_usable(state.ranks[other])) return true;
  return false;
}

bool is_too_silent(State const& state, std::size_t rank, double now_s) {
  RankState const& from = state.ranks[rank];
  // Not while greeted: building the job may keep a rank busy, and it holds no lease yet.
  bool const is_expected = from.phase == RankPhase::ready || from.phase == RankPhase::leaving;
  return rank != 0 && is_expected && !from.is_suspect &&
         from.ticks_unheard >= least_ticks_unheard && now_s - from.heard_at_s > state.settings.suspect_after_s;
}

void suspect(State& state, int rank, std::string const& why, double now_s, Actions& actions) {
  state.ranks[rank].is_suspect = true;
  set_quiet(state, rank, false);
  ++state.counters.ranks_suspected;
  forget_beaten(state, rank);
  // It is told to drop that when it is heard again.
  if (is_together(state, rank)) break_up(state, now_s);
  LeaseIds const held =
      leases_where(state, [rank](OpenLease const& lease) { return lease.rank == rank; });
  actions.notices.push_back(
      fmt::format("rank {} ({}) is given up until heard again: {}; its {} leases go to others",
                  rank, state.ranks[rank].host, why, held.size()));
  for (std::uint64_t id : held)
    if (state.phase != Phase::over) void_lease(state, id, why, now_s, actions);
}

/// Counted in ticks, for the same reason. Nothing is taken from the rank: if it is well, the first answer counts.
bool is_newly_quiet(State const& state, std::size_t rank) {
  RankState const& from = state.ranks[rank];
  return rank != 0 && from.phase == RankPhase::ready && !from.is_suspect && !from.is_quiet && from.leases > 0 &&
         from.ticks_unheard >= state.settings.quiet_after_ticks;
}

/// Returns whether there is any.
bool look_for_quiet_ranks(State& state, double now_s, Actions& actions) {
  if (state.settings.quiet_after_ticks == 0 || state.settings.hedging == Hedging::off) return false;
  bool has_any = false;
  for (std::size_t rank = 0; rank < state.ranks.size(); ++rank) {
    if (!is_newly_quiet(state, rank)) continue;
    has_any = true;
    set_quiet(state, static_cast<int>(rank), true);
    ++state.counters.ranks_quiet;
    actions.remarks.push_back(fmt::format("rank {} ({}) has said nothing for {:.1f} s: others get its {} leases as well", rank,
                                          state.ranks[rank].host, now_s - state.ranks[rank].heard_at_s,
                                          state.ranks[rank].leases));
  }
  return has_any;
}

void expire(State& state, std::uint64_t id, double now_s, Actions& actions) {
  OpenLease& lease = state.leases.at(id);
  ++state.counters.leases_expired;
  if (!has_another_usable(state, lease.rank)) {
    // Nobody else could do better: wait on, twice as long.
    lease.deadline_s =
        now_s + 2 * std::max(state.settings.least_deadline_s, now_s - lease.deadline_s);
    return;
  }
  actions.notices.push_back(fmt::format(
      "tiles {} to {} are overdue on rank {} ({}); they go to another rank", lease.range.first,
      lease.range.end() - 1, lease.rank, state.ranks[lease.rank].host));
  void_lease(state, id, "it took too long", now_s, actions);
}

bool may_still_come(State const& state, RankState const& rank, double now_s) {
  return now_s < state.settings.start_limit_s &&
         (rank.phase == RankPhase::absent || rank.phase == RankPhase::greeted);
}

/// Nobody to compute, nobody to wait for: barred ranks get another chance (their attempts are
/// counted), and without any the run ends.
void ensure_hope(State& state, double now_s, Actions& actions) {
  auto const& ranks = state.ranks;
  if (std::any_of(ranks.begin(), ranks.end(), [&](RankState const& rank) {
        return is_usable(rank) || may_still_come(state, rank, now_s);
      }))
    return;
  bool has_unbarred = false;
  for (RankState& rank : state.ranks) {
    if (rank.phase != RankPhase::ready || rank.is_suspect) continue;
    rank.is_barred = false;
    rank.failures_in_a_row = 0;
    has_unbarred = true;
  }
  if (has_unbarred) {
    actions.notices.push_back("no other rank is left: those that failed are tried again");
    refresh_pace(state, now_s);
    return answer_all(state, now_s, actions);
  }
  std::string const text =
      "no rank is left to compute (all have failed or fallen silent); check their hosts and "
      "devices, then run "
      "again to resume";
  on_end(state, Exit::environment, text, Error(Exit::environment, text, Retry::may_help), now_s,
         actions);
}

std::string how_it_died(comm::RankNews const& news) {
  std::string text = news.signal == 0 ? "it has died" : fmt::format("it was killed by signal {}", news.signal);
  if (news.out_of_memory_kills > 0)
    text += fmt::format(" (memory ran out: {} so far in this cgroup)",
                        fmt::format("{} kill{}", news.out_of_memory_kills, news.out_of_memory_kills == 1 ? "" : "s"));
  return text;
}

void lose(State& state, comm::RankNews const& news, double now_s, Actions& actions) {
  RankState& from = state.ranks[news.rank];
  if (from.phase == RankPhase::gone) return;
  from.phase = RankPhase::gone;
  from.is_lost = true;
  set_quiet(state, news.rank, false);
  ++state.counters.ranks_lost;
  if (is_together(state, news.rank)) break_up(state, now_s, news.rank);
  forget_beaten(state, news.rank);
  LeaseIds const held =
      leases_where(state, [&](OpenLease const& lease) { return lease.rank == news.rank; });
  std::string const how = how_it_died(news);
  actions.notices.push_back(fmt::format("rank {}{} is lost: {}; its {} leases go to others", news.rank,
                                        from.host.empty() ? "" : " (" + from.host + ")", how, held.size()));
  if (state.phase == Phase::over) return;
  for (std::size_t at = 0; at < held.size(); ++at)
    // The oldest ones it was computing, one a consumer; the rest waited.
    if (at < from.consumers)
      bury_lease(state, held[at], {state.leases.at(held[at]).range, news.rank, how, !is_killed_from_outside(news.signal, news.out_of_memory_kills)}, actions);
    else
      return_lease(state, held[at]);
  refresh_pace(state, now_s);
  end_if_only_set_aside(state, now_s, actions);
  if (state.phase == Phase::computing) ensure_hope(state, now_s, actions);
  answer_all(state, now_s, actions);
}

}  // namespace

void on_news(State& state, comm::RankNews const& news, double now_s, Actions& actions) {
  MUSTER_ASSERT(news.rank > 0 && news.rank < static_cast<int>(state.ranks.size()), "news of rank {} of {}",
                news.rank, state.ranks.size());
  if (news.fate == comm::Fate::dead) return lose(state, news, now_s, actions);
  RankState const& from = state.ranks[news.rank];
  if (from.phase == RankPhase::gone || from.is_suspect) return;
  suspect(state, news.rank, news.fate == comm::Fate::stopped ? "it is stopped" : "it shows no sign of life", now_s, actions);
  if (state.phase == Phase::computing) ensure_hope(state, now_s, actions);
  answer_all(state, now_s, actions);
}

void on_tick(State& state, double now_s, Actions& actions) {
  for (RankState& rank : state.ranks) ++rank.ticks_unheard;
  for (std::size_t rank = 0; rank < state.ranks.size(); ++rank)
    if (is_too_silent(state, rank, now_s))
      suspect(state, static_cast<int>(rank),
              fmt::format("it has been silent for {:.0f} s", now_s - state.ranks[rank].heard_at_s),
              now_s, actions);
  refresh_pace(state, now_s);
  bool const has_quiet = state.phase == Phase::computing && look_for_quiet_ranks(state, now_s, actions);
  bool const has_room = forget_overdue_beaten(state, now_s);
  if (state.phase == Phase::computing)
    for (std::uint64_t id :
         leases_where(state, [now_s](OpenLease const& lease) { return lease.deadline_s < now_s; }))
      if (state.phase != Phase::over) expire(state, id, now_s, actions);
  if (state.phase == Phase::computing) ensure_hope(state, now_s, actions);
  // Rank 0 says nothing that it could be answered to.
  bool const is_idle = state.may_meet && !state.together && state.ranks[0].leases == 0;
  if (state.phase != Phase::computing || !state.reissues.empty() || has_room || has_quiet || is_idle)
    answer_all(state, now_s, actions);
  hedge(state, now_s, actions);
}

bool has_losses(State const& state) {
  return std::any_of(state.ranks.begin(), state.ranks.end(),
                     [](RankState const& rank) { return rank.is_lost || rank.is_suspect; });
}

bool has_everyone_left(State const& state) {
  return std::all_of(state.ranks.begin() + 1, state.ranks.end(), [](RankState const& rank) {
    return rank.phase == RankPhase::gone || rank.is_suspect;
  });
}

}  // namespace muster::orchestrator
