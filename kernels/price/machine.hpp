// The path machine: steps, events, payoffs and samples of L paths at a time. On a CPU L lanes fill
// the vector registers; on a GPU L is 1 and a thread carries its path. Both run this one text, so a
// path's samples have the same bits on either.
//
// An environment Env supplies what differs:
//   normals(keys, block, Real z[][L])   the random block of all lanes
//   minus_two_log_uniform(keys, block, word, Real w[L])   -2 ln of a uniform of the second stream
//   slot(copy, index) -> Real*       L values of path memory
//   total(index) -> double*          L values
//   row(row, double y[L], double c[L], scale, control_scale)   takes the samples of one row
#pragma once

#include <cstdint>

#include "kernels/config.hpp"
#include "kernels/price/models.hpp"
#include "kernels/price/path_plan.hpp"
#include "kernels/price/payoffs.hpp"
#include "kernels/rng/normal.hpp"

namespace muster::kernels {

/// A PathPlan as pointers, with the coefficients in the precision of the paths.
template <class Real>
struct PathView {
  std::uint32_t assets, real_assets, steps, contracts, totals, slots_per_path;
  bool control, antithetic;
  PhiloxKeys keys;
  double total_control_scale_in;
  Real const* coefficients;
  double const* forward;
  double const* log_forward;
  double const* variance;
  double const* discount;
  double const* dividend;  ///< null when there is none
  std::uint32_t const* first_event;
  std::uint32_t const* quiet_until;
  std::uint32_t const* steady_until;
  Event const* event;
  ContractPlan const* contract;
  AssetWeight const* weight;
  TotalPlan const* total;
};

}  // namespace muster::kernels

MUSTER_KERNELS_BEGIN

/// What contracts look at. Apart from the machine's state, so that on a GPU the state stays in registers while
/// these, indexed by a contract's asset, do not.
template <class Real, int Copies, int A, int L>
struct Seen {
  Real before[Copies][A][L];  ///< x at the start of the step, for bridges
  Real now[Copies][A][L];     ///< x at the end of the step
  Real growth[Copies][A][L];  ///< exp(now)
};

template <class Real, class Model, int Copies, int L, class Env>
struct PathMachine {
  static constexpr int A = Model::assets;
  static constexpr int N = Model::normals;
  static constexpr int per_block = normals_per_block<Real>;
  static constexpr int steps_per_block = N < per_block ? per_block / N : 1;
  static constexpr int blocks_per_step = (N + per_block - 1) / per_block;
  static constexpr int draws = per_block * blocks_per_step;

  PathView<Real> const& plan;
  Env& env;
  Real state[Copies][Model::state_size][L];
  Seen<Real, Copies, A, L>& seen;

  MUSTER_FN PathMachine(PathView<Real> const& p, Env& e, Seen<Real, Copies, A, L>& s) : plan(p), env(e), seen(s) {}

  /// Simulates L paths (pairs, with two copies) and hands every row's samples to the environment.
  MUSTER_FN void run() {
    start();
    Real z[draws][L];
    std::uint32_t first = 0;
    while (first < plan.steps) {
      first = run_quiet(first, z);
      draw(first, z);
      MUSTER_UNROLL
      for (int k = 0; k < steps_per_block; ++k) {
        std::uint32_t const s = first + static_cast<std::uint32_t>(k);
        if (s < plan.steps) {
          keep_before(s);
          advance(plan.coefficients + std::uint64_t{s} * Model::coefficients, &z[k * N]);
          pay_dividend(s);
          events(s);
        }
      }
      first += steps_per_block;
    }
    finish();
  }

 private:
  /// The random block(s) of the steps from `first` on.
  MUSTER_FN void draw(std::uint32_t first, Real (&z)[draws][L]) {
    std::uint32_t const block = first / steps_per_block * blocks_per_step;
    MUSTER_UNROLL
    for (int b = 0; b < blocks_per_step; ++b)
      env.normals(plan.keys, block + static_cast<std::uint32_t>(b), &z[b * per_block]);
  }

