// The host's loops over lanes for the two bulk calls: each stage of a body is one short loop over a block,
// which the compiler vectorises.
#pragma once

#include <cstddef>

#include "kernels/closed/black_scholes.hpp"
#include "kernels/closed/implied.hpp"

MUSTER_KERNELS_BEGIN

inline constexpr int closed_lanes = 128;

/// Columns of a block of options, and of the stages between.
struct BsBlock {
  double spot[closed_lanes], strike[closed_lanes], years[closed_lanes], rate[closed_lanes],
      dividend[closed_lanes], volatility[closed_lanes], side[closed_lanes];
  double asset[closed_lanes], cash[closed_lanes], d1[closed_lanes], d2[closed_lanes],
      root[closed_lanes], steep[closed_lanes], weight[closed_lanes];

  MUSTER_FN BlackScholes option(int i) const {
    return {spot[i], strike[i], years[i], rate[i], dividend[i], volatility[i], side[i]};
  }
  MUSTER_FN BlackScholes::Present present(int i) const { return {asset[i], cash[i]}; }
  MUSTER_FN BlackScholes::Moments moments(int i) const { return {d1[i], d2[i], root[i], steep[i]}; }
};

inline void load(BsBlock& b, BsInput const* in, int count) {
  for (int i = 0; i < closed_lanes; ++i) {
    BsInput const& x = in[i < count ? i : count - 1];
    b.spot[i] = x.spot;
    b.strike[i] = x.strike;
    b.years[i] = x.years;
    b.rate[i] = x.rate;
    b.dividend[i] = x.dividend;
    b.volatility[i] = x.volatility;
    b.side[i] = x.is_call ? 1.0 : -1.0;
  }
}

/// One block; every lane is computed, `out` has closed_lanes entries a column.
inline void price_block(BsBlock& b, BsOutput* out) {
  for (int i = 0; i < closed_lanes; ++i) {
    BlackScholes::Present const p = b.option(i).present();
    b.asset[i] = p.asset;
    b.cash[i] = p.cash;
  }
  for (int i = 0; i < closed_lanes; ++i) {
    BlackScholes::Moments const m = b.option(i).moments();
    b.d1[i] = m.d1;
    b.d2[i] = m.d2;
    b.root[i] = m.root;
    b.steep[i] = m.steep;
  }
  for (int i = 0; i < closed_lanes; ++i) b.weight[i] = b.option(i).weight(b.present(i), b.moments(i));
  for (int i = 0; i < closed_lanes; ++i)
    out[i] = b.option(i).finish(b.present(i), b.moments(i), b.weight[i]);
}

inline void black_scholes_lanes(BsInput const* in, BsOutput* out, std::size_t count) {
  BsBlock block;
  BsOutput rest[closed_lanes];
  for (std::size_t at = 0; at < count; at += closed_lanes) {
    bool const is_whole = count - at >= closed_lanes;
    int const here = is_whole ? closed_lanes : int(count - at);
    load(block, in + at, here);
    price_block(block, is_whole ? out + at : rest);
    if (!is_whole)
      for (int i = 0; i < here; ++i) out[at + i] = rest[i];
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
