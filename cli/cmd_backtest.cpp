#include <fmt/core.h>

#include <algorithm>

#include "cli/commands.hpp"
#include "cli/csv.hpp"
#include "cli/tables_json.hpp"
#include "core/schema.hpp"
#include "core/text.hpp"
#include "io/result_file.hpp"
#include "jobs/bars.hpp"
#include "jobs/evolve/parse.hpp"
#include "jobs/rows.hpp"
#include "jobs/evolve/rule_space.hpp"
#include "jobs/evolve/rule_text.hpp"
#include "jobs/evolve/market.hpp"
#include "jobs/evolve/strategy.hpp"

namespace muster::cli {
namespace {

namespace evolve = jobs::evolve;

/// The job of the result, on other bars where some are given.
evolve::Params params_of(BacktestOptions const& options, io::Result const& stored) {
  MUSTER_REQUIRE(stored.kind == "evolve", "{} is a result of the kind {} (it holds no strategy); give that of an evolve job",
                 options.result.string(), stored.kind);
  jobs::ResolveOptions resolve;
  auto const universe = options.bars.empty() ? evolve::Universe::own : evolve::Universe::another;
  if (!options.bars.empty()) {
    auto const bars = jobs::is_generated(options.bars) ? options.bars : std::filesystem::absolute(options.bars).string();
    resolve.overrides = {"market.bars=" + schema::quoted(bars), "market.digest=\"auto\"", "market.symbol=\"auto\""};
  }
  auto const params = evolve::parse_params(stored.resolved_text, options.result.parent_path() / "resolved job", resolve, nullptr, universe);
  MUSTER_REQUIRE(params.objective == evolve::Objective::rules,
                 "{} is a search of another objective than rules (only rules are told trade by trade); give that of one with "
                 "objective = \"rules\"", options.result.string());
  return params;
}

/// A rule, and the fold whose search found it.
struct Chosen {
  std::string rule;
  std::size_t fold = 0;
};

/// As the result tells it: the champion, or the one at `place` of the hall of fame.
Chosen stored_rule(BacktestOptions const& options, io::Result const& stored) {
  auto const* const hall = jobs::find_table(stored.tables, "hall_of_fame");
  MUSTER_REQUIRE(hall != nullptr && !hall->columns.empty(), "{} has no hall of fame (no individual was feasible); give --rule",
                 options.result.string());
  auto const& strategies = jobs::column<std::string>(*hall, "strategy");
  auto const& key = jobs::column<std::int64_t>(*hall, options.place == 0 ? "is_champion" : "place");
  auto const at = std::ranges::find(key, options.place == 0 ? 1 : options.place);
  MUSTER_REQUIRE(at != key.end(), "--place {} (the hall of fame has {} places{}); give one of them, or --rule", options.place,
                 strategies.size(), options.place == 0 ? " and no champion" : "");
  auto const row = static_cast<std::size_t>(at - key.begin());
  bool const has_folds = hall->columns.front().name == "fold";
  return {strategies[row], has_folds ? static_cast<std::size_t>(jobs::column<std::int64_t>(*hall, "fold")[row] - 1) : 0};
}

/// With the tables of the rule's own indicators; the spans are the job's.
std::unique_ptr<evolve::Field> field_for(kernels::backtest::Rule const& rule, evolve::Params params, io::Bars const& bars,
                                         std::filesystem::path const& folder) {
  auto const spans = evolve::spans_of(params, bars.size());
  params.rules.indicators.clear();
  for (auto const& term : rule.terms)
    if (term.kind < kernels::backtest::indicator_count)
      params.rules.indicators.push_back(static_cast<kernels::backtest::Indicator>(term.kind));
  std::ranges::sort(params.rules.indicators);
  auto const twice = std::ranges::unique(params.rules.indicators);
  params.rules.indicators.erase(twice.begin(), twice.end());
  return evolve::make_field(params, bars, spans, 1, evolve::open_learned(params.rules, folder));
}

}  // namespace

int cmd_backtest(BacktestOptions const& options, Form form) {
  auto const stored = io::read_result(options.result);
  auto const params = params_of(options, stored);
  auto const chosen = options.rule.empty() ? stored_rule(options, stored) : Chosen{options.rule};
  auto const rule = evolve::parse_rule(chosen.rule, evolve::windows_of(params.rules), params.rules.learned);
  auto const known = evolve::open_market(params.market, options.result.parent_path());
  auto const& bars = known->bars;
  auto const field = field_for(rule, params, bars, options.result.parent_path());
  kernels::backtest::check(rule, field->features);
  auto const spans = options.bars.empty() ? evolve::named_spans(field->spans, chosen.fold)
                                          : std::vector<evolve::NamedSpan>{{"all", {0, field->market.bars}}};
  auto const tables = evolve::strategy_tables(params, bars, *field, rule, spans);
  auto said = fmt::format("  {}\n{}", evolve::rule_text(rule, evolve::windows_of(params.rules)), evolve::metrics_text(tables.front()));
  auto json = Value::object({{"rule", chosen.rule}, {"bars", params.market.bars}, {"tables", to_json(tables)}});
  export_csv(tables, options.csv, said, json);
  answer(form, said, json);
  return 0;
}

}  // namespace muster::cli
