// The engine on a GPU: a group of lanes a rule, lanes over symbols, several rules a warp. Included by cuda_backtest.cu alone.
// The stages are those of host_engine.hpp, from the same bodies. What all symbols need at each bar runs over all slots of a
// lane: scores, worths, levels. What few need, fills, runs over the bits of a lane's mask.
#pragma once

#include <cstdint>

#include "kernels/backtest/account.hpp"
#include "kernels/backtest/cuda_group_tally.hpp"

MUSTER_BACKTEST_BEGIN

/// Sums of a lane's fills, in the order of FillSums.
struct GroupFills {
  std::int64_t value = 0;
  std::int64_t received = 0;
  std::int64_t fees = 0;
  std::int32_t closed = 0;  ///< positions, and from bit 16 on wins

  template <class T>
  __device__ void add(Fill<T> const& fill) {
    value += to_money(fill.value);
    received += to_money(fill.received);
    fees += to_money(fill.fee);
    closed += fill.count + (fill.wins << 16);
  }
  template <class Shape>
  __device__ FillSums over() const {
    std::int32_t const both = group_sum<Shape>(closed);
    return {group_sum<Shape>(value), group_sum<Shape>(received), group_sum<Shape>(fees), both & 0xffff, both >> 16};
  }
};

template <class T, class Shape>
class GroupEngine {
 public:
  using Shared = GroupShared<T, Shape>;

  __device__ GroupEngine(GroupMarket<T> const& market, FillCosts<T> const& fills, Shared& shared, int lane_of_warp)
      : m_(market), fills_(fills), shared_(shared), at_(lane_of_warp), lane_(at_ % Shape::lanes),
        mine_(shared.rules[at_ / Shape::lanes]), tally_(shared.sums, at_) {}

  /// The result is the first lane's of the group. All lanes of the warp call it with one span.
  __device__ Tally run(Rule const& rule, Span span, AccountCosts const& costs) {
    load(rule);
    begin(costs);
    double const start = ledger_.equity;
    std::uint32_t next_flags = flags_at(span.first);
    uint2 next_signals{};
    for (bar_ = span.first; bar_ < span.last; ++bar_) {
      std::uint32_t const flags = next_flags;
      bool const is_last = bar_ + 1 == span.last;
      next_flags = is_last ? 0 : flags_at(bar_ + 1);
      traded_ = flags & 0xffffu;
      std::uint32_t const closes = bar_ - span.first;
      if (closes > 0) trade(flags >> 16, is_last);
      if (!__any_sync(whole_warp, alive_)) break;
      if (closes > 0 && closes % Shape::lanes == 0) tally_.add();
      if (is_last) break;
      decide_all(closes % 2 == 0 ? score_two(span.last, next_signals) : next_signals);
    }
    tally_.add();
    return tally_.told(start, ledger_.equity, ending_);
  }

  __device__ bool leads() const { return lane_ == 0; }

 private:
  static constexpr int slots = Shape::slots;

  __device__ static bool any(std::uint32_t mask) { return __any_sync(whole_warp, mask != 0) != 0; }
  __device__ std::uint32_t flags_at(std::uint32_t bar) const { return m_.flags[std::uint64_t{bar} * Shape::lanes + lane_]; }
  __device__ std::uint64_t row() const { return std::uint64_t{bar_} * Shape::row; }
  __device__ std::uint64_t cell(int k) const { return row() + static_cast<std::uint32_t>(Shape::cell(k, lane_)); }

  __device__ void load(Rule const& rule) {
    size_ = rule.size_percent / 100.0;
    by_volatility_ = rule.sizing == Sizing::volatility;
    has_levels_ = rule.stop_half_percent != 0 || rule.target_half_percent != 0;
    int terms = 0;
    for (Term const term : rule.terms) {
      if (term.weight_percent == 0) continue;
      mine_.weights[terms] = term.weight_percent;
      mine_.tables[terms++] = term.kind * m_.windows + term.window;
    }
    for (int i = terms; i < most_terms; ++i) mine_.weights[i] = 0, mine_.tables[i] = 0;
    mine_.decider = make_decider<T>(rule);
    has_holding_ = mine_.decider.holding != never_above;
    terms_ = warp_most(terms);
    __syncwarp();
  }

