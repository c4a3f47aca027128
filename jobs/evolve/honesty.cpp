#include "jobs/evolve/honesty.hpp"

#include <algorithm>
#include <limits>

#include "core/parallel.hpp"
#include "jobs/evolve/rule_space.hpp"
#include "kernels/backtest/metrics.hpp"
#include "kernels/statistics/bootstrap.hpp"
#include "kernels/statistics/overfitting.hpp"
#include "kernels/statistics/sharpe.hpp"

namespace muster::jobs::evolve {
namespace {

namespace bt = kernels::backtest;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();
constexpr int blocks = 16;

/// Returns of one rule over a span; where the account ended early, it stands still for the rest.
std::vector<double> returns_on(Params const& params, Field const& field, std::span<double const> genome, bt::Span span) {
  auto const plan = backtest_plan(params, field, {span}, Precision::double_precision);
  auto returns = bt::returns_of(bt::run_detail(plan, rule_of(params.rules, genome), span).equity_usd);
  returns.resize(span.last - span.first - 1, 0.0);
  return returns;
}

/// All bars before the test span.
bt::Span development(Field const& field) {
  return {0, field.spans.has_test() ? field.spans.test.first : field.market.bars};
}

/// Trial after trial.
std::vector<double> trial_returns(Params const& params, Scenery const& scenery, std::vector<std::vector<double>> const& trials) {
  auto const& field = scenery.field();
  auto const span = development(field);
  std::size_t const length = span.last - span.first - 1;
  std::vector<double> all(trials.size() * length);
  in_parallel(trials.size(), scenery.threads(), [&](std::size_t i) {
    auto const returns = returns_on(params, field, trials[i], span);
    std::ranges::copy(returns, all.begin() + static_cast<std::ptrdiff_t>(i * length));
  });
  return all;
}

double variance_of(std::vector<double> const& values) {
  auto const moments = kernels::moments_of(values);
  return moments.deviation * moments.deviation;
}

void judge_trials(Params const& params, Scenery const& scenery, Generation const& last, std::span<double const> champion, Honesty& to) {
  if (last.trials.size() < 2) return;
  auto const returns = trial_returns(params, scenery, last.trials);
  auto const length = returns.size() / last.trials.size();
  std::vector<double> sharpes;
  for (std::size_t i = 0; i < last.trials.size(); ++i)
    sharpes.push_back(kernels::moments_of(std::span(returns).subspan(i * length, length)).sharpe());
  auto const correlation = kernels::average_correlation(returns, last.trials.size());
  auto const evaluated = static_cast<double>(to.evaluated_trials);
  to.effective_trials = kernels::effective_trials(correlation.correlation, evaluated);
  auto const own = kernels::sharpe_of(kernels::moments_of(returns_on(params, scenery.field(), champion, development(scenery.field()))));
  double const variance = variance_of(sharpes);
  to.deflated_sharpe_evaluated = kernels::deflated_sharpe(own, variance, evaluated);
  to.deflated_sharpe_effective = kernels::deflated_sharpe(own, variance, to.effective_trials);
  auto const overfitting = kernels::overfitting_of(returns, last.trials.size(), blocks);
  if (overfitting.splits == 0) return;
  to.overfitting = overfitting.probability;
  to.overfitting_slope = overfitting.slope;
}

/// Every gene one step up and one down, inside its range.
std::vector<double> neighbours(std::vector<kernels::Gene> const& genes, std::span<double const> genome) {
  std::vector<double> all;
  for (std::size_t g = 0; g < genes.size(); ++g)
    for (double const step : {-genes[g].step, genes[g].step}) {
      double const moved = genome[g] + step;
      if (step == 0 || moved < genes[g].low || moved > genes[g].high) continue;
      all.insert(all.end(), genome.begin(), genome.end());
      *(all.end() - static_cast<std::ptrdiff_t>(genes.size() - g)) = moved;
    }
  return all;
}

double stability_of(Scenery const& scenery, Champion const& champion, std::span<double const> genome) {
  auto const genes = scenery.ground().genes();
  auto const genomes = neighbours(genes, genome);
  std::vector<std::int64_t> fitness(genomes.size() / genes.size());
  if (fitness.empty()) return nan;
  scenery.ground().make_judge({}, champion.fold, scenery.threads())->judge(genomes, fitness);
  double const half = 0.5 * champion.folds[champion.fold].train_fitness;
  auto const stable = std::ranges::count_if(fitness, [&](std::int64_t f) { return kernels::is_feasible(f) && kernels::fitness_value(f) >= half; });
  return static_cast<double>(stable) / static_cast<double>(fitness.size());
}

}  // namespace

Honesty judge_honesty(Params const& params, Scenery const& scenery, Generation const& last, Champion const& champion) {
  Honesty honesty;
  for (double* figure : {&honesty.search_p, &honesty.test_psr, &honesty.effective_trials, &honesty.deflated_sharpe_evaluated,
                         &honesty.deflated_sharpe_effective, &honesty.overfitting, &honesty.overfitting_slope, &honesty.stability})
    *figure = nan;
  honesty.statistic = champion.statistic;
  honesty.null_markets = last.nulls.size();
  honesty.sampled_trials = last.trials.size();
  honesty.evaluated_trials = last.herds.size() * params.search.population * (last.last + 1);
  if (!last.nulls.empty()) honesty.search_p = kernels::rank_p_value(kernels::fitness_of(champion.statistic), last.nulls);
  if (!champion.is_there) return honesty;
  auto const& genome = last.herds[champion.fold].hall[champion.folds[champion.fold].place].genome;
  honesty.stability = stability_of(scenery, champion, genome);
  if (params.objective != Objective::rules) return honesty;
  auto const& field = scenery.field();
  if (field.spans.has_test())
    honesty.test_psr = kernels::probabilistic_sharpe(
        kernels::sharpe_of(kernels::moments_of(returns_on(params, field, genome, field.spans.test))), 0);
  judge_trials(params, scenery, last, genome, honesty);
  return honesty;
}

}  // namespace muster::jobs::evolve
