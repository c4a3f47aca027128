// exp and log without the ends of their domains: half the instructions where arguments are known to lie
// inside, which is what lets Black-Scholes reach its speed.
#pragma once

#include "kernels/math/math.hpp"

MUSTER_KERNELS_BEGIN

/// c0 + c1 x + ... by halves (Estrin): a few more roundings than Horner's rule at a third of its latency,
/// and latency is what limits a loop over lanes here. Eight coefficients.
MUSTER_FN double estrin8(double x, double c0, double c1, double c2, double c3, double c4, double c5,
                         double c6, double c7) {
  double const x2 = x * x;
  double const low = fma(fma(c3, x, c2), x2, fma(c1, x, c0));
  double const high = fma(fma(c7, x, c6), x2, fma(c5, x, c4));
  return fma(high, x2 * x2, low);
}

/// e^x as mantissa + lost (below an ulp of it), both to be multiplied by scale, a power of two.
struct ExpParts {
  double mantissa, lost, scale;
};

/// e^x for -708 <= x <= 709; anything else, NaN included, gives arbitrary numbers. mantissa * scale is
/// within 0.9 ulp, with `lost` within 0.4. Cody-Waite reduction; polynomial of degree 11, error 2^-57.9.
MUSTER_FN ExpParts exp_parts(double x) {
  // The low bits of t hold the biased exponent of the power of two.
  constexpr double bias = 0x1.8p52 + 1023;
  double const t = fma(x, 0x1.71547652b82fep0, bias);
  double const n = t - bias;
  double const r = fma(-n, 0x1.abc9e3b39803fp-56, fma(-n, 0x1.62e42fefa39efp-1, x));
  double const r2 = r * r, r4 = r2 * r2;
  double const q =
      fma(fma(0x1.ad8dcc540e8c5p-26, r, 0x1.28ae4e475fcb6p-22), r4 * r4,
          estrin8(r, 0x1.000000000000ap-1, 0x1.55555555554fcp-3, 0x1.555555555067bp-5,
                  0x1.1111111127257p-7, 0x1.6c16c1848d831p-10, 0x1.a01a012dd5481p-13,
                  0x1.a01999128ca8fp-16, 0x1.71df1ce6681ccp-19));
  double const rise = fma(q, r2, r), sum = 1.0 + rise;
  return {sum, rise - (sum - 1.0), from_bits(to_bits(t) << 52)};
}

/// e^x over the same domain, within 0.9 ulp.
MUSTER_FN double exp_bounded(double x) {
  ExpParts const e = exp_parts(x);
  return e.mantissa * e.scale;
}

/// ln x for a normal x > 0; anything else gives an arbitrary number. Error < 0.9 ulp. As math's log.
MUSTER_FN double log_bounded(double x) {
  std::uint64_t const bits = to_bits(x);
  std::uint64_t const t = bits + (0x3ff0000000000000 - 0x3fe6a09e667f3bcd);
  double const k = from_bits((t >> 52) | 0x4330000000000000) - (0x1p52 + 1023);
  double const f = from_bits(bits - (t & 0xfff0000000000000) + 0x3ff0000000000000) - 1.0;
  double const s = f / (2.0 + f), z = s * s, half = 0.5 * f * f;
  double const z2 = z * z;
  double const low3 = fma(fma(0x1.2492492dfb9b8p-2, z, 0x1.99999999952b9p-2), z, 0x1.5555555555558p-1);
  double const high4 = fma(fma(0x1.2b5f5b2f9f871p-3, z, 0x1.39fdcbbceb4c6p-3), z2,
                           fma(0x1.7462b925fa03ep-3, z, 0x1.c71c62d649d8cp-3));
  double const r = z * fma(high4, z2 * z, low3);
  double const low = fma(k, 0x1.a39ef35793c76p-33, s * (half + r));
  return fma(k, 0x1.62e42feep-1, f - (half - low));
}

MUSTER_KERNELS_END