  __device__ void begin(AccountCosts const& costs) {
    ledger_.open(costs);
    tally_.begin(ledger_.equity);
#pragma unroll
    for (int k = 0; k < slots; ++k) clear(k);
    alive_ = true;
    ending_ = Ending::whole;
    longs_ = shorts_ = exits_ = enter_long_ = enter_short_ = 0;
  }

  __device__ void clear(int k) {
    shared_.shares[k][at_] = 0;
    shared_.lower[k][at_] = -1;
    shared_.upper[k][at_] = Ieee<T>::infinity;
  }

  // Scores.

  /// Signals of this bar, and of the next.
  __device__ uint2 score_two(std::uint32_t last, uint2& next) const {
    std::int32_t scores[2][slots] = {};
    add_terms(bar_, bar_ + 1 < last ? bar_ + 1 : bar_, scores);
    next = signals_of(scores[1]);
    return signals_of(scores[0]);
  }

  __device__ void add_terms(std::uint32_t bar, std::uint32_t next, std::int32_t (&scores)[2][slots]) const {
    std::int16_t const* const first = m_.cells + std::uint64_t{bar} * Shape::row + 4 * lane_;
    std::int16_t const* const second = m_.cells + std::uint64_t{next} * Shape::row + 4 * lane_;
#pragma unroll 1
    for (int i = 0; i < terms_; ++i) {
      std::int32_t const low = mine_.weights[i] & 0xff;
      std::uint64_t const table = mine_.tables[i] * m_.table_size;
      add_row(first + table, low, scores[0]);
      add_row(second + table, low, scores[1]);
    }
  }

  /// A weight times a lane's slots: it is the low byte for the even slots, the second for the odd ones.
  __device__ void add_row(std::int16_t const* at, std::int32_t low, std::int32_t (&scores)[slots]) const {
#pragma unroll
    for (int j = 0; j < Shape::quads; ++j) {
      int2 const pairs = __ldg(reinterpret_cast<int2 const*>(at + j * 4 * Shape::lanes));
#pragma unroll
      for (int c = 0; c < 4; ++c)
        if (4 * j + c < slots)
          scores[4 * j + c] = __dp2a_lo(c < 2 ? pairs.x : pairs.y, c % 2 == 0 ? low : low << 8, scores[4 * j + c]);
    }
  }

  /// Masks of slots whose score is at or above enter_long and, in the upper half, at or below enter_short; then at or below
  /// exit_long and at or above exit_short. A threshold less the score shifts its sign into the mask.
  __device__ uint2 signals_of(std::int32_t const (&scores)[slots]) const {
    constexpr std::int32_t beyond = 1 << 28;  // of every score
    Decider<T> const& rule = mine_.decider;
    std::int32_t const above = (rule.enter_long < beyond ? rule.enter_long : beyond) - 1;
    std::int32_t const below = (rule.enter_short > -beyond ? rule.enter_short : -beyond) + 1;
    std::int32_t const leave = rule.exit_long + 1, cover = rule.exit_short - 1;
    std::uint32_t up = 0, down = 0, out = 0, back = 0;
#pragma unroll
    for (int k = slots - 1; k >= 0; --k) {
      up = shift_in(up, above - scores[k]);
      down = shift_in(down, scores[k] - below);
      out = shift_in(out, scores[k] - leave);
      back = shift_in(back, cover - scores[k]);
    }
    return {up | down << 16, out | back << 16};
  }
  __device__ static std::uint32_t shift_in(std::uint32_t mask, std::int32_t sign) {
    return __funnelshift_l(static_cast<std::uint32_t>(sign), mask, 1);
  }

  // A bar.

