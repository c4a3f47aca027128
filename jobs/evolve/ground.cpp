#include "jobs/evolve/ground.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "core/nearest.hpp"
#include "core/parallel.hpp"
#include "core/text.hpp"
#include "jobs/evolve/crossover_ground.hpp"
#include "jobs/evolve/market.hpp"
#include "jobs/evolve/rule_space.hpp"
#include "kernels/backtest/crossover.hpp"
#include "kernels/backtest/metrics.hpp"
#include "kernels/device_pool.hpp"
#include "kernels/evolve/objectives.hpp"

namespace muster::jobs::evolve {
namespace {

namespace bt = kernels::backtest;
using kernels::Infeasible;

constexpr std::uint32_t sizing_window = 20;
constexpr double sizing_target = 0.01;

double value_of(Metric metric, bt::Metrics const& metrics) {
  switch (metric) {
    case Metric::sharpe: return metrics.sharpe;
    case Metric::sortino: return metrics.sortino;
    case Metric::calmar: return metrics.calmar;
    case Metric::total_return: return metrics.total_return;
  }
  return 0;
}

class RuleJudge final : public Judge {
 public:
  RuleJudge(Params const& params, std::unique_ptr<bt::Runner> runner, std::size_t spans, int threads)
      : params_(params), runner_(std::move(runner)), spans_(spans), threads_(threads) {}
  void judge(std::span<double const> genomes, std::span<std::int64_t> fitness) override {
    auto const genes = genomes.size() / fitness.size();
    rules_.resize(fitness.size());
    each(fitness.size(), threads_, [&](std::size_t i) { rules_[i] = rule_of(params_.rules, genomes.subspan(i * genes, genes)); });
    tallies_.resize(rules_.size() * spans_);
    runner_->run(rules_, tallies_);
    each(fitness.size(), threads_, [&](std::size_t i) {
      fitness[i] = fitness_of(params_, std::span(tallies_).subspan(i * spans_, spans_), params_.fitness.least_trades);
    });
  }

 private:
  Params const& params_;
  std::unique_ptr<bt::Runner> runner_;
  std::size_t spans_;
  int threads_;
  std::vector<bt::Rule> rules_;
  std::vector<bt::Tally> tallies_;
};

class RuleGround final : public Ground {
 public:
  RuleGround(Params const& params, Field const& field) : params_(params), field_(field) {}
  std::vector<kernels::Gene> genes() const override { return rule_genes(params_.rules); }
  std::unique_ptr<Judge> make_judge(Device device, std::size_t fold, int threads) const override {
    auto const& spans = field_.spans.folds[fold].train;
    auto const plan = backtest_plan(params_, field_, spans, params_.precision);
    bt::check(plan);
    auto runner = device.pool != nullptr ? device.pool->device().open_backtest(plan, rules_at_once, *device.pool) : nullptr;
    return std::make_unique<RuleJudge>(params_, runner ? std::move(runner) : bt::make_host_runner(plan), spans.size(), threads);
  }
  std::int64_t validate(std::span<double const> genome, std::size_t fold) const override {
    auto const span = field_.spans.folds[fold].validation;
    auto const plan = backtest_plan(params_, field_, {span}, Precision::double_precision);
    auto const detail = bt::run_detail(plan, rule_of(params_.rules, genome), span);
    // Few trades are no fault of so short a span.
    return fitness_of(params_, {&detail.tally, 1}, 0);
  }

 private:
  Params const& params_;
  Field const& field_;
};

class FunctionJudge final : public Judge {
 public:
  FunctionJudge(kernels::Objective objective, int threads) : objective_(objective), threads_(threads) {}
  void judge(std::span<double const> genomes, std::span<std::int64_t> fitness) override {
    auto const genes = genomes.size() / fitness.size();
    in_pieces(fitness.size(), threads_, [&](std::size_t first, std::size_t count) {
      kernels::objective_fitness(objective_, genomes.subspan(first * genes, count * genes), fitness.subspan(first, count));
    });
  }

 private:
  kernels::Objective objective_;
  int threads_;
};

kernels::Objective function_of(Objective objective) {
  return static_cast<kernels::Objective>(static_cast<int>(objective) - static_cast<int>(Objective::sphere));
}

class FunctionGround final : public Ground {
 public:
  explicit FunctionGround(Params const& params) : params_(params) {}
  std::vector<kernels::Gene> genes() const override {
    return std::vector(params_.dimensions, kernels::objective_range(function_of(params_.objective)));
  }
  std::unique_ptr<Judge> make_judge(Device, std::size_t, int threads) const override {
    return std::make_unique<FunctionJudge>(function_of(params_.objective), threads);
  }
  std::int64_t validate(std::span<double const> genome, std::size_t) const override {
    std::int64_t fitness = 0;
    kernels::objective_fitness(function_of(params_.objective), genome, {&fitness, 1});
    return fitness;
  }

