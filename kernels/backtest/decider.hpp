// From a rule of percents to exact thresholds and levels.
#pragma once

#include "kernels/backtest/body.hpp"

MUSTER_BACKTEST_BEGIN

inline constexpr std::int32_t never_above = 0x7fffffff;
inline constexpr std::int32_t never_below = -0x7fffffff;

/// Largest integer not above a / 100.
MUSTER_FN std::int32_t floor_percent(std::int64_t a) {
  std::int64_t const q = a / 100;
  return static_cast<std::int32_t>(a % 100 < 0 ? q - 1 : q);
}

/// score >= percent of full  <=>  score >= at_least(percent, full), exactly.
MUSTER_FN std::int32_t at_least(std::int32_t percent, std::int64_t full) { return -floor_percent(-percent * full); }
MUSTER_FN std::int32_t at_most(std::int32_t percent, std::int64_t full) { return floor_percent(percent * full); }

/// 1 + half_percents * 0.5 %.
template <class T>
MUSTER_FN T level(int half_percents) {
  return static_cast<T>((200 + half_percents) / 200.0);
}

template <class T>
MUSTER_FN Decider<T> make_decider(Rule const& rule) {
  std::int64_t const full = std::int64_t{weight_sum(rule)} * feature_one;
  bool const can_long = full > 0 && (static_cast<int>(rule.sides) & 1) != 0;
  bool const can_short = full > 0 && (static_cast<int>(rule.sides) & 2) != 0;
  int const stop = rule.stop_half_percent;
  int const target = rule.target_half_percent;
  Decider<T> made;
  made.enter_long = can_long ? at_least(rule.enter_long, full) : never_above;
  made.exit_long = at_most(rule.exit_long, full);
  made.enter_short = can_short ? at_most(rule.enter_short, full) : never_below;
  made.exit_short = at_least(rule.exit_short, full);
  made.holding = rule.holding_bars > 0 ? rule.holding_bars : never_above;
  made.stop_long = stop > 0 ? level<T>(-stop) : T(0);
  made.stop_short = stop > 0 ? level<T>(stop) : Ieee<T>::infinity;
  made.target_long = target > 0 ? level<T>(target) : Ieee<T>::infinity;
  made.target_short = target > 0 ? level<T>(-target) : T(0);
  return made;
}

MUSTER_BACKTEST_END
