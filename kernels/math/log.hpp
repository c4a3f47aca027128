// Logarithms: log, log1p.
#pragma once

#include "kernels/math/base.hpp"

MUSTER_KERNELS_BEGIN

namespace detail {

/// x = (1 + f) 2^k, 1 + f in [sqrt(1/2), sqrt(2)), f exact; biased = k + the format's exponent
/// bias.
template <class T>
struct Decomposed {
  T f, k;
  typename Ieee<T>::Bits biased;
};

/// For normal x > 0; `shift` is taken off k.
MUSTER_FN Decomposed<double> decompose_normal(double x, double shift) {
  std::uint64_t const bits = to_bits(x);
  std::uint64_t const t = bits + (0x3ff0000000000000 - 0x3fe6a09e667f3bcd);
  std::uint64_t const m = bits - (t & 0xfff0000000000000) + 0x3ff0000000000000;
  // 2^52 + biased is assembled by exponent bits, since AVX2 cannot convert 64-bit integers.
  double const k = from_bits((t >> 52) | 0x4330000000000000) - (0x1p52 + 1023 + shift);
  return {from_bits(m) - 1.0, k, t >> 52};
}

MUSTER_FN Decomposed<float> decompose_normal(float x, float shift) {
  std::uint32_t const bits = to_bits(x);
  std::uint32_t const t = bits + (0x3f800000 - 0x3f3504f3);
  std::uint32_t const m = bits - (t & 0xff800000) + 0x3f800000;
  float const k = from_bits((t >> 23) | 0x4b000000) - (0x1p23f + 127 + shift);
  return {from_bits(m) - 1.0f, k, t >> 23};
}

/// For finite x > 0, subnormal numbers included.
MUSTER_FN Decomposed<double> decompose(double x) {
  bool const tiny = x < 0x1p-1022;
  return decompose_normal(tiny ? x * 0x1p54 : x, tiny ? 54.0 : 0.0);
}

MUSTER_FN Decomposed<float> decompose(float x) {
  bool const tiny = x < 0x1p-126f;
  return decompose_normal(tiny ? x * 0x1p24f : x, tiny ? 24.0f : 0.0f);
}

/// k ln 2 + log(1 + f) + low for 1 + f in [sqrt(1/2), sqrt(2)] and a small correction low. After
/// fdlibm's e_log.c (series of atanh in f / (2 + f)) with a minimax polynomial.
MUSTER_FN double log_assemble(double f, double k, double low) {
  double const s = f / (2.0 + f), z = s * s, half = 0.5 * f * f;
  double const r = z * horner(z, 0x1.5555555555558p-1, 0x1.99999999952b9p-2, 0x1.2492492dfb9b8p-2,
                              0x1.c71c62d649d8cp-3, 0x1.7462b925fa03ep-3, 0x1.39fdcbbceb4c6p-3,
                              0x1.2b5f5b2f9f871p-3);
  // ln 2 = high + low with 20 zero bits at the end of high: k * high is exact.
  double const tail = fma(s, half + r, fma(k, 0x1.a39ef35793c76p-33, low));
  return fma(k, 0x1.62e42feep-1, f - (half - tail));
}

/// As above, a polynomial of degree 10 in f: no division.
MUSTER_FN float log_assemble(float f, float k, float low) {
  float const z = f * f;
  float const r = horner(f, 0x1.55557cp-2f, -0x1.00023ap-2f, 0x1.998f4p-3f, -0x1.546206p-3f,
                         0x1.23f084p-3f, -0x1.0f0d56p-3f, 0x1.ff45acp-4f, -0x1.244ff8p-4f);
  float const tail = fma(z * f, r, fma(-0.5f, z, fma(k, 0x1.7f7d1cp-20f, low)));
  return fma(k, 0x1.62e4p-1f, f + tail);
}

/// y, but what a logarithm of x is at zero, below zero, at infinity and for NaN.
template <class T>
MUSTER_FN T log_or_special(T x, T y) {
  T const finite = x < Ieee<T>::infinity ? y : x;
  T const zero = x == T(0) ? -Ieee<T>::infinity : finite;
  return x < T(0) ? Ieee<T>::nan : zero;
}

/// log(1 + (x + lo)), |lo| far below |x|, for finite x > -1.
template <class T>
MUSTER_FN T log1p_finite(T x, T lo) {
  // u + c = 1 + x exactly; f + rest is (u + c) / 2^k - 1.
  T const u = T(1) + x, back = u - T(1), c = ((T(1) - (u - back)) + (x - back)) + lo;
  Decomposed<T> const d = decompose_normal(u, T(0));
  constexpr int mantissa_bits = sizeof(T) == 8 ? 52 : 23;
  constexpr typename Ieee<T>::Bits twice_bias = sizeof(T) == 8 ? 2046 : 254;
  // For large u the scale would leave the range, and c no longer counts.
  T const part = u < T(0x1p60) ? c * from_bits((twice_bias - d.biased) << mantissa_bits) : T(0);
  T const f = d.f + part, rest = (d.f - f) + part;
  return log_assemble(f, d.k, fma(-f, rest, rest));
}

}  // namespace detail

/// Natural logarithm. Domain: log(0) = -inf, NaN below zero, log(inf) = inf, subnormal x included.
/// Error < 0.9 ulp.
MUSTER_FN double log(double x) {
  detail::Decomposed<double> const d = detail::decompose(x);
  return detail::log_or_special(x, detail::log_assemble(d.f, d.k, 0.0));
}

/// Natural logarithm in single precision, as above. Error < 0.9 ulp.
MUSTER_FN float log(float x) {
  detail::Decomposed<float> const d = detail::decompose(x);
  return detail::log_or_special(x, detail::log_assemble(d.f, d.k, 0.0f));
}

/// log(1 + x) without cancellation near zero. Domain: log1p(-1) = -inf, NaN below -1, log1p(inf) =
/// inf, log1p(-0) = -0. Error < 0.9 ulp. log with the rounding error of 1 + x carried along.
MUSTER_FN double log1p(double x) {
  double const y = detail::log_or_special(1.0 + x, detail::log1p_finite(x, 0.0));
  return abs(x) < 0x1p-54 ? x : y;
}

/// log(1 + x) in single precision, as above. Error < 0.9 ulp.
MUSTER_FN float log1p(float x) {
  float const y = detail::log_or_special(1.0f + x, detail::log1p_finite(x, 0.0f));
  return abs(x) < 0x1p-25f ? x : y;
}

MUSTER_KERNELS_END
