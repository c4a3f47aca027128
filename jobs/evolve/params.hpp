// The parameters of an evolve job as checked plain data.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "kernels/backtest/costs.hpp"
#include "kernels/backtest/features.hpp"
#include "kernels/backtest/rule.hpp"
#include "kernels/evolve/search.hpp"

namespace muster::jobs::evolve {

/// What a genome is and what its fitness measures.
enum class Objective { rules, crossover, sphere, rosenbrock, rastrigin, ackley };
constexpr bool is_traded(Objective objective) { return objective <= Objective::crossover; }

enum class Metric { sharpe, sortino, calmar, total_return };
enum class Precision { single_precision, double_precision };
enum class Sides { long_only, short_only, both };
/// How markets without a pattern are made (null_market.hpp).
enum class NullMethod { mirrored, resampled };
enum class Scheme { holdout, walk_forward, cross_validation };

struct MarketChoice {
  std::string bars;    ///< a bar file, or "synthetic:..." (io::open_bars)
  std::string digest;  ///< io::bars_digest of what it held when the job was resolved
  std::string symbol;  ///< crossover: the one it trades; empty: the first
};

struct RuleSpace {
  std::uint64_t terms = 4;
  std::vector<kernels::backtest::Indicator> indicators;
  std::vector<double> windows;  ///< bars, whole numbers
  Sides sides = Sides::both;
  std::uint64_t longest_hold = 250;   ///< bars
  double largest_size_percent = 50;   ///< of equity, one position
  std::string features;               ///< a feature file; empty: none
  std::string features_digest;        ///< io::features_digest of what it held when the job was resolved
  std::uint64_t learned = 0;          ///< features in it
  std::uint64_t learned_window = 0;   ///< bars that each of them sees
};

struct SpanChoice {
  Scheme scheme = Scheme::holdout;
  double train = 0.6;       ///< share of the bars; holdout
  double validation = 0.2;  ///< share of the bars; what is left is the test span
  std::uint64_t folds = 5;  ///< walk_forward, cross_validation
  std::uint64_t embargo = 5;  ///< bars left out behind a validation span, besides the purge
};

struct FitnessChoice {
  Metric metric = Metric::sharpe;
  std::uint64_t least_trades = 10;  ///< in the train spans together; fewer is infeasible
};

struct SearchChoice {
  kernels::Algorithm algorithm = kernels::Algorithm::genetic;
  std::uint64_t population = 1024;  ///< of all islands
  std::uint64_t islands = 8;
  std::uint64_t generations = 50;
  double wall_s = 0;  ///< no generation begins after so much time; 0: no limit
  std::uint64_t tile_slots = 64;
  std::uint64_t tournament = 2;
  kernels::Crossover crossover = kernels::Crossover::uniform;
  double crossover_rate = 0.9;
  double crossover_spread = 2;
  kernels::Mutation mutation = kernels::Mutation::reset;
  double mutation_rate = 0;
  double mutation_spread = 20;
  kernels::Adaptation adaptation = kernels::Adaptation::none;
  kernels::Replacement replacement = kernels::Replacement::plus;
  std::uint64_t elites = 1;
  kernels::TrialBase trial_base = kernels::TrialBase::best_of_two;
  kernels::TrialCrossover trial_crossover = kernels::TrialCrossover::binomial;
  kernels::Topology topology = kernels::Topology::ring;
  std::vector<double> edges;  ///< from, to, from, to, ...
  std::uint64_t migration_every = 10;
  std::uint64_t migrants = 1;
  kernels::MigrantChoice migrant_choice = kernels::MigrantChoice::best;
};

struct HonestyChoice {
  std::uint64_t null_markets = 99;
  NullMethod null_method = NullMethod::mirrored;
  double mean_block = 20;  ///< resampled: bars, of the stationary bootstrap
  std::uint64_t trials = 1000;  ///< sampled for the probability of overfitting and the effective number of trials
};

struct Params {
  std::string name = "evolve";
  std::uint64_t seed = 1;
  Objective objective = Objective::rules;
  std::uint64_t dimensions = 10;  ///< of a test function
  Precision precision = Precision::single_precision;
  std::uint64_t hall_of_fame = 20;
  std::uint64_t lineage = 100;    ///< generations that the line of a member of the hall is told back; 0: it is not kept
  MarketChoice market;
  kernels::backtest::Costs costs;
  RuleSpace rules;
  SpanChoice spans;
  FitnessChoice fitness;
  SearchChoice search;
  HonestyChoice honesty;
};

}  // namespace muster::jobs::evolve
