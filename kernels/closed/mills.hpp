// Mills' ratio M(z) = N(-z) / n(z): what is left of a normal tail once its exponential is taken out.
#pragma once

#include "kernels/math/math.hpp"

MUSTER_KERNELS_BEGIN

/// Mills' ratio for z >= -1 (z up to 1e100; larger counts as 1e100), within 1.2 ulp; tends to 1/z.
/// Branch-free. NaN gives NaN.
///
/// (z + 2) M(z) - 1 is smooth in q = (z - 5) / (z + 5), which maps [-1, inf) onto [-1.5, 1): a polynomial
/// of degree 28, Chebyshev-fitted at 60 digits with each coefficient rounded before the rest is fitted
/// again, is within 1.4e-17 of it relative to M. The quotients are corrected by their remainders.
MUSTER_FN double mills_ratio(double z) {
  z = z > 1e100 ? 1e100 : z;
  double const five = z + 5.0, two = z + 2.0;
  double const r = 1.0 / (five * two);
  double const r5 = r * two, r2 = r * five;
  double q = (z - 5.0) * r5;
  q = fma(r5, fma(-q, z, fma(q + 1.0, -5.0, z)), q);
  double const q2 = q * q;
  double even = -0x1.a2b43b18ad5b5p-40;
  even = fma(even, q2, 0x1.c06174d6257aap-35);
  even = fma(even, q2, -0x1.6d410e86a16aep-33);
  even = fma(even, q2, -0x1.0ee439358696cp-30);
  even = fma(even, q2, 0x1.ca590f805a88dp-27);
  even = fma(even, q2, -0x1.90d271d07ea58p-24);
  even = fma(even, q2, 0x1.13ef1450d17f1p-21);
  even = fma(even, q2, -0x1.f5a279fa2d2e2p-20);
  even = fma(even, q2, -0x1.117d183392c7ep-17);
  even = fma(even, q2, 0x1.406b10f76ca94p-12);
  even = fma(even, q2, -0x1.de89d46881c9ap-9);
  even = fma(even, q2, -0x1.fb8787aa30509p-7);
  even = fma(even, q2, 0x1.b88c98481d00fp-5);
  even = fma(even, q2, 0x1.799283480524bp-2);
  even = fma(even, q2, 0x1.660c6a245e626p-2);
  double odd = -0x1.848535d394602p-39;
  odd = fma(odd, q2, 0x1.c57361cedc6c1p-33);
  odd = fma(odd, q2, -0x1.17a2912311124p-29);
  odd = fma(odd, q2, 0x1.aaf58f97704a4p-27);
  odd = fma(odd, q2, -0x1.237aec1c64c3ap-24);
  odd = fma(odd, q2, 0x1.abff2acc87460p-22);
  odd = fma(odd, q2, -0x1.66747996b0457p-19);
  odd = fma(odd, q2, 0x1.479e86c3ed0ccp-16);
  odd = fma(odd, q2, -0x1.14c041d3525aep-13);
  odd = fma(odd, q2, 0x1.756952ba7721ap-12);
  odd = fma(odd, q2, 0x1.544ea730f99edp-7);
  odd = fma(odd, q2, 0x1.70fb1c406ec27p-9);
  odd = fma(odd, q2, -0x1.6be027893c022p-3);
  odd = fma(odd, q2, -0x1.2d9c320fa98bap-1);
  double const p = fma(q, odd, even);  // (z + 2) M(z) - 1
  double const whole = 1.0 + p;
  double const part = whole - 1.0;
  double const lost = (1.0 - (whole - part)) + (p - part);
  double const m = whole * r2;
  return fma(fma(-m, z, fma(-m, 2.0, whole)) + lost, r2, m);
}

MUSTER_KERNELS_END
