// What happens to paths at the ends of steps: dividends, observations, payoffs, and the samples they make. On a CPU L lanes
// fill the vector registers; on a GPU L is 1 or 2 and a thread carries its paths. Both run this one text.
//
// A track is one simulated state; scenarios of the market that share a state share a track, and the second copy of an
// antithetic pair has its own. With `Tracks` of 1 or 2 there is one scenario.
//
// An environment Env supplies what differs:
//   normals(keys, block, Real z[][L])   the random block of all lanes
//   minus_two_log_uniform(keys, block, word, Real w[L])   -2 ln of a uniform of the second stream
//   slot(copy, index) -> Real*       L values of path memory
//   total(index) -> double*          L values
//   sample(row), control_sample(row) -> double*   L values each, room for the rows of one contract
//   row(row, double y[L], double c[L], scale, control_scale)   takes the samples of one row
#pragma once

#include <cstdint>

#include "kernels/config.hpp"
#include "kernels/math/normal.hpp"
#include "kernels/price/path_view.hpp"
#include "kernels/price/payoffs.hpp"
#include "kernels/rng/normal.hpp"

MUSTER_KERNELS_BEGIN

/// What contracts look at, a row of lanes for every state and asset. Apart from the states, so that on a GPU those stay in
/// registers while these, indexed by a contract's asset, do not.
template <class Real, int L>
struct Seen {
  Real (*before)[L];  ///< x at the start of the step, for bridges
  Real (*now)[L];     ///< x at the end of the step
  Real (*growth)[L];  ///< exp(now)
};

/// A model's sizes and places (models.hpp) as values: a CPU compiles the events once for all models.
struct StateLayout {
  int assets, state_size, jump, jump_count, step_variance, gaussian, gaussian_variance, start_variance;
};

/// What happens to paths at the ends of steps: dividends, observations, payoffs. `Layout` is a model, or StateLayout.
template <class Real, class Layout, int Tracks, int L, class Env>
struct PathEvents {
  static constexpr bool one_scenario = Tracks <= 2;
  static constexpr bool on_gpu = L <= 2;  ///< a thread's paths; a CPU has more lanes

  PathView<Real> const& plan;
  Env& env;
  Real (*const states_)[L];  ///< [states][state_size]
  Seen<Real, L> const& seen;
  Layout layout;

  MUSTER_FN Real* state(int t, int k) const { return states_[t * layout.state_size + k]; }
  MUSTER_FN int at_asset(int t, int a) const { return t * layout.assets + a; }
  MUSTER_FN int at_asset(int t, std::uint32_t a) const { return t * layout.assets + static_cast<int>(a); }
  MUSTER_FN bool has_one_scenario() const { return one_scenario || plan.tracks == 1; }

  /// One instance serves all on a CPU (less code to compile); a GPU has one for each of the usual cases.
  MUSTER_FN int copies() const { return on_gpu && one_scenario ? Tracks : (plan.antithetic ? 2 : 1); }
  /// States: every track, every copy.
  MUSTER_FN int states() const {
    return on_gpu && one_scenario ? Tracks : static_cast<int>(plan.tracks) * copies();
  }
  MUSTER_FN int state_of(Evaluation const& e, int copy) const {
    if constexpr (one_scenario) return copy;
    return static_cast<int>(plan.track[e.scenario]) * copies() + copy;
  }

