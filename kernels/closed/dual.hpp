// Forward-mode derivatives: a value, its gradient by N variables and its Hessian by the first M of them.
// A formula written once for a type T gives prices with double and exact Greeks with Dual.
#pragma once

#include "kernels/closed_forms.hpp"
#include "kernels/math/math.hpp"

// Formulas that run once a contract: compiled for both sides, but not forced inline.
#if defined(__CUDACC__)
#define MUSTER_COLD_FN __host__ __device__ inline
#else
#define MUSTER_COLD_FN inline
#endif

MUSTER_KERNELS_BEGIN

/// First derivatives by N variables, second ones by the first M. Plain IEEE arithmetic throughout.
template <int N, int M>
struct Dual {
  static constexpr int pairs = M * (M + 1) / 2;
  double v = 0, g[N]{}, h[pairs]{};

  Dual() = default;
  MUSTER_COLD_FN Dual(double value) : v(value) {}  // numbers are constants: implicit on purpose

  /// The variable with index `i` at `value`.
  static MUSTER_COLD_FN Dual variable(double value, int i) {
    Dual d(value);
    d.g[i] = 1.0;
    return d;
  }
  /// Position of the second derivative by i and j, i <= j < M.
  static constexpr MUSTER_COLD_FN int pair(int i, int j) { return j * (j + 1) / 2 + i; }
  MUSTER_COLD_FN double second(int i, int j) const { return h[i < j ? pair(i, j) : pair(j, i)]; }
};

/// f(x) from f, f' and f'' at x.v.
template <int N, int M>
MUSTER_COLD_FN Dual<N, M> chain(Dual<N, M> const& x, double f, double f1, double f2) {
  Dual<N, M> out(f);
  for (int i = 0; i < N; ++i) out.g[i] = f1 * x.g[i];
  for (int j = 0, at = 0; j < M; ++j)
    for (int i = 0; i <= j; ++i, ++at) out.h[at] = f1 * x.h[at] + f2 * (x.g[i] * x.g[j]);
  return out;
}

template <int N, int M>
MUSTER_COLD_FN Dual<N, M> operator+(Dual<N, M> const& a, Dual<N, M> const& b) {
  Dual<N, M> out(a.v + b.v);
  for (int i = 0; i < N; ++i) out.g[i] = a.g[i] + b.g[i];
  for (int i = 0; i < out.pairs; ++i) out.h[i] = a.h[i] + b.h[i];
  return out;
}
template <int N, int M>
MUSTER_COLD_FN Dual<N, M> operator-(Dual<N, M> const& a) {
  Dual<N, M> out(-a.v);
  for (int i = 0; i < N; ++i) out.g[i] = -a.g[i];
  for (int i = 0; i < out.pairs; ++i) out.h[i] = -a.h[i];
  return out;
}
template <int N, int M>
MUSTER_COLD_FN Dual<N, M> operator-(Dual<N, M> const& a, Dual<N, M> const& b) {
  return a + (-b);
}
template <int N, int M>
MUSTER_COLD_FN Dual<N, M> operator*(Dual<N, M> const& a, Dual<N, M> const& b) {
  Dual<N, M> out(a.v * b.v);
  for (int i = 0; i < N; ++i) out.g[i] = a.g[i] * b.v + a.v * b.g[i];
  for (int j = 0, at = 0; j < M; ++j)
    for (int i = 0; i <= j; ++i, ++at)
      out.h[at] = (a.h[at] * b.v + a.v * b.h[at]) + (a.g[i] * b.g[j] + a.g[j] * b.g[i]);
  return out;
}
template <int N, int M>
MUSTER_COLD_FN Dual<N, M> operator*(double a, Dual<N, M> const& b) {
  Dual<N, M> out(a * b.v);
  for (int i = 0; i < N; ++i) out.g[i] = a * b.g[i];
  for (int i = 0; i < out.pairs; ++i) out.h[i] = a * b.h[i];
  return out;
}
template <int N, int M>
MUSTER_COLD_FN Dual<N, M> operator*(Dual<N, M> const& a, double b) {
  return b * a;
}
template <int N, int M>
MUSTER_COLD_FN Dual<N, M> operator+(Dual<N, M> a, double b) {
  a.v += b;
  return a;
}
template <int N, int M>
MUSTER_COLD_FN Dual<N, M> operator+(double a, Dual<N, M> b) {
  b.v += a;
  return b;
}
template <int N, int M>
MUSTER_COLD_FN Dual<N, M> operator-(Dual<N, M> a, double b) {
  a.v -= b;
  return a;
}
template <int N, int M>
MUSTER_COLD_FN Dual<N, M> operator-(double a, Dual<N, M> const& b) {
  return a + (-b);
}
template <int N, int M>
MUSTER_COLD_FN Dual<N, M> operator/(Dual<N, M> const& a, Dual<N, M> const& b) {
  double const r = 1.0 / b.v;
  Dual<N, M> out = a * chain(b, r, -r * r, 2.0 * r * r * r);
  out.v = a.v / b.v;
  return out;
}
template <int N, int M>
MUSTER_COLD_FN Dual<N, M> operator/(double a, Dual<N, M> const& b) {
  return Dual<N, M>(a) / b;
}
template <int N, int M>
MUSTER_COLD_FN Dual<N, M> operator/(Dual<N, M> const& a, double b) {
  Dual<N, M> out = (1.0 / b) * a;
  out.v = a.v / b;
  return out;
}