  /// Runs whole blocks until the one that holds the next event (there always is one: the last expiry); returns
  /// that block's first step. Nearly all the time of a simulation is spent here.
  MUSTER_FN std::uint32_t run_quiet(std::uint32_t first, Real (&z)[draws][L]) {
    std::uint32_t const quiet_end = first + (plan.quiet_until[first] - first) / steps_per_block * steps_per_block;
    while (first < quiet_end) {
      std::uint32_t end = plan.steady_until[first];
      end = first + ((end < quiet_end ? end : quiet_end) - first) / steps_per_block * steps_per_block;
      if (Model::coefficients == 1 && end > first) {
        Real const c[1] = {plan.coefficients[std::uint64_t{first} * Model::coefficients]};
        for (; first < end; first += steps_per_block) {
          draw(first, z);
          MUSTER_UNROLL
          for (int k = 0; k < steps_per_block; ++k) advance(c, &z[k * N]);
        }
        continue;
      }
      draw(first, z);
      MUSTER_UNROLL
      for (int k = 0; k < steps_per_block; ++k)
        advance(plan.coefficients + (std::uint64_t{first} + static_cast<std::uint64_t>(k)) * Model::coefficients,
                &z[k * N]);
      first += steps_per_block;
    }
    return first;
  }

  /// One instance serves both on a CPU (half of the code to compile); a GPU has one for each.
  MUSTER_FN int copies() const { return L == 1 ? Copies : (plan.antithetic ? 2 : 1); }

  MUSTER_FN void start() {
    for (int copy = 0; copy < copies(); ++copy) {
      MUSTER_UNROLL
      for (int k = 0; k < Model::state_size; ++k)
        for (int i = 0; i < L; ++i) state[copy][k][i] = Real(0);
      for (std::uint32_t slot = 0; slot < plan.slots_per_path; ++slot) {
        Real* const value = env.slot(copy, slot);
        for (int i = 0; i < L; ++i) value[i] = Real(0);
      }
    }
    for (std::uint32_t c = 0; c < plan.contracts; ++c) open(plan.contract[c]);
    for (std::uint32_t t = 0; t < plan.totals; ++t) {
      double* const sum = env.total(t);
      for (int i = 0; i < L; ++i) sum[i] = 0.0;
    }
  }

  /// Slots that do not start at zero.
  MUSTER_FN void open(ContractPlan const& c) {
    Real first = Real(0);
    switch (c.payoff) {
      case PathPayoff::barrier_discrete:
      case PathPayoff::barrier_bridge:
      case PathPayoff::double_barrier_discrete:
      case PathPayoff::double_barrier_bridge:
        first = Real(1);
        break;
      case PathPayoff::lookback_discrete:
      case PathPayoff::lookback_bridge:
        first = static_cast<Real>(c.extremum);
        break;
      default:
        return;
    }
    for (int copy = 0; copy < copies(); ++copy) {
      Real* const value = env.slot(copy, c.first_slot);
      for (int i = 0; i < L; ++i) value[i] = first;
    }
  }

  MUSTER_FN void advance(Real const* c, Real (*z)[L]) {
    for (int copy = 0; copy < copies(); ++copy) {
      for (int i = 0; i < L; ++i) {
        Real x[Model::state_size];
        Real draw[N];
        MUSTER_UNROLL
        for (int k = 0; k < Model::state_size; ++k) x[k] = state[copy][k][i];
        MUSTER_UNROLL
        for (int k = 0; k < N; ++k) draw[k] = copy == 0 ? z[k][i] : -z[k][i];
        Model::step(x, c, draw);
        MUSTER_UNROLL
        for (int k = 0; k < Model::state_size; ++k) state[copy][k][i] = x[k];
      }
    }
  }

  MUSTER_FN void keep_before(std::uint32_t s) {
    if (plan.first_event[s] == plan.first_event[s + 1]) return;
    for (int copy = 0; copy < copies(); ++copy) MUSTER_UNROLL
    for (int a = 0; a < A; ++a)
      for (int i = 0; i < L; ++i) seen.before[copy][a][i] = state[copy][a][i];
  }

