#include "jobs/evolve/looks.hpp"

#include <chrono>

#include "core/instant.hpp"
#include "jobs/evolve/market.hpp"
#include "jobs/rows.hpp"

namespace muster::jobs::evolve {
namespace {

std::string instant_of(io::Bars const& bars, std::size_t bar) {
  return format_instant(Instant(std::chrono::seconds(bars.times[bar])));
}

std::string champion_text(Table const& hall) {
  auto const& marks = column<std::int64_t>(hall, "is_champion");
  return column<std::string>(hall, "strategy")[static_cast<std::size_t>(std::ranges::find(marks, 1) - marks.begin())];
}

}  // namespace

std::optional<std::filesystem::path> journal_of(Params const& params, Scenery const& scenery) {
  if (params.objective != Objective::rules || is_generated(params.market)) return std::nullopt;
  if (!spans_of(params, scenery.bars().size()).has_test()) return std::nullopt;
  return io::looks_path(scenery.folder() / params.market.bars);
}

std::optional<io::Look> look_of(Params const& params, Scenery const& scenery, std::vector<Table> const& tables) {
  if (find_table(tables, "champion_metrics") == nullptr || !journal_of(params, scenery)) return std::nullopt;
  auto const& bars = scenery.bars();
  auto const test = spans_of(params, bars.size()).test;
  return io::Look{.at_utc = {}, .job_hash = {}, .bars_digest = params.market.digest, .from = instant_of(bars, test.first),
                  .to = instant_of(bars, test.last - 1), .psr = figure_in(*find_table(tables, "honesty"), "test_psr"),
                  .champion = champion_text(*find_table(tables, "hall_of_fame"))};
}

}  // namespace muster::jobs::evolve
