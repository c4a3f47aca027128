// Uniform and normal variates from random words, the same bits on every machine.
//
// Normals: Box and Muller's pair r cos a, r sin a. The angle is taken in a quarter turn [-pi/4, pi/4) from
// the leading bits of a word, and its octant from bits that the mantissa does not use, so sine and cosine
// need no range reduction. Integers become floating point through the exponent bits: no conversions.
#pragma once

#include <cstdint>

#include "kernels/config.hpp"
#include "kernels/math/base.hpp"

MUSTER_KERNELS_BEGIN

/// Largest magnitude of a single-precision normal: sqrt(2 * 24 ln 2).
inline constexpr double normal_bound_single = 0x1.7124d8p+2;  // 5.7678
/// Largest magnitude of a double-precision normal: sqrt(2 * 53 ln 2).
inline constexpr double normal_bound_double = 0x1.124f66p+3;  // 8.5716

/// Uniform in (0, 1): (k + 1/2) / 2^23, k = the word's 23 leading bits.
MUSTER_FN float uniform_single(std::uint32_t word) {
  return from_bits((word >> 9) | 0x3f800000u) - 0x1.fffffep-1f;
}

/// Uniform in (0, 1): (k + 1/2) / 2^52, k = 52 leading bits of (high, low).
MUSTER_FN double uniform_double(std::uint32_t high, std::uint32_t low) {
  std::uint64_t const word = (static_cast<std::uint64_t>(high) << 32) | low;
  return from_bits((word >> 12) | 0x3ff0000000000000u) - 0x1.fffffffffffffp-1;
}

/// -2 ln u for a normal float u in (0, 1). Relative error below 2^-22.
MUSTER_FN float minus_two_log(float u) {
  // u = m 2^k with m in [2/3, 4/3); -2 ln(1 + f) = -2 f + f^2 P(f), P by fpminimax, |error| < 2^-24.
  std::uint32_t const ub = to_bits(u);
  std::int32_t const k = static_cast<std::int32_t>(ub - 0x3f2aaaabu) >> 23;
  float const f = from_bits(ub - (static_cast<std::uint32_t>(k) << 23)) - 1.0f;
  float p = -0x1.16c2a8p-2f;
  p = fma(p, f, 0x1.343258p-2f);
  p = fma(p, f, -0x1.2067fap-2f);
  p = fma(p, f, 0x1.518b7p-2f);
  p = fma(p, f, -0x1.99b7dcp-2f);
  p = fma(p, f, 0x1.000b06p-1f);
  p = fma(p, f, -0x1.55553ap-1f);
  p = fma(p, f, 0x1.fffff6p-1f);
  float const near = fma(f * f, p, -2.0f * f);
  return fma(static_cast<float>(k), -0x1.62e43p+0f, near);
}

/// -2 ln u for a normal double u in (0, 1). Relative error below 2^-50.
MUSTER_FN double minus_two_log(double u) {
  std::uint64_t const ub = to_bits(u);
  // k + 1023 by a logical shift; as a double through the exponent bits (no 64-bit conversion exists in AVX2).
  std::uint64_t const biased = (ub - 0x3fe5555555555555u + 0x3ff0000000000000u) >> 52;
  double const k = from_bits(biased | 0x4330000000000000u) - (0x1p52 + 1023.0);
  double const f = from_bits(ub - ((biased - 1023u) << 52)) - 1.0;
  double p = -0x1.5f509a5c6ad9cp-3;
  p = fma(p, f, 0x1.6c0e080ffb639p-3);
  p = fma(p, f, -0x1.a159533abda0ep-4);
  p = fma(p, f, 0x1.c1dcf8bfcf74cp-4);
  p = fma(p, f, -0x1.150ee0bdef6d2p-3);
  p = fma(p, f, 0x1.28381e66b07d2p-3);
  p = fma(p, f, -0x1.3aca46ba3e5e9p-3);
  p = fma(p, f, 0x1.55168919b39ep-3);
  p = fma(p, f, -0x1.74603afbd7f4dp-3);
  p = fma(p, f, 0x1.999c0f31d011p-3);
  p = fma(p, f, -0x1.c71c5ddcb3994p-3);
  p = fma(p, f, 0x1.fffff237119eap-3);
  p = fma(p, f, -0x1.249249464868ap-2);
  p = fma(p, f, 0x1.55555568a33f8p-2);
  p = fma(p, f, -0x1.9999999966b0bp-2);
  p = fma(p, f, 0x1.ffffffffeb2e9p-2);
  p = fma(p, f, -0x1.5555555555605p-1);
  p = fma(p, f, 0x1.000000000000fp0);
  double const near = fma(f * f, p, -2.0 * f);
  return fma(k, -0x1.62e42fefa39efp+0, near);
}

