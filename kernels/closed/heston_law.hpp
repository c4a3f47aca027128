// The moment generating function of the log price under Heston's model, with its derivatives by the model's
// parameters. Heston (1993), in the branch-safe form of Albrecher et al. (2007) and Lord and Kahl (2010),
// rearranged so that a small volatility of variance cancels nothing.
#pragma once

#include "kernels/closed/dual.hpp"

MUSTER_KERNELS_BEGIN

/// A complex value and its derivatives by six real parameters.
struct ComplexDual {
  static constexpr int count = 6;
  Complex v, g[count];
};
enum HestonVariable : int { heston_v0, heston_kappa, heston_theta, heston_xi, heston_rho, heston_years };

/// The same algebra for values alone (searches) and for duals (the integral).
MUSTER_COLD_FN Complex constant_like(Complex, Complex c) { return c; }
MUSTER_COLD_FN ComplexDual constant_like(ComplexDual const&, Complex c) {
  return {c, {}};
}
MUSTER_COLD_FN Complex complex_of(Complex z) { return z; }
MUSTER_COLD_FN Complex complex_of(ComplexDual const& z) { return z.v; }

MUSTER_COLD_FN ComplexDual chain(ComplexDual const& x, Complex f, Complex f1) {
  ComplexDual out{f, {}};
  for (int i = 0; i < ComplexDual::count; ++i) out.g[i] = f1 * x.g[i];
  return out;
}
MUSTER_COLD_FN ComplexDual operator+(ComplexDual const& a, ComplexDual const& b) {
  ComplexDual out{a.v + b.v, {}};
  for (int i = 0; i < ComplexDual::count; ++i) out.g[i] = a.g[i] + b.g[i];
  return out;
}
MUSTER_COLD_FN ComplexDual operator-(ComplexDual const& a, ComplexDual const& b) {
  ComplexDual out{a.v - b.v, {}};
  for (int i = 0; i < ComplexDual::count; ++i) out.g[i] = a.g[i] - b.g[i];
  return out;
}
MUSTER_COLD_FN ComplexDual operator*(ComplexDual const& a, ComplexDual const& b) {
  ComplexDual out{a.v * b.v, {}};
  for (int i = 0; i < ComplexDual::count; ++i) out.g[i] = a.g[i] * b.v + a.v * b.g[i];
  return out;
}
MUSTER_COLD_FN ComplexDual operator*(Complex a, ComplexDual const& b) { return chain(b, a * b.v, a); }
MUSTER_COLD_FN ComplexDual operator*(double a, ComplexDual const& b) {
  return Complex{a, 0.0} * b;
}
MUSTER_COLD_FN ComplexDual operator+(double a, ComplexDual b) {
  b.v = a + b.v;
  return b;
}
MUSTER_COLD_FN ComplexDual operator/(ComplexDual const& a, ComplexDual const& b) {
  Complex const r = Complex{1.0, 0.0} / b.v;
  ComplexDual out = a * chain(b, r, -(r * r));
  out.v = a.v / b.v;
  return out;
}
MUSTER_COLD_FN ComplexDual exp(ComplexDual const& x) {
  Complex const e = exp(x.v);
  return chain(x, e, e);
}
MUSTER_COLD_FN ComplexDual log(ComplexDual const& x) {
  return chain(x, log(x.v), Complex{1.0, 0.0} / x.v);
}
MUSTER_COLD_FN ComplexDual sqrt(ComplexDual const& x) {
  Complex const root = sqrt(x.v);
  return chain(x, root, Complex{0.5, 0.0} / root);
}

/// (1 - e^-x), by its series where x is small.
template <class T>
MUSTER_COLD_FN T one_minus_exp(T const& x) {
  if (norm(complex_of(x)) > 0.04) return 1.0 + -1.0 * exp(-1.0 * x);
  T sum = constant_like(x, {1.0, 0.0});
  for (int n = 12; n >= 2; --n) sum = 1.0 + (-1.0 / n) * (x * sum);
  return x * sum;
}

/// ln(1 + s z) / s for a real s >= 0 (the variance of variance), z itself at s = 0.
template <class T>
MUSTER_COLD_FN T log_growth(T const& s, T const& z) {
  T const x = s * z;
  if (norm(complex_of(x)) > 1e-4) return log(1.0 + x) / s;
  T sum = constant_like(x, {1.0 / 10.0, 0.0});
  for (int n = 9; n >= 1; --n) sum = 1.0 / n + -1.0 * (x * sum);
  return z * sum;
}

/// ln E[(S_T / F)^p]; every argument a Complex or a ComplexDual.
template <class T>
MUSTER_COLD_FN T heston_log_moment(Complex p, T const& v0, T const& kappa, T const& theta, T const& xi,
                                   T const& rho, T const& years) {
  Complex const m = p * (p - 1.0);
  T const spread = xi * xi;
  T const b = kappa - p * (rho * xi);
  T const d = sqrt(b * b - m * spread);
  T const sum = b + d;
  T const gone = one_minus_exp(d * years);  // 1 - e^(-d T)
  T const z = m * gone / (2.0 * (d * sum));
  T const constant = m * years / sum - 2.0 * log_growth(spread, z);
  // (b - d) e^(-d T) = xi^2 m e^(-d T) / (b + d)
  T const slope = m * gone / (sum - (m * spread / sum) * (1.0 + -1.0 * gone));
  return kappa * theta * constant + v0 * slope;
}

/// The years after which E[S^p] is infinite, for real p outside [0, 1] (Andersen and Piterbarg 2007).
MUSTER_COLD_FN double explosion_years(double p, double kappa, double xi, double rho) {
  double const b = rho * xi * p - kappa, square = b * b - xi * xi * p * (p - 1.0);
  if (square >= 0.0) {
    double const d = sqrt(square);
    return b > 0.0 && d > 0.0 && b > d ? log((b + d) / (b - d)) / d : 1e300;
  }
  double const d = sqrt(-square);
  return 2.0 * atan2(d, b) / d;
}

MUSTER_KERNELS_END
