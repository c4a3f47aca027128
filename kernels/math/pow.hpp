// Powers.
#pragma once

#include "kernels/math/exp.hpp"
#include "kernels/math/log.hpp"

MUSTER_KERNELS_BEGIN

namespace detail {

struct HighLow {
  double hi, lo;
};

/// log(x) as hi + lo for finite x > 0, relative error below 2^-65.
MUSTER_FN HighLow log_high_low(double x) {
  Decomposed<double> const m = decompose(x);
  // s = f / (2 + f) as s + s_lo; 1 / (2 + f) = (1 - s) / 2.
  double const d = 2.0 + m.f, d_lo = m.f - (d - 2.0);
  double const s = m.f / d;
  double const s_lo = fma(-s, d_lo, fma(-s, d, m.f)) * fma(-0.5, s, 0.5);
  double const z = s * s, z_lo = fma(s, s, -z) + 2.0 * s * s_lo;
  // log(1 + f) = s (2 + z (2/3 + z t)); minimax error of t 2^-55.3.
  double const zt = z * horner(z, 0x1.999999999999ap-2, 0x1.24924924922fep-2, 0x1.c71c71c74c77ap-3,
                               0x1.745d173ce41bap-3, 0x1.3b13a9cbb9294p-3, 0x1.111551154f755p-3,
                               0x1.e01971bc08f3ap-4, 0x1.daa559ed8cce9p-4);
  double const p = 0x1.5555555555555p-1 + zt;
  double const p_lo = ((0x1.5555555555555p-1 - p) + zt) + 0x1.5555555555555p-55;
  double const w = z * p, w_lo = fma(z, p, -w) + fma(z, p_lo, z_lo * p);
  double const u = 2.0 + w, u_lo = ((2.0 - u) + w) + w_lo;
  double const l = s * u, l_lo = fma(s, u, -l) + fma(s, u_lo, s_lo * u);
  // k * the first part of ln 2 is exact and, but for k = 0, no smaller than l.
  double const whole = m.k * 0x1.62e42fefa38p-1;
  double const hi = whole + l;
  return {hi, ((whole - hi) + l) + fma(m.k, 0x1.ef35793c7673p-45, l_lo)};
}

/// exp(y (log.hi + log.lo)), 0 or infinity where that is out of range.
MUSTER_FN double exp_product(HighLow log, double y) {
  // Larger |y| give the same limits; clamped, they cannot turn the products below into NaN.
  double const high = y > 0x1p80 ? 0x1p80 : y, c = high < -0x1p80 ? -0x1p80 : high;
  double const a = c * log.hi, a_lo = fma(c, log.hi, -a) + c * log.lo;
  double const low = a < -760.0 ? -760.0 : a, t = low > 720.0 ? 720.0 : low;
  return exp_scaled(t, t == a ? a_lo : 0.0).value();
}

/// x^y for x > 0 and y finite: in double, so that no term needs a second part.
/// Truncation of log 2^-46, of exp 2^-34.
MUSTER_FN float pow_positive(float x, float y) {
  // A subnormal float is a normal double.
  Decomposed<double> const m = decompose_normal(static_cast<double>(x), 0.0);
  double const s = m.f / (2.0 + m.f), z = s * s;
  double const p = horner(z, 0x1.5555555565267p-1, 0x1.999998c8e2766p-2, 0x1.249325560c3f6p-2,
                          0x1.c67a37eb27f6ep-3, 0x1.8c972cd6885aep-3);
  double const l = fma(m.k, 0x1.62e42fefa39efp-1, fma(s * z, p, 2.0 * s));
  double const a = static_cast<double>(y) * l;
  double const low = a < -110.0 ? -110.0 : a, t = low > 90.0 ? 90.0 : low;
  PowerOfTwo<double> const two = nearest_power(t);
  double const r = fma(-two.n, 0x1.62e42fefa39efp-1, t);
  double const q = horner(r, 0x1.0000003a858f8p-1, 0x1.555554415c3dap-3, 0x1.55548ce20850bp-5,
                          0x1.11127250caac3p-7, 0x1.6d8ddc449ef76p-10, 0x1.9f07ed7f94202p-13);
  return static_cast<float>((1.0 + fma(q, r * r, r)) * two.s1 * two.s2);
}

MUSTER_FN double pow_positive(double x, double y) { return exp_product(log_high_low(x), y); }

/// |x| is a whole number.
template <class T>
MUSTER_FN bool is_whole(T x) {
  constexpr T big = sizeof(T) == 8 ? T(0x1p52) : T(0x1p23);
  T const a = abs(x);
  return (a >= big) | ((a + big) - big == a);
}

/// The cases of IEEE 754's pow around pow_positive.
template <class T>
MUSTER_FN T pow_all(T x, T y) {
  constexpr T inf = Ieee<T>::infinity;
  T const ax = abs(x), ay = abs(y);
  bool const whole = is_whole(y), odd = whole & !is_whole(T(0.5) * y);
  bool const negative = (to_bits(x) & Ieee<T>::sign) != 0;
  bool const edge = (ax == T(0)) | (ax == inf);
  T const p = pow_positive(edge ? T(1) : ax, y);
  // 0^y and inf^y: zero or infinity by the sign of y.
  T const limit = (ax == T(0)) == (y < T(0)) ? inf : T(0);
  // |x|^inf by the side of one on which |x| lies.
  T const far = ax == T(1) ? T(1) : ((ax < T(1)) == (y < T(0)) ? inf : T(0));
  T const size = ay == inf ? far : (edge ? limit : p);
  T const below = (whole | edge) ? (odd ? -size : size) : Ieee<T>::nan;
  T const value = negative ? below : size;
  T const number = (x != x) | (y != y) ? x + y : value;
  return (x == T(1)) | (y == T(0)) ? T(1) : number;
}

}  // namespace detail

/// x^y. Domain: all x and y, special cases as IEEE 754's pow; x < 0 needs a whole y, else NaN.
/// Error < 0.8 ulp. log in twice the precision, exp with both parts.
MUSTER_FN double pow(double x, double y) { return detail::pow_all(x, y); }

/// x^y in single precision, as above, through double precision. Error < 0.51 ulp.
MUSTER_FN float pow(float x, float y) { return detail::pow_all(x, y); }

MUSTER_KERNELS_END
