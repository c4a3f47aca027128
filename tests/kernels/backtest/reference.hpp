// The backtest once more, plainly: written from docs/methods/backtest.md, one symbol after the other, money as
// doubles on their grid. The kernels must give its bits.
#pragma once

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include "kernels/backtest/engine.hpp"

namespace muster::testing {

using namespace muster::kernels::backtest;

template <class T>
class Reference {
 public:
  Reference(Market const& market, Features const& features, Costs const& costs, Rule const& rule)
      : m_(market), f_(features), costs_(costs), rule_(rule), held_(market.symbols) {
    double const c = (costs.half_spread_bps + costs.slippage_bps) / 10000;
    buy_ = static_cast<T>(1 + c);
    sell_ = static_cast<T>(1 - c);
    rate_ = static_cast<T>(costs.commission_bps / 10000);
    per_share_ = static_cast<T>(costs.commission_per_share_usd);
  }

  Tally run(Span span) {
    tally_ = Tally{};
    cash_ = on_grid(costs_.capital_usd);
    equity_ = peak_ = cash_;
    tally_.start_equity_usd = tally_.end_equity_usd = equity_;
    held_.assign(m_.symbols, Holding{});
    for (t_ = span.first; t_ < span.last && tally_.ending == Ending::whole; ++t_) {
      bar_ = Bar{};
      if (t_ > span.first) {
        book_events();
        fill_exits();
        fill_entries();
        touch();
        if (t_ + 1 == span.last) close_all();
        close(t_ + 1 == span.last);
      }
      equities.push_back(equity_);
      if (t_ + 1 < span.last)
        for (std::uint32_t s = 0; s < m_.symbols; ++s) decide(s);
    }
    return tally_;
  }

  std::vector<double> equities;

 private:
  enum class Entry { none, buy, sell_short };
  struct Holding {
    T shares = 0, stop = 0, target = 0, flow = 0;
    int closes = 0;
    bool exit_ordered = false;
    Entry entry = Entry::none;
  };
  struct Bar {
    double worst = 0, value = 0, fees = 0, dividends = 0;
    unsigned trades = 0, wins = 0;
    double stage_value = 0, stage_fees = 0;
  };

  static T capped(T x) { return x < static_cast<T>(2147483648.0) ? x : static_cast<T>(2147483648.0); }
  static double on_grid(double x) {
    double volatile const shifted = x + 6442450944.0;
    return shifted - 6442450944.0;
  }
  static double most(double a, double b) { return a > b ? a : b; }

  bool traded(std::uint32_t s) const { return m_.status[m_.at(t_, s)] == Status::traded; }
  T open(std::uint32_t s) const { return static_cast<T>(m_.open[m_.at(t_, s)]); }
  T last_close(std::uint32_t s) const {
    double price = 0;
    std::size_t e = 0;
    for (std::uint32_t t = 0; t <= t_; ++t) {
      for (; e < m_.events.size() && m_.events[e].bar <= t; ++e)
        if (m_.events[e].symbol == s && m_.events[e].bar == t) price /= m_.events[e].split;
      if (m_.status[m_.at(t, s)] == Status::traded) price = m_.close[m_.at(t, s)];
    }
    return static_cast<T>(price);
  }
  T mark(std::uint32_t s) const { return traded(s) ? static_cast<T>(m_.close[m_.at(t_, s)]) : last_close(s); }

  T fee(T value, T size) const { return capped(value * rate_ + size * per_share_); }

  /// Sums of one stage are compared with the limit, stage by stage.
  void end_stage() {
    bar_.worst = most(bar_.worst, most(bar_.stage_value, bar_.stage_fees));
    bar_.stage_value = bar_.stage_fees = 0;
  }

  T pay(T value, T received, T fees) {
    cash_ += on_grid(received) - on_grid(fees);
    bar_.value += on_grid(value);
    bar_.fees += on_grid(fees);
    bar_.stage_value += on_grid(value);
    bar_.stage_fees += on_grid(fees);
    return received - fees;
  }

  void sell_out(Holding& h, T price) {
    T const size = std::abs(h.shares);
    T const value = capped(size * price);
    T const received = h.shares > 0 ? value : -value;
    T const fees = fee(value, size);
    bar_.trades += 1;
    bar_.wins += h.flow + received - fees > 0 ? 1 : 0;
    pay(value, received, fees);
    h = Holding{};
  }
  T market_price(Holding const& h, T quoted) const { return quoted * (h.shares > 0 ? sell_ : buy_); }

