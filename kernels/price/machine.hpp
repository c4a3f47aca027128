// The path machine: the steps of L paths at a time. On a CPU L lanes fill the vector registers; on a GPU L is 1 or 2 and a thread
// carries its paths. Both run this one text, so a path's samples have the same bits on either. events.hpp says what the
// environment Env supplies.
#pragma once

#include <cstdint>

#include "kernels/price/events.hpp"
#include "kernels/price/models.hpp"
#include "kernels/rng/normal.hpp"

MUSTER_KERNELS_BEGIN

/// The steps of L paths at a time.
template <class Real, class Model, class Layout, int Tracks, int L, class Env>
struct PathMachine {
  static constexpr int N = Model::normals;
  static constexpr int per_block = normals_per_block<Real>;
  static constexpr int steps_per_block = N < per_block ? per_block / N : 1;
  static constexpr int blocks_per_step = (N + per_block - 1) / per_block;
  static constexpr int draws = per_block * blocks_per_step;
  using Events = PathEvents<Real, Layout, Tracks, L, Env>;

  PathView<Real> const& plan;
  Real (*const state)[Model::state_size][L];
  Events events;

  MUSTER_FN PathMachine(PathView<Real> const& p, Env& env, Real (*x)[Model::state_size][L], Seen<Real, L> const& seen,
                        Layout layout)
      : plan(p), state(x), events{p, env, x[0], seen, layout} {}

  /// Simulates L paths (pairs, with two copies) and hands every row's samples to the environment.
  MUSTER_FN void run() {
    events.start();
    Real z[draws][L];
    std::uint32_t first = 0;
    while (first < plan.steps) {
      first = run_quiet(first, z);
      draw(block_of(first), z);
      MUSTER_UNROLL
      for (int k = 0; k < steps_per_block; ++k) {
        std::uint32_t const s = first + static_cast<std::uint32_t>(k);
        if (s < plan.steps) {
          events.keep_before(s);
          advance(plan.coefficients + std::uint64_t{s} * Model::coefficients, &z[k * N]);
          events.pay_dividend(s);
          events.happen(s);
        }
      }
      first += steps_per_block;
    }
    events.finish();
  }

 private:
  /// The first random block of the steps from `first` on.
  MUSTER_FN static std::uint32_t block_of(std::uint32_t first) { return first / steps_per_block * blocks_per_step; }

  /// The random block(s) of one or several steps.
  MUSTER_FN void draw(std::uint32_t block, Real (&z)[draws][L]) {
    MUSTER_UNROLL
    for (int b = 0; b < blocks_per_step; ++b)
      events.env.normals(plan.keys, block + static_cast<std::uint32_t>(b), &z[b * per_block]);
  }

  /// Runs whole blocks until the one that holds the next event (there always is one: the last expiry); returns
  /// that block's first step. Nearly all the time of a simulation is spent here.
  MUSTER_FN std::uint32_t run_quiet(std::uint32_t first, Real (&z)[draws][L]) {
    std::uint32_t const quiet_end = first + (plan.quiet_until[first] - first) / steps_per_block * steps_per_block;
    while (first < quiet_end) {
      std::uint32_t end = plan.steady_until[first];
      end = first + ((end < quiet_end ? end : quiet_end) - first) / steps_per_block * steps_per_block;
      if (Model::coefficients == 1 && events.has_one_scenario() && end > first) {
        Real const c[1] = {plan.coefficients[std::uint64_t{first} * Model::coefficients]};
        for (std::uint32_t block = block_of(first); block < block_of(end); block += blocks_per_step) {
          draw(block, z);
          MUSTER_UNROLL
          for (int k = 0; k < steps_per_block; ++k) advance(c, &z[k * N]);
        }
        first = end;
        continue;
      }
      draw(block_of(first), z);
      MUSTER_UNROLL
      for (int k = 0; k < steps_per_block; ++k)
        advance(plan.coefficients + (std::uint64_t{first} + static_cast<std::uint64_t>(k)) * Model::coefficients,
                &z[k * N]);
      first += steps_per_block;
    }
    return first;
  }

  /// `c` is track 0's coefficients of the step.
  MUSTER_FN void advance(Real const* c, Real (*z)[L]) {
    for (int t = 0; t < events.states(); ++t) {
      bool const mirrored = events.copies() == 2 && t % 2 == 1;
      Real const* const own =
          events.has_one_scenario() ? c : c + static_cast<std::uint64_t>(t / events.copies()) * plan.steps * Model::coefficients;
      if (mirrored)
        step<true>(t, own, z);
      else
        step<false>(t, own, z);
    }
  }

  /// One step of a state on the normals, or on their opposites.
  template <bool Mirrored>
  MUSTER_FN void step(int t, Real const* c, Real (*z)[L]) {
    MUSTER_LANES
    for (int i = 0; i < L; ++i) {
      Real x[Model::state_size];
      Real draw[N];
      MUSTER_UNROLL
      for (int k = 0; k < Model::state_size; ++k) x[k] = state[t][k][i];
      MUSTER_UNROLL
      for (int k = 0; k < N; ++k) draw[k] = Mirrored ? -z[k][i] : z[k][i];
      Model::step(x, c, draw);
      MUSTER_UNROLL
      for (int k = 0; k < Model::state_size; ++k) state[t][k][i] = x[k];
    }
  }
};

/// A model as a layout.
template <class Model>
constexpr StateLayout layout_of() {
  return {Model::assets,        Model::state_size, Model::jump,              Model::jump_count,
          Model::step_variance, Model::gaussian,   Model::gaussian_variance, Model::start_variance};
}

MUSTER_KERNELS_END
