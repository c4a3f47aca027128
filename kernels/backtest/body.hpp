// What happens to one symbol of one rule's account in one bar. Rules of filling: docs/methods/backtest.md.
#pragma once

#include <cstdint>

#include "kernels/backtest/features.hpp"
#include "kernels/backtest/money.hpp"
#include "kernels/backtest/rule.hpp"

MUSTER_BACKTEST_BEGIN

/// Orders that wait for the next open: bits.
inline constexpr std::int32_t order_exit = 1;
inline constexpr std::int32_t order_long = 2;
inline constexpr std::int32_t order_short = 4;

/// Factors of prices and values, in the engine's precision.
template <class T>
struct FillCosts {
  T buy = 1;   ///< price paid over price quoted
  T sell = 1;
  T rate = 0;  ///< commission over value
  T per_share = 0;
};

/// A rule as the engine reads it.
template <class T>
struct Decider {
  std::int32_t enter_long = 0;  ///< thresholds on the integer score
  std::int32_t exit_long = 0;
  std::int32_t enter_short = 0;
  std::int32_t exit_short = 0;
  std::int32_t holding = 0;
  T stop_long = 0;  ///< levels over the quoted open of the entry; one that is never reached where there is none
  T stop_short = 0;
  T target_long = 0;
  T target_short = 0;
};

/// One symbol's position. Flat: shares 0.
template <class T>
struct Position {
  T shares = 0;  ///< negative: short
  T stop = 0;
  T target = 0;
  T flow = 0;    ///< cash of the trade so far
  std::int32_t held = 0;  ///< closes since the entry
  std::int32_t orders = 0;
};

/// Cash of one fill; all 0 where there was none.
template <class T>
struct Fill {
  T value = 0;     ///< 0 or more
  T received = 0;  ///< value, negative where it was paid
  T fee = 0;
  std::int32_t count = 0;
  std::int32_t wins = 0;
};

template <class T>
MUSTER_FN T fee_of(T value, T size, FillCosts<T> const& costs) {
  return bounded(value * costs.rate + size * costs.per_share);
}

/// Sells a long or buys back a short at `price`, where `exits`.
template <class T>
MUSTER_FN Fill<T> close_position(T shares, T flow, bool exits, T price, FillCosts<T> const& costs) {
  T const size = exits ? abs(shares) : T(0);
  T const value = exits ? bounded(size * price) : T(0);  // a flat lane's price may be infinite
  T const received = shares > 0 ? value : -value;
  T const fee = fee_of(value, size, costs);
  bool const won = exits & (flow + received - fee > 0);
  return {value, received, fee, exits ? 1 : 0, won ? 1 : 0};
}

/// The price at which a position is closed by a market order where `quoted` is quoted.
template <class T>
MUSTER_FN T exit_price(T shares, T quoted, FillCosts<T> const& costs) {
  return quoted * (shares > 0 ? costs.sell : costs.buy);
}

/// What an order for entry asks for at the open.
template <class T>
struct Ask {
  T shares = 0;
  T cost = 0;  ///< value and fee
};

/// `value`: what the position should be worth; `orders` may hold none.
template <class T>
MUSTER_FN Ask<T> ask_at_open(std::int32_t orders, T open, T value, FillCosts<T> const& costs) {
  bool const buys = (orders & order_long) != 0;
  bool const enters = ((orders & (order_long | order_short)) != 0) & (open > 0);
  T const wanted = enters ? value : T(0);
  T const price = open * (buys ? costs.buy : costs.sell);
  T const size = wanted / (enters ? price : T(1));
  return {buys ? size : -size, bounded(wanted + fee_of(wanted, size, costs))};
}

/// Fills an entry of `shares` at the open; none where it is 0. `fill.value` may be 0 for a dust of shares.
template <class T>
MUSTER_FN Fill<T> enter_at_open(T shares, T open, Decider<T> const& rule, FillCosts<T> const& costs, Position<T>& at) {
  bool const enters = shares != 0;
  bool const buys = shares > 0;
  T const size = abs(shares);
  T const value = bounded(size * (open * (buys ? costs.buy : costs.sell)));
  T const fee = fee_of(value, size, costs);
  T const received = buys ? -value : value;
  T const stop = open * (buys ? rule.stop_long : rule.stop_short);
  T const target = open * (buys ? rule.target_long : rule.target_short);
  at.shares = enters ? shares : at.shares;
  at.stop = enters ? stop : at.stop;
  at.target = enters ? target : at.target;
  at.flow = enters ? received - fee : at.flow;
  at.held = enters ? 0 : at.held;
  return {value, received, fee, enters ? 1 : 0, 0};
}

/// Where a stop or a target closes a position inside a bar.
template <class T>
struct Touch {
  bool stopped = false;
  bool reached = false;  ///< the target, and not the stop
  T price = 0;
};

/// The stop is assumed to come first; one that was jumped over fills at the open. A target fills at its level.
/// Untraded bars touch nothing: their high is 0 and their low `no_low`.
template <class T>
MUSTER_FN Touch<T> touch_levels(T shares, T stop, T target, T open, T high, T low, FillCosts<T> const& costs) {
  bool const is_long = shares > 0;
  bool const is_short = shares < 0;
  bool const stopped = (is_long & (low <= stop)) | (is_short & (high >= stop));
  bool const reached = (is_long & (high >= target)) | (is_short & (low <= target));
  T const lower = open < stop ? open : stop;
  T const higher = open > stop ? open : stop;
  T const at_stop = exit_price(shares, is_long ? lower : higher, costs);
  return {stopped, reached && !stopped, stopped ? at_stop : target};
}

/// Orders after a close at which the symbol traded or did not.
template <class T>
MUSTER_FN std::int32_t decide(std::int32_t score, T shares, std::int32_t held, std::int32_t orders, bool traded,
                              Decider<T> const& rule) {
  bool const is_long = shares > 0;
  bool const is_short = shares < 0;
  bool const late = held >= rule.holding;
  bool const up = score >= rule.enter_long;
  bool const down = (score <= rule.enter_short) & !up;
  bool const leaves = (is_long & ((score <= rule.exit_long) | late | down)) |
                      (is_short & ((score >= rule.exit_short) | late | up));
  std::int32_t const exits = leaves ? order_exit : 0;
  std::int32_t const enters = (up & !is_long ? order_long : 0) | (down & !is_short ? order_short : 0);
  return traded ? exits | enters : orders & order_exit;
}

/// A split changes shares and levels; a dividend is cash for a long and a debt for a short.
template <class T>
MUSTER_FN T apply_event(T split, T inverse_split, T dividend, Position<T>& at) {
  at.shares = at.shares * split;
  at.stop = at.stop * inverse_split;
  at.target = at.target * inverse_split;
  T const amount = bounded(abs(at.shares) * dividend);
  T const received = at.shares > 0 ? amount : -amount;
  at.flow = at.flow + received;
  return received;
}

MUSTER_BACKTEST_END
