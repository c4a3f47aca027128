// Uniform and normal variates from random words, the same bits on every machine.
//
// Normals: Box and Muller's pairs r cos a, r sin a. In single precision six come from one Philox block and share
// one logarithm; in double precision four, the angle taken in half a turn and a sign bit mirroring it to the
// whole circle. Random bits become floating point through the exponent: no conversions.
#pragma once

#include <cstdint>

#include "kernels/config.hpp"
#include "kernels/math/base.hpp"

MUSTER_KERNELS_BEGIN

/// Largest magnitude of a single-precision normal, and largest length of a block's six: sqrt(2 * 69 ln 2), rounded up.
inline constexpr double normal_bound_single = 9.7804;
/// Largest magnitude of a double-precision normal: sqrt(2 * 41 ln 2), rounded up.
inline constexpr double normal_bound_double = 7.5392;

/// Uniform in (0, 1): (k + 1/2) / 2^23, k = the word's 23 leading bits.
MUSTER_FN float uniform_single(std::uint32_t word) {
  return from_bits((word >> 9) | 0x3f800000u) - 0x1.fffffep-1f;
}

/// Uniform in (0, 1): (k + 1/2) / 2^40, k = the word and the 8 leading bits of `more`.
MUSTER_FN double uniform_double(std::uint32_t word, std::uint32_t more) {
  std::uint64_t const bits = (static_cast<std::uint64_t>(word) << 20) | ((more >> 24) << 12) | 0x800u;
  return from_bits(bits | 0x3ff0000000000000u) - 1.0;
}

