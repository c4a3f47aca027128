// A fixed set of arguments for every math function, and their values: one text for CPU and GPU, so
// that one table of digests (goldens.hpp) judges every instruction set and device.
#pragma once

#include <cstdint>

#include "kernels/math/math.hpp"

namespace muster::test {

/// Every function as name(expression): d* in double precision, s* in single. a, b, c are the
/// arguments.
#define MUSTER_GOLDEN_FUNCTIONS(X)                             \
  X(d_exp, exp(a))                                             \
  X(d_expm1, expm1(a))                                         \
  X(d_log, log(a))                                             \
  X(d_log1p, log1p(a))                                         \
  X(d_pow, pow(a, b))                                          \
  X(d_sin, sin(a))                                             \
  X(d_cos, cos(a))                                             \
  X(d_sinpi, sincospi_pair(a).s)                               \
  X(d_cospi, sincospi_pair(a).c)                               \
  X(d_atan2, atan2(a, b))                                      \
  X(d_erf, erf(a))                                             \
  X(d_erfc, erfc(a))                                           \
  X(d_erfcx, erfcx(a))                                         \
  X(d_norm_pdf, norm_pdf(a))                                   \
  X(d_norm_cdf, norm_cdf(a))                                   \
  X(d_norm_inv, norm_inv(a))                                   \
  X(d_norm_inv_unit, norm_inv(u))                              \
  X(d_bivariate, bivariate_norm_cdf(a, b, 2.0 * u - 1.0))      \
  X(d_complex_product_re, (Complex{a, b} * Complex{b, c}).re)  \
  X(d_complex_product_im, (Complex{a, b} * Complex{b, c}).im)  \
  X(d_complex_quotient_re, (Complex{a, b} / Complex{b, c}).re) \
  X(d_complex_quotient_im, (Complex{a, b} / Complex{b, c}).im) \
  X(d_complex_abs, abs(Complex{a, b}))                         \
  X(d_complex_exp_re, exp(Complex{a, b}).re)                   \
  X(d_complex_exp_im, exp(Complex{a, b}).im)                   \
  X(d_complex_log_re, log(Complex{a, b}).re)                   \
  X(d_complex_log_im, log(Complex{a, b}).im)                   \
  X(d_complex_sqrt_re, sqrt(Complex{a, b}).re)                 \
  X(d_complex_sqrt_im, sqrt(Complex{a, b}).im)                 \
  X(s_exp, exp(single(a)))                                     \
  X(s_expm1, expm1(single(a)))                                 \
  X(s_log, log(single(a)))                                     \
  X(s_log1p, log1p(single(a)))                                 \
  X(s_pow, pow(single(a), single(b)))                          \
  X(s_sin, sin(single(a)))                                     \
  X(s_cos, cos(single(a)))                                     \
  X(s_sinpi, sincospi_pair(single(a)).s)                       \
  X(s_cospi, sincospi_pair(single(a)).c)                       \
  X(s_atan2, atan2(single(a), single(b)))                      \
  X(s_erf, erf(single(a)))                                     \
  X(s_erfc, erfc(single(a)))                                   \
  X(s_erfcx, erfcx(single(a)))                                 \
  X(s_norm_pdf, norm_pdf(single(a)))                           \
  X(s_norm_cdf, norm_cdf(single(a)))                           \
  X(s_norm_inv, norm_inv(single(a)))                           \
  X(s_norm_inv_unit, norm_inv(single(u)))

enum GoldenFunction : int {
#define MUSTER_GOLDEN_ENUMERATOR(name, expression) name,
  MUSTER_GOLDEN_FUNCTIONS(MUSTER_GOLDEN_ENUMERATOR)
#undef MUSTER_GOLDEN_ENUMERATOR
      golden_function_count
};

/// Arguments per function.
constexpr std::uint64_t golden_count = 8192;

template <class T>
MUSTER_FN kernels::detail::SinCos<T> sincospi_pair(T x) {
  kernels::detail::SinCos<T> r;
  kernels::sincospi(x, r.s, r.c);
  return r;
}

/// The nearest float. A double's high bits make one too where its value is out of a float's range.
MUSTER_FN float single(double x) {
  bool const fits = kernels::abs(x) < 0x1p127;
  return fits ? static_cast<float>(x)
              : kernels::from_bits(static_cast<std::uint32_t>(kernels::to_bits(x) >> 32));
}

/// splitmix64's finaliser: a bijection that scatters consecutive integers.
MUSTER_FN std::uint64_t scatter(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

/// Uniform in [0, 1).
MUSTER_FN double golden_unit(std::uint64_t bits) {
  return kernels::from_bits((bits >> 12) | 0x3ff0000000000000) - 1.0;
}

MUSTER_FN double golden_special(std::uint64_t i) {
  constexpr double values[] = {0.0,
                               -0.0,
                               1.0,
                               -1.0,
                               0.5,
                               2.0,
                               3.0,
                               -2.0,
                               0x1p-1074,
                               -0x1p-1074,
                               0x1p-1022,
                               0x1.fffffffffffffp1023,
                               -0x1.fffffffffffffp1023,
                               kernels::Ieee<double>::infinity,
                               -kernels::Ieee<double>::infinity,
                               kernels::Ieee<double>::nan};
  return values[i & 15];
}

/// Argument i: 256 pairs of special values, then in turn uniform near zero, over 2^+-30, in (0, 1),
/// over the range of exponents that exp has, and any bits at all.
MUSTER_FN double golden_argument(std::uint64_t i, std::uint64_t which) {
  if (i < 256) return golden_special(which == 0 ? i : (which == 1 ? i >> 4 : i + (i >> 4)));
  std::uint64_t const bits = scatter(4 * i + which);
  double const u = golden_unit(bits), sign = (bits & 1) != 0 ? -1.0 : 1.0;
  switch (i % 5) {
    case 0:
      return 16.0 * u - 8.0;
    case 1:
      return sign * golden_unit(scatter(bits)) * kernels::from_bits((bits % 60 + 1023 - 30) << 52);
    case 2:
      return u;
    case 3:
      return 1500.0 * u - 750.0;
    default:
      return kernels::from_bits(bits);
  }
}

/// Value i of a function, single precision widened. Any NaN counts as one value: hardware chooses
/// its bits.
MUSTER_FN double golden_eval(int function, std::uint64_t i) {
  using namespace kernels;
  double const a = golden_argument(i, 0), b = golden_argument(i, 1), c = golden_argument(i, 2);
  double const u = golden_unit(scatter(4 * i + 3));
  switch (function) {
#define MUSTER_GOLDEN_CASE(name, expression) \
  case name:                                 \
    return static_cast<double>(expression);
    MUSTER_GOLDEN_FUNCTIONS(MUSTER_GOLDEN_CASE)
#undef MUSTER_GOLDEN_CASE
    default:
      return a + b + c + u;
  }
}

/// FNV-1a over the bytes of 64-bit words, least significant first.
struct Digest {
  std::uint64_t value = 0xcbf29ce484222325;
  MUSTER_FN void add(double x) {
    std::uint64_t const bits = x != x ? 0x7ff8000000000000 : kernels::to_bits(x);
    for (int byte = 0; byte < 8; ++byte)
      value = (value ^ (bits >> (8 * byte) & 0xff)) * 0x100000001b3;
  }
};

}  // namespace muster::test
