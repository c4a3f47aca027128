// The engine on a CPU thread: one rule at a time, packs of symbols as lanes. Included by *_body.cpp alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <new>
#include <type_traits>

#include "kernels/backtest/account.hpp"
#include "kernels/backtest/decider.hpp"
#include "kernels/backtest/engine.hpp"

MUSTER_BACKTEST_BEGIN

/// A fixed number of values from a cache line on. Its own class, since the linker would keep one copy of a
/// std::vector's functions for all instruction sets.
template <class T>
class Lanes {
 public:
  explicit Lanes(std::size_t count, T value = T{})
      : count_(count), data_(static_cast<T*>(::operator new(count * sizeof(T), std::align_val_t{64}))) {
    for (std::size_t i = 0; i < count; ++i) data_[i] = value;
  }
  Lanes(Lanes const&) = delete;
  Lanes& operator=(Lanes const&) = delete;
  ~Lanes() { ::operator delete(data_, std::align_val_t{64}); }
  T* data() { return data_; }
  T const* data() const { return data_; }
  std::size_t size() const { return count_; }
  T& operator[](std::size_t i) { return data_[i]; }
  T operator[](std::size_t i) const { return data_[i]; }

 private:
  std::size_t count_;
  T* data_;
};

/// The positions of one account, a lane a symbol.
template <class T>
struct Positions {
  using Pack = typename PackOf<T>::type;
  using Int = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;  ///< as wide as T
  Lanes<T> shares, stop, target, flow, asked;
  Lanes<Int> held, orders;

  explicit Positions(std::size_t count)
      : shares(count), stop(count), target(count), flow(count), asked(count), held(count), orders(count) {}
  Position<T> get(std::size_t s) const {
    return {shares[s], stop[s], target[s], flow[s], static_cast<std::int32_t>(held[s]), static_cast<std::int32_t>(orders[s])};
  }
  void set(std::size_t s, Position<T> const& at) {
    shares[s] = at.shares;
    stop[s] = at.stop;
    target[s] = at.target;
    flow[s] = at.flow;
    held[s] = at.held;
    orders[s] = at.orders;
  }
};

/// Sums of one stage's fills, as packs.
template <class P>
struct FillPacks {
  MoneyPacks values, received, fees;
  IntOf<P> count{}, wins{};

  MUSTER_FN void add(Fill<P> const& fill) {
    values.add(fill.value);
    received.add(fill.received);
    fees.add(fill.fee);
    count += fill.count;
    wins += fill.wins;
  }
  MUSTER_FN FillSums sum() const {
    return {values.sum(), received.sum(), fees.sum(), static_cast<std::int32_t>(sum_of_lanes(count)),
            static_cast<std::int32_t>(sum_of_lanes(wins))};
  }
};

/// Sees nothing; DetailWatch (detail_body.cpp) keeps trades. Each is called after its stage.
struct NoWatch {
  template <class Engine>
  void on_events(Engine const&) {}
  template <class Engine>
  void on_exits(Engine const&) {}
  template <class Engine>
  void on_entries(Engine const&) {}
  template <class Engine>
  void on_touches(Engine const&) {}
  template <class Engine>
  void on_end(Engine const&) {}
  template <class Engine>
  void on_close(Engine const&) {}
};

template <class T, class Watch>
class HostEngine {
 public:
  HostEngine(Plan const& plan, Tape<T> const& tape, Watch& watch)
      : features_(*plan.features), tape_(tape), watch_(watch), fills_(fill_costs<T>(plan.costs)),
        costs_(account_costs(plan.costs)), lanes_((std::size_t{tape.symbols} + step - 1) / step * step), at_(tape.padded),
        scores_(std::size_t{score_bars} * tape.padded), full_scale_(tape.padded, std::int16_t{feature_one}) {}