  /// Spot after a cash dividend, at least a millionth of the spot before: x moves by the log of the
  /// ratio.
  MUSTER_FN void pay_dividend(std::uint32_t s) {
    if (plan.dividend == nullptr) return;
    MUSTER_UNROLL
    for (int a = 0; a < A; ++a) {
      double const cash =
          plan.dividend[std::uint64_t{s} * plan.assets + static_cast<std::uint64_t>(a)];
      if (cash == 0.0) continue;
      auto const share = static_cast<Real>(cash / forward(s, a));
      for (int copy = 0; copy < copies(); ++copy) {
        for (int i = 0; i < L; ++i) {
          Real const x = state[copy][a][i];
          Real const left = Real(1) - share * exp(-x);
          state[copy][a][i] = x + log(larger(left, Real(1e-6f)));
        }
      }
    }
  }

  MUSTER_FN double forward(std::uint32_t s, int a) const {
    return plan.forward[(std::uint64_t{s} + 1) * plan.assets + static_cast<std::uint64_t>(a)];
  }
  MUSTER_FN double log_forward(std::uint32_t s, std::uint32_t a) const {
    return plan.log_forward[(std::uint64_t{s} + 1) * plan.assets + a];
  }

  MUSTER_FN void events(std::uint32_t s) {
    std::uint32_t const begin = plan.first_event[s];
    std::uint32_t const end = plan.first_event[s + 1];
    if (begin == end) return;
    for (int copy = 0; copy < copies(); ++copy) {
      MUSTER_UNROLL
      for (int a = 0; a < A; ++a) {
        for (int i = 0; i < L; ++i) seen.now[copy][a][i] = state[copy][a][i];
        for (int i = 0; i < L; ++i) seen.growth[copy][a][i] = exp(state[copy][a][i]);
      }
    }
    for (std::uint32_t e = begin; e < end; ++e) {
      ContractPlan const& c = plan.contract[plan.event[e].contract];
      if (plan.event[e].what == Event::What::observe)
        observe(c, s);
      else
        expire(c, plan.event[e].contract, s);
    }
  }

  MUSTER_FN void observe(ContractPlan const& c, std::uint32_t s) {
    std::uint32_t const a = A == 1 ? 0 : c.asset;
    auto const f = static_cast<Real>(plan.forward[(std::uint64_t{s} + 1) * plan.assets + a]);
    for (int copy = 0; copy < copies(); ++copy) {
      Real* const slot = env.slot(copy, c.first_slot);
      Real const(&x)[L] = seen.now[copy][a];
      Real const(&grown)[L] = seen.growth[copy][a];
      switch (c.payoff) {
        case PathPayoff::asian_arithmetic:
          for (int i = 0; i < L; ++i) slot[i] = fma(f, grown[i], slot[i]);
          break;
        case PathPayoff::asian_geometric:
          for (int i = 0; i < L; ++i) slot[i] = slot[i] + x[i];
          break;
        case PathPayoff::lookback_discrete: {
          auto const shift = static_cast<Real>(log_forward(s, a));
          if (keeps_maximum(c))
            for (int i = 0; i < L; ++i) slot[i] = larger(slot[i], x[i] + shift);
          else
            for (int i = 0; i < L; ++i) slot[i] = smaller(slot[i], x[i] + shift);
          break;
        }
        case PathPayoff::lookback_bridge:
          observe_extremum(c, s, copy);
          break;
        case PathPayoff::barrier_discrete:
        case PathPayoff::barrier_bridge:
        case PathPayoff::double_barrier_discrete:
        case PathPayoff::double_barrier_bridge:
          observe_barrier(c, s, copy);
          break;
        default:
          break;
      }
    }
  }

  /// Fixed-strike calls and floating-strike puts look at the maximum of the path, the others at its
  /// minimum.
  MUSTER_FN static bool keeps_maximum(ContractPlan const& c) {
    return (c.right > 0) != (c.floating_strike != 0);
  }