  void book_events() {
    for (MarketEvent const& e : m_.events) {
      if (e.bar != t_) continue;
      Holding& h = held_[e.symbol];
      if (h.shares == 0) continue;
      h.shares *= static_cast<T>(e.split);
      h.stop *= static_cast<T>(1 / e.split);
      h.target *= static_cast<T>(1 / e.split);
      T const amount = capped(std::abs(h.shares) * static_cast<T>(e.dividend_usd));
      T const received = h.shares > 0 ? amount : -amount;
      h.flow += received;
      cash_ += on_grid(received);
      bar_.dividends += on_grid(received);
      bar_.worst = most(bar_.worst, std::abs(on_grid(received)));
    }
    for (std::uint32_t s = 0; s < m_.symbols; ++s)
      if (held_[s].shares != 0 && m_.status[m_.at(t_, s)] == Status::delisted) {
        sell_out(held_[s], market_price(held_[s], last_close(s)));
        end_stage();
      }
  }

  void fill_exits() {
    for (std::uint32_t s = 0; s < m_.symbols; ++s) {
      Holding& h = held_[s];
      if (!h.exit_ordered || !traded(s)) continue;
      Entry const next = h.entry;
      sell_out(h, market_price(h, open(s)));
      h.entry = next;
    }
    end_stage();
  }

  T asked_value(std::uint32_t s) const {
    T const value = static_cast<T>(rule_.size_percent / 100.0 * equity_);
    if (rule_.sizing == Sizing::fixed) return value;
    return value * (static_cast<T>(f_.volatility_scale[m_.at(t_ - 1, s)]) / static_cast<T>(32767));
  }

  void fill_entries() {
    double gross = 0, net = 0, asked = 0;
    std::vector<T> wanted(m_.symbols);
    for (std::uint32_t s = 0; s < m_.symbols; ++s) {
      Holding const& h = held_[s];
      T const worth = capped(std::abs(h.shares) * (traded(s) ? open(s) : last_close(s)));
      gross += on_grid(worth);
      net += h.shares > 0 ? on_grid(worth) : -on_grid(worth);
      if (h.entry == Entry::none || !traded(s)) continue;
      T const value = asked_value(s);
      wanted[s] = value / (open(s) * (h.entry == Entry::buy ? buy_ : sell_));
      asked += on_grid(capped(value + fee(value, wanted[s])));
    }
    double share = 0;
    if (asked > 0) {
      bar_.worst = most(bar_.worst, most(gross, asked));
      double const room = costs_.leverage * (cash_ + net) - gross;
      share = asked <= room ? 1 : room / asked * (1 - std::ldexp(1.0, -20));
      if (share < 0.1) share = 0;
    }
    for (std::uint32_t s = 0; s < m_.symbols; ++s) {
      Entry const entry = held_[s].entry;
      held_[s].entry = Entry::none;
      if (share > 0 && wanted[s] * static_cast<T>(share) > 0) enter(s, entry == Entry::buy, wanted[s] * static_cast<T>(share));
    }
    end_stage();
  }

  void enter(std::uint32_t s, bool buys, T size) {
    Holding& h = held_[s];
    T const value = capped(size * (open(s) * (buys ? buy_ : sell_)));
    h.flow = pay(value, buys ? -value : value, fee(value, size));
    h.shares = buys ? size : -size;
    h.closes = 0;
    h.stop = level(s, rule_.stop_half_percent, buys ? -1 : 1);
    h.target = level(s, rule_.target_half_percent, buys ? 1 : -1);
  }
  T level(std::uint32_t s, int half_percents, int sign) const {
    if (half_percents == 0) return sign > 0 ? std::numeric_limits<T>::infinity() : T(0);
    return open(s) * static_cast<T>((200 + sign * half_percents) / 200.0);
  }

