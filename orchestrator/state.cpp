#include "orchestrator/state.hpp"

#include <algorithm>
#include <array>

#include "orchestrator/events.hpp"

namespace muster::orchestrator {
namespace {

struct NamedCounter {
  char const* name;
  std::uint64_t Counters::*member;
};

constexpr std::array named_counters{
    NamedCounter{"leases_issued", &Counters::leases_issued},
    NamedCounter{"stages_together", &Counters::stages_together},
    NamedCounter{"meetings", &Counters::meetings},
    NamedCounter{"leases_committed", &Counters::leases_committed},
    NamedCounter{"leases_hedged", &Counters::leases_hedged},
    NamedCounter{"leases_beaten", &Counters::leases_beaten},
    NamedCounter{"leases_dropped", &Counters::leases_dropped},
    NamedCounter{"results_refused", &Counters::results_refused},
    NamedCounter{"leases_expired", &Counters::leases_expired},
    NamedCounter{"leases_reissued", &Counters::leases_reissued},
    NamedCounter{"retryable_failures", &Counters::retryable_failures},
    NamedCounter{"ranks_quiet", &Counters::ranks_quiet},
    NamedCounter{"ranks_suspected", &Counters::ranks_suspected},
    NamedCounter{"ranks_lost", &Counters::ranks_lost},
    NamedCounter{"smaller_batches", &Counters::smaller_batches},
    NamedCounter{"recomputations", &Counters::recomputations},
    NamedCounter{"moves_to_cpu", &Counters::moves_to_cpu},
};

[[noreturn]] void refuse_saved(std::string const& what) {
  throw_error(Exit::user,
              "the saved progress {} (it cannot be of this job, or the file is damaged); start "
              "over with --fresh",
              what);
}

void restore(State& state, Saved const& saved, std::size_t slots) {
  if (saved.sums.size() != slots)
    refuse_saved(fmt::format("has {} accumulators, the job {}", saved.sums.size(), slots));
  if (saved.stage >= state.stages.size())
    refuse_saved(fmt::format("is in stage {}, the job has {}", saved.stage, state.stages.size()));
  if (saved.epoch == UINT32_MAX) refuse_saved("has the last possible epoch");
  state.stage = saved.stage;
  state.epoch = saved.epoch + 1;
  state.counters = counters_from_pairs(saved.counters);
  for (TileRange range : saved.committed) {
    if (range.count == 0 || range.end() < range.first || range.end() > state.stage_end() ||
        state.committed.intersects(range))
      refuse_saved(
          fmt::format("counts tiles {} + {} of {}", range.first, range.count, state.stage_end()));
    state.committed.insert(range);
  }
  std::uint64_t const before = state.stage == 0 ? 0 : state.stages[state.stage - 1];
  if (!state.committed.gaps(0, before).empty())
    refuse_saved(fmt::format("lacks tiles of the stages before {}", before));
}

}  // namespace

std::vector<std::pair<std::string, std::uint64_t>> to_pairs(Counters const& counters) {
  std::vector<std::pair<std::string, std::uint64_t>> pairs;
  for (auto const& [name, member] : named_counters) pairs.emplace_back(name, counters.*member);
  return pairs;
}

Counters counters_from_pairs(std::vector<std::pair<std::string, std::uint64_t>> const& pairs) {
  Counters counters;
  for (auto const& [name, value] : pairs)
    for (auto const& known : named_counters)
      if (name == known.name) counters.*known.member = value;
  return counters;
}

State make_state(int ranks, std::vector<std::uint64_t> stages, std::size_t slots,
                 std::optional<Saved> const& saved, LeaseSettings const& settings) {
  MUSTER_ASSERT(ranks >= 1, "{} ranks", ranks);
  MUSTER_ASSERT(
      !stages.empty() && stages.front() >= 1 &&
          std::adjacent_find(stages.begin(), stages.end(), std::greater_equal{}) == stages.end(),
      "stages are tile counts from 1, ascending");
  MUSTER_ASSERT(
      settings.max_tiles_per_lease >= 1 && settings.max_tiles_per_lease <= most_tiles_per_lease,
      "{} tiles per lease", settings.max_tiles_per_lease);
  MUSTER_ASSERT(settings.unacknowledged_limit >= 2 && settings.leases_per_consumer >= 1 &&
                    settings.leases_per_message >= 1 && settings.attempts >= 1,
                "lease settings below their least");
  State state;
  state.settings = settings;
  state.stages = std::move(stages);
  state.ranks.resize(ranks);
  if (saved) restore(state, *saved, slots);
  for (TileRange gap : state.committed.gaps(0, state.stage_end())) state.pending.insert(gap);
  if (state.pending.empty()) state.phase = Phase::judging;
  return state;
}

Saved to_save(State const& state) {
  Saved saved;
  saved.epoch = state.epoch;
  saved.committed = state.committed.ranges();
  saved.stage = state.stage;
  saved.tiles_planned = state.stage_end();
  saved.counters = to_pairs(state.counters);
  return saved;
}

void Actions::clear() {
  answers.clear();
  leases.clear();
  drops.clear();
  notices.clear();
  remarks.clear();
}

}  // namespace muster::orchestrator
