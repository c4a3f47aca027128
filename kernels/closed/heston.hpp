// European payoffs under Heston's model: always the out-of-the-money option, as an integral along a contour
// through the saddle point, so that double precision keeps the digits of the price rather than those of
// the spot. After Andersen and Lake, "Robust high-precision option pricing by Fourier transforms" (2018);
// the contour here is one branch of a hyperbola and the rule is the trapezoid.
#pragma once

#include "kernels/closed/european.hpp"
#include "kernels/closed/heston_law.hpp"

MUSTER_KERNELS_BEGIN

/// One call (side 1, p > 1) or put (side -1, p < 0) as the integral of e^(ln moment - p k) weight(p), in
/// units of the forward; k = ln(K / F).
struct HestonIntegral {
  double v0, kappa, theta, xi, rho, years;
  double k, side;
  Payoff payoff;

  MUSTER_COLD_FN Complex log_moment(Complex p) const {
    Complex const zero{0.0, 0.0};
    return heston_log_moment<Complex>(p, zero + v0, zero + kappa, zero + theta, zero + xi, zero + rho,
                                      zero + years);
  }
  MUSTER_COLD_FN Complex weight(Complex p) const {
    Complex const one{1.0, 0.0};
    if (payoff == Payoff::cash) return one / p;
    if (payoff == Payoff::asset) return exp(k) * (one / (p - 1.0));
    return exp(k) * (one / (p * (p - 1.0)));
  }
  /// Log of the integrand's size on the real axis: convex, infinite at both ends.
  MUSTER_COLD_FN double height(double c) const {
    double const h = log_moment({c, 0.0}).re - c * k - log(c * (c - 1.0));
    return h < 1e300 ? h : 1e300;  // NaN counts as beyond the end
  }
};

/// p(t) = c + w [tilt (cosh t - 1) + i sinh t].
struct HestonContour {
  double c, w, tilt, reach;  ///< reach: the t where the integrand is 1e-18 of its top
  MUSTER_COLD_FN Complex at(double t, Complex& slope) const {
    double const up = exp(t), down = 1.0 / up;
    double const cosh = 0.5 * (up + down), sinh = 0.5 * (up - down);
    double const half = 0.5 * t;
    double const rise = t < 0.1 ? half * t * (1.0 + t * t / 12.0 * (1.0 + t * t / 30.0)) : cosh - 1.0;
    slope = {w * tilt * sinh, w * cosh};
    return {c + w * tilt * rise, w * sinh};
  }
};

inline constexpr int heston_nodes = 160;
inline constexpr double heston_far = 1e5;  ///< the largest |p| looked at

/// The end of the strip of finite moments on one side: 1 + x or -x, by bisection of ln x.
MUSTER_COLD_FN double strip_width(HestonIntegral const& q) {
  double low = -18.0, high = 11.5;  // ln of distances 1.5e-8 and 1e5
  for (int i = 0; i < 50; ++i) {
    double const middle = 0.5 * (low + high), x = exp(middle);
    double const p = q.side > 0.0 ? 1.0 + x : -x;
    bool const is_finite = explosion_years(p, q.kappa, q.xi, q.rho) > q.years;
    low = is_finite ? middle : low;
    high = is_finite ? high : middle;
  }
  return exp(low);
}

/// Saddle by golden sections, width from the curvature there, tilt from the tail's slope, reach by bisection.
MUSTER_COLD_FN HestonContour heston_contour(HestonIntegral const& q) {
  double const strip = strip_width(q), start = q.side > 0.0 ? 1.0 : 0.0;
  // Position in the strip on a scale that resolves both ends.
  auto const place = [&](double u) { return start + q.side * strip / (1.0 + exp(-u)); };
  double low = -26.0, high = 14.0;
  constexpr double golden = 0x1.3c6ef372fe950p-1;
  double a = high - golden * (high - low), b = low + golden * (high - low);
  double fa = q.height(place(a)), fb = q.height(place(b));
  for (int i = 0; i < 48; ++i) {
    bool const is_left = fa < fb;
    high = is_left ? b : high;
    low = is_left ? low : a;
    double const next = is_left ? high - golden * (high - low) : low + golden * (high - low);
    double const value = q.height(place(next));
    double const keep = is_left ? a : b, kept = is_left ? fa : fb;
    a = is_left ? next : keep;
    fa = is_left ? value : kept;
    b = is_left ? keep : next;
    fb = is_left ? kept : value;
  }
  HestonContour out;
  out.c = place(0.5 * (low + high));
  double const near = abs(out.c - start), far = strip - near;
  double const room = near < far ? near : far, step = 0.02 * room;
  double const curvature = (q.height(out.c + step) + q.height(out.c - step) - 2.0 * q.height(out.c)) /
                           (step * step);
  double const width = curvature > 0.0 ? 1.0 / sqrt(curvature) : room;
  out.w = width < room ? width : room;
  // Far out the exponent grows as p (-k - mass rho) - mass sqrt(1 - rho^2) |p|: lean with it.
  double const mass = (q.v0 + q.kappa * q.theta * q.years) / (q.xi > 1e-6 ? q.xi : 1e-6);
  double const decay = mass * sqrt((1.0 - q.rho) * (1.0 + q.rho));
  double const lean = (q.k + mass * q.rho) / (decay + 1e-3 * mass + 1e-12);
  double const most = lean > 0.5 ? 0.5 : lean;
  out.tilt = most < -0.5 ? -0.5 : most;

  double const top = q.height(out.c);
  double inside = 0.5, outside = 24.0;
  for (int i = 0; i < 32; ++i) {
    double const t = 0.5 * (inside + outside);
    Complex slope;
    Complex const p = out.at(t, slope);
    Complex const size = p * (p - 1.0);
    double const drop = (q.log_moment(p) - q.k * p).re - 0.5 * log(norm(size)) +
                        0.5 * log(norm(slope) / (out.w * out.w)) - top;
    bool const is_in = drop > -41.0;
    inside = is_in ? t : inside;
    outside = is_in ? outside : t;
  }
  out.reach = outside;
  return out;
}

