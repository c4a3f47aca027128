// The doors from baseline code into the backtest's per-instruction-set copies.
#pragma once

#include <span>

#include "kernels/backtest/crossover.hpp"
#include "kernels/backtest/engine.hpp"
#include "kernels/isa.hpp"

namespace muster::kernels::backtest {

/// Behind a Runner: the buffers of one thread.
class RuleEngine {
 public:
  virtual ~RuleEngine() = default;
  virtual void run(std::span<Rule const> rules, std::span<Tally> out) = 0;
};

/// What one backtest in full precision tells as it goes. Implemented in baseline code, which owns the vectors.
class DetailSink {
 public:
  virtual ~DetailSink() = default;
  virtual void on_trade(Trade const& trade) = 0;
  virtual void on_close(double equity_usd, double exposure) = 0;
};

}  // namespace muster::kernels::backtest

#define MUSTER_DECLARE_BACKTEST(isa)                                                                        \
  namespace muster::kernels::backtest {                                                                     \
  inline namespace isa {                                                                                    \
  RuleEngine* make_rule_engine(Plan const& plan);                                                           \
  Tally tell_detail(Plan const& plan, Rule const& rule, Span span, DetailSink& sink);                       \
  void run_crossover_lanes(CrossoverTable const& table, Crossover const* rules, std::size_t count, CrossoverResult* out); \
  }                                                                                                         \
  }

MUSTER_DECLARE_BACKTEST(v3)
MUSTER_DECLARE_BACKTEST(v4)
MUSTER_DECLARE_BACKTEST(generic)

// Calls `function` of the copy that this CPU runs.
#if defined(__x86_64__)
#define MUSTER_BACKTEST_DISPATCH(function, ...)                                             \
  (::muster::kernels::active_isa() == ::muster::kernels::Isa::v4                            \
       ? ::muster::kernels::backtest::v4::function(__VA_ARGS__)                             \
       : ::muster::kernels::backtest::v3::function(__VA_ARGS__))
#else
#define MUSTER_BACKTEST_DISPATCH(function, ...) ::muster::kernels::backtest::generic::function(__VA_ARGS__)
#endif