  __device__ void trade(std::uint32_t events, bool is_last) {
    events &= longs_ | shorts_;
    if (any(events)) book_events(events);
    if (any(exits_ | enter_long_ | enter_short_)) open_bar();
    if (any(has_levels_ ? longs_ | shorts_ : 0)) touch_all();
    if (is_last)
      end_span();
    else
      mark();
  }

  __device__ void decide_all(uint2 signals) {
    std::uint32_t const up = signals.x & 0xffffu, down = signals.x >> 16 & ~up;
    std::uint32_t const late = late_slots();
    std::uint32_t const leaves = (longs_ & (signals.y | late | down)) | (shorts_ & (signals.y >> 16 | late | up));
    std::uint32_t const open = alive_ ? traded_ : 0;
    exits_ = (leaves & open) | (exits_ & ~traded_);
    enter_long_ = up & ~longs_ & open;
    enter_short_ = down & ~shorts_ & open;
  }

  __device__ std::uint32_t late_slots() const {
    if (!any(has_holding_ ? longs_ | shorts_ : 0)) return 0;
    std::uint32_t late = 0;
#pragma unroll
    for (int k = 0; k < slots; ++k) late |= shared_.due[k][at_] <= static_cast<std::int32_t>(bar_) ? 1u << k : 0;
    return late;
  }

  __device__ void book_events(std::uint32_t events) {
    GroupFills fills;
    std::int64_t received = 0;
    bool beyond = false;
    for (; events != 0; events &= events - 1) {
      int const k = __ffs(static_cast<int>(events)) - 1;
      if (m_.split[cell(k)] == 0) {
        Fill<T> const fill = close(k, exit_price<T>(shared_.shares[k][at_], m_.close[cell(k)], fills_));
        fills.add(fill);
        beyond |= to_money(fill.value) >= money_limit || to_money(fill.fee) >= money_limit;
        exits_ &= ~(1u << k);
      } else {
        std::int64_t const paid = to_money(change(k));
        received += paid;
        beyond |= paid >= money_limit || paid <= -money_limit;
      }
    }
    __syncwarp();
    // The host compares each event with the limit, not their sum.
    std::int64_t const worst = ledger_.worst;
    ledger_.close_trades(fills.template over<Shape>());
    ledger_.pay_dividend(group_sum<Shape>(received));
    ledger_.worst = worst;
    if (group_sum<Shape>(beyond ? 1 : 0) != 0) ledger_.widen(money_limit);
  }

  /// A split and a dividend; returns what it pays.
  __device__ T change(int k) {
    Position<T> at{shared_.shares[k][at_], shared_.lower[k][at_], shared_.upper[k][at_], shared_.flow[k][at_], 0, 0};
    T const paid = apply_event(m_.split[cell(k)], m_.inverse_split[cell(k)], m_.dividend[cell(k)], at);
    shared_.flow[k][at_] = at.flow;
    shared_.shares[k][at_] = at.shares;
    shared_.lower[k][at_] = at.stop;
    shared_.upper[k][at_] = at.target;
    if (at.shares == 0) forget(k);
    return paid;
  }

  __device__ void forget(int k) {
    clear(k);
    longs_ &= ~(1u << k);
    shorts_ &= ~(1u << k);
  }

  __device__ Fill<T> close(int k, T price) {
    Fill<T> const fill = close_position<T>(shared_.shares[k][at_], shared_.flow[k][at_], true, price, fills_);
    forget(k);
    return fill;
  }

  /// Closes the slots of a mask at quotes of a row.
  __device__ void close_all(std::uint32_t mask, T const* quotes) {
    GroupFills fills;
    for (; mask != 0; mask &= mask - 1) {
      int const k = __ffs(static_cast<int>(mask)) - 1;
      fills.add(close(k, exit_price<T>(shared_.shares[k][at_], quotes[cell(k)], fills_)));
    }
    __syncwarp();
    ledger_.close_trades(fills.template over<Shape>());
  }

