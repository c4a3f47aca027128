// Lookbacks watched continuously. Floating strike: Goldman, Sosin and Gatto (1979); fixed strike: Conze and
// Viswanathan (1991). Both are a forward plus the right to what the extremum gains beyond a level.
#pragma once

#include "kernels/closed/barrier.hpp"

MUSTER_KERNELS_BEGIN

/// [f(y) - f(0)] / y for f(y) = e^(y w / 2) N(s (c + y v / 2)) - e^(-y k) N(s (c - y v / 2)), which holds
/// 0 / 0 at y = 0: near it, the mean of f' over [0, y] by 20 Gauss nodes. v = sqrt(w).
MUSTER_COLD_FN AssetDual lookback_gain(AssetDual const& y, AssetDual const& k, AssetDual const& w,
                                       AssetDual const& v, double side) {
  AssetDual const c = k / v + 0.5 * v;
  double const size = abs(y.v) * (w.v + abs(k.v) + v.v);
  if (size > 1.0) {
    AssetDual const up = weighted_tail(0.5 * y * w, side * (c + 0.5 * y * v));
    return (up - weighted_tail(-(y * k), side * (c - 0.5 * y * v))) / y;
  }
  AssetDual sum(0.0);
  for (int i = 0; i < 10; ++i) {
    auto const node = detail::gauss_node(i);
    for (int mirror = -1; mirror <= 1; mirror += 2) {
      AssetDual const u = (0.5 + 0.5 * mirror * node.x) * y;
      AssetDual const z1 = c + 0.5 * u * v, z2 = c - 0.5 * u * v;
      AssetDual const f1 = exp(0.5 * u * w) * (0.5 * w * norm_cdf(side * z1) +
                                               (0.5 * side) * (v * norm_pdf(z1)));
      AssetDual const f2 =
          exp(-(u * k)) * (k * norm_cdf(side * z2) + (0.5 * side) * (v * norm_pdf(z2)));
      sum = sum + (0.5 * node.w) * (f1 + f2);
    }
  }
  return sum;
}

/// Present value of max(extremum beyond `level`, 0): side 1 for the maximum above it, -1 for the minimum
/// below it; the level is on the far side of the spot.
MUSTER_COLD_FN AssetDual extremum_gain(FlatDual const& f, double level, double side) {
  AssetDual const w = f.variance(), v = sqrt(w);
  AssetDual const k = log(f.spot / level);
  AssetDual const y = 2.0 * (f.rate - f.dividend) / (f.volatility * f.volatility);
  AssetDual const discount = f.discount();
  AssetDual const plain = black_value(f.asset(), level * discount, w, side);
  return plain + side * (f.spot * discount * lookback_gain(y, k, w, v, side));
}

/// Lookback call or put, fixed or floating strike.
MUSTER_COLD_FN Greeks lookback_greeks(LookbackInput const& in) {
  bool const good = is_good(in.flat) && is_not_negative(in.strike) && is_positive(in.extremum);
  if (!good) return no_greeks(ClosedStatus::invalid_input);
  FlatDual const f(in.flat);
  // A floating call and a fixed put look at the minimum.
  bool const on_minimum = (in.is_call != 0) == (in.is_floating != 0);
  double const side = on_minimum ? -1.0 : 1.0;
  if (side * (in.flat.spot - in.extremum) > 0.0) return no_greeks(ClosedStatus::invalid_input);
  AssetDual const discount = f.discount();
  if (in.is_floating) {
    AssetDual const forward = -side * (f.asset() - in.extremum * discount);
    return to_greeks(forward + extremum_gain(f, in.extremum, side));
  }
  double const gained = side * (in.extremum - in.strike);
  if (gained <= 0.0 && in.strike > 0.0) return to_greeks(extremum_gain(f, in.strike, side));
  if (gained <= 0.0) return to_greeks(AssetDual(0.0));  // a put struck at zero
  return to_greeks(gained * discount + extremum_gain(f, in.extremum, side));
}

MUSTER_KERNELS_END
