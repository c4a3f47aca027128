// Figures of merit. Formulas, sources and examples: docs/methods/metrics.md.
#pragma once

#include <span>
#include <vector>

#include "kernels/backtest/engine.hpp"

namespace muster::kernels::backtest {

/// From a tally. Years are bars / bars_per_year; the risk-free rate is 0. A quotient of 0 over 0 is 0.
struct Metrics {
  double total_return = 0;
  double annual_return = 0;  ///< (1 + total)^(1 / years) - 1
  double volatility = 0;     ///< annual: sample standard deviation * sqrt(bars_per_year)
  double sharpe = 0;         ///< annual: mean / sample standard deviation * sqrt(bars_per_year)
  double sortino = 0;        ///< mean / sqrt(mean of min(r, 0)^2) * sqrt(bars_per_year)
  double calmar = 0;         ///< annual return / maximum drawdown
  double max_drawdown = 0;
  double skewness = 0;       ///< of the returns, population moments
  double kurtosis = 0;       ///< 3 for a normal law
  double turnover_year = 0;  ///< fills' value a year over start equity
  double hit_rate = 0;       ///< wins / trades
  double exposure = 0;       ///< mean gross / equity
  double time_in_market = 0; ///< share of closes with a position
};
Metrics metrics_of(Tally const& tally, double bars_per_year);

/// Return of each bar on the one before: one fewer than `equity`.
std::vector<double> returns_of(std::span<double const> equity);

/// Minus the mean of the worst `share` of returns, the last one in part (Rockafellar and Uryasev 2002).
/// 0 for no returns.
double tail_loss(std::span<double const> returns, double share = 0.05);

/// Against a benchmark's returns of the same bars.
struct Relative {
  double alpha = 0;  ///< annual: (mean r - beta mean b) * bars_per_year
  double beta = 0;   ///< covariance / variance of the benchmark
  double information_ratio = 0;  ///< annual: mean / standard deviation of r - b
};
Relative relative_to(std::span<double const> returns, std::span<double const> benchmark, double bars_per_year);

/// Equity at each close of `span` of capital spread evenly over the symbols that trade in its first bar, bought
/// at that close, held with splits, dividends kept as cash, without costs. Delisted: cash at the last close.
std::vector<double> buy_and_hold(Market const& market, Span span, double capital_usd);

}  // namespace muster::kernels::backtest
