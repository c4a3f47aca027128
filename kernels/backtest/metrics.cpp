#include "kernels/backtest/metrics.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "kernels/scalar_math.hpp"

namespace muster::kernels::backtest {
namespace {

double quotient(double a, double b) { return b > 0 ? a / b : 0; }
double root(double x) { return x > 0 ? __builtin_sqrt(x) : 0; }

/// Σ(x - mean)² from Σx and Σx²; 0 where rounding leaves nothing.
double squares_about_mean(double sum, double squares, double n) {
  double const spread = squares - sum * sum / n;
  return spread > squares * 1e-14 ? spread : 0;
}

void fill_ratios(Tally const& tally, double bars_per_year, Metrics& out) {
  double const n = static_cast<double>(tally.bars);
  double const mean = tally.sum_r / n;
  double const year = root(bars_per_year);
  double const spread = squares_about_mean(tally.sum_r, tally.sum_r2, n);
  double const deviation = n > 1 ? root(spread / (n - 1)) : 0;
  out.volatility = deviation * year;
  out.sharpe = quotient(mean, deviation) * year;
  out.sortino = quotient(mean, root(tally.sum_down2 / n)) * year;
}

void fill_moments(Tally const& tally, Metrics& out) {
  double const n = static_cast<double>(tally.bars);
  double const m = tally.sum_r / n;
  double const m2 = squares_about_mean(tally.sum_r, tally.sum_r2, n) / n;
  double const m3 = tally.sum_r3 / n - 3 * m * tally.sum_r2 / n + 2 * m * m * m;
  double const m4 = tally.sum_r4 / n - 4 * m * tally.sum_r3 / n + 6 * m * m * tally.sum_r2 / n - 3 * m * m * m * m;
  out.skewness = quotient(m3, m2 * root(m2));
  out.kurtosis = quotient(m4, m2 * m2);
}

double annual_return(double total, double years) {
  if (total <= -1) return -1;
  return exact_exp(exact_log(1 + total) / years) - 1;
}

struct Means {
  double x = 0;
  double y = 0;
};

Means means_of(std::span<double const> x, std::span<double const> y) {
  Means m;
  for (std::size_t i = 0; i < x.size(); ++i) {
    m.x += x[i];
    m.y += y[i];
  }
  return {m.x / static_cast<double>(x.size()), m.y / static_cast<double>(x.size())};
}

/// What a buy-and-hold account holds, symbol by symbol.
struct Holdings {
  std::vector<double> shares;
  double cash = 0;
};

Holdings buy_evenly(Market const& m, std::uint32_t bar, double capital_usd) {
  Holdings out{std::vector<double>(m.padded, 0.0)};
  double count = 0;
  for (std::uint32_t s = 0; s < m.symbols; ++s) count += m.status[m.at(bar, s)] == Status::traded ? 1 : 0;
  if (count == 0) out.cash = capital_usd;
  for (std::uint32_t s = 0; s < m.symbols; ++s)
    if (m.status[m.at(bar, s)] == Status::traded) out.shares[s] = capital_usd / count / m.close[m.at(bar, s)];
  return out;
}

void book_events(Market const& m, std::uint32_t bar, Holdings& held) {
  for (std::uint32_t e = m.full.event_begin[bar]; e < m.full.event_begin[bar + 1]; ++e) {
    auto const& event = m.full.events[e];
    double& shares = held.shares[event.symbol];
    shares *= event.split;
    held.cash += shares * event.dividend;
    if (event.delisted) {
      held.cash += shares * m.full.close[m.at(bar, event.symbol)];
      shares = 0;
    }
  }
}

double worth(Market const& m, std::uint32_t bar, Holdings const& held) {
  double sum = held.cash;
  for (std::uint32_t s = 0; s < m.symbols; ++s) sum += held.shares[s] * m.full.close[m.at(bar, s)];
  return sum;
}

}  // namespace

Metrics metrics_of(Tally const& tally, double bars_per_year) {
  Metrics out;
  out.total_return = quotient(tally.end_equity_usd - tally.start_equity_usd, tally.start_equity_usd);
  out.max_drawdown = tally.max_drawdown;
  out.hit_rate = quotient(tally.wins, tally.trades);
  if (tally.bars == 0) return out;
  double const n = static_cast<double>(tally.bars);
  double const years = n / bars_per_year;
  out.annual_return = annual_return(out.total_return, years);
  out.calmar = quotient(out.annual_return, out.max_drawdown);
  out.turnover_year = quotient(tally.turnover_usd, tally.start_equity_usd) / years;
  out.exposure = tally.exposure_sum / n;
  out.time_in_market = tally.invested_bars / n;
  fill_ratios(tally, bars_per_year, out);
  fill_moments(tally, out);
  return out;
}

std::vector<double> returns_of(std::span<double const> equity) {
  std::vector<double> out;
  for (std::size_t i = 1; i < equity.size(); ++i) out.push_back((equity[i] - equity[i - 1]) / equity[i - 1]);
  return out;
}

double tail_loss(std::span<double const> returns, double share) {
  if (returns.empty()) return 0;
  std::vector<double> sorted(returns.begin(), returns.end());
  std::sort(sorted.begin(), sorted.end());
  double const count = share * static_cast<double>(sorted.size());
  double sum = 0, taken = 0;
  for (std::size_t i = 0; i < sorted.size() && taken < count; ++i) {
    double const part = count - taken < 1 ? count - taken : 1;
    sum += part * sorted[i];
    taken += part;
  }
  return -quotient(sum, taken);
}

Relative relative_to(std::span<double const> returns, std::span<double const> benchmark, double bars_per_year) {
  MUSTER_ASSERT(returns.size() == benchmark.size());
  Relative out;
  if (returns.size() < 2) return out;
  Means const mean = means_of(returns, benchmark);
  double joint = 0, spread = 0, active = 0;
  for (std::size_t i = 0; i < returns.size(); ++i) {
    double const x = returns[i] - mean.x, y = benchmark[i] - mean.y;
    joint += x * y;
    spread += y * y;
    active += (x - y) * (x - y);
  }
  out.beta = quotient(joint, spread);
  out.alpha = (mean.x - out.beta * mean.y) * bars_per_year;
  double const error = root(active / static_cast<double>(returns.size() - 1));
  out.information_ratio = quotient(mean.x - mean.y, error) * root(bars_per_year);
  return out;
}

std::vector<double> buy_and_hold(Market const& market, Span span, double capital_usd) {
  Holdings held = buy_evenly(market, span.first, capital_usd);
  std::vector<double> equity;
  for (std::uint32_t t = span.first; t < span.last; ++t) {
    if (t > span.first) book_events(market, t, held);
    equity.push_back(worth(market, t, held));
  }
  return equity;
}

}  // namespace muster::kernels::backtest