/// The option, its first and second derivative by ln F, and its derivatives by the parameters; all over F.
struct HestonSums {
  double value = 0, slope = 0, curve = 0, by[ComplexDual::count]{};
};

MUSTER_COLD_FN HestonSums heston_sums(HestonIntegral const& q) {
  HestonContour const contour = heston_contour(q);
  auto const variable = [](double value, int i) {
    ComplexDual d{{value, 0.0}, {}};
    d.g[i] = {1.0, 0.0};
    return d;
  };
  ComplexDual const v0 = variable(q.v0, heston_v0), kappa = variable(q.kappa, heston_kappa),
                    theta = variable(q.theta, heston_theta), xi = variable(q.xi, heston_xi),
                    rho = variable(q.rho, heston_rho), years = variable(q.years, heston_years);
  double const h = contour.reach / heston_nodes;
  double const scale = h * 0x1.45f306dc9c883p-2;  // h / pi
  HestonSums out;
  for (int j = 0; j <= heston_nodes; ++j) {
    Complex slope;
    Complex const p = contour.at(j * h, slope);
    ComplexDual const moment = heston_log_moment(p, v0, kappa, theta, xi, rho, years);
    Complex const f = exp(moment.v - q.k * p) * q.weight(p) * slope;
    double const part = j == 0 ? 0.5 * scale : scale;
    out.value += part * f.im;
    out.slope += part * (p * f).im;
    out.curve += part * (p * p * f).im;
    for (int i = 0; i < ComplexDual::count; ++i) out.by[i] += part * (moment.g[i] * f).im;
  }
  return out;
}

MUSTER_COLD_FN HestonGreeks no_heston_greeks(ClosedStatus status) {
  double const nan = __builtin_nan("");
  return {status, nan, nan, nan, nan, nan, nan, nan, nan, nan, nan};
}

MUSTER_COLD_FN bool is_good(HestonInput const& in, double spot) {
  return is_positive(spot) && is_not_negative(in.strike) && is_positive(in.years) &&
         is_bounded(in.rate.value, 700.0) && is_bounded(in.asset.dividend.value, 700.0) &&
         is_bounded(in.payout, 1e150) && is_not_negative(in.v0) && is_not_negative(in.theta) &&
         is_not_negative(in.kappa) && is_not_negative(in.xi) && is_bounded(in.rho, 1.0) &&
         in.v0 * in.years + in.kappa * in.theta * in.years * in.years > 1e-12 && in.xi < 1e3;
}

/// Heston price and Greeks of a vanilla or digital payoff. The spot's cash dividends are escrowed.
MUSTER_COLD_FN HestonGreeks heston_greeks(HestonInput const& in) {
  AssetDual const spot = escrowed_spot(in.asset);
  if (!is_good(in, spot.v)) return no_heston_greeks(ClosedStatus::invalid_input);
  AssetDual const log_forward = log(spot) + asset_dual(in.rate) - asset_dual(in.asset.dividend);
  double const forward = exp(log_forward.v), discount = exp(-in.rate.value);
  bool const has_strike = in.strike > 1e-100;  // struck at zero, the put is worth nothing
  double const k = has_strike ? log(in.strike / forward) : -1.0;
  double const side = k > 0.0 ? 1.0 : -1.0;
  HestonSums s;
  if (has_strike)
    s = heston_sums({in.v0, in.kappa, in.theta, in.xi, in.rho, in.years, k, side, in.payoff});

  // A contour left of the poles gives minus the put of a digital.
  bool const is_vanilla = in.payoff == Payoff::vanilla;
  double const sign = !is_vanilla && side < 0.0 ? -1.0 : 1.0;
  double const unit = discount * (in.payoff == Payoff::cash ? in.payout : forward);
  double const grows = in.payoff == Payoff::cash ? 0.0 : 1.0;  // unit's own power of F, in p already
  double value = sign * unit * s.value, slope = sign * unit * s.slope, curve = sign * unit * s.curve;
  double by[ComplexDual::count];
  for (int i = 0; i < ComplexDual::count; ++i) by[i] = sign * unit * s.by[i];
  // In the money: what is certain less the other side.
  double const wanted = in.is_call ? 1.0 : -1.0;
  if (wanted != side) {
    double const flip = is_vanilla ? 1.0 : -1.0;
    double const certain = is_vanilla ? wanted * discount * (forward - in.strike) : unit;
    double const certain_slope = is_vanilla ? wanted * discount * forward : grows * unit;
    value = certain + flip * value;
    slope = certain_slope + flip * slope;
    curve = certain_slope + flip * curve;
    for (double& b : by) b *= flip;
  }

  HestonGreeks out;
  double const per_spot = log_forward.g[by_spot];
  out.price = value;
  out.delta = slope * per_spot;
  out.gamma = (curve - slope) * per_spot * per_spot;
  out.rate_rho = slope * log_forward.g[by_rate] - value * in.rate.by_rate;
  out.time_theta = slope * log_forward.g[by_time] - value * in.rate.by_time - by[heston_years];
  out.by_v0 = by[heston_v0];
  out.by_kappa = by[heston_kappa];
  out.by_theta = by[heston_theta];
  out.by_xi = by[heston_xi];
  out.by_rho = by[heston_rho];
  return out;
}

MUSTER_KERNELS_END
