// What trading costs, and the account it is paid from.
#pragma once

namespace muster::kernels::backtest {

struct Costs {
  double capital_usd = 1'000'000;  ///< at the start of every span; 1e3 to 1e8
  double commission_bps = 1;       ///< of a fill's value; 0 to 1000
  double commission_per_share_usd = 0;  ///< 0 to 10
  double half_spread_bps = 2;      ///< paid on market and stop orders, not on targets; with slippage 0 to 5000
  double slippage_bps = 1;
  double borrow_percent_year = 1;     ///< of short positions at each close; 0 to 1000
  double financing_percent_year = 5;  ///< of negative cash at each close; 0 to 1000
  double bars_per_year = 252;         ///< 1 to 1e6
  double leverage = 1;                ///< the most gross exposure an entry may make, times equity; 0.01 to 16
};

/// Throws Error (Exit::user) naming the first value outside its range.
void check(Costs const& costs);

}  // namespace muster::kernels::backtest
