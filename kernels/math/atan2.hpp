// The angle of a point.
#pragma once

#include "kernels/math/base.hpp"

MUSTER_KERNELS_BEGIN

namespace detail {

/// (atan(q) / q - 1) / q^2 from z = q^2, 0 <= q <= 1; minimax error of atan 2^-57.6, single
/// 2^-28.5.
MUSTER_FN double atan_quotient(double z) {
  return horner(
      z, -0x1.5555555555526p-2, 0x1.99999999955b4p-3, -0x1.249249237f57dp-3, 0x1.c71c717fcf76dp-4,
      -0x1.745d11ae74c7ap-4, 0x1.3b13669a2a047p-4, -0x1.110e5126fd02dp-4, 0x1.e1bba66c1a4b8p-5,
      -0x1.ae5e72c0e6984p-5, 0x1.82dad79d1736p-5, -0x1.59a3ff2ac6667p-5, 0x1.2c2e5ccfd4e26p-5,
      -0x1.e9fa0da6643e9p-6, 0x1.683cc98472e13p-6, -0x1.c78fcd542af16p-7, 0x1.d7b927bbdceedp-8,
      -0x1.7a399ad4364a2p-9, 0x1.b3facbcd7bb8ap-11, -0x1.3f364d4b9695cp-13, 0x1.bbed9f7b04237p-17);
}
MUSTER_FN float atan_quotient(float z) {
  return horner(z, -0x1.55553ep-2f, 0x1.9991ecp-3f, -0x1.24211ap-3f, 0x1.c0946cp-4f,
                -0x1.5825f2p-4f, 0x1.da9c2ep-5f, -0x1.fe7d24p-6f, 0x1.6551e2p-7f, -0x1.d5a1aap-10f);
}

/// 1 / b to 13 %, by the exponent bits; for normal b below the top of the range.
MUSTER_FN double rough_inverse(double b) { return from_bits(0x7fde623822835eea - to_bits(b)); }
MUSTER_FN float rough_inverse(float b) { return from_bits(0x7ef311c7 - to_bits(b)); }

template <class T>
struct AnglePart {
  T hi, lo;
};

template <class T>
struct AngleConstants;
template <>
struct AngleConstants<double> {
  static constexpr double top = 0x1p1000, down = 0x1p-100;
  static constexpr double half_pi = 0x1.921fb54442d18p0, half_pi_lo = 0x1.1a62633145c07p-54;
};
template <>
struct AngleConstants<float> {
  static constexpr float top = 0x1p120f, down = 0x1p-30f;
  static constexpr float half_pi = 0x1.921fb6p0f, half_pi_lo = -0x1.777a5cp-25f;
};

/// atan(a / b) as hi + lo for 0 <= a <= b.
template <class T>
MUSTER_FN AnglePart<T> atan_ratio(T a, T b) {
  using C = AngleConstants<T>;
  bool const endless = b == Ieee<T>::infinity;
  T const scale = b > C::top ? C::down : T(1);
  T const num = endless ? (a == b ? T(1) : a * T(0)) : a * scale;
  T const den = endless | (b == T(0)) ? T(1) : b * scale;
  T const q = num / den, z = q * q;
  // What q lost in rounding; d atan(q)/dq = 1 / (1 + z) is 1 - z/2 at both ends.
  T const lost = fma(-q, den, num) * rough_inverse(den);
  return {q, fma(z * q, atan_quotient(z), fma(T(-0.5) * z, lost, lost))};
}

template <class T>
MUSTER_FN T atan2_all(T y, T x) {
  using C = AngleConstants<T>;
  T const ax = abs(x), ay = abs(y);
  bool const steep = ay > ax, left = (to_bits(x) & Ieee<T>::sign) != 0;
  AnglePart<T> const part = atan_ratio(steep ? ax : ay, steep ? ay : ax);
  // The angle of (ax, ay), then of (x, ay): a multiple of pi/2 plus or minus the part.
  bool const minus = steep != left;
  T const turns = steep ? T(1) : (left ? T(2) : T(0));
  T const base = turns * C::half_pi, hi = minus ? -part.hi : part.hi,
          lo = minus ? -part.lo : part.lo;
  T const sum = base + hi, rest = hi - (sum - base);
  return copysign(sum + fma(turns, C::half_pi_lo, rest + lo), y);
}

}  // namespace detail

/// The angle of the point (x, y) in [-pi, pi]. Domain: all x and y, zeros of either sign and
/// infinities as IEEE 754's atan2; NaN gives NaN. Error < 1 ulp. One division, minimax polynomial
/// of degree 41.
MUSTER_FN double atan2(double y, double x) { return detail::atan2_all(y, x); }

/// In single precision, as above. Error < 1 ulp. Polynomial of degree 19.
MUSTER_FN float atan2(float y, float x) { return detail::atan2_all(y, x); }

MUSTER_KERNELS_END
