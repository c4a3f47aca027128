// One rule's account over a span: cash, limits, costs of carry, and the tally. One item, no lanes.
#pragma once

#include <cstdint>

#include "kernels/backtest/body.hpp"
#include "kernels/backtest/costs.hpp"
#include "kernels/backtest/engine.hpp"

MUSTER_BACKTEST_BEGIN

/// Costs as the account reads them.
struct AccountCosts {
  double capital_usd = 0;
  double leverage = 1;
  double borrow_rate = 0;     ///< a bar
  double financing_rate = 0;  ///< a bar
};

template <class T>
FillCosts<T> fill_costs(Costs const& costs) {
  double const slip = (costs.half_spread_bps + costs.slippage_bps) / 10000;
  return {static_cast<T>(1 + slip), static_cast<T>(1 - slip), static_cast<T>(costs.commission_bps / 10000),
          static_cast<T>(costs.commission_per_share_usd)};
}

inline AccountCosts account_costs(Costs const& costs) {
  return {costs.capital_usd, costs.leverage, costs.borrow_percent_year / 100 / costs.bars_per_year,
          costs.financing_percent_year / 100 / costs.bars_per_year};
}

/// Sums over symbols of one stage's fills, in money units.
struct FillSums {
  std::int64_t value = 0;
  std::int64_t received = 0;
  std::int64_t fees = 0;
  std::int32_t count = 0;
  std::int32_t wins = 0;
};

/// Sums over symbols of positions and orders at the open, after exits.
struct OpenSums {
  std::int64_t gross = 0;
  std::int64_t net = 0;
  std::int64_t demand = 0;  ///< of all entries, fees included
};

/// Entries that could be filled for less than this share lapse: no dust.
inline constexpr double least_share = 0.1;

/// What a close makes of the account.
struct BarClose {
  double equity = 0;
  double carried_usd = 0;
  bool is_in_range = true;
};

/// Cash and limits: what one bar hands to the next.
struct Ledger {
  AccountCosts costs{};
  std::int64_t cash = 0;
  double equity = 0;       ///< at the last close
  std::int64_t worst = 0;  ///< the largest sum so far
  // Of the bar, added to the tally at its close:
  std::int64_t value = 0;
  std::int64_t fees = 0;
  std::int64_t dividends = 0;
  std::uint32_t trades = 0;
  std::uint32_t wins = 0;

  MUSTER_FN void open(AccountCosts const& with) {
    *this = Ledger{};
    costs = with;
    cash = to_money(with.capital_usd);
    equity = to_usd(cash);
  }

  MUSTER_FN void widen(std::int64_t sum) { worst = sum > worst ? sum : worst; }

  MUSTER_FN void pay_dividend(std::int64_t received) {
    widen(received < 0 ? -received : received);
    cash += received;
    dividends += received;
  }

  MUSTER_FN void fill(FillSums const& sums) {
    widen(sums.value);
    widen(sums.fees);
    cash += sums.received - sums.fees;
    value += sums.value;
    fees += sums.fees;
  }

  MUSTER_FN void close_trades(FillSums const& sums) {
    fill(sums);
    trades += static_cast<std::uint32_t>(sums.count);
    wins += static_cast<std::uint32_t>(sums.wins);
  }

  /// The share of what entries ask for that cash and leverage allow; 0: they lapse. Rounded down by 2^-20, so
  /// that rounding the fills cannot overdraw the account.
  MUSTER_FN double affordable(OpenSums const& sums) {
    widen(sums.gross);
    widen(sums.demand);
    double const room = costs.leverage * to_usd(cash + sums.net) - to_usd(sums.gross);
    double const demand = to_usd(sums.demand);
    if (demand <= room) return 1;
    double const share = room / demand * (1 - 0x1p-20);
    return share < least_share ? 0 : share;
  }

  /// After the bar's last fill. `is_last`: everything is closed, and nothing is carried.
  MUSTER_FN BarClose settle(std::int64_t gross, std::int64_t net, bool is_last) {
    widen(gross);
    std::int64_t const before = cash;
    if (!is_last) carry(gross, net);
    double const now = to_usd(cash + net);
    return {now, to_usd(before - cash), worst < money_limit && now < 0x1p31 && now > -0x1p31};
  }

  /// Turns to the next bar.
  MUSTER_FN void pass(double now) {
    equity = now;
    value = fees = dividends = 0;
    trades = wins = 0;
  }

 private:
  /// Borrow cost of the shorts, (gross - net) / 2, and financing of negative cash.
  MUSTER_FN void carry(std::int64_t gross, std::int64_t net) {
    double const shorts = to_usd(gross - net) * 0.5;
    double const owed = cash < 0 ? -to_usd(cash) : 0.0;
    cash -= to_money(bounded<double>(shorts * costs.borrow_rate)) + to_money(bounded<double>(owed * costs.financing_rate));
  }
};

/// What one return adds to the tally.
struct ReturnTerms {
  double r = 0;
  double square = 0;
  double cube = 0;
  double fourth = 0;
  double down_square = 0;
};

MUSTER_FN ReturnTerms return_terms(double now, double before) {
  double const r = (now - before) / before;
  double const down = r < 0 ? r : 0.0;
  double const square = r * r;
  return {r, square, square * r, square * square, down * down};
}

/// Gross exposure over equity; 0 where there is none left.
MUSTER_FN double exposure_of(std::int64_t gross, double now) { return now > 0 ? to_usd(gross) / now : 0.0; }

struct Account : Ledger {
  double peak = 0;
  Tally tally{};

  MUSTER_FN void begin(AccountCosts const& with) {
    open(with);
    peak = equity;
    tally = Tally{};
    tally.start_equity_usd = equity;
    tally.end_equity_usd = equity;
  }

  MUSTER_FN void close_bar(std::int64_t gross, std::int64_t net, bool is_last) {
    BarClose const close = settle(gross, net, is_last);
    if (!close.is_in_range) {
      tally.ending = Ending::out_of_range;
      return;
    }
    tally.carry_usd += close.carried_usd;
    add_bar();
    if (!is_last) tally.exposure_sum += exposure_of(gross, close.equity);
    tally.invested_bars += !is_last && gross > 0 ? 1 : 0;
    add_return(close.equity);
    pass(close.equity);
  }

  MUSTER_FN bool has_ended() const { return tally.ending != Ending::whole; }

 private:
  MUSTER_FN void add_bar() {
    tally.turnover_usd += to_usd(value);
    tally.fees_usd += to_usd(fees);
    tally.dividends_usd += to_usd(dividends);
    tally.trades += trades;
    tally.wins += wins;
  }

  MUSTER_FN void add_return(double now) {
    ReturnTerms const terms = return_terms(now, equity);
    tally.bars += 1;
    tally.sum_r += terms.r;
    tally.sum_r2 += terms.square;
    tally.sum_r3 += terms.cube;
    tally.sum_r4 += terms.fourth;
    tally.sum_down2 += terms.down_square;
    tally.end_equity_usd = now;
    peak = now > peak ? now : peak;
    double const drawdown = (peak - now) / peak;
    tally.max_drawdown = drawdown > tally.max_drawdown ? drawdown : tally.max_drawdown;
    if (now <= 0) tally.ending = Ending::ruined;
  }
};

MUSTER_BACKTEST_END
