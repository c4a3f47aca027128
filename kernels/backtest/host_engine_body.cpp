// Runners of the backtest on a CPU; compiled once per instruction set.
#include "kernels/backtest/host_engine.hpp"

#include "kernels/backtest/isa_doors.hpp"

MUSTER_BACKTEST_BEGIN
namespace {

Tape<float> const& tape_of(Market const& market, float) { return market.single; }
Tape<double> const& tape_of(Market const& market, double) { return market.full; }

template <class T>
class SymbolLanes final : public RuleEngine {
 public:
  explicit SymbolLanes(Plan const& plan) : plan_(plan), engine_(plan, tape_of(*plan.market, T{}), watch_) {}

  void run(std::span<Rule const> rules, std::span<Tally> out) override {
    Tally* to = out.data();
    for (Rule const& rule : rules) {
      engine_.load(rule);
      for (Span const& span : plan_.spans) *to++ = engine_.run(span);
    }
  }

 private:
  Plan const& plan_;
  NoWatch watch_;
  HostEngine<T, NoWatch> engine_;
};

}  // namespace

RuleEngine* make_rule_engine(Plan const& plan) {
  if (plan.precision == Precision::single) return new SymbolLanes<float>(plan);
  return new SymbolLanes<double>(plan);
}

MUSTER_BACKTEST_END
