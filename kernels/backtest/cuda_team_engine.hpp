// The engine on a GPU for very many symbols: a block a rule and span, lanes over symbols. Included by cuda_backtest.cu alone.
// The stages are those of host_engine.hpp, from the same bodies.
#pragma once

#include <cstdint>

#include "kernels/backtest/account.hpp"
#include "kernels/backtest/cuda_team.hpp"
#include "kernels/backtest/decider.hpp"

MUSTER_BACKTEST_BEGIN

/// Market and features on the device; arrays are [bar * padded + symbol].
template <class T>
struct DeviceMarket {
  std::uint32_t padded = 0;
  std::uint32_t windows = 0;
  std::uint64_t table_size = 0;
  T const* open = nullptr;
  T const* high = nullptr;
  T const* low = nullptr;
  T const* close = nullptr;
  T const* split = nullptr;  ///< 1 without an event, 0 for a delisting
  T const* inverse_split = nullptr;
  T const* dividend = nullptr;
  std::uint8_t const* has_events = nullptr;  ///< a bar
  std::int16_t const* cells = nullptr;
  std::int16_t const* volatility_scale = nullptr;
};

/// What a team shares.
struct TeamShared {
  Account account;
  std::uint64_t tables[most_terms];
  std::int32_t weights[most_terms];
  double share;  ///< of what entries ask for
};

/// Sums of fills over a team, in the order of FillSums.
struct FillCounter {
  std::int64_t sums[5] = {};
  template <class T>
  __device__ void add(Fill<T> const& fill) {
    sums[0] += to_money(fill.value);
    sums[1] += to_money(fill.received);
    sums[2] += to_money(fill.fee);
    sums[3] += fill.count;
    sums[4] += fill.wins;
  }
  __device__ FillSums over(Team const& team) {
    team.sum(sums);
    return {sums[0], sums[1], sums[2], static_cast<std::int32_t>(sums[3]), static_cast<std::int32_t>(sums[4])};
  }
};

/// K symbols a lane.
template <class T, int K>
class DeviceEngine {
 public:
  __device__ DeviceEngine(DeviceMarket<T> const& market, FillCosts<T> const& fills, Team const& team, TeamShared& shared)
      : m_(market), fills_(fills), team_(team), shared_(shared) {}

  __device__ Tally run(Rule const& rule, Span span, AccountCosts const& costs) {
    load(rule);
    team_.sync();
    if (team_.leads()) shared_.account.begin(costs);
    team_.sync();
#pragma unroll
    for (int k = 0; k < K; ++k) at_[k] = Position<T>{};
    holds_ = waits_ = false;
    for (bar_ = span.first; bar_ < span.last; ++bar_) {
      if (bar_ > span.first) trade(bar_ + 1 == span.last);
      if (shared_.account.has_ended()) break;
      if (bar_ + 1 < span.last) decide_all();
    }
    team_.sync();
    return shared_.account.tally;
  }

 private:
  __device__ std::uint32_t symbol(int k) const { return static_cast<std::uint32_t>((team_.warp * K + k) * 32 + team_.lane); }
  __device__ bool is_there(int k) const { return symbol(k) < m_.padded; }
  __device__ std::uint64_t cell(int k) const { return std::uint64_t{bar_} * m_.padded + symbol(k); }
  __device__ T read(T const* of, int k) const { return is_there(k) ? of[cell(k)] : T(0); }

  __device__ void load(Rule const& rule) {
    rule_ = make_decider<T>(rule);
    size_ = rule.size_percent / 100.0;
    by_volatility_ = rule.sizing == Sizing::volatility;
    has_levels_ = rule.stop_half_percent != 0 || rule.target_half_percent != 0;
    terms_ = 0;
    for (int i = 0; i < most_terms; ++i) {
      Term const term = rule.terms[i];
      if (term.weight_percent == 0) continue;
      if (team_.leads()) {
        shared_.weights[terms_] = term.weight_percent;
        shared_.tables[terms_] = (std::uint64_t{term.kind} * m_.windows + term.window) * m_.table_size;
      }
      ++terms_;
    }
  }

  __device__ void trade(bool is_last) {
    if (holds_ && m_.has_events[bar_] != 0) book_events();
    if (waits_) open_bar();
    if (holds_ && has_levels_) touch_all();
    if (is_last)
      end_span();
    else
      mark();
    team_.sync();
  }

  __device__ void close_trades(FillCounter& counter) {
    FillSums const sums = counter.over(team_);
    if (team_.leads()) shared_.account.close_trades(sums);
  }

  __device__ void book_events() {
    FillCounter counter;
    std::int64_t received[1] = {};
    bool beyond = false;
#pragma unroll
    for (int k = 0; k < K; ++k) {
      if (at_[k].shares == 0) continue;
      std::uint64_t const i = cell(k);
      if (m_.split[i] == 0) {
        Fill<T> const fill = close_position<T>(at_[k].shares, at_[k].flow, true, exit_price<T>(at_[k].shares, m_.close[i], fills_), fills_);
        counter.add(fill);
        beyond |= to_money(fill.value) >= money_limit || to_money(fill.fee) >= money_limit;
        at_[k] = Position<T>{};
      } else {
        std::int64_t const paid = to_money(apply_event(m_.split[i], m_.inverse_split[i], m_.dividend[i], at_[k]));
        received[0] += paid;
        beyond |= paid >= money_limit || paid <= -money_limit;
      }
    }
    FillSums sums = counter.over(team_);
    team_.sum(received);
    beyond = team_.any(beyond);
    if (!team_.leads()) return;
    // The host compares each event with the limit, not their sum.
    std::int64_t const worst = shared_.account.worst;
    shared_.account.close_trades(sums);
    shared_.account.pay_dividend(received[0]);
    shared_.account.worst = worst;
    if (beyond) shared_.account.widen(money_limit);
  }

