// Tiles that kill the ranks which compute them.
#include <algorithm>
#include <set>

#include "orchestrator/leasing.hpp"

namespace muster::orchestrator {
namespace {

/// A risky lease is given again in so many pieces, to tell the guilty tile from its neighbours.
constexpr std::uint64_t pieces = 16;

/// How many ranks died of a tile of this range.
struct Deaths {
  std::set<int> own, any;
};

Deaths deaths_of(State const& state, TileRange range) {
  Deaths deaths;
  for (Casualty const& casualty : state.casualties) {
    if (!overlap(casualty.range, range)) continue;
    deaths.any.insert(casualty.rank);
    if (casualty.is_by_own) deaths.own.insert(casualty.rank);
  }
  return deaths;
}

void cut_in_pieces(State& state, Reissue const& whole) {
  std::uint64_t const size = std::max<std::uint64_t>(1, (whole.range.count + pieces - 1) / pieces);
  for (std::uint64_t first = whole.range.first; first < whole.range.end(); first += size) {
    Reissue piece = whole;
    piece.range = {first, std::min(size, whole.range.end() - first)};
    piece.is_risky = true;
    state.reissues.push_back(piece);
  }
}

std::string tiles_text(TileRange range) {
  return range.count == 1 ? fmt::format("tile {}", range.first)
                          : fmt::format("tiles {} to {}", range.first, range.end() - 1);
}

std::string ranks_text(State const& state, TileRange range) {
  std::string text;
  for (Casualty const& casualty : state.casualties)
    if (overlap(casualty.range, range))
      text += fmt::format("{}rank {} ({}: {})", text.empty() ? "" : ", ", casualty.rank,
                          state.ranks[casualty.rank].host, casualty.how);
  return text;
}

}  // namespace

void bury_lease(State& state, std::uint64_t lease, Casualty casualty, Actions& actions) {
  TileRange const range = casualty.range;
  state.casualties.push_back(std::move(casualty));
  std::size_t const before = state.reissues.size();
  return_lease(state, lease);
  auto const deaths = deaths_of(state, range);
  if (deaths.any.size() < 2) return;
  std::vector<Reissue> const back(state.reissues.begin() + static_cast<std::ptrdiff_t>(before), state.reissues.end());
  state.reissues.resize(before);
  bool const is_hopeless =
      deaths.own.size() >= state.settings.deaths_own || deaths.any.size() >= state.settings.deaths_any;
  for (Reissue const& reissue : back) {
    if (!is_hopeless) {
      cut_in_pieces(state, reissue);
      continue;
    }
    state.set_aside.cover(reissue.range);
    actions.notices.push_back(
        fmt::format("{} set aside: {} died computing them", tiles_text(reissue.range), ranks_text(state, reissue.range)));
  }
}

void end_if_only_set_aside(State& state, double now_s, Actions& actions) {
  bool const is_all_else_done = !state.set_aside.empty() && state.pending.empty() && state.reissues.empty() &&
                                state.leases.empty() && state.phase == Phase::computing;
  if (!is_all_else_done) return;
  std::string text;
  for (TileRange range : state.set_aside.ranges())
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", tiles_text(range), ranks_text(state, range));
  text = fmt::format("{} (each rank died while it computed them; all other tiles are committed); look into that, "
                     "then run again to resume", text);
  on_end(state, Exit::job_failed, text, Error(Exit::job_failed, text), now_s, actions);
}

}  // namespace muster::orchestrator