  /// Loads a rule for the spans that follow.
  void load(Rule const& rule) {
    rule_ = make_decider<T>(rule);
    size_ = rule.size_percent / 100.0;
    by_volatility_ = rule.sizing == Sizing::volatility;
    has_levels_ = rule.stop_half_percent != 0 || rule.target_half_percent != 0;
    terms_ = 0;
    for (Term const& term : rule.terms) {
      if (term.weight_percent == 0) continue;
      weights_[terms_] = term.weight_percent;
      tables_[terms_++] = features_.table(features_.table_index(term.kind, term.window)).data();
    }
  }

  Tally run(Span span) {
    begin(span);
    for (bar_ = span.first; bar_ < span.last && !account_.has_ended(); ++bar_) {
      if (bar_ > span.first) trade();
      if (bar_ + 1 < span.last) decide_all();
      watch_.on_close(*this);
    }
    return account_.tally;
  }

  Positions<T> const& positions() const { return at_; }
  Account const& account() const { return account_; }
  Tape<T> const& tape() const { return tape_; }
  FillCosts<T> const& fills() const { return fills_; }
  Decider<T> const& rule() const { return rule_; }
  std::uint32_t bar() const { return bar_; }
  std::int64_t gross() const { return gross_; }
  std::int32_t score(std::size_t s) const { return score_row()[s]; }

 private:
  using P = typename PackOf<T>::type;
  using I = IntOf<P>;
  static constexpr std::size_t step = sizeof(P) / sizeof(T);  ///< symbols in a pack
  static constexpr std::uint32_t score_bars = 8;

  T const* row(Aligned<T> const& of) const { return of.data() + std::size_t{bar_} * tape_.padded; }
  std::int32_t const* score_row() const { return scores_.data() + std::size_t{bar_ - scored_from_} * tape_.padded; }

  void begin(Span span) {
    account_.begin(costs_);
    span_ = span;
    scored_from_ = scored_to_ = span.first;
    holds_ = waits_ = false;
    gross_ = 0;
    for (std::size_t s = 0; s < at_.shares.size(); ++s) at_.set(s, {});
  }

  /// Everything of a bar before its decisions.
  void trade() {
    if (holds_) book_events();
    if (waits_) open_bar();
    if (holds_ && has_levels_) touch_all();
    if (bar_ + 1 == span_.last) return end_span();
    std::int64_t const net = mark();
    account_.close_bar(gross_, net, false);
  }

  void book_events() {
    std::uint32_t const end = tape_.event_begin[bar_ + 1];
    for (std::uint32_t e = tape_.event_begin[bar_]; e < end; ++e) book(tape_.events[e]);
    watch_.on_events(*this);
  }

  void book(typename Tape<T>::Event const& event) {
    Position<T> at = at_.get(event.symbol);
    if (at.shares == 0) return;
    if (event.delisted) {
      T const quoted = row(tape_.close)[event.symbol];
      auto const fill = close_position<T>(at.shares, at.flow, true, exit_price<T>(at.shares, quoted, fills_), fills_);
      account_.close_trades({to_money(fill.value), to_money(fill.received), to_money(fill.fee), fill.count, fill.wins});
      at = Position<T>{};
    } else {
      account_.pay_dividend(to_money(apply_event(event.split, event.inverse_split, event.dividend, at)));
    }
    at_.set(event.symbol, at);
  }

  void open_bar() {
    OpenSums const sums = exit_and_ask();
    watch_.on_exits(*this);
    if (sums.demand == 0) return;
    double const share = account_.affordable(sums);
    if (share > 0) enter(static_cast<T>(share));
    watch_.on_entries(*this);
  }

  std::int16_t const* scale_row() const {
    if (!by_volatility_) return full_scale_.data();
    return features_.volatility_scale.data() + std::size_t{bar_ - 1} * tape_.padded;
  }