  __device__ void open_bar() {
    std::uint32_t const exits = exits_ & traded_;
    exits_ &= ~traded_;
    if (any(exits)) close_all(exits, m_.open);
    std::uint32_t const asks = (enter_long_ | enter_short_) & traded_;
    if (!any(asks)) return;
    T const value = static_cast<T>(size_ * ledger_.equity);
    double const share = affordable(asks, value);
    std::uint32_t const entries = share > 0 ? asks : 0;
    if (any(entries)) enter(entries, value, static_cast<T>(share));
  }

  __device__ double affordable(std::uint32_t asks, T value) {
    std::int64_t const demand = group_sum<Shape>(demand_of(asks, value));
    OpenSums sums = worth_at(m_.open);
    if (demand == 0) return 0;
    sums.demand = demand;
    return ledger_.affordable(sums);
  }

  __device__ T wanted(int k, T value) const { return by_volatility_ ? value * m_.volatility_scale[cell(k) - Shape::row] : value; }
  __device__ std::int32_t order(int k) const { return (enter_long_ >> k & 1u) != 0 ? order_long : order_short; }

  /// Of a lane. Without a commission a share, the price of an entry does not change its cost.
  __device__ std::int64_t demand_of(std::uint32_t asks, T value) const {
    if (fills_.per_share != 0) return priced_demand(asks, value);
    std::int64_t const fixed = __popc(asks) * to_money(cost_of(value));
    if (!any(by_volatility_ ? asks : 0)) return fixed;
    std::int64_t const scaled = scaled_demand(asks, value);
    return by_volatility_ ? scaled : fixed;
  }
  __device__ std::int64_t priced_demand(std::uint32_t asks, T value) const {
    std::int64_t demand = 0;
    for (; asks != 0; asks &= asks - 1) {
      int const k = __ffs(static_cast<int>(asks)) - 1;
      demand += to_money(ask_at_open<T>(order(k), m_.open[cell(k)], wanted(k, value), fills_).cost);
    }
    return demand;
  }
  __device__ std::int64_t scaled_demand(std::uint32_t asks, T value) const {
    std::int64_t demand = 0;
#pragma unroll
    for (int j = 0; j < Shape::quads; ++j) {
      T scale[4];
      load_quad(m_.volatility_scale + cell(4 * j) - Shape::row, scale);
#pragma unroll
      for (int c = 0; c < 4; ++c)
        if (4 * j + c < slots) demand += to_money((asks >> (4 * j + c) & 1u) != 0 ? cost_of(value * scale[c]) : T(0));
    }
    return demand;
  }
  __device__ T cost_of(T value) const { return bounded<T>(value + fee_of<T>(value, T(0), fills_)); }

  __device__ void enter(std::uint32_t entries, T value, T share) {
    GroupFills fills;
    for (; entries != 0; entries &= entries - 1) {
      int const k = __ffs(static_cast<int>(entries)) - 1;
      T const open = m_.open[cell(k)];
      Ask<T> const ask = ask_at_open<T>(order(k), open, wanted(k, value), fills_);
      Position<T> at;
      fills.add(enter_at_open<T>(ask.shares * share, open, mine_.decider, fills_, at));
      if (at.shares != 0) hold(k, at);
    }
    __syncwarp();
    ledger_.fill(fills.template over<Shape>());
  }

  __device__ void hold(int k, Position<T> const& at) {
    bool const is_long = at.shares > 0;
    longs_ |= is_long ? 1u << k : 0;
    shorts_ |= is_long ? 0 : 1u << k;
    shared_.shares[k][at_] = at.shares;
    shared_.flow[k][at_] = at.flow;
    shared_.lower[k][at_] = is_long ? at.stop : at.target;
    shared_.upper[k][at_] = is_long ? at.target : at.stop;
    std::int32_t const holding = mine_.decider.holding;
    shared_.due[k][at_] = has_holding_ ? static_cast<std::int32_t>(bar_) + holding - 1 : never_above;
  }