/// Two independent standard normals from two words; at most normal_bound_single.
MUSTER_FN void normal_pair(std::uint32_t radius_word, std::uint32_t angle_word, float& z0, float& z1) {
  float const radius = sqrt(minus_two_log(uniform_single(radius_word)));
  float const t = from_bits((angle_word >> 9) | 0x3f800000u) - 1.5f;  // quarter turns, [-1/2, 1/2)
  float const t2 = t * t;
  float s = -0x1.2f5992p-8f;
  s = fma(s, t2, 0x1.466b2p-4f);
  s = fma(s, t2, -0x1.4abbecp-1f);
  s = fma(s, t2, 0x1.921fb6p0f);
  s = s * t;
  float c = -0x1.4ea1aep-6f;
  c = fma(c, t2, 0x1.03b132p-2f);
  c = fma(c, t2, -0x1.3bd3ap0f);
  c = fma(c, t2, 1.0f);
  bool const swap = (angle_word & 1u) != 0;
  float const x = swap ? s : c;
  float const y = swap ? c : s;
  std::uint32_t const sign = 0x80000000u;
  z0 = radius * from_bits(to_bits(x) ^ ((angle_word << 30) & sign));
  z1 = radius * from_bits(to_bits(y) ^ ((angle_word << 29) & sign));
}

/// Two independent standard normals from four words; at most normal_bound_double.
MUSTER_FN void normal_pair(std::uint32_t const (&words)[4], double& z0, double& z1) {
  double const radius = sqrt(minus_two_log(uniform_double(words[0], words[1])));
  std::uint64_t const angle = (static_cast<std::uint64_t>(words[2]) << 32) | words[3];
  double const t = from_bits((angle >> 12) | 0x3ff0000000000000u) - 1.5;
  double const t2 = t * t;
  double s = 0x1.add9d45ae839fp-32;
  s = fma(s, t2, 0x1.e06afd55415afp-25);
  s = fma(s, t2, -0x1.e2fa787f268fep-19);
  s = fma(s, t2, 0x1.50782aae65ef4p-13);
  s = fma(s, t2, -0x1.32d2ccde1222cp-8);
  s = fma(s, t2, 0x1.466bc67753d55p-4);
  s = fma(s, t2, -0x1.4abbce625be01p-1);
  s = fma(s, t2, 0x1.921fb54442d18p0);
  s = s * t;
  double c = -0x1.b14b5b3e5d1cep-28;
  c = fma(c, t2, 0x1.f9c840cb5822bp-22);
  c = fma(c, t2, -0x1.a6d1e6b52f418p-16);
  c = fma(c, t2, 0x1.e1f5067b057f8p-11);
  c = fma(c, t2, -0x1.55d3c7e3c2d7bp-6);
  c = fma(c, t2, 0x1.03c1f081b5a65p-2);
  c = fma(c, t2, -0x1.3bd3cc9be45dep0);
  c = fma(c, t2, 1.0);
  bool const swap = (angle & 1u) != 0;
  double const x = swap ? s : c;
  double const y = swap ? c : s;
  std::uint64_t const sign = 0x8000000000000000u;
  z0 = radius * from_bits(to_bits(x) ^ ((angle << 62) & sign));
  z1 = radius * from_bits(to_bits(y) ^ ((angle << 61) & sign));
}

MUSTER_KERNELS_END
