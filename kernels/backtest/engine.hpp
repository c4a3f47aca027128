// Backtests of many rules on one market. The order of things in a bar and every fill rule:
// docs/methods/backtest.md.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "kernels/backtest/costs.hpp"
#include "kernels/backtest/features.hpp"
#include "kernels/backtest/market.hpp"
#include "kernels/backtest/rule.hpp"

namespace muster::kernels::backtest {

/// Bars [first, last), at least 2. A span starts flat with fresh capital at its first close, and closes
/// everything at its last.
struct Span {
  std::uint32_t first = 0;
  std::uint32_t last = 0;
};

enum class Ending : std::uint32_t {
  whole = 0,
  ruined = 1,        ///< equity of 0 or less at a close; the rest of the span is not run
  out_of_range = 2,  ///< an amount of 2^31 dollars or more; the rest of the span is not run
};

/// What one rule did in one span. Sums over the returns r of equity from bar to bar, in order of time.
struct Tally {
  std::uint64_t bars = 0;  ///< returns summed: bars of the span - 1, fewer where it ended early
  double sum_r = 0;
  double sum_r2 = 0;
  double sum_r3 = 0;
  double sum_r4 = 0;
  double sum_down2 = 0;        ///< of min(r, 0)^2
  double start_equity_usd = 0;
  double end_equity_usd = 0;
  double max_drawdown = 0;     ///< fraction of the highest equity before
  double exposure_sum = 0;     ///< of gross exposure / equity at each close but the last
  double turnover_usd = 0;     ///< value of all fills
  double fees_usd = 0;         ///< commissions
  double carry_usd = 0;        ///< borrow and financing
  double dividends_usd = 0;    ///< received less paid
  std::uint32_t trades = 0;    ///< positions closed
  std::uint32_t wins = 0;      ///< of them with a gain after commissions and dividends
  std::uint32_t invested_bars = 0;  ///< closes with a position
  Ending ending = Ending::whole;

  friend bool operator==(Tally const&, Tally const&) = default;
};

enum class Precision : std::uint8_t { single, full };

/// What a runner needs; market and features are used, not copied, and outlive it.
struct Plan {
  Market const* market = nullptr;
  Features const* features = nullptr;
  Costs costs{};
  std::vector<Span> spans{};
  Precision precision = Precision::single;
};

/// Throws Error (Exit::user) for costs or spans out of range, and for a market and features of different sizes.
void check(Plan const& plan);
/// Throws Error (Exit::user) for a rule with a field out of range, or a feature that `features` lacks.
void check(Rule const& rule, Features const& features);

/// Runs rules of one plan and keeps its buffers. One thread at a time.
class Runner {
 public:
  virtual ~Runner() = default;
  /// `out` has rules.size() * plan.spans.size() values, [rule][span]. The bits depend on rule, plan and
  /// precision alone. The rules have passed `check`.
  virtual void run(std::span<Rule const> rules, std::span<Tally> out) = 0;
};

/// On the calling thread, in `plan.precision`. Throws as check(plan) does.
std::unique_ptr<Runner> make_host_runner(Plan const& plan);

/// What decides how much of a device's memory a runner takes, at most.
struct DeviceTables {
  std::uint32_t symbols = 0;
  std::uint64_t tables = 0;  ///< of features
  std::uint64_t bars = 0;
  std::uint64_t spans = 0;
  Precision precision = Precision::single;
  std::uint64_t rules_at_once = 0;
};
std::uint64_t device_bytes(DeviceTables const& of);

enum class Reason : std::uint8_t { signal, holding, stop, target, delisted, end };
char const* reason_name(Reason reason);

/// One position from entry to exit. Prices are raw and as filled, costs of spread and slippage in them.
struct Trade {
  std::uint32_t symbol = 0;
  std::uint32_t entry_bar = 0;
  std::uint32_t exit_bar = 0;
  Reason reason = Reason::signal;
  double entry_shares = 0;  ///< negative: short
  double exit_shares = 0;   ///< the same shares after splits
  double entry_price_usd = 0;
  double exit_price_usd = 0;
  double fees_usd = 0;
  double dividends_usd = 0;
  double result_usd = 0;  ///< all cash of the trade; borrow and financing are the account's
};

/// One rule in one span, bar by bar. Its tally has the bits of a Runner of full precision.
struct Detail {
  Tally tally{};
  std::vector<double> equity_usd{};    ///< at each close of the span, while it was run
  std::vector<double> exposure{};      ///< gross / equity there
  std::vector<Trade> trades{};         ///< in order of exit, ties by symbol
};

Detail run_detail(Plan const& plan, Rule const& rule, Span span);

}  // namespace muster::kernels::backtest
