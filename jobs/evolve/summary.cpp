#include <fmt/core.h>

#include <algorithm>

#include "jobs/rows.hpp"
#include "jobs/evolve/strategy.hpp"
#include "jobs/evolve/tables.hpp"

namespace muster::jobs::evolve {
namespace {

/// How many births lead to one of the hall, and since when.
std::string line_text(Table const& hall, std::size_t place) {
  if (std::ranges::find(hall.columns, "line_births", &Column::name) == hall.columns.end()) return "";
  return fmt::format(", {} births after the first of its line in generation {}", column<std::int64_t>(hall, "line_births")[place],
                     column<std::int64_t>(hall, "line_since")[place]);
}

std::string champion_lines(Params const& params, Table const& hall) {
  if (hall.columns.empty()) return "  no feasible individual was found\n";
  auto const& marks = column<std::int64_t>(hall, "is_champion");
  auto const place = static_cast<std::size_t>(std::ranges::find(marks, 1) - marks.begin());
  if (place == marks.size()) return "  none of the hall of fame trades on the validation span\n";
  std::string text = fmt::format("  champion: {}\n", column<std::string>(hall, "strategy")[place]);
  text += fmt::format("  {} fitness {:.6g}", is_traded(params.objective) ? "train" : "best",
                      column<double>(hall, "train_fitness")[place]);
  if (is_traded(params.objective)) text += fmt::format(", validation {:.6g}", column<double>(hall, "validation_fitness")[place]);
  return text + fmt::format(", born in generation {}{}\n", column<std::int64_t>(hall, "generation")[place], line_text(hall, place));
}

std::string time_line(Params const& params, Table const& generations) {
  auto const last = static_cast<std::uint64_t>(std::ranges::max(column<std::int64_t>(generations, "generation")));
  if (last == params.search.generations) return "";
  return fmt::format("  the time of {} s was over after generation {} of {}\n", params.search.wall_s, last, params.search.generations);
}

std::string generation_lines(Table const& generations) {
  constexpr std::size_t most = 6;
  auto const rows = column<std::int64_t>(generations, "generation").size();
  std::string text = fmt::format("\n  {:>10} {:>14} {:>14} {:>10} {:>10}\n", "generation", "best", "median", "diversity", "feasible");
  for (std::size_t i = 0; i < std::min(most, rows); ++i) {
    auto const row = rows <= most ? i : i * (rows - 1) / (most - 1);
    text += fmt::format("  {:>10} {:>14.6g} {:>14.6g} {:>10.3f} {:>10}\n", row, column<double>(generations, "best")[row],
                        column<double>(generations, "median")[row], column<double>(generations, "diversity")[row],
                        column<std::int64_t>(generations, "feasible")[row]);
  }
  return text;
}

/// The two verdicts, in plain words.
std::string honesty_lines(Table const& honesty) {
  constexpr double level = 0.05;
  std::string text = "\n";
  if (double const p = figure_in(honesty, "search_p"); p == p)
    text += fmt::format("  search   p = {:.3f} against {:.0f} null markets: {}\n", p, figure_in(honesty, "null_markets"),
                        p <= level ? "more than luck at the 5 % level" : "cannot be told from luck");
  if (double const psr = figure_in(honesty, "test_psr"); psr == psr)
    text += fmt::format("  test     probability of a Sharpe ratio above 0: {:.3f}; {}\n", psr,
                        psr >= 1 - level ? "it holds on bars it has not seen" : "it does not show on bars it has not seen");
  if (double const dsr = figure_in(honesty, "deflated_sharpe_effective"); dsr == dsr)
    text += fmt::format("  trials   deflated Sharpe ratio {:.3f} ({:.4g} trials worth {:.4g}), overfitting {:.2f}, stability {:.2f}\n", dsr,
                        figure_in(honesty, "evaluated_trials"), figure_in(honesty, "effective_trials"), figure_in(honesty, "overfitting"),
                        figure_in(honesty, "stability"));
  return text;
}

std::string looks_line(Table const& looks) {
  auto const count = column<std::string>(looks, "job").size();
  auto const& journal = column<std::string>(looks, "journal").front();
  if (column<std::int64_t>(looks, "is_kept").front() == 0) return fmt::format("  looks    not counted: {}\n", journal);
  if (count == 1) return fmt::format("  looks    no other job has looked at this test span ({})\n", journal);
  return fmt::format("  looks    {} jobs have looked at bars of this test span, this one included ({}): the best of them is less sure "
                     "than its figure\n", count, journal);
}

}  // namespace

std::string make_summary(Params const& params, std::vector<Table> const& tables) {
  std::string text = champion_lines(params, *find_table(tables, "hall_of_fame"));
  text += time_line(params, *find_table(tables, "generations"));
  text += generation_lines(*find_table(tables, "generations"));
  if (auto const* metrics = find_table(tables, "champion_metrics")) text += metrics_text(*metrics);
  if (auto const* honesty = find_table(tables, "honesty")) text += honesty_lines(*honesty);
  if (auto const* looks = find_table(tables, looks_table)) text += looks_line(*looks);
  return text;
}

}  // namespace muster::jobs::evolve
