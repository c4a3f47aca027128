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

double test_psr(std::vector<Table> const& tables) {
  auto const& honesty = *std::ranges::find(tables, "honesty", &Table::name);
  auto const& figures = column<std::string>(honesty, "figure");
  return column<double>(honesty, "value")[static_cast<std::size_t>(std::ranges::find(figures, "test_psr") - figures.begin())];
}

std::string champion_text(std::vector<Table> const& tables) {
  auto const& hall = *std::ranges::find(tables, "hall_of_fame", &Table::name);
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
  bool const is_judged = std::ranges::find(tables, "champion_metrics", &Table::name) != tables.end();
  if (!is_judged || !journal_of(params, scenery)) return std::nullopt;
  auto const& bars = scenery.bars();
  auto const test = spans_of(params, bars.size()).test;
  return io::Look{.at_utc = {}, .job_hash = {}, .bars_digest = params.market.digest, .from = instant_of(bars, test.first),
                  .to = instant_of(bars, test.last - 1), .psr = test_psr(tables), .champion = champion_text(tables)};
}

}  // namespace muster::jobs::evolve
