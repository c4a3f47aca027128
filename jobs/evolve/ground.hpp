// Where genomes are judged: a market with its features, or a test function. Built once a process and shared.
#pragma once

#include <cstdint>
#include <memory>
#include <span>

#include "io/bars.hpp"
#include "jobs/evolve/learned.hpp"
#include "jobs/evolve/params.hpp"
#include "jobs/evolve/spans.hpp"
#include "jobs/job.hpp"
#include "kernels/backtest/engine.hpp"
#include "kernels/backtest/features.hpp"
#include "kernels/backtest/market.hpp"
#include "kernels/evolve/device_search.hpp"

namespace muster::jobs::evolve {

/// Judges genomes on a device, or the CPU. Keeps buffers between calls.
class Judge {
 public:
  virtual ~Judge() = default;
  /// The fitness integers of genomes side by side; fitness.size() of them.
  virtual void judge(std::span<double const> genomes, std::span<std::int64_t> fitness) = 0;
  /// The same of genomes that are on its device; false where it has no form of that.
  virtual bool judge_there(kernels::DeviceHerd const& /*herd*/) { return false; }
};

class Ground {
 public:
  virtual ~Ground() = default;
  virtual std::vector<kernels::Gene> genes() const = 0;
  /// By the train spans of a fold. `threads` prepare what a device judges, and judge what it cannot.
  virtual std::unique_ptr<Judge> make_judge(Device device, std::size_t fold, int threads) const = 0;
  /// Fitness of one genome by the validation span of a fold, in double; that of a test function is the only one it has.
  virtual std::int64_t validate(std::span<double const> genome, std::size_t fold) const = 0;
};

/// Genes of the job, without a market.
std::vector<kernels::Gene> genes_of(Params const& params);

/// What all that judge strategies share.
struct Field {
  kernels::backtest::Market market;
  kernels::backtest::Features features;  ///< of rules
  Spans spans;
  std::uint32_t symbol = 0;  ///< that crossovers trade
  std::shared_ptr<Learned const> learned = nullptr;  ///< what made the features behind the indicators; null: there are none
};

/// The spans of a job on so many bars.
Spans spans_of(Params const& params, std::size_t bars);

/// Features are built on `threads` threads.
std::unique_ptr<Field> make_field(Params const& params, io::Bars const& bars, int threads, std::shared_ptr<Learned const> learned = nullptr);
/// The same over spans that are given.
std::unique_ptr<Field> make_field(Params const& params, io::Bars const& bars, Spans const& spans, int threads,
                                  std::shared_ptr<Learned const> learned = nullptr);

/// `field` is used, not copied, and may be null for a test function.
std::unique_ptr<Ground> make_ground(Params const& params, Field const* field);

/// The fitness of a rule from its tallies of several spans: the metric's mean over them, or why there is none. Fewer than
/// `least_trades` (or none) are infeasible.
std::int64_t fitness_of(Params const& params, std::span<kernels::backtest::Tally const> tallies, std::uint64_t least_trades);

constexpr kernels::backtest::Precision to_backtest(Precision precision) {
  return precision == Precision::single_precision ? kernels::backtest::Precision::single : kernels::backtest::Precision::full;
}

/// Rules that a GPU judges at a time.
inline constexpr std::size_t rules_at_once = 16'384;

/// Crossovers.
inline constexpr std::size_t crossovers_at_once = std::size_t{1} << 20;

/// The plan of backtests on these spans.
kernels::backtest::Plan backtest_plan(Params const& params, Field const& field,
                                      std::vector<kernels::backtest::Span> spans, Precision precision);

}  // namespace muster::jobs::evolve
