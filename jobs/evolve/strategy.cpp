#include "jobs/evolve/strategy.hpp"

#include <fmt/core.h>

#include <limits>

#include "jobs/evolve/market.hpp"
#include "jobs/rows.hpp"
#include "kernels/backtest/metrics.hpp"

namespace muster::jobs::evolve {
namespace {

namespace bt = kernels::backtest;

constexpr double nan = std::numeric_limits<double>::quiet_NaN();

}  // namespace

std::vector<NamedSpan> named_spans(Spans const& spans, std::size_t fold) {
  std::vector<NamedSpan> all;
  auto const& train = spans.folds[fold].train;
  for (std::size_t i = 0; i < train.size(); ++i) all.push_back({train.size() == 1 ? "train" : fmt::format("train_{}", i + 1), train[i]});
  all.push_back({"validation", spans.folds[fold].validation});
  if (spans.has_test()) all.push_back({"test", spans.test});
  return all;
}

namespace {

/// One strategy on one span, told in full.
struct Told {
  NamedSpan span;
  bt::Detail detail;
  std::vector<double> hold;  ///< equity of buy and hold
};

std::vector<Told> tell(Params const& params, Field const& field, bt::Rule const& rule, std::vector<NamedSpan> const& spans) {
  std::vector<Told> all;
  for (auto const& named : spans) {
    auto const plan = backtest_plan(params, field, {named.span}, Precision::double_precision);
    all.push_back({named, bt::run_detail(plan, rule, named.span), bt::buy_and_hold(field.market, named.span, params.costs.capital_usd)});
  }
  return all;
}

void put_metrics(Rows& rows, bt::Metrics const& metrics) {
  rows.put("total_return", "1", metrics.total_return);
  rows.put("annual_return", "1/year", metrics.annual_return);
  rows.put("volatility", "1/sqrt(year)", metrics.volatility);
  rows.put("sharpe", "1/sqrt(year)", metrics.sharpe);
  rows.put("sortino", "1/sqrt(year)", metrics.sortino);
  rows.put("calmar", "1/year", metrics.calmar);
  rows.put("max_drawdown", "1", metrics.max_drawdown);
  rows.put("skewness", "1", metrics.skewness);
  rows.put("kurtosis", "1", metrics.kurtosis);
  rows.put("turnover", "1/year", metrics.turnover_year);
  rows.put("hit_rate", "1", metrics.hit_rate);
  rows.put("exposure", "1", metrics.exposure);
  rows.put("time_in_market", "1", metrics.time_in_market);
}

Table metrics_table(Params const& params, io::Bars const& bars, std::vector<Told> const& told) {
  Rows rows("champion_metrics", "The champion on each span, in double, and against buying all symbols in equal parts.");
  for (Told const& one : told) {
    auto const& tally = one.detail.tally;
    rows.put("span", one.span.name);
    rows.put("from", bar_time(bars, one.span.span.first));
    rows.put("to", bar_time(bars, one.span.span.last - 1));
    rows.put("bars", "1", std::uint64_t{one.span.span.last - one.span.span.first});
    put_metrics(rows, bt::metrics_of(tally, params.costs.bars_per_year));
    auto const returns = bt::returns_of(one.detail.equity_usd);
    auto hold = bt::returns_of(one.hold);
    hold.resize(returns.size());
    auto const relative = bt::relative_to(returns, hold, params.costs.bars_per_year);
    rows.put("tail_loss", "1", bt::tail_loss(returns));
    rows.put("alpha", "1/year", relative.alpha);
    rows.put("beta", "1", relative.beta);
    rows.put("information_ratio", "1/sqrt(year)", relative.information_ratio);
    rows.put("hold_return", "1", one.hold.empty() ? 0.0 : one.hold.back() / one.hold.front() - 1);
    rows.put("trades", "1", std::uint64_t{tally.trades});
    rows.put("wins", "1", std::uint64_t{tally.wins});
    rows.put("fees", "USD", tally.fees_usd);
    rows.put("borrow_and_financing", "USD", tally.carry_usd);
    rows.put("dividends", "USD", tally.dividends_usd);
    rows.put("is_ruined", "1", std::uint64_t{tally.ending != bt::Ending::whole});
  }
  return rows.take();
}

Table equity_table(io::Bars const& bars, std::vector<Told> const& told) {
  Rows rows("champion_equity", "The champion's account at each close; every span starts with fresh capital.");
  for (Told const& one : told)
    for (std::size_t i = 0; i < one.detail.equity_usd.size(); ++i) {
      rows.put("span", one.span.name);
      rows.put("time", bar_time(bars, one.span.span.first + i));
      rows.put("equity", "USD", one.detail.equity_usd[i]);
      rows.put("exposure", "1", one.detail.exposure[i]);
      rows.put("buy_and_hold", "USD", i < one.hold.size() ? one.hold[i] : nan);
    }
  return rows.take();
}

Table trades_table(io::Bars const& bars, std::vector<Told> const& told) {
  Rows rows("champion_trades", "All trades of the champion; prices are raw and as filled.");
  for (Told const& one : told)
    for (bt::Trade const& trade : one.detail.trades) {
      rows.put("span", one.span.name);
      rows.put("symbol", bars.symbols[trade.symbol]);
      rows.put("entry_time", bar_time(bars, trade.entry_bar));
      rows.put("exit_time", bar_time(bars, trade.exit_bar));
      rows.put("entry_shares", "1", trade.entry_shares);
      rows.put("exit_shares", "1", trade.exit_shares);
      rows.put("entry_price", "USD", trade.entry_price_usd);
      rows.put("exit_price", "USD", trade.exit_price_usd);
      rows.put("fees", "USD", trade.fees_usd);
      rows.put("dividends", "USD", trade.dividends_usd);
      rows.put("result", "USD", trade.result_usd);
      rows.put("reason", bt::reason_name(trade.reason));
    }
  return rows.take();
}

Table symbols_table(io::Bars const& bars, std::vector<Told> const& told) {
  Rows rows("champion_symbols", "What the champion made of each symbol in each span.");
  for (Told const& one : told)
    for (std::size_t symbol = 0; symbol < bars.symbols.size(); ++symbol) {
      std::uint64_t trades = 0, wins = 0;
      double result = 0, fees = 0;
      for (bt::Trade const& trade : one.detail.trades) {
        if (trade.symbol != symbol) continue;
        ++trades;
        wins += trade.result_usd > 0 ? 1 : 0;
        result += trade.result_usd;
        fees += trade.fees_usd;
      }
      rows.put("span", one.span.name);
      rows.put("symbol", bars.symbols[symbol]);
      rows.put("trades", "1", trades);
      rows.put("wins", "1", wins);
      rows.put("result", "USD", result);
      rows.put("fees", "USD", fees);
    }
  return rows.take();
}

}  // namespace

std::vector<Table> strategy_tables(Params const& params, io::Bars const& bars, Field const& field, bt::Rule const& rule,
                                   std::vector<NamedSpan> const& spans) {
  auto const told = tell(params, field, rule, spans);
  return {metrics_table(params, bars, told), symbols_table(bars, told), trades_table(bars, told), equity_table(bars, told)};
}

std::string metrics_text(Table const& metrics) {
  std::string text = fmt::format("\n  {:<14} {:<10} {:<10} {:>9} {:>9} {:>8} {:>9} {:>8} {:>8} {:>10}\n", "span", "from", "to", "return",
                                 "a year", "Sharpe", "drawdown", "trades", "hit", "buy, hold");
  auto const number = [&](std::string_view name, std::size_t row) { return column<double>(metrics, name)[row]; };
  for (std::size_t row = 0; row < column<std::string>(metrics, "span").size(); ++row)
    text += fmt::format("  {:<14} {:<10.10} {:<10.10} {:>8.1f}% {:>8.1f}% {:>8.2f} {:>8.1f}% {:>8} {:>7.0f}% {:>9.1f}%\n",
                        column<std::string>(metrics, "span")[row], column<std::string>(metrics, "from")[row],
                        column<std::string>(metrics, "to")[row], 100 * number("total_return", row), 100 * number("annual_return", row),
                        number("sharpe", row), 100 * number("max_drawdown", row), column<std::int64_t>(metrics, "trades")[row],
                        100 * number("hit_rate", row), 100 * number("hold_return", row));
  return text;
}

}  // namespace muster::jobs::evolve