  __device__ void open_bar() {
    T asked[K];
    OpenSums const sums = exit_and_ask(asked);
    if (sums.demand == 0) return;
    team_.sync();
    if (team_.leads()) shared_.share = shared_.account.affordable(sums);
    team_.sync();
    if (shared_.share > 0) enter(asked, static_cast<T>(shared_.share));
  }

  __device__ T size_scale(int k) const {
    if (!by_volatility_) return T(1);
    std::int16_t const scale = is_there(k) ? m_.volatility_scale[cell(k) - m_.padded] : std::int16_t{0};
    return T(scale) / T(feature_one);
  }

  __device__ OpenSums exit_and_ask(T (&asked)[K]) {
    FillCounter counter;
    std::int64_t sums[3] = {};
    T const value = static_cast<T>(size_ * shared_.account.equity);
#pragma unroll
    for (int k = 0; k < K; ++k) {
      Position<T>& at = at_[k];
      T const open = read(m_.open, k);
      bool const traded = open > 0;
      bool const exits = traded && (at.orders & order_exit) != 0;
      counter.add(close_position<T>(at.shares, at.flow, exits, exit_price<T>(at.shares, open, fills_), fills_));
      T const kept = exits ? T(0) : at.shares;
      T const worth = bounded<T>(magnitude(kept) * (traded ? open : read(m_.close, k)));
      sums[0] += to_money(worth);
      sums[1] += to_money(kept > 0 ? worth : -worth);
      Ask<T> const ask = ask_at_open<T>(at.orders, open, value * size_scale(k), fills_);
      sums[2] += to_money(ask.cost);
      at.shares = kept;
      asked[k] = ask.shares;
      at.orders = traded ? 0 : at.orders & order_exit;
    }
    close_trades(counter);
    team_.sum(sums);
    return {sums[0], sums[1], sums[2]};
  }

  __device__ void enter(T const (&asked)[K], T share) {
    FillCounter counter;
#pragma unroll
    for (int k = 0; k < K; ++k) {
      counter.add(enter_at_open<T>(asked[k] * share, read(m_.open, k), rule_, fills_, at_[k]));
    }
    FillSums const sums = counter.over(team_);
    if (team_.leads()) shared_.account.fill(sums);
    holds_ = true;
  }

  __device__ void touch_all() {
    FillCounter counter;
#pragma unroll
    for (int k = 0; k < K; ++k) {
      Position<T>& at = at_[k];
      if (at.shares == 0) continue;
      std::uint64_t const i = cell(k);
      Touch<T> const touch = touch_levels<T>(at.shares, at.stop, at.target, m_.open[i], m_.high[i], m_.low[i], fills_);
      bool const exits = touch.exits;
      counter.add(close_position<T>(at.shares, at.flow, exits, touch.price, fills_));
      at.shares = exits ? T(0) : at.shares;
    }
    if (team_.any(counter.sums[3] != 0)) close_trades(counter);
  }

  __device__ void mark() {
    std::int64_t sums[2] = {};
    if (holds_) {
      bool holds = false;
#pragma unroll
      for (int k = 0; k < K; ++k) {
        Position<T>& at = at_[k];
        T const worth = bounded<T>(magnitude(at.shares) * read(m_.close, k));
        sums[0] += to_money(worth);
        sums[1] += to_money(at.shares > 0 ? worth : -worth);
        at.held += 1;
        holds |= at.shares != 0;
      }
      team_.sum(sums);
      holds_ = team_.any(holds);
    }
    if (team_.leads()) shared_.account.close_bar(sums[0], sums[1], false);
  }

  __device__ void end_span() {
    FillCounter counter;
#pragma unroll
    for (int k = 0; k < K; ++k) {
      Position<T>& at = at_[k];
      counter.add(close_position<T>(at.shares, at.flow, at.shares != 0, exit_price<T>(at.shares, read(m_.close, k), fills_), fills_));
      at.shares = 0;
    }
    close_trades(counter);
    if (team_.leads()) shared_.account.close_bar(0, 0, true);
  }

  __device__ void decide_all() {
    bool waits = false;
#pragma unroll
    for (int k = 0; k < K; ++k) {
      Position<T>& at = at_[k];
      if (!is_there(k)) continue;
      std::uint64_t const i = cell(k);
      std::int32_t score = 0;
      for (int term = 0; term < terms_; ++term) score += shared_.weights[term] * m_.cells[shared_.tables[term] + i];
      at.orders = decide<T>(score, at.shares, at.held, at.orders, m_.open[i] > 0, rule_);
      waits |= at.orders != 0;
    }
    waits_ = team_.any(waits);
  }

  DeviceMarket<T> const& m_;
  FillCosts<T> const& fills_;
  Team team_;
  TeamShared& shared_;
  Position<T> at_[K];
  Decider<T> rule_;
  double size_ = 0;
  bool by_volatility_ = false;
  bool has_levels_ = false;
  int terms_ = 0;
  std::uint32_t bar_ = 0;
  bool holds_ = false;
  bool waits_ = false;
};

MUSTER_BACKTEST_END
