// Activations with their first two derivatives.
#pragma once

#include "kernels/math/exp.hpp"
#include "kernels/nets/config.hpp"
#include "kernels/nets/shape.hpp"

MUSTER_NETS_BEGIN

/// f(z), f'(z), f''(z).
struct Curve {
  float value, slope, bend;
};

template <Activation>
struct Activate;

/// z / (1 + e^-z).
template <>
struct Activate<Activation::silu> {
  MUSTER_FN static Curve at(float z) {
    float const s = 1.0f / (1.0f + exp(-z)), rest = 1.0f - s;
    return {z * s, s * fma(z, rest, 1.0f), (s * rest) * fma(z, fma(-2.0f, s, 1.0f), 2.0f)};
  }
};

/// 1 - 2 / (1 + e^2z): within 2^-24 of tanh.
template <>
struct Activate<Activation::tanh> {
  MUSTER_FN static Curve at(float z) {
    float const t = 1.0f - 2.0f / (1.0f + exp(2.0f * z)), slope = fma(-t, t, 1.0f);
    return {t, slope, (-2.0f * t) * slope};
  }
};

template <>
struct Activate<Activation::relu> {
  MUSTER_FN static Curve at(float z) { return {z > 0 ? z : 0.0f, z > 0 ? 1.0f : 0.0f, 0.0f}; }
};

MUSTER_NETS_END
