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

/// e^x = e^rest * scale with |rest| at most ln(2) / 2 and scale a power of two, for -708 <= x <= 709;
/// anything else, NaN included, gives arbitrary numbers. Cody and Waite's reduction.
struct ExpReduced {
  double rest, scale;
};
MUSTER_FN ExpReduced exp_reduce(double x) {
  // The low bits of t hold the biased exponent of the power of two.
  constexpr double bias = 0x1.8p52 + 1023;
  double const t = fma(x, 0x1.71547652b82fep0, bias);
  double const n = t - bias;
  double const rest = fma(-n, 0x1.abc9e3b39803fp-56, fma(-n, 0x1.62e42fefa39efp-1, x));
  return {rest, from_bits(to_bits(t) << 52)};
}

/// e^rest - 1 for a reduced argument; polynomial of degree 11, error of e^rest 2^-57.9.
MUSTER_FN double exp_rise(double rest) {
  double const r = rest, r2 = r * r, r4 = r2 * r2;
  double const q =
      fma(fma(0x1.ad8dcc540e8c5p-26, r, 0x1.28ae4e475fcb6p-22), r4 * r4,
          estrin8(r, 0x1.000000000000ap-1, 0x1.55555555554fcp-3, 0x1.555555555067bp-5,
                  0x1.1111111127257p-7, 0x1.6c16c1848d831p-10, 0x1.a01a012dd5481p-13,
                  0x1.a01999128ca8fp-16, 0x1.71df1ce6681ccp-19));
  return fma(q, r2, r);
}

/// e^x as mantissa + lost (below an ulp of it), both to be multiplied by scale, a power of two.
struct ExpParts {
  double mantissa, lost, scale;
};

/// e^x over the domain of exp_reduce. mantissa * scale is within 1 ulp, with `lost` within 0.6.
MUSTER_FN ExpParts exp_parts(double x) {
  ExpReduced const reduced = exp_reduce(x);
  double const rise = exp_rise(reduced.rest), sum = 1.0 + rise;
  return {sum, rise - (sum - 1.0), reduced.scale};
}

/// e^x over the same domain, within 1 ulp.
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

/// ln(x / y) = twos ln 2 + 2 atanh(slope) for normal x and y above zero whose ratio is normal too; anything
/// else gives arbitrary numbers. |slope| <= 0.2005. x less y's multiple is exact: near one the logarithm
/// keeps its relative digits, which that of a rounded quotient loses.
struct RatioReduced {
  double slope, twos;
};
MUSTER_FN RatioReduced log_ratio_reduce(double x, double y) {
  // The difference of the bits is 2^52 log2 of the ratio, but for 0.09 2^52.
  std::uint64_t const t = to_bits(x) - to_bits(y) + 0x8008000000000000;
  double const twos = from_bits((t >> 52) | 0x4330000000000000) - (0x1p52 + 2048);
  double const near = from_bits(to_bits(y) + (t & 0xfff0000000000000) + 0x8000000000000000);
  return {(x - near) / (x + near), twos};
}

/// The logarithm from its reduced form, error < 2.3 ulp; minimax polynomial, error 2^-60.2.
MUSTER_FN double log_ratio(RatioReduced const& of) {
  double const z = of.slope * of.slope, twice = of.slope + of.slope;
  double const p =
      estrin8(z, 0x1.5555555555555p-1, 0x1.9999999999f41p-2, 0x1.24924923d9c80p-2,
              0x1.c71c72e56592bp-3, 0x1.745caa68a74c7p-3, 0x1.3b2a1a6df950cp-3,
              0x1.0e86a2d099adcp-3, 0x1.16c7ffb013ae2p-3);
  double const low = fma(of.twos, 0x1.a39ef35793c76p-33, of.slope * (z * p));
  return fma(of.twos, 0x1.62e42feep-1, twice + low);
}

MUSTER_KERNELS_END
