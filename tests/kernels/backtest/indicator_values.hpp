// The indicators by name, for the comparisons with TA-Lib.
#pragma once

#include <map>
#include <string>

#include "kernels/backtest/indicators.hpp"

namespace muster::testing {

using namespace muster::kernels::backtest;

struct Bars {
  Series high, low, close;
};

/// Every series that TA-Lib has too, for one window.
inline std::map<std::string, Series> indicator_values(Bars const& in, std::uint32_t n) {
  Series const change = rate_of_change(in.close, 1);
  Series returns(change.begin() + (change.empty() ? 0 : 1), change.end());
  Series volatility = deviation(returns, n);
  if (!change.empty()) volatility.insert(volatility.begin(), change[0]);
  return {{"sma", simple_average(in.close, n)},
          {"ema", exponential_average(in.close, n)},
          {"wma", weighted_average(in.close, n)},
          {"rsi", relative_strength(in.close, n)},
          {"macd", macd_histogram(in.close, macd_windows(n))},
          {"stddev", deviation(in.close, n)},
          {"atr", average_true_range(in.high, in.low, in.close, n)},
          {"roc", rate_of_change(in.close, n)},
          {"max", highest(in.high, n)},
          {"min", lowest(in.low, n)},
          {"volatility", volatility}};
}

}  // namespace muster::testing
