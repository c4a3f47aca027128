#include "orchestrator/joint.hpp"

#include <algorithm>

#include "orchestrator/leasing.hpp"

namespace muster::orchestrator {
namespace {

std::uint64_t stage_begin(State const& state) { return state.stage == 0 ? 0 : state.stages[state.stage - 1]; }

bool is_untouched(State const& state) {
  return state.leases.empty() && state.reissues.empty() && state.set_aside.empty() &&
         state.pending.total() == state.stage_end() - stage_begin(state);
}

/// Those ready now: who comes later meets them then.
std::vector<int> usable_ranks(State const& state) {
  std::vector<int> ranks;
  for (std::size_t rank = 0; rank < state.ranks.size(); ++rank)
    if (is_usable(state.ranks[rank])) ranks.push_back(static_cast<int>(rank));
  return ranks;
}

/// Each with as many GPUs, and rank 0 among them.
bool can_meet(State const& state, std::vector<int> const& ranks) {
  return ranks.size() > 1 && ranks.front() == 0 && std::all_of(ranks.begin(), ranks.end(), [&](int rank) {
           return state.ranks[rank].cards > 0 && state.ranks[rank].cards == state.ranks[0].cards;
         });
}

/// A number shared out, what does not divide to the first.
std::uint64_t share_of(std::uint64_t all, std::size_t index, std::size_t count) { return all / count + (index < all % count); }

void credit(State& state, std::uint64_t tiles, double seconds) {
  auto const& members = state.together->members;
  for (std::size_t i = 0; i < members.size(); ++i) {
    state.ranks[members[i].rank].committed_tiles += share_of(tiles, i, members.size());
    state.ranks[members[i].rank].busy_seconds += seconds;
  }
}

void let_go(State& state, Together::Member& member) {
  member.has_ended = true;
  --state.ranks[member.rank].leases;
  state.ranks[member.rank].leased_tiles -= state.together->stage.count;
}

/// Those that came as far as rank 0 can compute the stage behind it.
void note_stages(State& state) {
  auto const& together = *state.together;
  for (auto const& member : together.members)
    if (together.tiles > 0 && member.tiles == together.tiles) state.ranks[member.rank].stage = together.reached;
}

void end_if_all_ended(State& state) {
  if (!state.together->has_everyone_ended()) return;
  note_stages(state);
  state.together.reset();
  state.are_apart = true;
}

}  // namespace

bool waits_for_others(State const& state) {
  if (state.together) return true;
  return state.may_meet && state.is_joint && state.phase == Phase::computing && !state.stop_is_requested &&
         state.failed_meetings < state.settings.meetings && is_untouched(state) && can_meet(state, usable_ranks(state));
}

bool gather(State& state, Actions& actions) {
  if (state.together) return false;
  auto ranks = usable_ranks(state);
  for (int const rank : ranks)
    if (state.ranks[rank].beaten > 0 || !may_send(state, rank, 1)) return false;
  TileRange const stage{stage_begin(state), state.stage_end() - stage_begin(state)};
  state.pending.take_front(stage.count);
  auto& together = state.together.emplace(Together{{}, stage});
  for (std::uint32_t index = 0; index < ranks.size(); ++index) {
    RankState& to = state.ranks[ranks[index]];
    std::uint64_t const id = state.next_lease++;
    together.members.push_back({ranks[index], id});
    ++to.leases;
    to.leased_tiles += stage.count;
    ++state.counters.leases_issued;
    actions.leases.push_back({id, stage});
    push_answer(state, ranks[index], AnswerType::work, actions.leases.size() - 1, actions);
    auto& answer = actions.answers.back();
    answer.joint = index;
    if (index > 0 && to.stage != state.stage) answer.step_from = std::exchange(to.stage, state.stage);
  }
  if (ranks == state.met) return true;
  state.met = std::move(ranks);
  ++state.meeting;
  ++state.counters.meetings;
  return true;
}

Together::Member* joint_member(State& state, int rank, std::uint64_t lease) {
  if (!state.together) return nullptr;
  for (auto& member : state.together->members)
    if (member.rank == rank && member.lease == lease && !member.has_ended) return &member;
  return nullptr;
}

bool is_together(State const& state, int rank) {
  return state.together && std::any_of(state.together->members.begin(), state.together->members.end(),
                                       [rank](auto const& member) { return member.rank == rank && !member.has_ended; });
}

Merge on_joint_result(State& state, double seconds) {
  auto const stage = state.together->stage;
  credit(state, stage.count, seconds);
  state.committed.insert(stage);
  state.ranks[0].failures_in_a_row = 0;
  state.failed_meetings = 0;
  state.counters.leases_committed += state.together->members.size();
  state.phase = Phase::judging;
  return Merge::commit;
}

void note_reached(State& state, std::uint64_t end, double seconds) {
  auto& together = *state.together;
  together.tiles = end - together.stage.first;
  together.reached = state.stage + 1;
  state.counters.stages_together += together.tiles / together.stage.count;
  credit(state, together.tiles - together.stage.count, seconds);
  end_member(state, together.members.front(), together.tiles);
}

void end_member(State& state, Together::Member& member, std::uint64_t tiles) {
  let_go(state, member);
  member.tiles = tiles;
  if (member.rank == 0 && tiles == 0) {
    state.is_joint = false;
    state.pending.insert(state.together->stage);
  }
  end_if_all_ended(state);
}

void break_up(State& state, double now_s, int without) {
  auto& together = *state.together;
  // Where rank 0 has ended, the stage is committed or was given back.
  if (!together.members.front().has_ended) state.pending.insert(together.stage);
  for (auto& member : together.members) {
    if (member.has_ended) continue;
    let_go(state, member);
    if (member.rank == without) continue;
    ++state.ranks[member.rank].beaten;
    state.ranks[member.rank].to_drop.push_back(member.lease);
    state.beaten.emplace(member.lease, BeatenLease{member.rank, together.stage.count, now_s + state.settings.least_deadline_s});
  }
  // One that is done carries what it came to, though rank 0's word of that is not heard any more.
  for (auto const& member : together.members) state.ranks[member.rank].stage = UINT64_MAX;
  note_stages(state);
  state.together.reset();
  state.are_apart = true;
  state.met.clear();
}

void fail_meeting(State& state, int rank, std::string const& why, double now_s, Actions& actions) {
  break_up(state, now_s, rank);
  ++state.counters.retryable_failures;
  bool const is_last = ++state.failed_meetings == state.settings.meetings;
  actions.notices.push_back(fmt::format("{}: {}", why, is_last ? "sums go through rank 0 from now on" : "the ranks meet again"));
}

void forget_stages(State& state) {
  for (auto& rank : state.ranks) rank.stage = UINT64_MAX;
  if (state.together) state.together->tiles = 0;
}

}  // namespace muster::orchestrator
