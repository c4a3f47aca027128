// The host's loops over lanes for the two bulk calls: each stage of a body is one short loop over a block,
// which the compiler vectorises.
#pragma once

#include <cstddef>

#include "kernels/closed/black_scholes.hpp"
#include "kernels/closed/implied.hpp"

MUSTER_KERNELS_BEGIN

inline constexpr int closed_lanes = 128;

/// Columns of a block of options, of the stages between and of the results.
struct BsBlock {
  double spot[closed_lanes], strike[closed_lanes], years[closed_lanes], rate[closed_lanes],
      dividend[closed_lanes], volatility[closed_lanes], side[closed_lanes];
  double asset[closed_lanes], cash[closed_lanes], d1[closed_lanes], d2[closed_lanes],
      root[closed_lanes], steep[closed_lanes], weight[closed_lanes];
  double price[closed_lanes], delta[closed_lanes], gamma[closed_lanes], vega[closed_lanes],
      theta[closed_lanes], rho[closed_lanes], vanna[closed_lanes], volga[closed_lanes];

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

inline void price_block(BsBlock& b) {
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
  for (int i = 0; i < closed_lanes; ++i) {
    BsOutput const o = b.option(i).finish(b.present(i), b.moments(i), b.weight[i]);
    b.price[i] = o.price;
    b.delta[i] = o.delta;
    b.gamma[i] = o.gamma;
    b.vega[i] = o.vega;
    b.theta[i] = o.theta;
    b.rho[i] = o.rho;
    b.vanna[i] = o.vanna;
    b.volga[i] = o.volga;
  }
}

inline void black_scholes_lanes(BsInput const* in, BsOutput* out, std::size_t count) {
  BsBlock b;
  for (std::size_t at = 0; at < count; at += closed_lanes) {
    int const here = count - at >= closed_lanes ? closed_lanes : int(count - at);
    load(b, in + at, here);
    price_block(b);
    for (int i = 0; i < here; ++i)
      out[at + i] = {b.price[i], b.delta[i], b.gamma[i], b.vega[i],
                     b.theta[i], b.rho[i],   b.vanna[i], b.volga[i]};
  }
}

/// Copies one column into a block, repeating its last value to the block's end.
inline void load_column(double* __restrict to, double const* __restrict from, int count) {
  if (count == closed_lanes)
    for (int i = 0; i < closed_lanes; ++i) to[i] = from[i];
  else
    for (int i = 0; i < closed_lanes; ++i) to[i] = from[i < count ? i : count - 1];
}
inline void store_column(double* __restrict to, double const* __restrict from, int count) {
  for (int i = 0; i < count; ++i) to[i] = from[i];
}

inline void black_scholes_columns(BsColumns const& in, BsResultColumns const& out, std::size_t count) {
  BsBlock b;
  for (std::size_t at = 0; at < count; at += closed_lanes) {
    int const here = count - at >= closed_lanes ? closed_lanes : int(count - at);
    load_column(b.spot, in.spot + at, here);
    load_column(b.strike, in.strike + at, here);
    load_column(b.years, in.years + at, here);
    load_column(b.rate, in.rate + at, here);
    load_column(b.dividend, in.dividend + at, here);
    load_column(b.volatility, in.volatility + at, here);
    load_column(b.side, in.side + at, here);
    price_block(b);
    store_column(out.price + at, b.price, here);
    store_column(out.delta + at, b.delta, here);
    store_column(out.gamma + at, b.gamma, here);
    store_column(out.vega + at, b.vega, here);
    store_column(out.theta + at, b.theta, here);
    store_column(out.rho + at, b.rho, here);
    store_column(out.vanna + at, b.vanna, here);
    store_column(out.volga + at, b.volga, here);
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
