// Baseline side of the backtest: checks, and the doors to the copy of the engine that this CPU runs.
#include "kernels/backtest/engine.hpp"

#include "core/error.hpp"
#include "kernels/backtest/group_layout.hpp"
#include "kernels/backtest/isa_doors.hpp"

namespace muster::kernels::backtest {
namespace {

class HostRunner final : public Runner {
 public:
  explicit HostRunner(Plan const& plan)
      : plan_(plan), engine_(MUSTER_BACKTEST_DISPATCH(make_rule_engine, plan_)) {}
  void run(std::span<Rule const> rules, std::span<Tally> out) override {
    MUSTER_ASSERT(out.size() == rules.size() * plan_.spans.size());
    engine_->run(rules, out);
  }

 private:
  Plan plan_;
  std::unique_ptr<RuleEngine> engine_;
};

class DetailKeeper final : public DetailSink {
 public:
  explicit DetailKeeper(Detail& detail) : detail_(detail) {}
  void on_trade(Trade const& trade) override { detail_.trades.push_back(trade); }
  void on_close(double equity_usd, double exposure) override {
    detail_.equity_usd.push_back(equity_usd);
    detail_.exposure.push_back(exposure);
  }

 private:
  Detail& detail_;
};

void check_cost(char const* name, double value, double least, double most) {
  MUSTER_REQUIRE(value >= least && value <= most, "{} = {} (must be from {} to {}); change it", name, value, least, most);
}

void check_field(char const* name, int value, int least, int most) {
  MUSTER_REQUIRE(value >= least && value <= most, "a rule's {} = {} (must be from {} to {}); change it", name, value, least,
                 most);
}

void check_term(Term const& term, Features const& features) {
  check_field("weight_percent", term.weight_percent, -100, 100);
  MUSTER_REQUIRE(term.kind < features.kinds, "a rule's feature {} does not exist ({} do); use one that does",
                 static_cast<int>(term.kind), features.kinds);
  MUSTER_REQUIRE(term.window < features.windows.size(), "a rule's window number {} does not exist ({} do); use one that does",
                 static_cast<int>(term.window), features.windows.size());
}

void check_span(Span span, std::uint32_t bars) {
  MUSTER_REQUIRE(span.last <= bars && span.first < span.last && span.last - span.first >= 2,
                 "a span of bars [{}, {}) (needs at least 2 of the market's {}); change it", span.first, span.last, bars);
}

}  // namespace

void check(Costs const& costs) {
  check_cost("capital_usd", costs.capital_usd, 1e3, 1e8);
  check_cost("commission_bps", costs.commission_bps, 0, 1000);
  check_cost("commission_per_share_usd", costs.commission_per_share_usd, 0, 10);
  check_cost("half_spread_bps", costs.half_spread_bps, 0, 5000);
  check_cost("slippage_bps", costs.slippage_bps, 0, 5000 - costs.half_spread_bps);
  check_cost("borrow_percent_year", costs.borrow_percent_year, 0, 1000);
  check_cost("financing_percent_year", costs.financing_percent_year, 0, 1000);
  check_cost("bars_per_year", costs.bars_per_year, 1, 1e6);
  check_cost("leverage", costs.leverage, 0.01, 16);
}

void check(Plan const& plan) {
  check(plan.costs);
  Market const& market = *plan.market;
  Features const& features = *plan.features;
  MUSTER_REQUIRE(market.bars > 0 && market.full.bars == market.bars, "a market that was not sealed; seal it first");
  MUSTER_REQUIRE(features.bars == market.bars && features.padded == market.padded,
                 "features of {} bars x {} symbols for a market of {} x {} (they must be made from it); make them again",
                 features.bars, features.padded, market.bars, market.padded);
  MUSTER_REQUIRE(!plan.spans.empty(), "a backtest without spans of bars; name one");
  for (Span const span : plan.spans) check_span(span, market.bars);
}

void check(Rule const& rule, Features const& features) {
  for (Term const& term : rule.terms)
    if (term.weight_percent != 0) check_term(term, features);
  check_field("enter_long", rule.enter_long, -100, 100);
  check_field("exit_long", rule.exit_long, -100, 100);
  check_field("enter_short", rule.enter_short, -100, 100);
  check_field("exit_short", rule.exit_short, -100, 100);
  check_field("stop_half_percent", rule.stop_half_percent, 0, 199);
  check_field("target_half_percent", rule.target_half_percent, 0, 2000);
  check_field("size_percent", rule.size_percent, 1, 1000);
  check_field("sides", static_cast<int>(rule.sides), 1, 3);
  check_field("sizing", static_cast<int>(rule.sizing), 0, 1);
}

std::unique_ptr<Runner> make_host_runner(Plan const& plan) {
  check(plan);
  return std::make_unique<HostRunner>(plan);
}

Detail run_detail(Plan const& plan, Rule const& rule, Span span) {
  check(plan);
  check(rule, *plan.features);
  check_span(span, plan.market->bars);
  Detail detail;
  DetailKeeper keeper(detail);
  detail.tally = MUSTER_BACKTEST_DISPATCH(tell_detail, plan, rule, span, keeper);
  return detail;
}

char const* reason_name(Reason reason) {
  switch (reason) {
    case Reason::signal: return "signal";
    case Reason::holding: return "holding";
    case Reason::stop: return "stop";
    case Reason::target: return "target";
    case Reason::delisted: return "delisted";
    case Reason::end: return "end";
  }
  return "?";
}

std::uint64_t device_bytes(DeviceTables const& of) {
  std::uint64_t const real = of.precision == Precision::single ? sizeof(float) : sizeof(double);
  std::uint64_t const cells = of.bars * device_row(of.symbols);
  std::uint64_t const prices = 8 * cells * real, flags = of.bars * 32 * sizeof(std::uint32_t);
  std::uint64_t const stage = of.bars * padded_symbols(of.symbols) * real;
  std::uint64_t const rules = of.rules_at_once * (sizeof(Rule) + sizeof(std::uint32_t) + of.spans * sizeof(Tally));
  return prices + flags + stage + of.tables * cells * sizeof(std::int16_t) + rules + of.spans * sizeof(Span);
}

}  // namespace muster::kernels::backtest
