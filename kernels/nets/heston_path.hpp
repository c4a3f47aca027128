// One path of Heston's variance with its derivatives by v0, kappa, theta and xi, step by step, for lanes of a CPU and threads of a GPU.
// Given the variance the spot is lognormal, so that a path's end is a price of Black and Scholes (Romano and Touzi 1997).
#pragma once

#include "kernels/math/exp.hpp"
#include "kernels/math/log.hpp"
#include "kernels/math/normal.hpp"
#include "kernels/nets/path_steps.hpp"
#include "kernels/rng/exponential.hpp"

MUSTER_NETS_BEGIN

/// A number and its derivatives.
struct VarianceNumbers {
  float value, v0, kappa, theta, xi;
};
inline constexpr int variance_numbers = 5;

MUSTER_FN VarianceNumbers first_variance(HestonTerms const& h) { return {h.v0, 1.0f, 0.0f, 0.0f, 0.0f}; }

/// How the next variance goes with its own mean and variance: v' = m g(psi), psi = variance / m^2.
struct VarianceStep {
  float value, by_mean, by_variance;
};

/// v' = a (b + z)^2, a and b by the moments.
MUSTER_FN VarianceStep quadratic_step(float m, float psi, float z) {
  float const y = 2.0f / psi, r = sqrt(y * (y - 1.0f)), b2 = (y - 1.0f) + r, b = sqrt(b2), whole = 1.0f / (y + r);
  float const root = b + z, g = root * root * whole;
  float const by_b2 = root * (1.0f - b * z) * (whole * whole) / b;
  float const by_psi = -0.25f * (y * y) * ((2.0f * r + (2.0f * y - 1.0f)) / r) * by_b2;
  return {m * g, g - 2.0f * psi * by_psi, by_psi / m};
}

/// v' = 0 with some probability, else exponential.
MUSTER_FN VarianceStep exponential_step(float m, float psi, float z) {
  float const h = 0.5f * (psi + 1.0f), tail = exponential_of_normal(z) - log(h);
  bool const is_up = tail > 0.0f;
  float const g = is_up ? h * tail : 0.0f, by_psi = is_up ? 0.5f * (tail - 1.0f) : 0.0f;
  return {m * g, g - 2.0f * psi * by_psi, by_psi / m};
}

MUSTER_FN VarianceStep variance_step(HestonTerms const& h, float v, float z) {
  float const mean = fma(h.decay, v, h.pull), m = mean > 1e-15f ? mean : 1e-15f;
  float const psi = fma(h.noise, v, h.noise_base) / (m * m);
  bool const is_quadratic = psi <= 1.5f;
  float const low = is_quadratic ? (psi > 1e-10f ? psi : 1e-10f) : 1.5f;
  VarianceStep const a = quadratic_step(m, low, z), b = exponential_step(m, is_quadratic ? 1.5f : psi, z);
  return {is_quadratic ? a.value : b.value, is_quadratic ? a.by_mean : b.by_mean, is_quadratic ? a.by_variance : b.by_variance};
}

MUSTER_FN VarianceNumbers next_variance(HestonTerms const& h, VarianceNumbers const& v, float z) {
  VarianceStep const to = variance_step(h, v.value, z);
  float const by_v = fma(to.by_mean, h.decay, to.by_variance * h.noise);
  float const by_kappa = fma(to.by_mean, fma(h.kappa_mean_v, v.value, h.kappa_mean), to.by_variance * fma(h.kappa_noise_v, v.value, h.kappa_noise));
  float const by_theta = fma(to.by_mean, h.theta_mean, to.by_variance * h.theta_noise);
  float const by_xi = to.by_variance * fma(h.xi_noise_v, v.value, h.xi_noise);
  return {to.value, by_v * v.v0, fma(by_v, v.kappa, by_kappa), fma(by_v, v.theta, by_theta), fma(by_v, v.xi, by_xi)};
}

/// What a path adds to the label's sums.
struct HestonEnd {
  float price, forward, v0, kappa, theta, xi, rho;
  bool is_bad;
};

/// Nothing but the mark of what no sum can hold.
MUSTER_FN HestonEnd checked(HestonEnd const& end) {
  float const size = abs(end.price) + abs(end.forward) + abs(end.v0) + abs(end.kappa) + abs(end.theta) + abs(end.xi) + abs(end.rho);
  // False for NaN, too.
  bool const is_good = size < 0x1p22f;
  return {is_good ? end.price : 0.0f, is_good ? end.forward : 0.0f, is_good ? end.v0 : 0.0f, is_good ? end.kappa : 0.0f,
          is_good ? end.theta : 0.0f, is_good ? end.xi : 0.0f,      is_good ? end.rho : 0.0f, !is_good};
}

/// Of the sum of all variances behind the first, and the last one.
MUSTER_FN HestonEnd heston_end(HestonTerms const& h, VarianceNumbers const& sum, VarianceNumbers const& last) {
  // Variances at both ends of all steps, less theta each.
  float const ends = 2.0f * h.steps, away = fma(2.0f, sum.value, h.v0 - last.value) - ends * h.theta;
  float const integral = fma(h.weight, away, h.theta * h.expiry);
  float const motion = (fma(h.pull_weight, away, last.value) - h.v0) * h.inverse_xi;
  float const shift = h.rho * (motion - 0.5f * h.rho * integral);
  float const deviation = sqrt(h.rest * integral), forward = h.forward * exp(shift);
  float const d1 = (h.log_forward + shift) / deviation + 0.5f * deviation, d2 = d1 - deviation;
  float const held = forward * (norm_cdf(d1) - h.hedge);
  float const vega = 0.5f * norm_pdf(d2) * deviation / integral;
  // Of a parameter, from its derivatives of the integral and of the motion.
  float const by_motion = held * h.rho, by_integral = vega - 0.5f * by_motion * h.rho;
  float const v0_ends = 1.0f + 2.0f * sum.v0 - last.v0, kappa_ends = 2.0f * sum.kappa - last.kappa;
  float const theta_ends = 2.0f * sum.theta - last.theta - ends, xi_ends = 2.0f * sum.xi - last.xi;
  float const v0_motion = fma(h.pull_weight, v0_ends, last.v0 - 1.0f) * h.inverse_xi;
  float const kappa_motion = fma(h.pull_weight, kappa_ends, fma(h.kappa_pull_weight, away, last.kappa)) * h.inverse_xi;
  float const theta_motion = fma(h.pull_weight, theta_ends, last.theta) * h.inverse_xi;
  float const xi_motion = (fma(h.pull_weight, xi_ends, last.xi) - motion) * h.inverse_xi;
  return checked({fma(-1.0f, norm_cdf(d2), held),
                  held,
                  fma(by_motion, v0_motion, by_integral * (h.weight * v0_ends)),
                  fma(by_motion, kappa_motion, by_integral * fma(h.weight, kappa_ends, h.kappa_weight * away)),
                  fma(by_motion, theta_motion, by_integral * fma(h.weight, theta_ends, h.expiry)),
                  fma(by_motion, xi_motion, by_integral * (h.weight * xi_ends)),
                  held * (motion - h.rho * integral) - 2.0f * vega * integral * h.rho / h.rest,
                  false});
}

MUSTER_NETS_END
