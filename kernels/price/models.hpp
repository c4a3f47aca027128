// One step of one path of each model. The state is a small array so that a CPU keeps it as lanes
// and a GPU in registers. state[0..assets) is x, the log of spot over forward: drift never enters the
// loop, it is added once when a spot is needed (spot = forward * exp(x)).
//
// What the path machine asks of a model:
//   assets, normals, coefficients, state_size   sizes, per step
//   jump            index of the state that holds the jump at the end of the last step; -1 none
//   jump_count      index of the state that counts jumps; -1 none
//   step_variance   index of the state that holds the last step's variance; -1 where the plan knows it
//   gaussian        index of the state that sums the Gaussian increments of asset 0
//   gaussian_variance  index of the state that sums their variances; -1 where the plan knows it
//   start_variance  index of the state that starts at PathPlan::start; -1 none
// A further model is a further struct here, its coefficients in jobs/price/tracks.cpp and a line in each
// executor's choice of models.
#pragma once

#include "kernels/config.hpp"
#include "kernels/math/base.hpp"
#include "kernels/math/log.hpp"
#include "kernels/rng/exponential.hpp"

MUSTER_KERNELS_BEGIN

/// Correlated geometric Brownian motions, exact over any step. State: x_a, less the martingale
/// correction, which `forward` carries. Coefficients: the lower triangle of vol_a sqrt(dt) L_ab, by
/// rows.
template <class Real, int Assets>
struct Gbm {
  static constexpr int assets = Assets;
  static constexpr int state_size = Assets;
  static constexpr int normals = Assets;
  static constexpr int coefficients = Assets * (Assets + 1) / 2;
  static constexpr int jump = -1, jump_count = -1, step_variance = -1, gaussian = 0, gaussian_variance = -1,
                       start_variance = -1;

  MUSTER_FN static void step(Real (&x)[state_size], Real const* c, Real const (&z)[normals]) {
    int next = 0;
    MUSTER_UNROLL
    for (int a = 0; a < Assets; ++a) {
      MUSTER_UNROLL
      for (int b = 0; b <= a; ++b) x[a] = fma(c[next++], z[b], x[a]);
    }
  }
};

/// Merton's jump-diffusion, exact over any step. The number of jumps is how many of max_jumps
/// thresholds a third normal exceeds; a sum of n jumps is normal. State: x, the last step's jump, the
/// diffusion alone, the number of jumps. Coefficients: vol sqrt(dt), mean and volatility of a log jump,
/// thresholds.
template <class Real>
struct Merton {
  static constexpr int max_jumps = 8;  ///< in a step; the plan's steps make more a 1e-11 event
  static constexpr int assets = 1;
  static constexpr int state_size = merton_state_size;
  static constexpr int normals = 3;
  static constexpr int coefficients = 3 + max_jumps;
  static constexpr int jump = 1, jump_count = 3, step_variance = -1, gaussian = 2, gaussian_variance = -1,
                       start_variance = -1;

  MUSTER_FN static void step(Real (&x)[state_size], Real const* c, Real const (&z)[normals]) {
    Real jumps = Real(0);
    MUSTER_UNROLL
    for (int k = 0; k < max_jumps; ++k) jumps = jumps + (z[2] > c[3 + k] ? Real(1) : Real(0));
    Real const diffusion = c[0] * z[0];
    x[1] = fma(c[2] * sqrt(jumps), z[1], jumps * c[1]);
    x[0] = x[0] + diffusion + x[1];
    x[2] = x[2] + diffusion;
    x[3] = x[3] + jumps;
  }
};

/// Coefficients of a Heston step, in their order.
enum HestonCoefficient : int {
  heston_decay,        ///< E = exp(-kappa dt)
  heston_pull,         ///< theta (1 - E)
  heston_noise,        ///< Var(v') = noise v + noise_base
  heston_noise_base,
  heston_k2,           ///< rho / xi + dt (kappa rho / xi - 1/2) / 2
  heston_a,            ///< k2 + k3 / 2
  heston_k3,           ///< dt (1 - rho^2) / 2, which is k4 too
  heston_half_k3,
  heston_half_dt,
  heston_k0,           ///< -rho kappa theta dt / xi and k1: the uncorrected drift, where no correction exists
  heston_k1,
  heston_coefficients
};

