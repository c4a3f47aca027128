// Mills' ratio M(z) = N(-z) / n(z): what is left of a normal tail once its exponential is taken out.
#pragma once

#include "kernels/closed/bounded.hpp"

MUSTER_KERNELS_BEGIN

/// Mills' ratio for z >= -1 (z up to 1e100; larger counts as 1e100), within 2.2 ulp; tends to 1/z.
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

/// Mills' ratio as a quotient, for callers that join divisions.
struct MillsQuotient {
  double over, under;
};

/// over / under = M(z) within 5.5 ulp for 0 <= z <= 39; larger z counts as 39, where n(z) has long been
/// beside nothing in sums. Minimax rational (relative, Lawson-weighted at 50 digits), error 1.0e-16 with
/// the rounded coefficients; all are positive, so nothing cancels. Half the work of mills_ratio.
MUSTER_FN MillsQuotient mills_quotient(double x) {
  double const z = x > 39.0 ? 39.0 : x;
  double const z2 = z * z, z4 = z2 * z2, z8 = z4 * z4;
  double const over =
      fma(fma(0x1.d1c02af15a74fp-19, z, 0x1.875de9cffc382p-14), z8,
          estrin8(z, 0x1.40d931ff62705p+0, 0x1.f130c7a49b398p+0, 0x1.7d223c5d13e68p+0,
                  0x1.733c4b5c6165bp-1, 0x1.f5613ce8b7c35p-3, 0x1.e4dd14e984579p-5,
                  0x1.4fb516a991cf0p-7, 0x1.420b49a2aed8dp-10));
  double const under =
      fma(fma(0x1.d1c02af1606c4p-19, z2, fma(0x1.875de9cfd59f6p-14, z, 0x1.42f429b908ad8p-10)), z8,
          estrin8(z, 1.0, 0x1.2c7ac40f15f84p+1, 0x1.47cc612e9e3a9p+1,
                  0x1.b6cc73a46d2dap+0, 0x1.904ca5f77785ep-1, 0x1.04fd5aa29738bp-2,
                  0x1.eedee16fe776ap-5, 0x1.52c3d277063a0p-7));
  return {over, under};
}

MUSTER_KERNELS_END
