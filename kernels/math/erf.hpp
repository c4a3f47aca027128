// Error functions: erfc, erfcx.
#pragma once

#include "kernels/math/exp.hpp"

MUSTER_KERNELS_BEGIN

namespace detail {

/// (1 + 2a) exp(a^2) erfc(a) for 0 <= a < 36, a polynomial in (a - 4) / (a + 4); error 2^-54.6.
MUSTER_FN double erfcx_numerator(double a) {
  double const t = (a - 4.0) / (a + 4.0);
  return horner(t, 0x1.3ba5916e9fd7fp0, -0x1.1df1ad154a29p-3, 0x1.f7f5df66fcafdp-7, 0x1.16ecefcfa54efp-4,
             -0x1.9ddb23c3e5693p-4, 0x1.7fee004e0fddp-4, -0x1.0fb06dfe8796dp-4, 0x1.3079edf6c2796p-5,
             -0x1.0962387bafa0dp-6, 0x1.49c67278f1549p-8, -0x1.8d4aa0e658559p-11,
             -0x1.a1df1fcbd87e4p-13, 0x1.3be0a95a3f79ep-13, -0x1.995979ce078fp-16,
             -0x1.7895d6515ef5cp-17, 0x1.7f2681848f8cfp-18, 0x1.3d1bc6e92d247p-22,
             -0x1.bac2589c40484p-21, 0x1.3b0f2b22e6d98p-24, 0x1.d52d30b1285abp-24,
             -0x1.2a3d5566628bfp-26, -0x1.d4d972447bcc9p-27, 0x1.e272ba442617ap-30,
             0x1.42d631e126eccp-30);
}

}  // namespace detail

/// 1 - erf(x). Domain: all x; relative accuracy is kept to underflow at x = 26.55, which is gradual.
/// Error < 5 ulp. exp(-x^2) with the rounding error of x^2 kept, times a polynomial in (x - 4)/(x + 4).
MUSTER_FN double erfc(double x) {
  double const magnitude = abs(x);
  double const a = magnitude > 28.0 ? 28.0 : magnitude;
  double const square = a * a;
  detail::Scaled<double> const e = detail::exp_scaled(-square, -fma(a, a, -square));
  double const m = e.m * (detail::erfcx_numerator(a) / fma(2.0, a, 1.0));
  double const tail = m * e.s1 * e.s2;
  return x < 0.0 ? 2.0 - tail : tail;
}

MUSTER_KERNELS_END