/// Heston's model by Andersen's quadratic-exponential scheme with martingale correction (Andersen 2008,
/// psi_c = 1.5, gamma_1 = gamma_2 = 1/2). The variance step and the drift are written about the
/// conditional mean m of v', so that nothing cancels when xi is small. The exponential branch needs
/// -ln(1 - U), U uniform: the same normal that drives the other branch gives it. State: x, v, the
/// last step's variance, and the Gaussian part of x given the variances, with its variance.
template <class Real>
struct Heston {
  static constexpr int assets = 1;
  static constexpr int state_size = heston_state_size;
  static constexpr int normals = 2;
  static constexpr int coefficients = heston_coefficients;
  static constexpr int jump = -1, jump_count = -1, step_variance = 2, gaussian = 3, gaussian_variance = 4,
                       start_variance = 1;

  MUSTER_FN static void step(Real (&x)[state_size], Real const* c, Real const (&z)[normals]) {
    Real const v = x[1], one = Real(1), half = Real(0.5f);
    Real const mean = fma(c[heston_decay], v, c[heston_pull]);
    Real const m = mean > Real(1e-15f) ? mean : Real(1e-15f);
    Real const psi = fma(c[heston_noise], v, c[heston_noise_base]) / (m * m);
    bool const quadratic = psi <= Real(1.5f);
    Real const am = c[heston_a] * m;

    // v' = a (b + z)^2.
    Real const low = quadratic ? (psi > Real(1e-10f) ? psi : Real(1e-10f)) : Real(1.5f);
    Real const inverse = Real(2) / low;
    Real const b2 = (inverse - one) + sqrt(inverse * (inverse - one));
    Real const a = m / (one + b2);
    Real const b = sqrt(b2);
    Real const root = b + z[0];
    Real const v_quadratic = a * (root * root);
    Real const moved = a * fma(b + b, z[0], fma(z[0], z[0], -one));  // v' - m
    Real const y = c[heston_a] * a;
    Real const rest = one - (y + y);

    // v' = 0 with probability p, else exponential with mean 1 / beta; h = 1 / (1 - p).
    Real const h = quadratic ? Real(1.25f) : half * (psi + one);
    Real const tail = exponential_of_normal(z[0]) - log(h);
    Real const scale = m * h;  // 1 / beta
    Real const v_exponential = tail > Real(0) ? tail * scale : Real(0);
    Real const gap = one - c[heston_a] * scale;

    // The correction's quotient: of the quadratic branch its rational part, of the other the moment E[exp(a v')].
    Real const over = quadratic ? y * (one - (am + am)) : fma(h - one, gap, one);
    Real const under = quadratic ? rest : h * gap;
    Real const quotient = over / under;
    Real const v_next = quadratic ? v_quadratic : v_exponential;
    bool const corrected = (quadratic ? rest : gap) > Real(0);
    Real const argument = quadratic ? rest : quotient;
    Real const logarithm = log(corrected ? argument : one);
    Real const by_quadratic = fma(-c[heston_half_k3], m, fma(half, logarithm, quotient)) + c[heston_k2] * moved;
    Real const by_exponential = fma(c[heston_k2], v_next, -logarithm);
    Real const drift = fma(-c[heston_half_k3], v, quadratic ? by_quadratic : by_exponential);
    Real const plain = fma(c[heston_k1], v, fma(c[heston_k2], v_next, c[heston_k0]));

    Real const both = v + v_next;
    Real const own = c[heston_k3] * both;
    Real const gaussian = sqrt(own) * z[1];
    x[0] = x[0] + ((corrected ? drift : plain) + gaussian);
    x[1] = v_next;
    x[2] = c[heston_half_dt] * both;
    x[3] = x[3] + gaussian;
    x[4] = x[4] + own;
  }
};

MUSTER_KERNELS_END