  /// slot 0: the running extremum of ln spot, drawn inside the step by a Brownian bridge. Each
  /// asset has one uniform for its maximum and one for its minimum; both copies of an antithetic
  /// pair use the same.
  MUSTER_FN void observe_extremum(ContractPlan const& c, std::uint32_t s, int copy) {
    std::uint32_t const a = A == 1 ? 0 : c.asset;
    bool const maximum = keeps_maximum(c);
    Real w[L];
    env.minus_two_log_uniform(plan.keys, s * ((plan.assets + 1) / 2) + a / 2, (a % 2) * 2 + (maximum ? 0 : 1),
                              w);
    Real* const slot = env.slot(copy, c.first_slot);
    Real const(&from)[L] = seen.before[copy][a];
    Real const(&to)[L] = seen.now[copy][a];
    auto const shift_from = static_cast<Real>(plan.log_forward[std::uint64_t{s} * plan.assets + a]);
    auto const shift_to = static_cast<Real>(log_forward(s, a));
    auto const variance = static_cast<Real>(plan.variance[std::uint64_t{s} * plan.assets + a]);
    if (maximum)
      for (int i = 0; i < L; ++i) {
        slot[i] =
            larger(slot[i], bridge_maximum(from[i] + shift_from, to[i] + shift_to, variance, w[i]));
      }
    else
      for (int i = 0; i < L; ++i) {
        slot[i] = smaller(
            slot[i], -bridge_maximum(-(from[i] + shift_from), -(to[i] + shift_to), variance, w[i]));
      }
  }

  /// slot 0: probability of being alive given the path so far; slot 1: value of the rebates paid at
  /// hit.
  MUSTER_FN void observe_barrier(ContractPlan const& c, std::uint32_t s, int copy) {
    std::uint32_t const a = A == 1 ? 0 : c.asset;
    Real* const alive = env.slot(copy, c.first_slot);
    Real* const paid = env.slot(copy, c.first_slot + 1);
    Real const(&from)[L] = seen.before[copy][a];
    Real const(&to)[L] = seen.now[copy][a];
    bool const up = c.side == KnockSide::up;
    Real const sign = up ? Real(-1) : Real(1);
    auto const level_from =
        static_cast<Real>(c.log_barrier - plan.log_forward[std::uint64_t{s} * plan.assets + a]);
    auto const level_to = static_cast<Real>(c.log_barrier - log_forward(s, a));
    auto const upper_to = static_cast<Real>(c.log_upper - log_forward(s, a));
    double const variance = plan.variance[std::uint64_t{s} * plan.assets + a];
    auto const two_over_variance = static_cast<Real>(variance > 0 ? 2.0 / variance : 1e30);
    double const middle = 0.5 * (plan.discount[s] + plan.discount[s + 1]);
    auto const at_hit = static_cast<Real>(
        c.rebate_at_hit != 0 ? c.rebate * (c.payoff == PathPayoff::barrier_bridge ||
                                                   c.payoff == PathPayoff::double_barrier_bridge
                                               ? middle
                                               : plan.discount[s + 1])
                             : 0.0);
    switch (c.payoff) {
      case PathPayoff::barrier_bridge:
        for (int i = 0; i < L; ++i) {
          Real const stay = bridge_survival(sign * (from[i] - level_from),
                                            sign * (to[i] - level_to), -two_over_variance);
          Real const lives = alive[i] * stay;
          paid[i] = fma(at_hit, alive[i] - lives, paid[i]);
          alive[i] = lives;
        }
        break;
      case PathPayoff::barrier_discrete:
        for (int i = 0; i < L; ++i) {
          Real const lives = sign * (to[i] - level_to) > Real(0) ? alive[i] : Real(0);
          paid[i] = fma(at_hit, alive[i] - lives, paid[i]);
          alive[i] = lives;
        }
        break;
      case PathPayoff::double_barrier_bridge:
        for (int i = 0; i < L; ++i) {
          Real const stay = double_bridge_survival(from[i] - level_from, to[i] - level_to,
                                                   upper_to - level_to, two_over_variance);
          Real const lives = alive[i] * stay;
          paid[i] = fma(at_hit, alive[i] - lives, paid[i]);
          alive[i] = lives;
        }
        break;
      default:
        for (int i = 0; i < L; ++i) {
          Real const gap = smaller(to[i] - level_to, upper_to - to[i]);
          Real const lives = gap > Real(0) ? alive[i] : Real(0);
          paid[i] = fma(at_hit, alive[i] - lives, paid[i]);
          alive[i] = lives;
        }
        break;
    }
  }