  __device__ void touch_all() {
    std::uint32_t touched = touched_slots();
    if (!any(touched)) return;
    GroupFills fills;
    for (; touched != 0; touched &= touched - 1) {
      int const k = __ffs(static_cast<int>(touched)) - 1;
      T const shares = shared_.shares[k][at_];
      T const lower = shared_.lower[k][at_], upper = shared_.upper[k][at_];
      T const open = (traded_ >> k & 1u) != 0 ? m_.open[cell(k)] : T(0);
      Touch<T> const touch = touch_levels<T>(shares, shares > 0 ? lower : upper, shares > 0 ? upper : lower, open,
                                             m_.high[cell(k)], m_.low[cell(k)], fills_);
      fills.add(close(k, touch.price));
    }
    __syncwarp();
    ledger_.close_trades(fills.template over<Shape>());
  }

  __device__ std::uint32_t touched_slots() const {
    std::uint32_t touched = 0;
#pragma unroll
    for (int j = 0; j < Shape::quads; ++j) {
      T high[4], low[4];
      load_quad(m_.high + cell(4 * j), high);
      load_quad(m_.low + cell(4 * j), low);
#pragma unroll
      for (int c = 0; c < 4; ++c)
        if (int const k = 4 * j + c; k < slots)
          touched |= (low[c] <= shared_.lower[k][at_]) | (high[c] >= shared_.upper[k][at_]) ? 1u << k : 0;
    }
    return touched & (longs_ | shorts_);
  }

  /// Gross and net worth of the positions at the prices of a row. Amounts on the grid of money add up exactly in a double; a
  /// lane's sum beyond the limit stands for any such.
  __device__ OpenSums worth_at(T const* prices) const {
    double gross = 0, net = 0;
#pragma unroll
    for (int j = 0; j < Shape::quads; ++j) {
      T price[4];
      load_quad(prices + cell(4 * j), price);
#pragma unroll
      for (int c = 0; c < 4; ++c) {
        if (4 * j + c >= slots) continue;
        double const exact = static_cast<double>(shared_.shares[4 * j + c][at_] * price[c]);
        double const worth = (exact + money_magic) - money_magic;
        gross += magnitude(worth);
        net += worth;
      }
    }
    bool const fits = gross < 0x1p31;
    return {group_sum<Shape>(fits ? to_money(gross) : money_limit), group_sum<Shape>(fits ? to_money(net) : 0), 0};
  }

  __device__ void mark() {
    OpenSums sums{};
    if (any(longs_ | shorts_)) sums = worth_at(m_.close);
    settle(sums.gross, sums.net, false);
  }

  __device__ void end_span() {
    if (any(longs_ | shorts_)) close_all(longs_ | shorts_, m_.close);
    settle(0, 0, true);
  }

  __device__ void settle(std::int64_t gross, std::int64_t net, bool is_last) {
    if (!alive_) return;
    BarClose const close = ledger_.settle(gross, net, is_last);
    if (!close.is_in_range) return end(Ending::out_of_range);
    tally_.keep(ledger_, close, gross);
    ledger_.pass(close.equity);
    if (close.equity <= 0) end(Ending::ruined);
  }

  __device__ void end(Ending how) {
    ending_ = how;
    alive_ = false;
    longs_ = shorts_ = exits_ = enter_long_ = enter_short_ = 0;
  }

  GroupMarket<T> const& m_;
  FillCosts<T> const& fills_;
  Shared& shared_;
  int at_;    ///< lane of the warp
  int lane_;  ///< of the group
  GroupRule<T>& mine_;
  GroupTally<Shape> tally_;
  Ledger ledger_{};
  double size_ = 0;
  bool by_volatility_ = false, has_levels_ = false, has_holding_ = false;
  bool alive_ = true;
  Ending ending_ = Ending::whole;
  int terms_ = 0;  ///< the most of the warp's rules
  std::uint32_t bar_ = 0;
  std::uint32_t traded_ = 0;  ///< slots with a price in this bar
  std::uint32_t longs_ = 0, shorts_ = 0;
  std::uint32_t exits_ = 0, enter_long_ = 0, enter_short_ = 0;  ///< orders
};

MUSTER_BACKTEST_END
