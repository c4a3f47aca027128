// Double barriers watched continuously. The law of the price that stays inside is a theta function: as
// mirror images (Kunitomo and Ikeda 1992) it converges for short times, as a sine series (Hui 1996;
// Pelsser 2000) for long ones. Each is used where a handful of terms gives every digit.
#pragma once

#include "kernels/closed/barrier.hpp"

MUSTER_KERNELS_BEGIN

MUSTER_COLD_FN AssetDual sin_dual(AssetDual const& x) {
  double s, c;
  sincos(x.v, s, c);
  return chain(x, s, c, -s);
}
MUSTER_COLD_FN AssetDual cos_dual(AssetDual const& x) {
  double s, c;
  sincos(x.v, s, c);
  return chain(x, c, -s, -c);
}

/// Log coordinates: x = ln(S / L) in [0, width], drift theta = (r - q) / sigma^2 - 1/2, variance w.
struct Corridor {
  AssetDual x, theta, w;
  double width;
  static constexpr int images = 6;  ///< on each side; w < width^2 leaves e^-72
  static constexpr int waves = 6;   ///< w > width^2 leaves e^-200
  static constexpr double pi = 0x1.921fb54442d18p+1;

  MUSTER_COLD_FN bool is_short() const { return w.v < width * width; }

  /// E[e^(alpha X); inside all the time, low < X < high], X the final coordinate.
  MUSTER_COLD_FN AssetDual mass(double alpha, double low, double high) const {
    return is_short() ? mass_by_images(alpha, low, high) : mass_by_waves(alpha, low, high);
  }

  MUSTER_COLD_FN AssetDual image(double alpha, double low, double high, AssetDual const& m) const {
    AssetDual const deviation = sqrt(w), centre = m + (theta + alpha) * w;
    AssetDual const a = (low - centre) / deviation, b = (high - centre) / deviation;
    // N(b) - N(a) in the tail where it keeps its digits.
    AssetDual const between = a.v + b.v > 0.0 ? norm_cdf(-a) - norm_cdf(-b) : norm_cdf(b) - norm_cdf(a);
    if (!(between.v > 0.0)) return AssetDual(0.0);
    return exp(theta * (m - x) + alpha * m + alpha * theta * w + (0.5 * alpha * alpha) * w) * between;
  }
  MUSTER_COLD_FN AssetDual mass_by_images(double alpha, double low, double high) const {
    AssetDual sum(0.0);
    for (int n = -images; n <= images; ++n) {
      double const shift = 2.0 * n * width;
      sum = sum + (image(alpha, low, high, x + shift) - image(alpha, low, high, -x + shift));
    }
    return sum;
  }
  /// Antiderivative of e^(g y) sin(k y) at y.
  MUSTER_COLD_FN AssetDual wave(AssetDual const& g, double k, double y) const {
    double s, c;
    sincos(k * y, s, c);
    return exp(g * y) * (s * g - AssetDual(k * c)) / (g * g + k * k);
  }
  MUSTER_COLD_FN AssetDual mass_by_waves(double alpha, double low, double high) const {
    AssetDual const g = theta + alpha;
    AssetDual sum(0.0);
    for (int n = 1; n <= waves; ++n) {
      double const k = n * pi / width;
      sum = sum + exp((-0.5 * k * k) * w) * sin_dual(k * x) * (wave(g, k, high) - wave(g, k, low));
    }
    return (2.0 / width) * exp(-(theta * x) - 0.5 * theta * theta * w) * sum;
  }

