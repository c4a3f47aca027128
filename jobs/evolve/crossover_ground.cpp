#include "jobs/evolve/crossover_ground.hpp"

#include "core/parallel.hpp"
#include "kernels/backtest/crossover.hpp"
#include "kernels/backtest/crossover_score.hpp"
#include "kernels/device_pool.hpp"
#include "kernels/landing.hpp"

namespace muster::jobs::evolve {
namespace {

namespace bt = kernels::backtest;

constexpr double basis_point = 1e-4;

/// Adjusted prices of one symbol over a span; a bar without trade repeats the close before it.
bt::CrossoverTable table_of(Params const& params, Field const& field, bt::Span span) {
  std::vector<double> open, close;
  for (std::uint32_t bar = span.first; bar < span.last; ++bar) {
    auto const at = field.market.at(bar, field.symbol);
    bool const is_traded = field.market.status[at] == bt::Status::traded;
    if (!is_traded && close.empty()) continue;
    open.push_back(is_traded ? field.market.open[at] * field.market.factor[at] : close.back());
    close.push_back(is_traded ? field.market.close[at] * field.market.factor[at] : close.back());
  }
  auto const& costs = params.costs;
  return bt::make_crossover_table(open, close, basis_point * (costs.commission_bps + costs.half_spread_bps + costs.slippage_bps),
                                  costs.bars_per_year);
}

std::vector<bt::CrossoverTable> tables_of(Params const& params, Field const& field, std::vector<bt::Span> const& spans) {
  std::vector<bt::CrossoverTable> tables;
  for (bt::Span const span : spans) tables.push_back(table_of(params, field, span));
  return tables;
}

bt::CrossoverMetric metric_of(Metric metric) {
  switch (metric) {
    case Metric::sharpe:
    case Metric::sortino: break;
    case Metric::calmar: return bt::CrossoverMetric::calmar;
    case Metric::total_return: return bt::CrossoverMetric::total_return;
  }
  return bt::CrossoverMetric::sharpe;
}

/// Rules and what came of them, where a device reaches them fast.
class Exchange {
 public:
  /// On a device, or null.
  explicit Exchange(kernels::DevicePool* pool) : pool_(pool) {}

  void make_room(std::size_t count) {
    if (pool_ == nullptr) {
      plain_rules_.resize(count);
      plain_results_.resize(count);
    } else if (count > room_) {
      landings_.clear();
      landings_.push_back(std::make_unique<kernels::Landing>(pool_->device(), count * sizeof(bt::Crossover)));
      landings_.push_back(std::make_unique<kernels::Landing>(pool_->device(), count * sizeof(bt::CrossoverResult)));
      room_ = count;
    }
    count_ = count;
  }
  std::span<bt::Crossover> rules() { return {pool_ == nullptr ? plain_rules_.data() : static_cast<bt::Crossover*>(landings_[0]->at()), count_}; }
  std::span<bt::CrossoverResult> results() {
    return {pool_ == nullptr ? plain_results_.data() : static_cast<bt::CrossoverResult*>(landings_[1]->at()), count_};
  }

 private:
  kernels::DevicePool* pool_;
  std::size_t count_ = 0, room_ = 0;
  std::vector<std::unique_ptr<kernels::Landing>> landings_;
  std::vector<bt::Crossover> plain_rules_;
  std::vector<bt::CrossoverResult> plain_results_;
};

class CrossoverJudge final : public Judge {
 public:
  /// `threads` turn genomes into rules, and results into fitness.
  CrossoverJudge(Params const& params, std::vector<bt::CrossoverTable> const& tables, Device device = {}, int threads = 1)
      : params_(params), tables_(tables), threads_(threads), exchange_(device.pool) {
    if (device.pool == nullptr) return;
    for (auto const& table : tables) runners_.push_back(device.pool->device().open_crossovers(table, crossovers_at_once, *device.pool));
  }
  void judge(std::span<double const> genomes, std::span<std::int64_t> fitness) override {
    exchange_.make_room(fitness.size());
    auto const rules = exchange_.rules();
    scores_.resize(rules.size());
    each(rules.size(), threads_, [&](std::size_t i) {
      rules[i] = {static_cast<std::uint16_t>(genomes[2 * i]), static_cast<std::uint16_t>(genomes[2 * i + 1])};
      scores_[i] = {};
    });
    for (std::size_t i = 0; i < tables_.size(); ++i) add(i);
    each(rules.size(), threads_, [&](std::size_t i) { fitness[i] = scores_[i].fitness(tables_.size()); });
  }
  bool judge_there(kernels::DeviceHerd const& herd) override {
    if (runners_.empty() || !runners_.front()) return false;
    auto const tables = static_cast<std::uint32_t>(runners_.size());
    for (std::uint32_t i = 0; i < tables; ++i) runners_[i]->judge(herd, {metric_of(params_.fitness.metric), i, tables});
    return true;
  }

 private:
  void add(std::size_t table) {
    auto const results = exchange_.results();
    if (table < runners_.size() && runners_[table])
      runners_[table]->run(exchange_.rules(), results);
    else
      bt::run_crossovers(tables_[table], exchange_.rules(), results);
    each(results.size(), threads_, [&](std::size_t i) { scores_[i].add(metric_of(params_.fitness.metric), results[i]); });
  }

  Params const& params_;
  std::vector<bt::CrossoverTable> const& tables_;
  int const threads_;
  std::vector<std::unique_ptr<kernels::CrossoverRunner>> runners_;  // on a device; else empty
  Exchange exchange_;
  std::vector<bt::CrossoverScore> scores_;
};

class CrossoverGround final : public Ground {
 public:
  CrossoverGround(Params const& params, Field const& field) : params_(params) {
    for (Division const& fold : field.spans.folds) {
      train_.push_back(tables_of(params, field, fold.train));
      validation_.push_back(tables_of(params, field, {fold.validation}));
    }
  }
  std::vector<kernels::Gene> genes() const override { return crossover_genes(); }
  std::unique_ptr<Judge> make_judge(Device device, std::size_t fold, int threads) const override {
    return std::make_unique<CrossoverJudge>(params_, train_[fold], device, threads);
  }
  std::int64_t validate(std::span<double const> genome, std::size_t fold) const override {
    std::int64_t fitness = 0;
    CrossoverJudge(params_, validation_[fold]).judge(genome, {&fitness, 1});
    return fitness;
  }

 private:
  Params const& params_;
  std::vector<std::vector<bt::CrossoverTable>> train_, validation_;  // of each fold
};

}  // namespace

std::vector<kernels::Gene> crossover_genes() { return {2, {2, double{bt::crossover_longest}, 1}}; }

std::unique_ptr<Ground> make_crossover_ground(Params const& params, Field const& field) {
  return std::make_unique<CrossoverGround>(params, field);
}

}  // namespace muster::jobs::evolve