  /// The contract's sample and control on every lane, mean of the copies, into its row and its
  /// totals.
  MUSTER_FN void expire(ContractPlan const& c, std::uint32_t index, std::uint32_t s) {
    double y[L];
    double control[L];
    for (int i = 0; i < L; ++i) y[i] = 0.0;
    for (int i = 0; i < L; ++i) control[i] = 0.0;
    double const share = copies() == 2 ? 0.5 : 1.0;
    for (int copy = 0; copy < copies(); ++copy) payoff(c, s, copy, share, y, control);
    env.row(index, y, control, c.scale, c.control_scale);
    if (c.strategy >= 0) {
      double* const sum = env.total(static_cast<std::uint32_t>(c.strategy));
      for (int i = 0; i < L; ++i) sum[i] = fma(c.quantity, y[i], sum[i]);
    }
    double* const book = env.total(plan.totals - 1);
    for (int i = 0; i < L; ++i) book[i] = fma(c.quantity, y[i], book[i]);
  }

  /// Adds share * discounted payoff to y and share * control to `control`.
  MUSTER_FN void payoff(ContractPlan const& c, std::uint32_t s, int copy, double share,
                        double (&y)[L], double (&control)[L]) {
    std::uint32_t const a = A == 1 ? 0 : c.asset;
    double const f = plan.forward[(std::uint64_t{s} + 1) * plan.assets + a];
    double const pay = share * c.discount;
    Real const(&grown)[L] = seen.growth[copy][a];
    double const linear = share * c.control_scale_in;
    if (c.weight_count == 0) {
      double const whole = linear * f;
      for (int i = 0; i < L; ++i)
        control[i] = fma(whole, static_cast<double>(grown[i]), control[i]);
    } else {
      for (std::uint32_t w = 0; w < c.weight_count; ++w) {
        AssetWeight const part = plan.weight[c.first_weight + w];
        double const whole = linear * part.weight * forward(s, static_cast<int>(part.asset));
        Real const(&other)[L] = seen.growth[copy][part.asset];
        for (int i = 0; i < L; ++i)
          control[i] = fma(whole, static_cast<double>(other[i]), control[i]);
      }
    }
    switch (c.payoff) {
      case PathPayoff::european:
        for (int i = 0; i < L; ++i)
          y[i] = fma(pay, vanilla(c.right, f * static_cast<double>(grown[i]), c.strike), y[i]);
        break;
      case PathPayoff::digital_cash:
        for (int i = 0; i < L; ++i) {
          y[i] = fma(pay * c.payout,
                     in_the_money(c.right, f * static_cast<double>(grown[i]), c.strike), y[i]);
        }
        break;
      case PathPayoff::digital_asset:
        for (int i = 0; i < L; ++i) {
          double const spot = f * static_cast<double>(grown[i]);
          y[i] = fma(pay * spot, in_the_money(c.right, spot, c.strike), y[i]);
        }
        break;
      case PathPayoff::asian_arithmetic: {
        Real const* const sum = env.slot(copy, c.first_slot);
        for (int i = 0; i < L; ++i) {
          double const mean = (c.past_sum + static_cast<double>(sum[i])) * c.mean_factor;
          double const spot = f * static_cast<double>(grown[i]);
          y[i] = fma(pay, average_payoff(c, mean, spot), y[i]);
        }
        break;
      }
      case PathPayoff::asian_geometric: {
        Real const* const sum = env.slot(copy, c.first_slot);
        for (int i = 0; i < L; ++i) {
          double const mean =
              exp((c.past_sum + c.log_forward_sum + static_cast<double>(sum[i])) * c.mean_factor);
          double const spot = f * static_cast<double>(grown[i]);
          y[i] = fma(pay, average_payoff(c, mean, spot), y[i]);
        }
        break;
      }
      case PathPayoff::lookback_discrete:
      case PathPayoff::lookback_bridge: {
        Real const* const extremum = env.slot(copy, c.first_slot);
        for (int i = 0; i < L; ++i) {
          double const level = exp(static_cast<double>(extremum[i]));
          double const spot = f * static_cast<double>(grown[i]);
          double const value = c.floating_strike != 0 ? vanilla(c.right, spot, level)
                                                      : vanilla(c.right, level, c.strike);
          y[i] = fma(pay, value, y[i]);
        }
        break;
      }
      case PathPayoff::barrier_discrete:
      case PathPayoff::barrier_bridge:
      case PathPayoff::double_barrier_discrete:
      case PathPayoff::double_barrier_bridge: {
        Real const* const alive = env.slot(copy, c.first_slot);
        Real const* const paid = env.slot(copy, c.first_slot + 1);
        double const late = c.rebate_at_hit != 0 ? 0.0 : c.rebate;
        for (int i = 0; i < L; ++i) {
          double const out = static_cast<double>(alive[i]);
          double const live = c.knock_in != 0 ? 1.0 - out : out;
          double const value = vanilla(c.right, f * static_cast<double>(grown[i]), c.strike);
          y[i] = fma(pay, fma(live, value, (1.0 - live) * late), y[i]);
          y[i] = fma(share, static_cast<double>(paid[i]), y[i]);
        }
        break;
      }
      case PathPayoff::basket:
      case PathPayoff::best_of:
      case PathPayoff::worst_of: {
        double level[L];
        bool const sum = c.payoff == PathPayoff::basket;
        bool const best = c.payoff == PathPayoff::best_of;
        for (std::uint32_t w = 0; w < c.weight_count; ++w) {
          AssetWeight const part = plan.weight[c.first_weight + w];
          double const whole = part.weight * forward(s, static_cast<int>(part.asset));
          Real const(&other)[L] = seen.growth[copy][part.asset];
          if (w == 0)
            for (int i = 0; i < L; ++i) level[i] = whole * static_cast<double>(other[i]);
          else if (sum)
            for (int i = 0; i < L; ++i)
              level[i] = fma(whole, static_cast<double>(other[i]), level[i]);
          else if (best)
            for (int i = 0; i < L; ++i)
              level[i] = larger(level[i], whole * static_cast<double>(other[i]));
          else
            for (int i = 0; i < L; ++i)
              level[i] = smaller(level[i], whole * static_cast<double>(other[i]));
        }
        for (int i = 0; i < L; ++i) y[i] = fma(pay, vanilla(c.right, level[i], c.strike), y[i]);
        break;
      }
    }
  }

  MUSTER_FN static double average_payoff(ContractPlan const& c, double mean, double spot) {
    double const against = c.floating_strike != 0 ? mean : c.strike;
    double const underlying = c.floating_strike != 0 ? spot : mean;
    return vanilla(c.right, underlying, against);
  }

  /// Totals are complete at the end of the path; asset 0 at the last step is their control.
  MUSTER_FN void finish() {
    std::uint32_t const s = plan.steps - 1;
    double control[L];
    for (int i = 0; i < L; ++i) control[i] = 0.0;
    double const whole = (copies() == 2 ? 0.5 : 1.0) * plan.total_control_scale_in * forward(s, 0);
    for (int copy = 0; copy < copies(); ++copy)
      for (int i = 0; i < L; ++i)
        control[i] = fma(whole, static_cast<double>(seen.growth[copy][0][i]), control[i]);
    for (std::uint32_t t = 0; t < plan.totals; ++t)
      env.row(plan.contracts + t, env.total(t), control, plan.total[t].scale,
              plan.total[t].control_scale);
  }
};

MUSTER_KERNELS_END
