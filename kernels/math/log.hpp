// Logarithms: log.
#pragma once

#include "kernels/math/base.hpp"

MUSTER_KERNELS_BEGIN

namespace detail {

/// x = (1 + f) 2^k for finite x > 0, 1 + f in [sqrt(1/2), sqrt(2)); f is exact.
template <class T>
struct Decomposed {
  T f, k;
};

MUSTER_FN Decomposed<double> decompose(double x) {
  bool const tiny = x < 0x1p-1022;
  std::uint64_t const bits = to_bits(tiny ? x * 0x1p54 : x);
  // The high bits of t hold k + 1023; 2^52 + (k + 1023) is assembled by exponent bits.
  std::uint64_t const t = bits + (0x3ff0000000000000 - 0x3fe6a09e667f3bcd);
  double const k = from_bits((t >> 52) | 0x4330000000000000) - (tiny ? 0x1p52 + 1077 : 0x1p52 + 1023);
  std::uint64_t const m = bits - (t & 0xfff0000000000000) + 0x3ff0000000000000;
  return {from_bits(m) - 1.0, k};
}

MUSTER_FN Decomposed<float> decompose(float x) {
  bool const tiny = x < 0x1p-126f;
  std::uint32_t const bits = to_bits(tiny ? x * 0x1p24f : x);
  std::uint32_t const t = bits + (0x3f800000 - 0x3f3504f3);
  float const k = from_bits((t >> 23) | 0x4b000000) - (tiny ? 0x1p23f + 151 : 0x1p23f + 127);
  std::uint32_t const m = bits - (t & 0xff800000) + 0x3f800000;
  return {from_bits(m) - 1.0f, k};
}

/// The value of a logarithm at zero, below zero, at infinity and for NaN.
template <class T>
MUSTER_FN T log_special(T x, T y) {
  T const inf = Ieee<T>::infinity;
  T const finite = x < inf ? y : x;  // also passes NaN on
  T const above = x > T(0) ? finite : (x == T(0) ? -inf : Ieee<T>::nan);
  return x != x ? x : above;
}

}  // namespace detail

/// Natural logarithm. Domain: log(0) = -inf, NaN below zero, log(inf) = inf, subnormal x included.
/// Error < 0.9 ulp. After fdlibm's e_log.c (atanh series in f / (2 + f)), minimax polynomial.
MUSTER_FN double log(double x) {
  auto const [f, k] = detail::decompose(x);
  double const s = f / (2.0 + f), z = s * s, half = 0.5 * f * f;
  double const r = z * horner(z, 0x1.5555555555558p-1, 0x1.99999999952b9p-2, 0x1.2492492dfb9b8p-2,
                              0x1.c71c62d649d8cp-3, 0x1.7462b925fa03ep-3, 0x1.39fdcbbceb4c6p-3,
                              0x1.2b5f5b2f9f871p-3);
  // ln 2 = high + low with 20 zero bits at the end of high: k * high is exact.
  double const low = fma(k, 0x1.a39ef35793c76p-33, s * (half + r));
  double const y = fma(k, 0x1.62e42feep-1, f - (half - low));
  return detail::log_special(x, y);
}

/// Natural logarithm in single precision, as above. Polynomial of degree 10 in f.
MUSTER_FN float log(float x) {
  auto const [f, k] = detail::decompose(x);
  float const z = f * f;
  float const r = horner(f, 0x1.55557cp-2f, -0x1.00023ap-2f, 0x1.998f4p-3f, -0x1.546206p-3f,
                         0x1.23f084p-3f, -0x1.0f0d56p-3f, 0x1.ff45acp-4f, -0x1.244ff8p-4f);
  float const tail = fma(z * f, r, fma(-0.5f, z, k * 0x1.7f7d1cp-20f));
  float const y = fma(k, 0x1.62e4p-1f, f + tail);
  return detail::log_special(x, y);
}

MUSTER_KERNELS_END
