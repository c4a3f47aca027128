// What happens to a symbol of one rule's account in one bar; F is one lane or a pack of them (lanes.hpp). Rules of
// filling: docs/methods/backtest.md.
#pragma once

#include <cstdint>

#include "kernels/backtest/features.hpp"
#include "kernels/backtest/lanes.hpp"
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

/// A symbol's position. Flat: shares 0.
template <class F>
struct Position {
  F shares{};  ///< negative: short
  F stop{};
  F target{};
  F flow{};    ///< cash of the trade so far
  IntOf<F> held{};  ///< closes since the entry
  IntOf<F> orders{};
};

/// Cash of one fill; all 0 where there was none.
template <class F>
struct Fill {
  F value{};     ///< 0 or more
  F received{};  ///< value, negative where it was paid
  F fee{};
  IntOf<F> count{};  ///< of positions closed
  IntOf<F> wins{};
};

/// An amount of 0 or more as the grid of money holds it: NaN and everything too large become 2^31 dollars, which the
/// account refuses.
template <class F>
MUSTER_FN F bounded(F amount) {
  F const most = all_lanes<F>(static_cast<RealOf<F>>(0x1p31));
  return amount < most ? amount : most;
}

template <class F>
MUSTER_FN F fee_of(F value, F size, FillCosts<RealOf<F>> const& costs) {
  return bounded<F>(value * costs.rate + size * costs.per_share);
}

/// Sells a long or buys back a short at `price`, where `exits`.
template <class F>
MUSTER_FN Fill<F> close_position(F shares, F flow, MaskOf<F> exits, F price, FillCosts<RealOf<F>> const& costs) {
  F const none{};
  F const size = exits ? magnitude(shares) : none;
  F const value = exits ? bounded<F>(size * price) : none;  // a flat lane's price may be infinite
  F const received = shares > none ? value : -value;
  F const fee = fee_of<F>(value, size, costs);
  MaskOf<F> const won = exits & (flow + received - fee > none);
  return {value, received, fee, ones_of(exits), ones_of(won)};
}

/// The price at which a position is closed by a market order where `quoted` is quoted.
template <class F>
MUSTER_FN F exit_price(F shares, F quoted, FillCosts<RealOf<F>> const& costs) {
  F const sold = quoted * costs.sell;
  F const bought = quoted * costs.buy;
  return shares > F{} ? sold : bought;
}

template <class F>
MUSTER_FN MaskOf<F> has_order(IntOf<F> orders, std::int32_t which) {
  return (orders & which) != 0;
}

/// What an order for entry asks for at the open.
template <class F>
struct Ask {
  F shares{};
  F cost{};  ///< value and fee
};

/// `value`: what the position should be worth; `orders` may hold none.
template <class F>
MUSTER_FN Ask<F> ask_at_open(IntOf<F> orders, F open, F value, FillCosts<RealOf<F>> const& costs) {
  F const none{};
  F const bought = open * costs.buy;
  F const sold = open * costs.sell;
  MaskOf<F> const buys = has_order<F>(orders, order_long);
  MaskOf<F> const enters = has_order<F>(orders, order_long | order_short) & (open > none);
  F const wanted = enters ? value : none;
  F const quoted = buys ? bought : sold;
  F const price = enters ? quoted : all_lanes<F>(1);
  F const size = wanted / price;
  F const shares = buys ? size : -size;
  return {shares, bounded<F>(wanted + fee_of<F>(wanted, size, costs))};
}

/// Fills an entry of `shares` at the open; none where it is 0.
template <class F>
MUSTER_FN Fill<F> enter_at_open(F shares, F open, Decider<RealOf<F>> const& rule, FillCosts<RealOf<F>> const& costs,
                                Position<F>& at) {
  MaskOf<F> const enters = shares != F{};
  MaskOf<F> const buys = shares > F{};
  F const size = magnitude(shares);
  F const bought = open * costs.buy, sold = open * costs.sell;
  F const long_stop = open * rule.stop_long, short_stop = open * rule.stop_short;
  F const long_target = open * rule.target_long, short_target = open * rule.target_short;
  F const price = buys ? bought : sold;
  F const stop = buys ? long_stop : short_stop;
  F const target = buys ? long_target : short_target;
  F const value = bounded<F>(size * price);
  F const fee = fee_of<F>(value, size, costs);
  F const received = buys ? -value : value;
  F const flow = received - fee;
  at.shares = enters ? shares : at.shares;
  at.stop = enters ? stop : at.stop;
  at.target = enters ? target : at.target;
  at.flow = enters ? flow : at.flow;
  at.held = enters ? IntOf<F>{} : at.held;
  return {value, received, fee};
}

/// Where a stop or a target closes a position inside a bar.
template <class F>
struct Touch {
  MaskOf<F> stopped{};
  MaskOf<F> exits{};  ///< by the stop, or by the target
  F price{};
};

/// The stop is assumed to come first; one that was jumped over fills at the open. A target fills at its level.
/// Untraded bars touch nothing: their high is 0 and their low `no_low`.
template <class F>
MUSTER_FN Touch<F> touch_levels(F shares, F stop, F target, F open, F high, F low, FillCosts<RealOf<F>> const& costs) {
  MaskOf<F> const is_long = shares > F{};
  MaskOf<F> const is_short = shares < F{};
  MaskOf<F> const stopped = (is_long & (low <= stop)) | (is_short & (high >= stop));
  MaskOf<F> const reached = (is_long & (high >= target)) | (is_short & (low <= target));
  F const lower = open < stop ? open : stop;
  F const higher = open > stop ? open : stop;
  F const quoted = is_long ? lower : higher;
  F const at_stop = exit_price<F>(shares, quoted, costs);
  F const price = stopped ? at_stop : target;
  MaskOf<F> const exits = stopped | reached;
  return {stopped, exits, price};
}

/// Orders after a close at which the symbol traded or did not.
template <class F>
MUSTER_FN IntOf<F> decide(IntOf<F> score, F shares, IntOf<F> held, IntOf<F> orders, MaskOf<F> traded,
                          Decider<RealOf<F>> const& rule) {
  using M = MaskOf<F>;
  M const is_long = shares > F{};
  M const is_short = shares < F{};
  M const late = held >= rule.holding;
  M const up = score >= rule.enter_long;
  M const down = (score <= rule.enter_short) & none_of(up);
  M const leaves = (is_long & ((score <= rule.exit_long) | late | down)) |
                   (is_short & ((score >= rule.exit_short) | late | up));
  IntOf<F> const wanted = ones_of(leaves) * order_exit | ones_of(M(up & none_of(is_long))) * order_long |
                          ones_of(M(down & none_of(is_short))) * order_short;
  IntOf<F> const kept = orders & order_exit;
  return traded ? wanted : kept;
}

/// A split changes shares and levels; a dividend is cash for a long and a debt for a short.
template <class T>
MUSTER_FN T apply_event(T split, T inverse_split, T dividend, Position<T>& at) {
  at.shares = at.shares * split;
  at.stop = at.stop * inverse_split;
  at.target = at.target * inverse_split;
  T const amount = bounded<T>(magnitude(at.shares) * dividend);
  T const received = at.shares > 0 ? amount : -amount;
  at.flow = at.flow + received;
  return received;
}

MUSTER_BACKTEST_END
