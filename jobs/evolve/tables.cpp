#include "jobs/evolve/tables.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>

#include "jobs/evolve/honesty.hpp"
#include "jobs/evolve/lineage.hpp"
#include "jobs/rows.hpp"
#include "jobs/evolve/rule_space.hpp"
#include "jobs/evolve/rule_text.hpp"
#include "jobs/evolve/strategy.hpp"

namespace muster::jobs::evolve {
namespace {

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

double value_or_nan(std::int64_t fitness) { return kernels::is_feasible(fitness) ? kernels::fitness_value(fitness) : nan; }

/// Column `fold`, where there are several.
void put_fold(Rows& rows, Generation const& last, std::size_t fold) {
  if (last.herds.size() > 1) rows.put("fold", "1", std::uint64_t{fold + 1});
}

Table generations_table(Generation const& last) {
  Rows rows("generations", "The population after each generation; fitness by the train spans, of the feasible.");
  for (std::size_t fold = 0; fold < last.herds.size(); ++fold) {
    std::uint64_t generation = 0;
    for (auto const& stats : last.herds[fold].history) {
      put_fold(rows, last, fold);
      rows.put("generation", "1", generation++);
      rows.put("best", "1", stats.best);
      rows.put("median", "1", stats.median);
      rows.put("mean", "1", stats.mean);
      rows.put("worst", "1", stats.worst);
      rows.put("diversity", "1", stats.diversity);
      rows.put("feasible", "1", stats.feasible);
      static constexpr std::array<std::string_view, kernels::infeasible_reasons> reasons{"unknown", "no_trades", "zero_variance",
                                                                                         "not_finite", "ruined"};
      for (std::size_t i = 1; i < reasons.size(); ++i) rows.put(reasons[i], "1", stats.infeasible[i]);
      rows.put("champion_slot", "1", stats.champion);
    }
  }
  return rows.take();
}

std::string genome_text(Params const& params, std::span<double const> genome) {
  if (params.objective == Objective::rules) return rule_text(rule_of(params.rules, genome), windows_of(params.rules));
  if (params.objective == Objective::crossover) return fmt::format("long while sma({}) > sma({})", genome[0], genome[1]);
  std::string text;
  for (double const gene : genome) text += fmt::format("{}{}", text.empty() ? "" : " ", gene);
  return text;
}

void put_line_length(Rows& rows, std::vector<Ancestor> const& line) {
  rows.put("line_births", "1", std::uint64_t{line.size() - 1});
  rows.put("line_since", "1", generation_of(line.back().birth));
}

Table hall_table(Params const& params, Generation const& last, Champion const& champion) {
  Rows rows("hall_of_fame", "The best of all generations by the train spans, no two alike; the champion is the best of them by validation.");
  for (std::size_t fold = 0; fold < last.herds.size(); ++fold)
    for (std::size_t i = 0; i < last.herds[fold].hall.size(); ++i) {
      Veteran const& one = last.herds[fold].hall[i];
      FoldChampion const& of_fold = champion.folds[fold];
      put_fold(rows, last, fold);
      rows.put("place", "1", std::uint64_t{i + 1});
      rows.put("is_champion", "1", std::uint64_t{champion.is_there && fold == champion.fold && i == of_fold.place});
      if (last.herds.size() > 1) rows.put("is_champion_of_fold", "1", std::uint64_t{of_fold.is_there && i == of_fold.place});
      rows.put("train_fitness", "1", value_or_nan(one.fitness));
      if (is_traded(params.objective)) rows.put("validation_fitness", "1", value_or_nan(of_fold.validation[i]));
      rows.put("generation", "1", one.generation);
      rows.put("slot", "1", one.slot);
      if (params.lineage > 0) put_line_length(rows, line_of(last.herds[fold], one, params.lineage));
      for (std::size_t g = 0; g < one.genome.size(); ++g) rows.put(fmt::format("gene_{}", g + 1), "1", one.genome[g]);
      rows.put("strategy", genome_text(params, one.genome));
    }
  return rows.take();
}

Table nulls_table(Generation const& last) {
  Rows rows("null_markets", "The champion's statistic of the same search on each market without a pattern.");
  for (std::size_t i = 0; i < last.nulls.size(); ++i) {
    rows.put("market", "1", std::uint64_t{i});
    rows.put("statistic", "1", value_or_nan(last.nulls[i]));
  }
  return rows.take();
}

Table honesty_table(Honesty const& honesty) {
  Rows rows("honesty", "Whether the champion is more than luck.");
  auto const put = [&](std::string name, double value, std::string meaning) {
    rows.put("figure", std::move(name));
    rows.put("value", "1", value);
    rows.put("meaning", std::move(meaning));
  };
  put("statistic", honesty.statistic, "mean of train and validation fitness of the champion");
  put("search_p", honesty.search_p, "(1 + null markets as good) / (1 + null markets): how often luck does as well");
  put("null_markets", static_cast<double>(honesty.null_markets), "on which the whole search was repeated");
  put("test_psr", honesty.test_psr, "probability that the true Sharpe ratio on the test span is above 0");
  put("evaluated_trials", static_cast<double>(honesty.evaluated_trials), "individuals that were judged");
  put("effective_trials", honesty.effective_trials, "independent ones that they are worth");
  put("deflated_sharpe_evaluated", honesty.deflated_sharpe_evaluated, "probability of skill before the test span, against the best of the evaluated trials");
  put("deflated_sharpe_effective", honesty.deflated_sharpe_effective, "the same against the effective trials");
  put("overfitting", honesty.overfitting, "probability that the best of one half of the bars is below the median in the other (CSCV)");
  put("overfitting_slope", honesty.overfitting_slope, "of the Sharpe ratio in the other half on that in its own");
  put("sampled_trials", static_cast<double>(honesty.sampled_trials), "behind the figures of overfitting and correlation");
  put("stability", honesty.stability, "share of the champion's neighbours with at least half its train fitness");
  return rows.take();
}

void add_strategy_tables(Params const& params, Scenery const& scenery, Generation const& last, Champion const& champion,
                         std::vector<Table>& tables) {
  if (!is_traded(params.objective)) return;
  tables.push_back(honesty_table(judge_honesty(params, scenery, last, champion)));
  if (!last.nulls.empty()) tables.push_back(nulls_table(last));
  if (params.objective != Objective::rules || !champion.is_there) return;
  auto const& genome = last.herds[champion.fold].hall[champion.folds[champion.fold].place].genome;
  auto& field = scenery.field();
  auto told = strategy_tables(params, scenery.bars(), field, rule_of(params.rules, genome), named_spans(field.spans, champion.fold));
  std::ranges::move(told, std::back_inserter(tables));
}

}  // namespace

std::vector<Table> make_tables(Params const& params, Scenery const& scenery, Generation const& last) {
  auto const champion = choose_champion(params.spans.scheme, scenery.ground(), last.herds);
  std::vector<Table> tables{hall_table(params, last, champion), generations_table(last)};
  if (params.lineage > 0) tables.push_back(lineage_table(params, last));
  add_strategy_tables(params, scenery, last, champion, tables);
  return tables;
}

}  // namespace muster::jobs::evolve