  /// e^weight E[e^(-r tau)] for a first touch at distance d over the horizon, one image, without drift;
  /// rho^2 = theta^2 + 2 r / sigma^2. The power alone may overflow.
  MUSTER_COLD_FN AssetDual touch_image(AssetDual const& weight, AssetDual const& rho,
                                       AssetDual const& d) const {
    AssetDual const deviation = sqrt(w);
    AssetDual const distance = d.v < 0.0 ? -d : d;
    AssetDual const sum = weighted_tail(weight - rho * distance, (rho * w - distance) / deviation) +
                          weighted_tail(weight + rho * distance, (-distance - rho * w) / deviation);
    return d.v < 0.0 ? -sum : sum;
  }
  /// sinh(sqrt(s) a) / sinh(sqrt(s)) for 0 <= a <= 1, also at s = 0.
  MUSTER_COLD_FN AssetDual sinh_ratio(AssetDual const& s, AssetDual const& a) const {
    if (s.v < 1.0) {
      AssetDual over(1.0), under(1.0);
      AssetDual const sa = s * a * a;
      for (int n = 9; n >= 1; --n) {
        double const c = 1.0 / (2.0 * n * (2.0 * n + 1.0));
        over = 1.0 + c * sa * over;
        under = 1.0 + c * s * under;
      }
      return a * over / under;
    }
    AssetDual const z = sqrt(s);
    return exp(z * (a - 1.0)) * (1.0 - exp(-2.0 * z * a)) / (1.0 - exp(-2.0 * z));
  }
  /// Present value of one unit paid at the first touch of either side before the horizon.
  MUSTER_COLD_FN AssetDual touch(AssetDual const& rho2) const {
    AssetDual const rise = theta * (width - x), fall = -(theta * x);
    if (is_short()) {
      AssetDual const rho = sqrt(rho2);
      AssetDual sum(0.0);
      for (int n = -images; n <= images; ++n) {
        double const shift = 2.0 * n * width;
        sum = sum + (touch_image(rise, rho, (width + shift) - x) + touch_image(fall, rho, x + shift));
      }
      return sum;
    }
    AssetDual const up = exp(rise), down = exp(fall);
    AssetDual const scaled = (width * width) * rho2, part = x / width;
    AssetDual steady = up * sinh_ratio(scaled, part) + down * sinh_ratio(scaled, 1.0 - part);
    for (int n = 1; n <= waves; ++n) {
      double const k = n * pi / width;
      AssetDual const rate = rho2 + k * k;
      AssetDual const term = (2.0 * k / width) * sin_dual(k * x) * exp(-0.5 * rate * w) / rate;
      steady = steady - term * (n % 2 ? down + up : down - up);
    }
    return steady;
  }
};

/// Continuous corridor with rebate.
MUSTER_COLD_FN Greeks double_barrier_greeks(DoubleBarrierInput const& in) {
  bool const good = is_good(in.flat) && is_not_negative(in.strike) && is_positive(in.lower) &&
                    is_positive(in.upper) && in.lower < in.upper && is_not_negative(in.rebate);
  if (!good) return no_greeks(ClosedStatus::invalid_input);
  FlatDual const f(in.flat);
  AssetDual const discount = f.discount();
  double const side = in.is_call ? 1.0 : -1.0;
  bool const at_hit = in.rebate_time == RebateTime::hit;
  AssetDual const plain = black_value(f.asset(), in.strike * discount, f.variance(), side);
  if (in.flat.spot <= in.lower || in.flat.spot >= in.upper) {
    if (in.is_in) return to_greeks(plain);
    return to_greeks(in.rebate * (at_hit ? AssetDual(1.0) : discount));
  }

  Corridor c;
  c.width = log(in.upper / in.lower);
  c.x = log(f.spot / in.lower);
  c.w = f.variance();
  c.theta = (f.rate - f.dividend) / (f.volatility * f.volatility) - 0.5;
  double const floor = in.strike > 1e-150 ? in.strike : 1e-150;
  double const raw = log(floor / in.lower);
  double const strike = raw < 0.0 ? 0.0 : raw > c.width ? c.width : raw;
  double const low = in.is_call ? strike : 0.0, high = in.is_call ? c.width : strike;
  AssetDual out(0.0);
  if (low < high)
    out = side * (discount * (in.lower * c.mass(1.0, low, high) - in.strike * c.mass(0.0, low, high)));
  AssetDual value = in.is_in ? plain - out : out;
  if (in.rebate > 0.0) {
    AssetDual const rho2 =
        c.theta * c.theta + 2.0 * f.rate / (f.volatility * f.volatility);
    if (!in.is_in && at_hit && !(rho2.v > 0.0)) return no_greeks(ClosedStatus::no_real_form);
    if (in.is_in) value = value + in.rebate * (discount * c.mass(0.0, 0.0, c.width));
    else if (at_hit) value = value + in.rebate * c.touch(rho2);
    else value = value + in.rebate * (discount * (1.0 - c.mass(0.0, 0.0, c.width)));
  }
  return to_greeks(value);
}

MUSTER_KERNELS_END
