// The host's loops over lanes for the two bulk calls: each stage of a body is one short loop over a block,
// which the compiler vectorises.
#pragma once

#include <cstddef>

#include "kernels/closed/black_scholes.hpp"
#include "kernels/closed/implied.hpp"

MUSTER_KERNELS_BEGIN

inline constexpr int closed_lanes = 64;

/// What the stages of a block of options leave for those after them.
struct BsStages {
  double asset[closed_lanes], asset_rest[closed_lanes], cash[closed_lanes], cash_rest[closed_lanes],
      root[closed_lanes], steep[closed_lanes], slope[closed_lanes], twos[closed_lanes], d1[closed_lanes],
      d2[closed_lanes], weight[closed_lanes], weight_rest[closed_lanes], first[closed_lanes],
      second[closed_lanes], under[closed_lanes];

  MUSTER_FN BlackScholes::Parts parts(int i) const {
    return {asset[i], cash[i], root[i], steep[i], d1[i], d2[i], weight[i]};
  }
};

MUSTER_FN BlackScholes option(BsColumns const& in, int i) {
  return {in.spot[i], in.strike[i], in.years[i], in.rate[i], in.dividend[i], in.volatility[i], in.side[i]};
}

/// A loop over the lanes of a block. No column overlaps another (closed_forms.hpp), which gcc cannot know.
#define MUSTER_EACH_LANE(i) _Pragma("GCC ivdep") for (int i = 0; i < closed_lanes; ++i)

inline void start_block(BsColumns const& in, BsStages& b) {
  MUSTER_EACH_LANE(i) {
    BlackScholes::Start const s = option(in, i).start();
    b.asset[i] = s.asset.amount;
    b.asset_rest[i] = s.asset.rest;
    b.cash[i] = s.cash.amount;
    b.cash_rest[i] = s.cash.rest;
    b.root[i] = s.root;
    b.steep[i] = s.steep;
    b.slope[i] = s.moneyness.slope;
    b.twos[i] = s.moneyness.twos;
  }
}

inline void moments_block(BsColumns const& in, BsStages& b) {
  MUSTER_EACH_LANE(i) {
    b.asset[i] = BlackScholes::Pending{b.asset[i], b.asset_rest[i]}.value();
    b.cash[i] = BlackScholes::Pending{b.cash[i], b.cash_rest[i]}.value();
  }
  MUSTER_EACH_LANE(i) {
    BlackScholes::Moments const m = option(in, i).moments({b.slope[i], b.twos[i]}, b.root[i], b.steep[i]);
    b.d1[i] = m.d1;
    b.d2[i] = m.d2;
  }
}

inline void tails_block(BsStages& b) {
  MUSTER_EACH_LANE(i) {
    BlackScholes::Pending const w = BlackScholes::weight(b.asset[i], b.d1[i]);
    b.weight[i] = w.amount;
    b.weight_rest[i] = w.rest;
  }
  MUSTER_EACH_LANE(i) b.weight[i] = BlackScholes::Pending{b.weight[i], b.weight_rest[i]}.value();
  MUSTER_EACH_LANE(i) {
    BlackScholes::Tails const t = BlackScholes::tails({b.d1[i], b.d2[i]});
    b.first[i] = t.first;
    b.second[i] = t.second;
    b.under[i] = t.under;
  }
}

inline void finish_block(BsColumns const& in, BsResultColumns const& out, BsStages const& b) {
  MUSTER_EACH_LANE(i) {
    BlackScholes::First const f = option(in, i).first(b.parts(i), {b.first[i], b.second[i], b.under[i]});
    out.price[i] = f.price;
    out.delta[i] = f.delta;
    out.gamma[i] = f.gamma;
    out.vega[i] = f.vega;
    out.theta[i] = f.theta;
    out.rho[i] = f.rho;
  }
  if (out.vanna == nullptr) return;
  MUSTER_EACH_LANE(i) {
    BlackScholes::Second const s = option(in, i).second(b.parts(i));
    out.vanna[i] = s.vanna;
    out.volga[i] = s.volga;
  }
}

/// closed_lanes options in full.
inline void price_block(BsColumns const& in, BsResultColumns const& out) {
  BsStages stages;
  start_block(in, stages);
  moments_block(in, stages);
  tails_block(stages);
  finish_block(in, out, stages);
}

/// Columns of one block of options and of their results.
struct BsBlock {
  double in[7][closed_lanes], out[8][closed_lanes];

  BsColumns inputs() const { return {in[0], in[1], in[2], in[3], in[4], in[5], in[6]}; }
  BsResultColumns results() {
    return {out[0], out[1], out[2], out[3], out[4], out[5], out[6], out[7]};
  }
};

inline void load(BsBlock& b, BsInput const* in, int count) {
  for (int i = 0; i < closed_lanes; ++i) {
    BsInput const& x = in[i < count ? i : count - 1];
    b.in[0][i] = x.spot;
    b.in[1][i] = x.strike;
    b.in[2][i] = x.years;
    b.in[3][i] = x.rate;
    b.in[4][i] = x.dividend;
    b.in[5][i] = x.volatility;
    b.in[6][i] = x.is_call ? 1.0 : -1.0;
  }
}

