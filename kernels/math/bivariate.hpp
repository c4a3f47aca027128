// The bivariate normal distribution function.
#pragma once

#include "kernels/math/atan2.hpp"
#include "kernels/math/normal.hpp"
#include "kernels/math/trig.hpp"

MUSTER_KERNELS_BEGIN

namespace detail {

/// One side's node and weight of Gauss and Legendre's rule with 20 points on [-1, 1].
struct GaussNode {
  double x, w;
};
inline constexpr int gauss_pairs = 10;
MUSTER_FN GaussNode gauss_node(int i) {
  constexpr GaussNode nodes[gauss_pairs] = {
      {0x1.fc7b5a0c71ce0p-1, 0x1.209680274e8afp-6}, {0x1.ed8dba7bd769fp-1, 0x1.4c9b5ea53b67fp-5},
      {0x1.d31064173fd92p-1, 0x1.00b467df7e475p-4}, {0x1.ada0bd5efd6e7p-1, 0x1.5519fe196e24ap-4},
      {0x1.7e1f37346a54ep-1, 0x1.a1817a317a821p-4}, {0x1.45a8d3fa710dbp-1, 0x1.e41ff31573b48p-4},
      {0x1.05905c13f7ff7p-1, 0x1.0db2c5db26dffp-3}, {0x1.7eaccf15652c4p-2, 0x1.230348f34a535p-3},
      {0x1.d281636928bc0p-3, 0x1.31819b52c5992p-3}, {0x1.3973df98b86b0p-4, 0x1.38d6c490a3370p-3}};
  return nodes[i];
}

/// Sheppard's integral over the angle whose sine is the correlation, for |rho| < 0.925: what
/// correlation adds to P(X > h) P(Y > k). Its integrand at sine sn of the angle:
MUSTER_FN double angle_term(double sn, double hk, double hs) {
  return exp((sn * hk - hs) / ((1.0 - sn) * (1.0 + sn)));
}

MUSTER_FN double upper_orthant_moderate(double h, double k, double rho) {
  double const hk = h * k, hs = 0.5 * fma(h, h, k * k);
  double const half_angle = 0.5 * atan2(rho, sqrt((1.0 - rho) * (1.0 + rho)));
  double sum = 0.0;
  for (int i = 0; i < gauss_pairs; ++i) {
    GaussNode const g = gauss_node(i);
    double const left = angle_term(sin(half_angle * (1.0 - g.x)), hk, hs);
    double const right = angle_term(sin(half_angle * (1.0 + g.x)), hk, hs);
    sum = fma(g.w, left + right, sum);
  }
  return fma(sum * half_angle, 0x1.45f306dc9c883p-3, norm_cdf(-h) * norm_cdf(-k));
}

/// The integrand of what is left when the singular part at |rho| = 1 is taken out, at x^2 = xs.
MUSTER_FN double strong_term(double xs, double bs, double hk, double c, double d) {
  double const root = sqrt(1.0 - xs), exponent = -0.5 * (bs / xs + hk);
  double const series = fma(c * xs, fma(5.0 * d, xs, 1.0), 1.0);
  double const ratio = xs / ((1.0 + root) * (1.0 + root));
  double const exact = exp(-0.5 * hk * ratio) / root;
  return exponent > -100.0 ? exp(exponent) * (exact - series) : 0.0;
}

/// |rho| >= 0.925: Drezner and Wesolowsky's expansion about |rho| = 1 as improved by Genz.
MUSTER_FN double upper_orthant_strong(double h, double k_signed, double rho) {
  bool const negative = rho < 0.0;
  double const k = negative ? -k_signed : k_signed, hk = h * k;
  double const as = (1.0 - rho) * (1.0 + rho), a = sqrt(as), bs = (h - k) * (h - k), b = abs(h - k);
  double const c = (4.0 - hk) * 0.125, d = (12.0 - hk) * 0.0125;
  double sum = 0.0;
  if (as > 0.0) {
    double const exponent = -0.5 * (bs / as + hk);
    double const lead = 1.0 - c * (bs - as) * (1.0 - d * bs) / 3.0 + c * d * as * as;
    sum = exponent > -100.0 ? a * exp(exponent) * lead : 0.0;
    double const tail = 0x1.40d931ff62706p1 * norm_cdf(-b / a) * b;  // sqrt(2 pi)
    sum -= hk > -100.0 ? exp(-0.5 * hk) * tail * (1.0 - c * bs * (1.0 - d * bs) / 3.0) : 0.0;
    double const half = 0.5 * a;
    double rest = 0.0;
    for (int i = 0; i < gauss_pairs; ++i) {
      GaussNode const g = gauss_node(i);
      double const left = half * (1.0 - g.x), right = half * (1.0 + g.x);
      rest = fma(g.w,
                 strong_term(left * left, bs, hk, c, d) + strong_term(right * right, bs, hk, c, d),
                 rest);
    }
    sum = fma(half, rest, sum) * 0x1.45f306dc9c883p-3;  // 1 / (2 pi)
  }
  double const both = norm_cdf(-(h > k ? h : k));
  // P(h < X < k), from the side where neither term is near one.
  double const between = h < 0.0 ? norm_cdf(k) - norm_cdf(h) : norm_cdf(-h) - norm_cdf(-k);
  return negative ? (h < k ? between : 0.0) + sum : both - sum;
}

}  // namespace detail

/// P(X <= x, Y <= y) for standard normals of correlation rho. Domain: all x and y, |rho| <= 1, else
/// NaN. Absolute error < 1e-15 (the relative one is unbounded deep in the tails). Genz, "Numerical
/// computation of rectangular bivariate and trivariate normal and t probabilities" (2004), always
/// with 20 nodes.
MUSTER_FN double bivariate_norm_cdf(double x, double y, double rho) {
  // At 40 standard deviations nothing is left, and no product of infinities arises.
  double const h = x > 40.0 ? -40.0 : (x < -40.0 ? 40.0 : -x);
  double const k = y > 40.0 ? -40.0 : (y < -40.0 ? 40.0 : -y);
  double const p = abs(rho) < 0.925 ? detail::upper_orthant_moderate(h, k, rho)
                                    : detail::upper_orthant_strong(h, k, rho);
  double const low = p < 0.0 ? 0.0 : p, inside = low > 1.0 ? 1.0 : low;
  return abs(rho) <= 1.0 ? inside : Ieee<double>::nan;
}

MUSTER_KERNELS_END
