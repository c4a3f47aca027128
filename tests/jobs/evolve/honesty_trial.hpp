// One whole evolve job on a made market, and its two verdicts.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "jobs/evolve/evolve_job.hpp"
#include "jobs/evolve/market.hpp"
#include "jobs/evolve/parse.hpp"
#include "jobs/rows.hpp"
#include "jobs/evolve/rule_space.hpp"
#include "jobs/evolve/rule_text.hpp"
#include "jobs/evolve/strategy.hpp"
#include "orchestrator/run.hpp"
#include "tests/jobs/evolve/fair_market.hpp"

namespace muster::testing {

/// A small search, but of the whole family: every indicator, stop, target, holding limit and both sides.
inline constexpr std::string_view honesty_job = R"(kind = "evolve"
objective = "rules"
name = "honesty"
[market]
bars = "market.h5"
[rules]
terms = 2
windows = [5, 10, 20, 50, 100]
longest_hold = 100
[search]
population = 48
islands = 2
generations = 8
migration_every = 3
[honesty]
null_markets = 19
trials = 0
)";

/// Then the true Sharpe ratio of every rule on a fair market is 0.
inline std::vector<std::string> without_costs() {
  return {"costs.commission_bps=0", "costs.half_spread_bps=0", "costs.slippage_bps=0", "costs.borrow_percent_year=0",
          "costs.financing_percent_year=0"};
}

/// Twice the individuals, and more bars to choose by.
inline std::vector<std::string> larger_search() { return {"search.population=96", "spans.train=0.48", "spans.validation=0.32"}; }

struct Verdicts {
  double search_p = 1, test_psr = 0, statistic = 0;
  bool is_searched(double level = 0.05) const { return search_p <= level; }
  bool is_confirmed(double level = 0.05) const { return test_psr >= 1 - level; }
};

inline double figure(std::vector<Table> const& tables, std::string const& name) {
  return jobs::figure_in(*jobs::find_table(tables, "honesty"), name);
}

/// Runs the job on the market by the engine, as `muster run` does. `folder` is for its bar file.
inline Verdicts verdicts_on(FairMarket const& market, std::vector<std::string> overrides, std::filesystem::path const& folder,
                            int threads = 1) {
  io::write_bars(folder / "market.h5", make_bars(market));
  overrides.push_back("seed=" + std::to_string(market.seed));
  auto const params = jobs::evolve::parse_params(honesty_job, folder / "honesty.toml", {.overrides = std::move(overrides)});
  auto const job = jobs::evolve::make_evolve_job(params, folder);
  orchestrator::MemoryPersistence persistence;
  orchestrator::SilentProgress progress;
  orchestrator::DriverOptions options;
  options.consumption.threads = threads;
  auto const outcome = orchestrator::run_ranks_in_process(1, *job, options, persistence, progress);
  auto const tables = job->results(outcome.sums, outcome.tiles);
  return {figure(tables, "search_p"), figure(tables, "test_psr"), figure(tables, "statistic")};
}

/// Goes the way that a market leans.
inline constexpr char const* planted_rule = "+100% momentum(20); long in 1% out 0%; short in -1% out 0%; size 25%";
inline constexpr double planted_sharpe = 1.5;

/// The annual Sharpe ratio of a rule before the test span, after costs.
inline double sharpe_on(FairMarket const& market, std::string const& rule, std::filesystem::path const& folder) {
  using namespace jobs::evolve;
  io::write_bars(folder / "market.h5", make_bars(market));
  auto const params = parse_params(honesty_job, folder / "honesty.toml", {});
  auto const known = open_market(params.market, folder);
  auto const& bars = known->bars;
  auto const field = make_field(params, bars, 1);
  auto const tables = strategy_tables(params, bars, *field, parse_rule(rule, windows_of(params.rules)), {{"searched", {0, field->spans.test.first}}});
  return jobs::column<double>(tables.front(), "sharpe").front();
}

/// Leans as much as gives planted_rule its Sharpe ratio, to a hundredth or so.
inline FairMarket planted(FairMarket market, std::filesystem::path const& folder) {
  double least = 0, most = 0.2;
  for (int step = 0; step < 12; ++step) {
    market.lean = (least + most) / 2;
    (sharpe_on(market, planted_rule, folder) < planted_sharpe ? least : most) = market.lean;
  }
  return market;
}

}  // namespace muster::testing