template <int N, int M>
MUSTER_COLD_FN Dual<N, M> exp(Dual<N, M> const& x) {
  double const e = exp(x.v);
  return chain(x, e, e, e);
}
template <int N, int M>
MUSTER_COLD_FN Dual<N, M> log(Dual<N, M> const& x) {
  double const r = 1.0 / x.v;
  return chain(x, log(x.v), r, -r * r);
}
template <int N, int M>
MUSTER_COLD_FN Dual<N, M> sqrt(Dual<N, M> const& x) {
  double const root = sqrt(x.v), f1 = 0.5 / root;
  return chain(x, root, f1, -0.5 * f1 / x.v);
}
template <int N, int M>
MUSTER_COLD_FN Dual<N, M> norm_cdf(Dual<N, M> const& x) {
  double const density = norm_pdf(x.v);
  return chain(x, norm_cdf(x.v), density, -x.v * density);
}
template <int N, int M>
MUSTER_COLD_FN Dual<N, M> norm_pdf(Dual<N, M> const& x) {
  double const density = norm_pdf(x.v);
  return chain(x, density, -x.v * density, (x.v * x.v - 1.0) * density);
}

/// The value alone, for comparisons.
MUSTER_COLD_FN double value_of(double x) { return x; }
template <int N, int M>
MUSTER_COLD_FN double value_of(Dual<N, M> const& x) {
  return x.v;
}

/// One asset: spot, volatility (second derivatives too), rate, time with all dates kept.
using AssetDual = Dual<4, 2>;
enum AssetVariable : int { by_spot, by_volatility, by_rate, by_time };

MUSTER_COLD_FN AssetDual asset_dual(TermValue const& t) {
  AssetDual d(t.value);
  d.g[by_volatility] = t.by_volatility;
  d.h[AssetDual::pair(by_volatility, by_volatility)] = t.by_volatility2;
  d.g[by_rate] = t.by_rate;
  d.g[by_time] = t.by_time;
  return d;
}

MUSTER_COLD_FN Greeks to_greeks(AssetDual const& d) {
  Greeks out;
  out.price = d.v;
  out.delta = d.g[by_spot];
  out.gamma = d.second(by_spot, by_spot);
  out.vega = d.g[by_volatility];
  out.vanna = d.second(by_spot, by_volatility);
  out.volga = d.second(by_volatility, by_volatility);
  out.rho = d.g[by_rate];
  out.theta = d.g[by_time];
  return out;
}

/// Greeks that say why there are none.
MUSTER_COLD_FN Greeks no_greeks(ClosedStatus status) {
  AssetDual d(__builtin_nan(""));
  for (double& g : d.g) g = d.v;
  for (double& h : d.h) h = d.v;
  Greeks out = to_greeks(d);
  out.status = status;
  return out;
}

MUSTER_KERNELS_END