 private:
  Params const& params_;
};

}  // namespace

std::int64_t fitness_of(Params const& params, std::span<bt::Tally const> tallies, std::uint64_t least_trades) {
  double sum = 0;
  std::uint64_t trades = 0;
  bool is_flat = false;
  for (bt::Tally const& tally : tallies) {
    if (tally.ending == bt::Ending::ruined) return kernels::infeasible(Infeasible::ruin);
    if (tally.ending != bt::Ending::whole) return kernels::infeasible(Infeasible::not_finite);
    trades += tally.trades;
    auto const metrics = bt::metrics_of(tally, params.costs.bars_per_year);
    is_flat = is_flat || !(metrics.volatility > 0);
    sum += value_of(params.fitness.metric, metrics);
  }
  if (trades < std::max<std::uint64_t>(1, least_trades)) return kernels::infeasible(Infeasible::no_trades);
  if (is_flat) return kernels::infeasible(Infeasible::zero_variance);
  return kernels::fitness_of(sum / static_cast<double>(tallies.size()));
}

bt::Plan backtest_plan(Params const& params, Field const& field, std::vector<bt::Span> spans, Precision precision) {
  return {&field.market, &field.features, params.costs, std::move(spans), to_backtest(precision)};
}

namespace {

void fill_features(Params const& params, io::Bars const& bars, Field& field, int threads) {
  auto const windows = windows_of(params.rules);
  field.features = bt::make_features(field.market, windows, field.learned ? field.learned->count() : 0);
  if (field.learned) field.learned->fill(bars, field.features, threads);
  auto& features = field.features;
  auto const tables = params.rules.indicators.size() * windows.size();
  bt::FeatureSource const source(field.market);
  in_parallel(tables + 1, threads, [&](std::size_t i) {
    if (i == tables) return source.fill_volatility_scale(sizing_window, sizing_target, features.volatility_scale);
    auto const kind = params.rules.indicators[i / windows.size()];
    auto const window = static_cast<std::uint32_t>(i % windows.size());
    source.fill(kind, windows[window], features.table(features.table_index(static_cast<std::uint32_t>(kind), window)));
  });
}

std::uint32_t gap_of(Params const& params) {
  if (params.objective == Objective::crossover) return bt::crossover_longest;
  return longest_look_back(params.rules) + static_cast<std::uint32_t>(params.rules.longest_hold);
}

std::uint32_t symbol_index(io::Bars const& bars, std::string const& name) {
  if (name.empty()) return 0;
  auto const at = std::ranges::find(bars.symbols, name);
  std::vector<std::string_view> const names(bars.symbols.begin(), bars.symbols.end());
  MUSTER_REQUIRE(at != bars.symbols.end(), "market.symbol \"{}\" (the bars do not have it); {}", printable(name), suggest(name, names));
  return static_cast<std::uint32_t>(at - bars.symbols.begin());
}

}  // namespace

Spans spans_of(Params const& params, std::size_t bars) {
  return make_spans(params.spans, static_cast<std::uint32_t>(bars), gap_of(params));
}

std::unique_ptr<Field> make_field(Params const& params, io::Bars const& bars, int threads, std::shared_ptr<Learned const> learned) {
  return make_field(params, bars, spans_of(params, bars.size()), threads, std::move(learned));
}

std::unique_ptr<Field> make_field(Params const& params, io::Bars const& bars, Spans const& spans, int threads,
                                  std::shared_ptr<Learned const> learned) {
  auto field = std::make_unique<Field>();
  field->market = to_market(bars);
  field->symbol = symbol_index(bars, params.market.symbol);
  field->spans = spans;
  field->learned = std::move(learned);
  if (params.objective == Objective::rules) fill_features(params, bars, *field, threads);
  return field;
}

std::vector<kernels::Gene> genes_of(Params const& params) {
  if (params.objective == Objective::rules) return rule_genes(params.rules);
  if (params.objective == Objective::crossover) return crossover_genes();
  return FunctionGround(params).genes();
}

std::unique_ptr<Ground> make_ground(Params const& params, Field const* field) {
  if (params.objective == Objective::rules) return std::make_unique<RuleGround>(params, *field);
  if (params.objective == Objective::crossover) return make_crossover_ground(params, *field);
  return std::make_unique<FunctionGround>(params);
}

}  // namespace muster::jobs::evolve