  OpenSums exit_and_ask() {
    T const* const open_row = row(tape_.open);
    T const* const close_row = row(tape_.close);
    std::int16_t const* const scales = scale_row();
    P const value = all_lanes<P>(static_cast<T>(size_ * account_.equity));
    P const one = all_lanes<P>(T(feature_one));
    FillCosts<T> const costs = fills_;
    FillPacks<P> fills;
    MoneyPacks gross, net, demand;
    for (std::size_t s = 0; s < lanes_; s += step) {
      P const open = load_pack<P>(open_row + s), close = load_pack<P>(close_row + s), shares = load_pack<P>(at_.shares.data() + s);
      I const orders = load_pack<I>(at_.orders.data() + s);
      I const traded = open > P{};
      I const exits = traded & has_order<P>(orders, order_exit);
      fills.add(close_position<P>(shares, load_pack<P>(at_.flow.data() + s), exits, exit_price<P>(shares, open, costs), costs));
      P const kept = exits ? P{} : shares;
      P const mark = traded ? open : close;
      P const worth = bounded<P>(magnitude(kept) * mark);
      gross.add(worth);
      net.add(P(kept > P{} ? worth : -worth));
      Ask<P> const ask = ask_at_open<P>(orders, open, value * (load_shorts<P>(scales + s) / one), costs);
      demand.add(ask.cost);
      store_pack(at_.shares.data() + s, kept);
      store_pack(at_.asked.data() + s, ask.shares);
      store_pack(at_.orders.data() + s, I(traded ? I{} : orders & order_exit));
    }
    account_.close_trades(fills.sum());
    return {gross.sum(), net.sum(), demand.sum()};
  }

  void enter(T share) {
    T const* const open_row = row(tape_.open);
    FillCosts<T> const costs = fills_;
    Decider<T> const rule = rule_;
    FillPacks<P> fills;
    for (std::size_t s = 0; s < lanes_; s += step) {
      Position<P> at = load_position(s);
      fills.add(enter_at_open<P>(load_pack<P>(at_.asked.data() + s) * share, load_pack<P>(open_row + s), rule, costs, at));
      store_pack(at_.shares.data() + s, at.shares);
      store_pack(at_.stop.data() + s, at.stop);
      store_pack(at_.target.data() + s, at.target);
      store_pack(at_.flow.data() + s, at.flow);
      store_pack(at_.held.data() + s, at.held);
    }
    account_.fill(fills.sum());
    holds_ = true;
  }

  Position<P> load_position(std::size_t s) const {
    return {load_pack<P>(at_.shares.data() + s), load_pack<P>(at_.stop.data() + s), load_pack<P>(at_.target.data() + s),
            load_pack<P>(at_.flow.data() + s),   load_pack<I>(at_.held.data() + s), I{}};
  }

  void touch_all() {
    T const* const open = row(tape_.open);
    T const* const high = row(tape_.high);
    T const* const low = row(tape_.low);
    FillCosts<T> const costs = fills_;
    FillPacks<P> fills;
    for (std::size_t s = 0; s < lanes_; s += step) {
      P const shares = load_pack<P>(at_.shares.data() + s);
      Touch<P> const touch = touch_levels<P>(shares, load_pack<P>(at_.stop.data() + s), load_pack<P>(at_.target.data() + s),
                                             load_pack<P>(open + s), load_pack<P>(high + s), load_pack<P>(low + s), costs);
      fills.add(close_position<P>(shares, load_pack<P>(at_.flow.data() + s), touch.exits, touch.price, costs));
      store_pack(at_.shares.data() + s, P(touch.exits ? P{} : shares));
    }
    FillSums const sums = fills.sum();
    account_.close_trades(sums);
    if (sums.count != 0) watch_.on_touches(*this);
  }

  /// Net worth of the positions at the close; sets their gross and counts the close.
  std::int64_t mark() {
    gross_ = 0;
    if (!holds_) return 0;
    T const* const close = row(tape_.close);
    MoneyPacks gross, net;
    I holds{};
    for (std::size_t s = 0; s < lanes_; s += step) {
      P const shares = load_pack<P>(at_.shares.data() + s);
      P const worth = bounded<P>(magnitude(shares) * load_pack<P>(close + s));
      gross.add(worth);
      net.add(P(shares > P{} ? worth : -worth));
      holds |= shares != P{};
      store_pack(at_.held.data() + s, load_pack<I>(at_.held.data() + s) + 1);
    }
    holds_ = sum_of_lanes(holds) != 0;
    gross_ = gross.sum();
    return net.sum();
  }

