// One step of one path of each model. The state is a small array so that a CPU keeps it as lanes
// and a GPU in registers. x is the log of spot over forward: drift never enters the loop, it is
// added once when a spot is needed (spot = forward * exp(x)).
#pragma once

#include "kernels/config.hpp"
#include "kernels/math/base.hpp"

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

  MUSTER_FN static void step(Real (&x)[state_size], Real const* c, Real const (&z)[normals]) {
    int next = 0;
    MUSTER_UNROLL
    for (int a = 0; a < Assets; ++a) {
      MUSTER_UNROLL
      for (int b = 0; b <= a; ++b) x[a] = fma(c[next++], z[b], x[a]);
    }
  }
};

MUSTER_KERNELS_END