/// -2 ln u for a normal float u in (0, 1). Relative error below 2^-22.
MUSTER_FN float minus_two_log(float u) {
  // u = m 2^k with m = 1 + f in [2/3, 4/3); -2 ln m = f Q(f), Q by fpminimax, |error| < 2^-22. The exponent
  // stays in place, 2^23 k, and its scale goes into the constant.
  std::uint32_t const ub = to_bits(u);
  std::uint32_t const exponent = (ub - 0x3f2aaaabu) & 0xff800000u;
  float const f = from_bits(ub - exponent) - 1.0f;
  float q = 0x1.3acbe4p-2f;
  q = fma(q, f, -0x1.5ea4a6p-2f);
  q = fma(q, f, 0x1.5043aap-2f);
  q = fma(q, f, -0x1.955cc8p-2f);
  q = fma(q, f, 0x1.001418p-1f);
  q = fma(q, f, -0x1.5561d2p-1f);
  q = fma(q, f, 0x1.ffffd6p-1f);
  q = fma(q, f, -0x1.fffffap0f);
  return fma(f, q, static_cast<float>(static_cast<std::int32_t>(exponent)) * -0x1.62e43p-23f);
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

/// Square root of a float in [2^-41, 128], correctly rounded. On a GPU the hardware's approximate reciprocal
/// root and one correction: equal to the IEEE root for every float in the range (tests/kernels/rng proves it).
MUSTER_FN float sqrt_of_radius(float x) {
#if defined(__CUDA_ARCH__)
  float reciprocal;
  asm("rsqrt.approx.ftz.f32 %0, %1;" : "=f"(reciprocal) : "f"(x));
  float const root = x * reciprocal;
  float const half = from_bits(to_bits(reciprocal) - 0x00800000u);  // an integer instruction: those have slack
  return fma(fma(-root, root, x), half, root);
#else
  return sqrt(x);
#endif
}

/// The pair r cos 2a, r sin 2a with a = pi t, |t| <= 1/2: doubling the angle covers the whole circle without a
/// choice of signs. s = sqrt 2 sin a and c = sqrt 2 cos a, so that cos 2a = 1 - s^2 and sin 2a = s c; fpminimax,
/// |errors| < 2^-26 and 2^-23.
MUSTER_FN void turn(float radius, float t, float& z0, float& z1) {
  float const t2 = t * t;
  float s = 0x1.c1ebbap-4f;
  s = fma(s, t2, -0x1.b13b16p-1f);
  s = fma(s, t2, 0x1.cd9d94p1f);
  s = fma(s, t2, -0x1.d3ba56p2f);
  s = fma(s, t2, 0x1.1c5832p2f);
  s = s * t;
  float c = 0x1.3e7758p-2f;
  c = fma(c, t2, -0x1.e23c6ap0f);
  c = fma(c, t2, 0x1.6f53dcp2f);
  c = fma(c, t2, -0x1.bea588p2f);
  c = fma(c, t2, 0x1.6a09e6p0f);
  float const along = radius * s;
  z0 = fma(-along, s, radius);
  z1 = along * c;
}

/// A pair of normals from a radius and an angle a = pi t, |t| <= 1/2; the sign bit of `sign` turns the pair by
/// half a turn. Angles on a grid of half a turn and its opposites are a grid of the whole circle, over which
/// every moment up to the number of angles is exact, wherever the grid starts.
MUSTER_FN void turn(double radius, double t, std::uint64_t sign, double& z0, double& z1) {
  double const t2 = t * t;
  double s = 0x1.8f9e5a085a106p-21;
  s = fma(s, t2, -0x1.6f0536efc7099p-16);
  s = fma(s, t2, 0x1.e8f023f73b57bp-12);
  s = fma(s, t2, -0x1.e30741a6ba9a8p-8);
  s = fma(s, t2, 0x1.5078346ab756fp-4);
  s = fma(s, t2, -0x1.32d2cce5e66ebp-1);
  s = fma(s, t2, 0x1.466bc67759fccp1);
  s = fma(s, t2, -0x1.4abbce625be39p2);
  s = fma(s, t2, 0x1.921fb54442d18p1);
  double c = -0x1.0b16d18f1969p-23;
  c = fma(c, t2, 0x1.1fd5e20fcec02p-18);
  c = fma(c, t2, -0x1.b6db759aa78b7p-14);
  c = fma(c, t2, 0x1.f9d36e25dfc99p-10);
  c = fma(c, t2, -0x1.a6d1f25d69acdp-6);
  c = fma(c, t2, 0x1.e1f5068852eap-3);
  c = fma(c, t2, -0x1.55d3c7e3caafap0);
  c = fma(c, t2, 0x1.03c1f081b5aap2);
  c = fma(c, t2, -0x1.3bd3cc9be45dep2);
  c = fma(c, t2, 1.0);
  double const r = from_bits(to_bits(radius) ^ (sign & 0x8000000000000000u));
  z0 = r * c;
  z1 = r * (s * t);
}

/// The bits of 2^23: with an integer below 2^23 in their place below, those of the sum.
inline constexpr std::uint32_t bits_of_2_23 = 0x4b000000u;

/// k + 1/2 for the 22 lower bits k of a word. `exponent` is bits_of_2_23; a GPU passes it as a value that its
/// compiler cannot know, for masking and setting two constants takes two instructions, one when the second is a register.
MUSTER_FN float odd_half(std::uint32_t word, std::uint32_t exponent = bits_of_2_23) {
  return from_bits((word & 0x3fffffu) | exponent) - 0x1.fffffep22f;
}

/// Uniform in (0, 1): (k + 1/2) / 2^16, k = 16 bits.
MUSTER_FN float uniform_of_half(std::uint32_t half, std::uint32_t exponent) {
  return fma(from_bits(half | exponent), 0x1p-16f, -0x1.fffffep6f);
}

/// Half an angle on the full circle, in half turns: the 23 leading bits of a word, [-1/2, 1/2).
MUSTER_FN float half_turns(std::uint32_t word) { return from_bits((word >> 9) | 0x3f800000u) - 1.5f; }

/// -2 ln(product / 2^66) for a product of three odd halves, plus 3 ln 2 / 2^22, which makes its mean over all of
/// them 6. Error below 2^-20 plus 2^-22 of the value; the least result is 8.3e-7.
MUSTER_FN float squared_radius(float product) {
  // product / 2^66 = 2^k m with m = 3/2 + f in [1, 2). The bits of a float are a logarithm already, k + m - 1 to
  // base 2; the polynomial adds 2 ln 2 (m - 1) - 2 ln m, fpminimax, |error| < 2^-21.
  std::uint32_t const bits = to_bits(product);
  auto const logarithm = static_cast<float>(static_cast<std::int32_t>(bits - 0x60800000u));
  float const f = from_bits((bits & 0x7fffffu) | 0x3f800000u) - 1.5f;
  float q = -0x1.578c02p-6f;
  q = fma(q, f, 0x1.1d5374p-5f);
  q = fma(q, f, -0x1.a7b9cp-5f);
  q = fma(q, f, 0x1.90d2ep-4f);
  q = fma(q, f, -0x1.94b472p-3f);
  q = fma(q, f, 0x1.c7289ep-2f);
  q = fma(q, f, 0x1.b1df26p-5f);
  return fma(q, f, fma(logarithm, -0x1.62e43p-23f, -0x1.e27054p-4f));
}

/// Normals one Philox block yields.
template <class Real>
inline constexpr int normals_per_block = sizeof(Real) == 4 ? 6 : 4;

/// Six independent standard normals from the four words of a block, together no longer than normal_bound_single.
/// Their squared length is -2 ln of a product of three uniforms, cut into the three pairs' shares by two more (the
/// spacings of ordered uniforms): one logarithm serves six normals. The angles are the leading bits of w0, w1, w2,
/// ten of their own and the rest shared with the uniforms (docs/formats/random.md).
MUSTER_FN void block_normals(std::uint32_t w0, std::uint32_t w1, std::uint32_t w2, std::uint32_t w3,
                             float (&z)[6], std::uint32_t exponent = bits_of_2_23) {
  float const whole = squared_radius(odd_half(w0, exponent) * odd_half(w1, exponent) * odd_half(w2, exponent));
  float const u = uniform_of_half(w3 & 0xffffu, exponent);
  float const v = uniform_of_half(w3 >> 16, bits_of_2_23);
#if defined(__CUDA_ARCH__)
  float const low = fminf(u, v);
  float const high = fmaxf(u, v);
#else
  float const low = u < v ? u : v;
  float const high = u < v ? v : u;
#endif
  turn(sqrt_of_radius(whole * low), half_turns(w0), z[0], z[1]);
  turn(sqrt_of_radius(fma(whole, high - low, 0x1p-40f)), half_turns(w1), z[2], z[3]);
  turn(sqrt_of_radius(fma(-whole, high, whole)), half_turns(w2), z[4], z[5]);
}

/// Four independent standard normals, at most normal_bound_double: radii from w0 and w2 with the 8 leading
/// bits of w1 and w3, angles from 23 bits of w1 and w3, signs from their lowest bits.
MUSTER_FN void block_normals(std::uint32_t w0, std::uint32_t w1, std::uint32_t w2, std::uint32_t w3,
                             double (&z)[4]) {
  std::uint64_t const a = w1;
  std::uint64_t const b = w3;
  double const t0 = from_bits(((a & 0xfffffeu) << 28) | 0x3ff0000000000000u) - 1.5;
  double const t1 = from_bits(((b & 0xfffffeu) << 28) | 0x3ff0000000000000u) - 1.5;
  turn(sqrt(minus_two_log(uniform_double(w0, w1))), t0, a << 63, z[0], z[1]);
  turn(sqrt(minus_two_log(uniform_double(w2, w3))), t1, b << 63, z[2], z[3]);
}

MUSTER_KERNELS_END