  MUSTER_EVENT void start() {
    for (int t = 0; t < states(); ++t) {
      MUSTER_UNROLL
      for (int k = 0; k < layout.state_size; ++k)
        for (int i = 0; i < L; ++i) state(t, k)[i] = Real(0);
      if (layout.start_variance >= 0) {
        auto const v = static_cast<Real>(plan.start[t / copies()]);
        for (int i = 0; i < L; ++i) state(t, layout.start_variance)[i] = v;
      }
    }
    for (int copy = 0; copy < copies(); ++copy) {
      for (std::uint32_t slot = 0; slot < plan.slots_per_path; ++slot) {
        Real* const value = env.slot(copy, slot);
        for (int i = 0; i < L; ++i) value[i] = Real(0);
      }
    }
    for (std::uint32_t c = 0; c < plan.contracts; ++c) open(plan.contract[c]);
    for (std::uint32_t t = 0; t < plan.totals * plan.total_rows; ++t) {
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
    for (std::uint32_t e = 0; e < c.evaluation_count; ++e) {
      for (int copy = 0; copy < copies(); ++copy) {
        Real* const value = env.slot(copy, plan.evaluation[c.first_evaluation + e].first_slot);
        for (int i = 0; i < L; ++i) value[i] = first;
      }
    }
  }

  MUSTER_EVENT void keep_before(std::uint32_t s) {
    if (plan.first_event[s] == plan.first_event[s + 1]) return;
    for (int t = 0; t < states(); ++t) MUSTER_UNROLL
    for (int a = 0; a < layout.assets; ++a)
      for (int i = 0; i < L; ++i) seen.before[at_asset(t, a)][i] = state(t, a)[i];
  }

  /// Cash dividends never enter x: S = F (exp(x) - what was paid, grown since). Each state and asset keeps
  /// the sum of dividend / (forward exp(x)) at the payments, so that a scaled spot needs no state of its own.
  MUSTER_EVENT void pay_dividend(std::uint32_t s) {
    if (plan.dividend == nullptr) return;
    MUSTER_UNROLL
    for (int a = 0; a < layout.assets; ++a) {
      if (plan.dividend[at_step(s, a)] == 0.0) continue;
      for (int t = 0; t < states(); ++t) {
        auto const share = static_cast<Real>(plan.dividend_share[track_offset(t) + at_step(s, a)]);
        Real* const paid = paid_out(t, a);
        for (int i = 0; i < L; ++i) paid[i] = fma(share, exp(-state(t, a)[i]), paid[i]);
      }
    }
  }
  MUSTER_FN Real* paid_out(int t, int a) const {
    return env.slot(t % copies(), plan.paid_slot + static_cast<std::uint32_t>(t / copies() * layout.assets + a));
  }
  /// The share of a scaled spot that dividends have left, at least a millionth.
  MUSTER_FN static Real left_over(Real paid, Real inverse_scale) {
    return larger(fma(-paid, inverse_scale, Real(1)), Real(1e-6f));
  }
  /// exp(x) of an asset, less dividends, as an evaluation sees it; `room` is used where its spot is scaled.
  MUSTER_FN Real const* growth_of(Evaluation const& e, int t, std::uint32_t a, Real (&room)[L]) const {
    Real const* const grown = seen.growth[at_asset(t, a)];
    double const scale = scale_of(e, a);
    if (one_scenario || plan.dividend == nullptr || scale == 1.0) return grown;
    Real const* const paid = paid_out(t, static_cast<int>(a));
    auto const inverse = static_cast<Real>(1.0 / scale);
    for (int i = 0; i < L; ++i) room[i] = grown[i] * (left_over(paid[i], inverse) / left_over(paid[i], Real(1)));
    return room;
  }
  /// x less dividends, likewise.
  MUSTER_FN Real const* log_growth_of(Evaluation const& e, int t, std::uint32_t a, Real (&room)[L]) const {
    Real const* const now = seen.now[at_asset(t, a)];
    if (one_scenario || plan.dividend == nullptr || e.log_scale == 0.0) return now;
    Real grown[L];
    Real const* const adjusted = growth_of(e, t, a, grown);
    for (int i = 0; i < L; ++i) room[i] = log(adjusted[i]);
    return room;
  }

  /// Where a step's value of an asset lies in a [steps][assets] array, and where a state's track begins in a
  /// [tracks][steps][assets] one.
  MUSTER_FN std::uint64_t at_step(std::uint32_t s, int a) const {
    return std::uint64_t{s} * plan.assets + static_cast<std::uint64_t>(a);
  }
  MUSTER_FN std::uint64_t track_offset(int t) const {
    return static_cast<std::uint64_t>(has_one_scenario() ? 0 : t / copies()) * plan.steps * plan.assets;
  }
  /// Where a date's value lies in a [scenarios][steps + 1][assets] array; date 0 is now, date s + 1 the end of step s.
  MUSTER_FN std::uint64_t at_date(std::uint32_t scenario, std::uint32_t date, std::uint32_t a) const {
    return (std::uint64_t{scenario} * (plan.steps + 1) + date) * plan.assets + a;
  }
  MUSTER_FN double discount(std::uint32_t scenario, std::uint32_t date) const {
    return plan.discount[std::uint64_t{scenario} * (plan.steps + 1) + date];
  }
  /// Forward of an asset at the end of step s, as an evaluation sees it.
  MUSTER_FN double forward(Evaluation const& e, std::uint32_t s, std::uint32_t a) const {
    return plan.forward[at_date(e.scenario, s + 1, a)] * scale_of(e, a);
  }
  MUSTER_FN static double scale_of(Evaluation const& e, std::uint32_t a) {
    auto const asset = static_cast<std::int32_t>(a);
    return asset == e.scaled_asset[0] ? e.spot_scale[0] : (asset == e.scaled_asset[1] ? e.spot_scale[1] : 1.0);
  }

  MUSTER_EVENT void happen(std::uint32_t s) {
    std::uint32_t const begin = plan.first_event[s];
    std::uint32_t const end = plan.first_event[s + 1];
    if (begin == end) return;
    for (int t = 0; t < states(); ++t) {
      MUSTER_UNROLL
      for (int a = 0; a < layout.assets; ++a) {
        for (int i = 0; i < L; ++i) seen.now[at_asset(t, a)][i] = state(t, a)[i];
        for (int i = 0; i < L; ++i) seen.growth[at_asset(t, a)][i] = exp(state(t, a)[i]);
        if (plan.dividend == nullptr) continue;
        Real const* const paid = paid_out(t, a);
        for (int i = 0; i < L; ++i) {
          Real const left = left_over(paid[i], Real(1));
          seen.now[at_asset(t, a)][i] = state(t, a)[i] + log(left);
          seen.growth[at_asset(t, a)][i] = seen.growth[at_asset(t, a)][i] * left;
        }
      }
    }
    for (std::uint32_t e = begin; e < end; ++e) {
      ContractPlan const& c = plan.contract[plan.event[e].contract];
      if (plan.event[e].what == Event::What::expire) {
        expire(c, s);
        continue;
      }
      for (std::uint32_t k = 0; k < c.evaluation_count; ++k)
        for (int copy = 0; copy < copies(); ++copy) observe(c, plan.evaluation[c.first_evaluation + k], s, copy);
    }
  }

  MUSTER_EVENT void observe(ContractPlan const& c, Evaluation const& e, std::uint32_t s, int copy) {
    std::uint32_t const a = layout.assets == 1 ? 0 : c.asset;
    int const t = state_of(e, copy);
    Real* const slot = env.slot(copy, e.first_slot);
    Real room[L];
    switch (c.payoff) {
      case PathPayoff::asian_arithmetic: {
        Real const* const grown = growth_of(e, t, a, room);
        auto const f = static_cast<Real>(plan.forward[at_date(e.scenario, s + 1, a)]);
        for (int i = 0; i < L; ++i) slot[i] = fma(f, grown[i], slot[i]);
        if (c.geometric_control == 0) break;
        Real* const logs = env.slot(copy, e.first_slot + 1);
        Real const* const x = seen.now[at_asset(t, a)];
        for (int i = 0; i < L; ++i) logs[i] = logs[i] + x[i];
        break;
      }
      case PathPayoff::asian_geometric: {
        Real const* const x = log_growth_of(e, t, a, room);
        for (int i = 0; i < L; ++i) slot[i] = slot[i] + x[i];
        break;
      }
      case PathPayoff::lookback_discrete: {
        Real const* const x = log_growth_of(e, t, a, room);
        auto const shift = static_cast<Real>(plan.log_forward[at_date(e.scenario, s + 1, a)] + e.log_scale);
        if (keeps_maximum(c))
          for (int i = 0; i < L; ++i) slot[i] = larger(slot[i], x[i] + shift);
        else
          for (int i = 0; i < L; ++i) slot[i] = smaller(slot[i], x[i] + shift);
        break;
      }
      case PathPayoff::lookback_bridge:
        observe_extremum(c, e, s, copy);
        break;
      case PathPayoff::barrier_discrete:
      case PathPayoff::barrier_bridge:
      case PathPayoff::double_barrier_discrete:
      case PathPayoff::double_barrier_bridge:
        observe_barrier(c, e, s, copy);
        break;
      default:
        break;
    }
  }

  /// Fixed-strike calls and floating-strike puts look at the maximum of the path, the others at its
  /// minimum.
  MUSTER_FN static bool keeps_maximum(ContractPlan const& c) {
    return (c.right > 0) != (c.floating_strike != 0);
  }

  /// Where the diffusion of a step lands, before its jump: bridges lead there.
  MUSTER_FN void landing(int t, std::uint32_t a, Real (&to)[L]) const {
    Real const* const now = seen.now[at_asset(t, a)];
    if (layout.jump < 0) {
      for (int i = 0; i < L; ++i) to[i] = now[i];
      return;
    }
    Real const* const jump = state(t, layout.jump);
    for (int i = 0; i < L; ++i) to[i] = now[i] - jump[i];
  }
  /// Variance of the step's bridge: the plan's, or the path's own.
  MUSTER_FN void bridge_variance(int t, std::uint32_t a, std::uint32_t s, Real (&variance)[L]) const {
    if (layout.step_variance < 0) {
      auto const known = static_cast<Real>(plan.variance[track_offset(t) + at_step(s, static_cast<int>(a))]);
      for (int i = 0; i < L; ++i) variance[i] = known;
      return;
    }
    Real const* const own = state(t, layout.step_variance);
    for (int i = 0; i < L; ++i) variance[i] = larger(own[i], Real(1e-12f));
  }
  /// Two over it.
  MUSTER_FN void two_over_variance(int t, std::uint32_t a, std::uint32_t s, Real (&inverse)[L]) const {
    if (layout.step_variance < 0) {
      double const variance = plan.variance[track_offset(t) + at_step(s, static_cast<int>(a))];
      auto const known = static_cast<Real>(variance > 0 ? 2.0 / variance : 1e30);
      for (int i = 0; i < L; ++i) inverse[i] = known;
      return;
    }
    Real variance[L];
    bridge_variance(t, a, s, variance);
    for (int i = 0; i < L; ++i) inverse[i] = Real(2) / variance[i];
  }

  /// slot 0: the running extremum of ln spot, drawn inside the step by a Brownian bridge. Each
  /// asset has one uniform for its maximum and one for its minimum; both copies of an antithetic
  /// pair, and all scenarios, use the same.
  MUSTER_FN void observe_extremum(ContractPlan const& c, Evaluation const& e, std::uint32_t s, int copy) {
    std::uint32_t const a = layout.assets == 1 ? 0 : c.asset;
    int const t = state_of(e, copy);
    bool const maximum = keeps_maximum(c);
    Real w[L];
    env.minus_two_log_uniform(plan.keys, s * ((plan.assets + 1) / 2) + a / 2, (a % 2) * 2 + (maximum ? 0 : 1), w);
    Real* const slot = env.slot(copy, e.first_slot);
    auto const shift_from = static_cast<Real>(plan.log_forward[at_date(e.scenario, s, a)] + e.log_scale);
    auto const shift_to = static_cast<Real>(plan.log_forward[at_date(e.scenario, s + 1, a)] + e.log_scale);
    Real const side = maximum ? Real(1) : Real(-1);
    Real const* const from = seen.before[at_asset(t, a)];
    Real const* const now = seen.now[at_asset(t, a)];
    Real to[L];
    Real variance[L];
    landing(t, a, to);
    bridge_variance(t, a, s, variance);
    bool const jumps = layout.jump >= 0;
    for (int i = 0; i < L; ++i) {
      Real const bridged =
          bridge_maximum(side * (from[i] + shift_from), side * (to[i] + shift_to), variance[i], w[i]);
      Real const end = side * (now[i] + shift_to);
      Real const reached = jumps ? larger(bridged, end) : bridged;
      slot[i] = side * larger(side * slot[i], reached);
    }
  }

  /// slot 0: probability of being alive given the path so far; slot 1: value of the rebates paid at
  /// hit.
  MUSTER_FN void observe_barrier(ContractPlan const& c, Evaluation const& e, std::uint32_t s, int copy) {
    std::uint32_t const a = layout.assets == 1 ? 0 : c.asset;
    int const t = state_of(e, copy);
    Real* const alive = env.slot(copy, e.first_slot);
    Real* const paid = env.slot(copy, e.first_slot + 1);
    Real const* const from = seen.before[at_asset(t, a)];
    Real room[L];
    Real const* const to = log_growth_of(e, t, a, room);
    bool const up = c.side == KnockSide::up;
    Real const sign = up ? Real(-1) : Real(1);
    double const log_from = plan.log_forward[at_date(e.scenario, s, a)] + e.log_scale;
    double const log_to = plan.log_forward[at_date(e.scenario, s + 1, a)] + e.log_scale;
    auto const level_from = static_cast<Real>(c.log_barrier - log_from);
    auto const level_to = static_cast<Real>(c.log_barrier - log_to);
    auto const upper_to = static_cast<Real>(c.log_upper - log_to);
    double const at_end = discount(e.scenario, s + 1);
    double const middle = 0.5 * (discount(e.scenario, s) + at_end);
    auto const at_hit = static_cast<Real>(
        c.rebate_at_hit != 0 ? c.rebate * (c.payoff == PathPayoff::barrier_bridge ||
                                                   c.payoff == PathPayoff::double_barrier_bridge
                                               ? middle
                                               : at_end)
                             : 0.0);
    Real bridged[L];
    Real inverse[L];
    switch (c.payoff) {
      case PathPayoff::barrier_bridge:
        landing(t, a, bridged);
        two_over_variance(t, a, s, inverse);
        for (int i = 0; i < L; ++i) {
          Real const stay =
              bridge_survival(sign * (from[i] - level_from), sign * (bridged[i] - level_to), -inverse[i]);
          Real const still = sign * (to[i] - level_to) > Real(0) ? stay : Real(0);
          Real const lives = alive[i] * still;
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
        landing(t, a, bridged);
        two_over_variance(t, a, s, inverse);
        for (int i = 0; i < L; ++i) {
          Real const stay = double_bridge_survival(from[i] - level_from, bridged[i] - level_to,
                                                   upper_to - level_to, inverse[i]);
          Real const gap = smaller(to[i] - level_to, upper_to - to[i]);
          Real const still = gap > Real(0) ? stay : Real(0);
          Real const lives = alive[i] * still;
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

  /// The contract's samples and controls on every lane, means of the copies, into its rows and its
  /// totals.
  MUSTER_FN void expire(ContractPlan const& c, std::uint32_t s) {
    double y[L];
    double control[L];
    Evaluation const* const evaluations = plan.evaluation + c.first_evaluation;
    if (one_scenario || c.row_count == 1) {
      evaluate(c, evaluations[0], s, y, control);
      take_row(c, 0, y, control);
      return;
    }
    for (std::uint32_t r = 0; r < c.row_count; ++r)
      for (int i = 0; i < L; ++i) env.sample(r)[i] = env.control_sample(r)[i] = 0.0;
    for (std::uint32_t k = 0; k < c.evaluation_count; ++k) {
      evaluate(c, evaluations[k], s, y, control);
      for (std::uint32_t n = 0; n < evaluations[k].term_count; ++n) {
        Term const term = plan.term[evaluations[k].first_term + n];
        double* const sample = env.sample(term.row);
        double* const held = env.control_sample(term.row);
        for (int i = 0; i < L; ++i) sample[i] = fma(term.weight, y[i], sample[i]);
        for (int i = 0; i < L; ++i) held[i] = fma(term.weight, control[i], held[i]);
      }
    }
    for (std::uint32_t r = 0; r < c.row_count; ++r) take_row(c, r, env.sample(r), env.control_sample(r));
  }

  /// Samples of one row of a contract, for the row and the totals the contract belongs to.
  MUSTER_FN void take_row(ContractPlan const& c, std::uint32_t r, double const* y, double const* control) {
    RowPlan const& row = plan.row[c.first_row + r];
    env.row(c.first_row + r, y, control, row.scale, row.control_scale);
    if (c.strategy >= 0) {
      double* const sum = env.total(static_cast<std::uint32_t>(c.strategy) * plan.total_rows + row.total_row);
      for (int i = 0; i < L; ++i) sum[i] = fma(c.quantity, y[i], sum[i]);
    }
    double* const book = env.total((plan.totals - 1) * plan.total_rows + row.total_row);
    for (int i = 0; i < L; ++i) book[i] = fma(c.quantity, y[i], book[i]);
  }

  /// One evaluation of the contract, mean of the copies.
  MUSTER_EVENT void evaluate(ContractPlan const& c, Evaluation const& e, std::uint32_t s, double (&y)[L],
                          double (&control)[L]) {
    for (int i = 0; i < L; ++i) y[i] = 0.0;
    for (int i = 0; i < L; ++i) control[i] = 0.0;
    double const share = copies() == 2 ? 0.5 : 1.0;
    for (int copy = 0; copy < copies(); ++copy) {
      if (one_scenario || e.score == Score::none) {
        payoff(c, e, s, copy, share, y, control);
        continue;
      }
      double one[L];
      double held[L];
      for (int i = 0; i < L; ++i) one[i] = 0.0;
      for (int i = 0; i < L; ++i) held[i] = 0.0;
      payoff(c, e, s, copy, share, one, held);
      for (int i = 0; i < L; ++i) {
        double const factor = score(e, state_of(e, copy), i);
        y[i] = fma(factor, one[i], y[i]);
        control[i] = fma(factor, held[i], control[i]);
      }
    }
  }

  /// Derivatives of the Gaussian density by its mean over the density: Hermite polynomials.
  MUSTER_FN double score(Evaluation const& e, int t, int i) const {
    if (e.score == Score::jumps)
      return layout.jump_count >= 0 ? static_cast<double>(state(t, layout.jump_count)[i]) : 0.0;
    double const u = static_cast<double>(state(t, layout.gaussian)[i]);
    double const inverse = 1.0 / e.gaussian_variance;
    double const first = u * inverse;
    double const square = first * first;
    switch (e.score) {
      case Score::first: return first;
      case Score::second: return square - inverse;
      case Score::third: return first * (square - 3.0 * inverse);
      default: return square * (square - 6.0 * inverse) + 3.0 * inverse * inverse;
    }
  }

  /// Adds share * discounted payoff to y and share * control to `control`.
  MUSTER_FN void payoff(ContractPlan const& c, Evaluation const& e, std::uint32_t s, int copy, double share,
                        double (&y)[L], double (&control)[L]) {
    std::uint32_t const a = layout.assets == 1 ? 0 : c.asset;
    int const t = state_of(e, copy);
    double const f = forward(e, s, a);
    double const pay = share * discount(e.scenario, s + 1);
    Real room[L];
    Real const* const grown = growth_of(e, t, a, room);
    if (c.geometric_control != 0) {
      Real const* const logs = env.slot(copy, e.first_slot + 1);
      for (int i = 0; i < L; ++i) {
        double const mean = exp((c.past_log_sum + e.log_forward_sum + static_cast<double>(logs[i])) * c.mean_factor);
        control[i] = fma(pay, average_payoff(c, mean, f * static_cast<double>(grown[i])), control[i]);
      }
    } else if (c.weight_count == 0) {
      double const whole = pay * f;
      for (int i = 0; i < L; ++i)
        control[i] = fma(whole, static_cast<double>(grown[i]), control[i]);
    } else {
      for (std::uint32_t w = 0; w < c.weight_count; ++w) {
        AssetWeight const part = plan.weight[c.first_weight + w];
        double const whole = pay * part.weight * forward(e, s, part.asset);
        Real part_room[L];
        Real const* const other = growth_of(e, t, part.asset, part_room);
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
        if (layout.gaussian_variance >= 0) return given_variance(c, t, f, pay * c.payout, y);
        for (int i = 0; i < L; ++i) {
          y[i] = fma(pay * c.payout,
                     in_the_money(c.right, f * static_cast<double>(grown[i]), c.strike), y[i]);
        }
        break;
      case PathPayoff::digital_asset:
        if (layout.gaussian_variance >= 0) return given_variance(c, t, f, pay, y);
        for (int i = 0; i < L; ++i) {
          double const spot = f * static_cast<double>(grown[i]);
          y[i] = fma(pay * spot, in_the_money(c.right, spot, c.strike), y[i]);
        }
        break;
      case PathPayoff::asian_arithmetic: {
        Real const* const sum = env.slot(copy, e.first_slot);
        for (int i = 0; i < L; ++i) {
          double const mean = fma(e.scale_of_asset, static_cast<double>(sum[i]), c.past_sum) * c.mean_factor;
          double const spot = f * static_cast<double>(grown[i]);
          y[i] = fma(pay, average_payoff(c, mean, spot), y[i]);
        }
        break;
      }
      case PathPayoff::asian_geometric: {
        Real const* const sum = env.slot(copy, e.first_slot);
        for (int i = 0; i < L; ++i) {
          double const mean =
              exp((c.past_sum + e.log_forward_sum + static_cast<double>(sum[i])) * c.mean_factor);
          double const spot = f * static_cast<double>(grown[i]);
          y[i] = fma(pay, average_payoff(c, mean, spot), y[i]);
        }
        break;
      }
      case PathPayoff::lookback_discrete:
      case PathPayoff::lookback_bridge: {
        Real const* const extremum = env.slot(copy, e.first_slot);
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
        Real const* const alive = env.slot(copy, e.first_slot);
        Real const* const paid = env.slot(copy, e.first_slot + 1);
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
          double const whole = part.weight * forward(e, s, part.asset);
          Real part_room[L];
          Real const* const other = growth_of(e, t, part.asset, part_room);
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

  /// A digital's expectation given the path of the variance, under which the log spot is normal: smooth in all it is
  /// differentiated by, where the payoff itself jumps.
  MUSTER_FN void given_variance(ContractPlan const& c, int t, double f, double pay, double (&y)[L]) {
    double const distance = log(f / c.strike);
    bool const of_asset = c.payoff == PathPayoff::digital_asset;
    Real const* const x = state(t, 0);
    Real const* const gaussian = state(t, layout.gaussian);
    Real const* const variance = state(t, layout.gaussian_variance);
    for (int i = 0; i < L; ++i) {
      double const mean = static_cast<double>(x[i]) - static_cast<double>(gaussian[i]);
      double const square = larger(static_cast<double>(variance[i]), 1e-12);
      double const deviation = sqrt(square);
      double const d = (distance + mean) / deviation;
      double const weight = of_asset ? f * exp(fma(0.5, square, mean)) : 1.0;
      y[i] = fma(pay * weight, norm_cdf(c.right * (of_asset ? d + deviation : d)), y[i]);
    }
  }

  MUSTER_FN static double average_payoff(ContractPlan const& c, double mean, double spot) {
    double const against = c.floating_strike != 0 ? mean : c.strike;
    double const underlying = c.floating_strike != 0 ? spot : mean;
    return vanilla(c.right, underlying, against);
  }

  /// Totals are complete at the end of the path; asset 0 at the last step is the control of their values.
  MUSTER_EVENT void finish() {
    std::uint32_t const s = plan.steps - 1;
    double control[L];
    for (int i = 0; i < L; ++i) control[i] = 0.0;
    double const whole = (copies() == 2 ? 0.5 : 1.0) * discount(0, s + 1) * plan.forward[at_date(0, s + 1, 0)];
    for (int copy = 0; copy < copies(); ++copy)
      for (int i = 0; i < L; ++i)
        control[i] = fma(whole, static_cast<double>(seen.growth[at_asset(copy, 0)][i]), control[i]);
    double none[L];
    for (int i = 0; i < L; ++i) none[i] = 0.0;
    for (std::uint32_t t = 0; t < plan.totals * plan.total_rows; ++t) {
      RowPlan const& row = plan.row[plan.total_offset + t];
      bool const is_value = one_scenario || t % plan.total_rows == 0;
      env.row(plan.total_offset + t, env.total(t), is_value ? control : none, row.scale, row.control_scale);
    }
  }
};

MUSTER_KERNELS_END