inline void black_scholes_lanes(BsInput const* in, BsOutput* out, std::size_t count) {
  BsBlock b;
  for (std::size_t at = 0; at < count; at += closed_lanes) {
    int const here = count - at >= closed_lanes ? closed_lanes : int(count - at);
    load(b, in + at, here);
    price_block(b.inputs(), b.results());
    for (int i = 0; i < here; ++i)
      out[at + i] = {b.out[0][i], b.out[1][i], b.out[2][i], b.out[3][i],
                     b.out[4][i], b.out[5][i], b.out[6][i], b.out[7][i]};
  }
}

inline BsColumns from(BsColumns const& c, std::size_t at) {
  return {c.spot + at,     c.strike + at,     c.years + at, c.rate + at,
          c.dividend + at, c.volatility + at, c.side + at};
}
inline BsResultColumns from(BsResultColumns const& c, std::size_t at) {
  bool const all = c.vanna != nullptr;
  return {c.price + at, c.delta + at, c.gamma + at, c.vega + at,
          c.theta + at, c.rho + at,   all ? c.vanna + at : nullptr, all ? c.volga + at : nullptr};
}

/// Copies `count` options into a block, the last one again to the block's end. Copies, because columns a
/// power of two apart share their places in the first cache, which the stages would fight for.
inline void load(BsBlock& b, BsColumns const& in, int count) {
  double const* const columns[] = {in.spot, in.strike, in.years, in.rate, in.dividend, in.volatility, in.side};
  for (int c = 0; c < 7; ++c) {
    double const* const __restrict from = columns[c];
    if (count == closed_lanes)
      for (int i = 0; i < closed_lanes; ++i) b.in[c][i] = from[i];
    else
      for (int i = 0; i < closed_lanes; ++i) b.in[c][i] = from[i < count ? i : count - 1];
  }
}

inline void store(BsBlock const& b, BsResultColumns const& out, int count) {
  double* const columns[] = {out.price, out.delta, out.gamma, out.vega, out.theta, out.rho, out.vanna, out.volga};
  for (int c = 0; c < (out.vanna == nullptr ? 6 : 8); ++c)
    for (int i = 0; i < count; ++i) columns[c][i] = b.out[c][i];
}

inline void black_scholes_columns(BsColumns const& in, BsResultColumns const& out, std::size_t count) {
  BsBlock b;
  BsResultColumns inside = b.results();
  if (out.vanna == nullptr) inside.vanna = nullptr;
  for (std::size_t at = 0; at < count; at += closed_lanes) {
    int const here = count - at >= closed_lanes ? closed_lanes : int(count - at);
    load(b, from(in, at), here);
    bool const whole = here == closed_lanes;
    price_block(b.inputs(), whole ? from(out, at) : inside);
    if (!whole) store(b, from(out, at), here);
  }
}

/// Columns of a block of quotes.
struct ImpliedBlock {
  double price[closed_lanes], forward[closed_lanes], strike[closed_lanes], years[closed_lanes],
      discount[closed_lanes], side[closed_lanes];
  double width[closed_lanes], target[closed_lanes], slack[closed_lanes], maximum[closed_lanes],
      is_upper[closed_lanes], time[closed_lanes], status[closed_lanes];
  double s[closed_lanes], volatility[closed_lanes];

  MUSTER_FN ImpliedProblem problem(int i) const {
    return {width[i], target[i], slack[i], maximum[i], is_upper[i], time[i], status[i]};
  }
};

inline void load(ImpliedBlock& b, ImpliedInput const* in, int count) {
  for (int i = 0; i < closed_lanes; ++i) {
    ImpliedInput const& x = in[i < count ? i : count - 1];
    b.price[i] = x.price;
    b.forward[i] = x.forward;
    b.strike[i] = x.strike;
    b.years[i] = x.years;
    b.discount[i] = x.discount;
    b.side[i] = x.is_call ? 1.0 : -1.0;
  }
}

inline void solve_block(ImpliedBlock& b) {
  for (int i = 0; i < closed_lanes; ++i) {
    ImpliedProblem const q = implied_problem(b.price[i], b.forward[i], b.strike[i], b.years[i],
                                             b.discount[i], b.side[i]);
    b.width[i] = q.width;
    b.target[i] = q.target;
    b.slack[i] = q.slack;
    b.maximum[i] = q.maximum;
    b.is_upper[i] = q.is_upper;
    b.time[i] = q.years;
    b.status[i] = q.status;
  }
  for (int i = 0; i < closed_lanes; ++i) b.s[i] = implied_guess(b.problem(i));
  for (int step = 1; step < implied_steps; ++step)
    for (int i = 0; i < closed_lanes; ++i) b.s[i] += implied_step(b.problem(i), b.s[i]);
  for (int i = 0; i < closed_lanes; ++i) {
    double const step = implied_step(b.problem(i), b.s[i]);
    double const volatility = implied_volatility_of(b.problem(i), b.s[i], step);
    b.volatility[i] = b.status[i] <= 1.0 ? volatility : 0.0;
  }
}

inline void implied_lanes(ImpliedInput const* in, ImpliedOutput* out, std::size_t count) {
  ImpliedBlock block;
  for (std::size_t at = 0; at < count; at += closed_lanes) {
    int const here = count - at >= closed_lanes ? closed_lanes : int(count - at);
    load(block, in + at, here);
    solve_block(block);
    for (int i = 0; i < here; ++i)
      out[at + i] = {block.volatility[i], ImpliedStatus(int(block.status[i]))};
  }
}

MUSTER_KERNELS_END