  void touch() {
    for (std::uint32_t s = 0; s < m_.symbols; ++s) {
      Holding& h = held_[s];
      if (h.shares == 0 || !traded(s)) continue;
      T const high = static_cast<T>(m_.high[m_.at(t_, s)]), low = static_cast<T>(m_.low[m_.at(t_, s)]);
      bool const is_long = h.shares > 0;
      if (is_long ? low <= h.stop : high >= h.stop) {
        bool const gaps = is_long ? open(s) < h.stop : open(s) > h.stop;
        sell_out(h, market_price(h, gaps ? open(s) : h.stop));
      } else if (is_long ? high >= h.target : low <= h.target) {
        sell_out(h, h.target);
      }
    }
    end_stage();
  }

  void close_all() {
    for (std::uint32_t s = 0; s < m_.symbols; ++s)
      if (held_[s].shares != 0) sell_out(held_[s], market_price(held_[s], mark(s)));
    end_stage();
  }

  void close(bool is_last) {
    double gross = 0, net = 0;
    for (std::uint32_t s = 0; s < m_.symbols; ++s) {
      held_[s].closes += 1;
      T const worth = capped(std::abs(held_[s].shares) * mark(s));
      gross += on_grid(worth);
      net += held_[s].shares > 0 ? on_grid(worth) : -on_grid(worth);
    }
    double carry = 0;
    if (!is_last) {
      double const owed = cash_ < 0 ? -cash_ : 0;
      carry = on_grid((gross - net) * 0.5 * (costs_.borrow_percent_year / 100 / costs_.bars_per_year)) +
              on_grid(owed * (costs_.financing_percent_year / 100 / costs_.bars_per_year));
    }
    cash_ -= carry;
    double const now = cash_ + net;
    if (most(bar_.worst, gross) >= 2147483648.0 || std::abs(now) >= 2147483648.0) {
      tally_.ending = Ending::out_of_range;
      return;
    }
    add(carry, gross, now, is_last);
  }

  void add(double carry, double gross, double now, bool is_last) {
    tally_.carry_usd += carry;
    tally_.turnover_usd += bar_.value;
    tally_.fees_usd += bar_.fees;
    tally_.dividends_usd += bar_.dividends;
    tally_.trades += bar_.trades;
    tally_.wins += bar_.wins;
    if (!is_last && now > 0) tally_.exposure_sum += gross / now;
    if (!is_last && gross > 0) tally_.invested_bars += 1;
    double const r = (now - equity_) / equity_;
    tally_.bars += 1;
    tally_.sum_r += r;
    tally_.sum_r2 += r * r;
    tally_.sum_r3 += r * r * r;
    tally_.sum_r4 += (r * r) * (r * r);
    if (r < 0) tally_.sum_down2 += r * r;
    equity_ = tally_.end_equity_usd = now;
    peak_ = most(peak_, now);
    tally_.max_drawdown = most(tally_.max_drawdown, (peak_ - now) / peak_);
    if (now <= 0) tally_.ending = Ending::ruined;
  }

  /// Compares score / full with percent / 100 in integers.
  void decide(std::uint32_t s) {
    Holding& h = held_[s];
    if (!traded(s)) return;
    h.entry = Entry::none;
    std::int64_t score = 0, full = 0;
    for (Term const& term : rule_.terms) {
      if (term.weight_percent == 0) continue;
      score += 100 * std::int64_t{term.weight_percent} * f_.table(f_.table_index(term.kind, term.window))[m_.at(t_, s)];
      full += 32767 * std::abs(int{term.weight_percent});
    }
    if (full == 0) return;
    bool const up = (static_cast<int>(rule_.sides) & 1) != 0 && score >= rule_.enter_long * full;
    bool const down = !up && (static_cast<int>(rule_.sides) & 2) != 0 && score <= rule_.enter_short * full;
    bool const late = rule_.holding_bars > 0 && h.closes >= rule_.holding_bars;
    if (h.shares > 0) h.exit_ordered = score <= rule_.exit_long * full || late || down;
    if (h.shares < 0) h.exit_ordered = score >= rule_.exit_short * full || late || up;
    if (up && h.shares <= 0) h.entry = Entry::buy;
    if (down && h.shares >= 0) h.entry = Entry::sell_short;
  }

  Market const& m_;
  Features const& f_;
  Costs costs_;
  Rule rule_;
  std::vector<Holding> held_;
  T buy_, sell_, rate_, per_share_;
  Tally tally_{};
  Bar bar_{};
  double cash_ = 0, equity_ = 0, peak_ = 0;
  std::uint32_t t_ = 0;
};

}  // namespace muster::testing