  void end_span() {
    T const* const close = row(tape_.close);
    FillCosts<T> const costs = fills_;
    FillPacks<P> fills;
    for (std::size_t s = 0; s < lanes_; s += step) {
      P const shares = load_pack<P>(at_.shares.data() + s);
      P const price = exit_price<P>(shares, load_pack<P>(close + s), costs);
      fills.add(close_position<P>(shares, load_pack<P>(at_.flow.data() + s), shares != P{}, price, costs));
      store_pack(at_.shares.data() + s, P{});
    }
    account_.close_trades(fills.sum());
    watch_.on_end(*this);
    gross_ = 0;
    account_.close_bar(0, 0, true);
  }

  void decide_all() {
    if (bar_ >= scored_to_) score_bars_from(bar_);
    std::int32_t const* const score = score_row();
    T const* const open = row(tape_.open);
    Decider<T> const rule = rule_;
    I waits{};
    for (std::size_t s = 0; s < lanes_; s += step) {
      I const orders = decide<P>(load_ints<P>(score + s), load_pack<P>(at_.shares.data() + s), load_pack<I>(at_.held.data() + s),
                                 load_pack<I>(at_.orders.data() + s), load_pack<P>(open + s) > P{}, rule);
      store_pack(at_.orders.data() + s, orders);
      waits |= orders;
    }
    waits_ = sum_of_lanes(waits) != 0;
  }

  void score_bars_from(std::uint32_t bar) {
    scored_from_ = bar;
    scored_to_ = bar + score_bars < span_.last ? bar + score_bars : span_.last;
    switch (terms_) {
      case 1: return score_terms<1>();
      case 2: return score_terms<2>();
      case 3: return score_terms<3>();
      case 4: return score_terms<4>();
      case 5: return score_terms<5>();
      case 6: return score_terms<6>();
      case 7: return score_terms<7>();
      case 8: return score_terms<8>();
      default: return score_terms<0>();
    }
  }

  template <int Count>
  void score_terms() {
    std::size_t const begin = std::size_t{scored_from_} * tape_.padded;
    std::size_t const n = std::size_t{scored_to_ - scored_from_} * tape_.padded / 32 * 32;
    std::int16_t const* tables[most_terms];
    std::int32_t weights[most_terms];
    for (int k = 0; k < Count; ++k) {
      tables[k] = tables_[k] + begin;
      weights[k] = weights_[k];
    }
    std::int32_t* const to = scores_.data();
    MUSTER_LANES
    for (std::size_t i = 0; i < n; ++i) {
      std::int32_t sum = 0;
      MUSTER_UNROLL
      for (int k = 0; k < Count; ++k) sum += weights[k] * tables[k][i];
      to[i] = sum;
    }
  }

  Features const& features_;
  Tape<T> const& tape_;
  Watch& watch_;
  FillCosts<T> fills_;
  AccountCosts costs_;
  std::size_t lanes_;  ///< symbols, rounded up
  Positions<T> at_;
  Lanes<std::int32_t> scores_;  ///< of bars [scored_from_, scored_to_)
  Lanes<std::int16_t> full_scale_;
  Account account_{};
  Decider<T> rule_{};
  Span span_{};
  double size_ = 0;
  bool by_volatility_ = false;
  bool has_levels_ = false;
  int terms_ = 0;
  std::int32_t weights_[most_terms] = {};
  std::int16_t const* tables_[most_terms] = {};
  std::uint32_t bar_ = 0;
  std::uint32_t scored_from_ = 0;
  std::uint32_t scored_to_ = 0;
  std::int64_t gross_ = 0;
  bool holds_ = false;  ///< some symbol may have a position
  bool waits_ = false;  ///< some symbol has an order
};

MUSTER_BACKTEST_END
