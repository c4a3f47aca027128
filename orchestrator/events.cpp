#include "orchestrator/events.hpp"

#include <algorithm>
#include <utility>

#include "orchestrator/joint.hpp"
#include "orchestrator/leasing.hpp"

namespace muster::orchestrator {
namespace {

std::string place(State const& state, int rank, std::string const& device) {
  std::string const& host = state.ranks[rank].host;
  return fmt::format("rank {} ({}{}{})", rank, host, host.empty() || device.empty() ? "" : ", ",
                     device);
}

/// Anyone left to compute, now or after a silence ends?
bool has_hope(State const& state) {
  return std::any_of(state.ranks.begin(), state.ranks.end(), [](RankState const& rank) {
    return !rank.is_barred && rank.phase <= RankPhase::ready;
  });
}

void end_if_quiet(State& state, double now_s, Actions& actions) {
  if (state.stop_is_requested && state.phase == Phase::computing && state.leases.empty() && !state.together)
    on_end(state, Exit::stopped, "stopped as asked", std::nullopt, now_s, actions);
}

void bar(State& state, int rank, std::string const& why, double now_s, Actions& actions) {
  state.ranks[rank].is_barred = true;
  actions.notices.push_back(fmt::format("{} gets no more work: {}", place(state, rank, ""), why));
  std::vector<std::uint64_t> held;
  for (auto const& [id, lease] : state.leases)
    if (lease.rank == rank) held.push_back(id);
  std::sort(held.begin(), held.end());
  for (std::uint64_t id : held)
    if (state.phase != Phase::over) void_lease(state, id, why, now_s, actions);
  refresh_pace(state, now_s);
}

/// The end of a beaten lease: its tiles do not count, its speed does, by the first `tiles` of them. False when
/// `lease` is no beaten one of this rank.
bool end_beaten(State& state, int rank, std::uint64_t lease, std::uint64_t tiles, double seconds) {
  auto const at = state.beaten.find(lease);
  if (at == state.beaten.end() || at->second.rank != rank) return false;
  if (seconds > 0 && tiles > 0) note_speed(state, state.ranks[rank], std::min(tiles, at->second.tiles), seconds);
  --state.ranks[rank].beaten;
  std::erase(state.ranks[rank].to_drop, lease);
  state.beaten.erase(at);
  return true;
}

}  // namespace

bool may_send(State const& state, int rank, unsigned reserved) {
  RankState const& to = state.ranks[rank];
  if (rank == 0) return true;  // it talks to itself without messages
  return !to.is_suspect && to.sent < to.heard &&
         to.sent - to.acknowledged + reserved < state.settings.unacknowledged_limit;
}

void push_answer(State& state, int rank, AnswerType type, std::size_t first_lease,
                 Actions& actions) {
  RankState& to = state.ranks[rank];
  if (rank != 0) ++to.sent;
  to.owes_note = false;
  std::size_t const first_drop = actions.drops.size();
  if (type == AnswerType::work) {
    actions.drops.insert(actions.drops.end(), to.to_drop.begin(), to.to_drop.end());
    to.to_drop.clear();
  }
  actions.answers.push_back({rank, type, to.sent, first_lease, actions.leases.size() - first_lease, first_drop,
                             actions.drops.size() - first_drop, {}});
}

void on_heard(State& state, int rank, std::uint64_t sequence, std::uint64_t acknowledged,
              double now_s) {
  RankState& from = state.ranks.at(rank);
  MUSTER_ASSERT(acknowledged <= from.sent, "rank {} acknowledges message {} of {}", rank,
                acknowledged, from.sent);
  from.heard = std::max(from.heard, sequence);
  from.acknowledged = std::max(from.acknowledged, acknowledged);
  from.heard_at_s = std::max(from.heard_at_s, now_s);
  from.ticks_unheard = 0;
  set_quiet(state, rank, false);
  if (!from.is_suspect) return;
  from.is_suspect = false;
  refresh_pace(state, now_s);
}

void on_hello(State& state, int rank, std::string host) {
  RankState& from = state.ranks[rank];
  if (from.phase != RankPhase::absent) return;
  from.phase = RankPhase::greeted;
  from.host = std::move(host);
}

void on_ready(State& state, int rank, std::uint32_t consumers, std::uint64_t preferred_tiles,
              std::uint32_t cards, double now_s) {
  RankState& from = state.ranks[rank];
  if (from.phase != RankPhase::greeted) return;
  from.phase = RankPhase::ready;
  from.consumers = std::max<std::uint32_t>(consumers, 1);
  from.preferred_tiles = std::max<std::uint64_t>(preferred_tiles, 1);
  from.cards = cards;
  from.heard_at_s = now_s;
  refresh_pace(state, now_s);
}

Merge on_result(State& state, int rank, std::uint32_t epoch, std::uint64_t lease, TileRange range,
                double seconds) {
  if (epoch == state.epoch && end_beaten(state, rank, lease, range.count, seconds)) return Merge::refuse;
  if (rank == 0 && epoch == state.epoch && state.phase == Phase::computing && joint_member(state, rank, lease) != nullptr)
    return on_joint_result(state, seconds);
  auto const at = state.leases.find(lease);
  bool const is_current = epoch == state.epoch && at != state.leases.end() &&
                          at->second.rank == rank && at->second.range == range &&
                          state.phase != Phase::over;
  if (!is_current) {
    ++state.counters.results_refused;
    return Merge::refuse;
  }
  bool const is_shared = at->second.is_shared, is_risky = at->second.is_risky;
  state.leases.erase(at);
  RankState& from = state.ranks[rank];
  --from.leases;
  if (is_risky) --from.risky;
  from.leased_tiles -= range.count;
  from.failures_in_a_row = 0;
  from.committed_tiles += range.count;
  from.busy_seconds += seconds;
  note_speed(state, from, range.count, seconds);
  state.committed.insert(range);
  if (is_shared) beat_others(state, range);
  ++state.counters.leases_committed;
  if (state.committed.total() == state.stage_end()) state.phase = Phase::judging;
  return Merge::commit;
}

void on_ran_ahead(State& state, int rank, std::uint64_t end, double seconds) {
  MUSTER_ASSERT(state.phase == Phase::judging && end >= state.stage_end() && end < state.stages.back(), "stages up to tile {}", end);
  std::uint64_t const begin = state.stage_end();
  if (end > begin) state.committed.insert({begin, end - begin});
  while (state.stage_end() < end) ++state.stage;
  MUSTER_ASSERT(state.stage_end() == end, "tiles up to {} are no whole stages", end);
  if (state.together) return note_reached(state, end, seconds);
  state.ranks[rank].committed_tiles += end - begin;
  state.ranks[rank].busy_seconds += seconds;
}

void on_dropped(State& state, int rank, std::uint32_t epoch, worker::Dropped const& dropped) {
  if (epoch != state.epoch) return;
  if (end_beaten(state, rank, dropped.lease, dropped.tiles, dropped.seconds)) {
    ++state.counters.leases_dropped;
    return;
  }
  if (auto* const member = joint_member(state, rank, dropped.lease)) return end_member(state, *member, dropped.tiles);
  auto const at = state.leases.find(dropped.lease);
  if (at != state.leases.end() && at->second.rank == rank) return_lease(state, dropped.lease);
}

void on_failure(State& state, int rank, std::uint32_t epoch, worker::Failure const& failure,
                double now_s, Actions& actions) {
  if (state.phase == Phase::over) return;
  auto const at = state.leases.find(failure.lease);
  bool const is_of_lease = failure.lease != 0;
  bool const is_joint = epoch == state.epoch && joint_member(state, rank, failure.lease) != nullptr;
  if (epoch == state.epoch && end_beaten(state, rank, failure.lease, 0, 0)) return;
  if (is_of_lease && !is_joint &&
      (epoch != state.epoch || at == state.leases.end() || at->second.rank != rank)) {
    ++state.counters.results_refused;
    return;
  }
  std::string const where = place(state, rank, failure.device);
  std::string const text = fmt::format("on {}: {}", where, failure.message);
  if (failure.retry == Retry::useless)
    return on_end(state, failure.code, text, Error(failure.code, text), now_s, actions);
  if (is_joint) {
    fail_meeting(state, rank, text, now_s, actions);
    end_if_quiet(state, now_s, actions);
    return answer_all(state, now_s, actions);
  }

  ++state.counters.retryable_failures;
  actions.notices.push_back(fmt::format("{}: trying again", text));
  RankState& from = state.ranks[rank];
  ++from.failures_in_a_row;
  if (is_of_lease) void_lease(state, failure.lease, failure.message, now_s, actions);
  if (state.phase == Phase::over) return;
  // A rank alone is not barred: its attempts at one lease end the run soon enough.
  bool const is_alone =
      std::none_of(state.ranks.begin(), state.ranks.end(),
                   [&](RankState const& other) { return &other != &from && is_usable(other); });
  if (!is_of_lease || (from.failures_in_a_row >= state.settings.rank_failures && !is_alone))
    bar(state, rank, failure.message, now_s, actions);
  if (!has_hope(state))
    on_end(state, failure.code, text, Error(failure.code, text, Retry::may_help), now_s, actions);
  end_if_quiet(state, now_s, actions);
  answer_all(state, now_s, actions);
}

void on_memory(State& state, int rank, std::vector<worker::DeviceUse> devices) {
  auto const count = [](std::vector<worker::DeviceUse> const& all, std::uint64_t worker::DeviceUse::* figure) {
    std::uint64_t sum = 0;
    for (auto const& use : all) sum += use.*figure;
    return sum;
  };
  auto& known = state.ranks[rank].devices;
  auto const add = [&](std::uint64_t& counter, std::uint64_t worker::DeviceUse::* figure) {
    counter += count(devices, figure) - std::min(count(known, figure), count(devices, figure));
  };
  add(state.counters.smaller_batches, &worker::DeviceUse::smaller_batches);
  add(state.counters.recomputations, &worker::DeviceUse::recomputations);
  add(state.counters.moves_to_cpu, &worker::DeviceUse::moves_to_cpu);
  known = std::move(devices);
  if (count(known, &worker::DeviceUse::moves_to_cpu) > 0) state.ranks[rank].cards = 0;
}

void on_alive(State& state, int rank) { state.ranks[rank].owes_note = true; }

void on_bye(State& state, int rank) { state.ranks[rank].phase = RankPhase::gone; }

void answer(State& state, int rank, double now_s, Actions& actions) {
  if (std::exchange(state.are_apart, false)) return answer_all(state, now_s, actions);
  RankState& to = state.ranks[rank];
  if (to.phase == RankPhase::leaving || to.phase == RankPhase::gone) return;
  if (state.phase == Phase::over) {
    if (rank == 0 || !may_send(state, rank, 0)) return;
    to.phase = RankPhase::leaving;
    return push_answer(state, rank, AnswerType::stop, actions.leases.size(), actions);
  }
  end_if_quiet(state, now_s, actions);
  end_if_only_set_aside(state, now_s, actions);
  if (state.phase == Phase::over) return;
  // The last message a rank may be sent unacknowledged is kept for the stop.
  if (!may_send(state, rank, 1)) return;
  std::size_t const first_lease = actions.leases.size();
  if (to.phase == RankPhase::greeted && to.sent == 0 && rank != 0)
    return push_answer(state, rank, AnswerType::welcome, first_lease, actions);
  bool const may_work = is_usable(to) && state.phase == Phase::computing && !state.stop_is_requested;
  bool const is_waiting = may_work && waits_for_others(state);
  if (is_waiting && gather(state, actions)) return;
  bool const takes_leases = may_work && !is_waiting;
  if (takes_leases) open_leases(state, rank, now_s, actions);
  bool const needs_step = takes_leases && state.has_steps && to.stage != state.stage && rank != 0;
  if (actions.leases.size() > first_lease || needs_step || !to.to_drop.empty()) {
    push_answer(state, rank, AnswerType::work, first_lease, actions);
    if (needs_step) actions.answers.back().step_from = std::exchange(to.stage, state.stage);
  }
  else if (to.owes_note)
    push_answer(state, rank, AnswerType::noted, first_lease, actions);
}

void answer_all(State& state, double now_s, Actions& actions) {
  for (std::size_t rank = 0; rank < state.ranks.size(); ++rank)
    answer(state, static_cast<int>(rank), now_s, actions);
}

void on_stage_judged(State& state, StageVerdict verdict, double now_s, Actions& actions) {
  MUSTER_ASSERT(state.phase == Phase::judging, "no stage is being judged");
  if (verdict == StageVerdict::done || state.stage + 1 == state.stages.size())
    return on_end(state, Exit::done, {}, std::nullopt, now_s, actions);
  std::uint64_t const before = state.stage_end();
  ++state.stage;
  state.pending.insert({before, state.stage_end() - before});
  state.phase = Phase::computing;
  end_if_quiet(state, now_s, actions);
  answer_all(state, now_s, actions);
}

void on_stop_requested(State& state, double now_s, Actions& actions) {
  state.stop_is_requested = true;
  end_if_quiet(state, now_s, actions);
}

void on_end(State& state, Exit verdict, std::string reason, std::optional<Error> error,
            double now_s, Actions& actions) {
  if (state.phase == Phase::over) return;
  state.phase = Phase::over;
  state.verdict = verdict;
  state.reason = std::move(reason);
  state.error = std::move(error);
  answer_all(state, now_s, actions);
}

}  // namespace muster::orchestrator
