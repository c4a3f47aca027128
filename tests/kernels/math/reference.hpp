// MPFR as the reference: correctly rounded values at 160 bits and the distance to them in ulp.
#pragma once

#include <gtest/gtest.h>
#include <mpfr.h>

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <random>
#include <string>
#include <vector>

namespace muster::test {

constexpr mpfr_prec_t reference_bits = 160;

class Mpfr {
 public:
  Mpfr() { mpfr_init2(value_, reference_bits); }
  explicit Mpfr(double x) : Mpfr() { mpfr_set_d(value_, x, MPFR_RNDN); }
  Mpfr(Mpfr const& other) : Mpfr() { mpfr_set(value_, other.value_, MPFR_RNDN); }
  Mpfr& operator=(Mpfr const& other) {
    mpfr_set(value_, other.value_, MPFR_RNDN);
    return *this;
  }
  ~Mpfr() { mpfr_clear(value_); }
  mpfr_ptr get() { return value_; }
  mpfr_srcptr get() const { return value_; }
  double to_double() const { return mpfr_get_d(value_, MPFR_RNDN); }

 private:
  mpfr_t value_;
};

using Unary = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_rnd_t);
using Binary = int (*)(mpfr_ptr, mpfr_srcptr, mpfr_srcptr, mpfr_rnd_t);

inline Mpfr apply(Unary f, Mpfr const& x) {
  Mpfr r;
  f(r.get(), x.get(), MPFR_RNDN);
  return r;
}
inline Mpfr apply(Binary f, Mpfr const& x, Mpfr const& y) {
  Mpfr r;
  f(r.get(), x.get(), y.get(), MPFR_RNDN);
  return r;
}
inline Mpfr operator+(Mpfr const& x, Mpfr const& y) { return apply(mpfr_add, x, y); }
inline Mpfr operator-(Mpfr const& x, Mpfr const& y) { return apply(mpfr_sub, x, y); }
inline Mpfr operator*(Mpfr const& x, Mpfr const& y) { return apply(mpfr_mul, x, y); }
inline Mpfr operator/(Mpfr const& x, Mpfr const& y) { return apply(mpfr_div, x, y); }
inline Mpfr operator-(Mpfr const& x) { return apply(mpfr_neg, x); }
inline Mpfr exp(Mpfr const& x) { return apply(mpfr_exp, x); }
inline Mpfr sqrt(Mpfr const& x) { return apply(mpfr_sqrt, x); }
inline Mpfr pi() {
  Mpfr r;
  mpfr_const_pi(r.get(), MPFR_RNDN);
  return r;
}

inline Mpfr norm_pdf(Mpfr const& x) { return exp(-(x * x) / Mpfr(2)) / sqrt(Mpfr(2) * pi()); }
inline Mpfr norm_cdf(Mpfr const& x) { return apply(mpfr_erfc, -x / sqrt(Mpfr(2))) / Mpfr(2); }

/// |y - exact| in units of the last place of T at exact; infinity and NaN must agree, else huge.
template <class T>
double ulps(T y, Mpfr const& exact) {
  constexpr double huge = 1e300;
  T const nearest = sizeof(T) == 8 ? static_cast<T>(mpfr_get_d(exact.get(), MPFR_RNDN))
                                   : static_cast<T>(mpfr_get_flt(exact.get(), MPFR_RNDN));
  if (std::isnan(y) || std::isnan(nearest)) return std::isnan(y) && std::isnan(nearest) ? 0 : huge;
  if (y == nearest && std::isinf(y)) return 0;
  if (std::isinf(y) || std::isinf(nearest)) return huge;
  int const lowest = std::numeric_limits<T>::min_exponent - 1;
  int const exponent = nearest == 0 ? lowest : std::max(std::ilogb(nearest), lowest);
  Mpfr distance = exact - Mpfr(static_cast<double>(y));
  mpfr_mul_2si(distance.get(), distance.get(), std::numeric_limits<T>::digits - 1 - exponent,
               MPFR_RNDN);
  return std::fabs(distance.to_double());
}

enum class Spacing { even, powers_of_two };

/// Random arguments between low and high, or between 2^low and 2^high.
struct Regime {
  double low, high;
  int count = 2000;
  Spacing spacing = Spacing::even;
};

template <class T>
std::vector<T> draw(Regime const& regime, std::uint64_t seed = 1) {
  std::mt19937_64 random(seed);
  std::vector<T> out;
  for (int i = 0; i < regime.count; ++i) {
    double const u = static_cast<double>(random() >> 11) * 0x1p-53;
    double const x = regime.low + (regime.high - regime.low) * u;
    out.push_back(static_cast<T>(regime.spacing == Spacing::even ? x : std::exp2(x)));
  }
  return out;
}

/// The worst argument met.
template <class T>
struct Worst {
  double ulps = 0;
  T x{};
  void meet(double u, T at) {
    if (!(u <= ulps)) *this = {u, at};
  }
};

/// Checks f against reference in every regime, at its ends and next to them, and reports the worst.
template <class T, class F, class R>
void expect_ulps(char const* name, double bound, F f, R reference,
                 std::vector<Regime> const& regimes) {
  Worst<T> worst;
  auto const check = [&](T x) {
    worst.meet(ulps<T>(f(x), reference(Mpfr(static_cast<double>(x)))), x);
  };
  for (Regime const& regime : regimes) {
    for (T x : draw<T>(regime)) check(x);
    if (regime.spacing == Spacing::powers_of_two) continue;
    for (double end : {regime.low, regime.high}) check(static_cast<T>(end));
    check(std::nextafter(static_cast<T>(regime.low), static_cast<T>(regime.high)));
    check(std::nextafter(static_cast<T>(regime.high), static_cast<T>(regime.low)));
  }
  EXPECT_LE(worst.ulps, bound) << name << " at " << std::hexfloat << worst.x;
  std::printf("%s: %.3f ulp at %a, bound %g\n", name, worst.ulps, static_cast<double>(worst.x),
              bound);
}

/// As above with a plain MPFR function.
template <class T, class F>
void expect_ulps(char const* name, double bound, F f, Unary reference,
                 std::vector<Regime> const& regimes) {
  expect_ulps<T>(
      name, bound, f, [reference](Mpfr const& x) { return apply(reference, x); }, regimes);
}

/// Over every `stride`-th float between two bit patterns, f against a function of double that has
/// been checked itself. Fast enough for hundreds of millions of arguments.
template <class F, class R>
void expect_ulps_strided(char const* name, double bound, F f, R reference, std::uint32_t first,
                         std::uint32_t last, std::uint32_t stride) {
  Worst<float> worst;
  for (std::uint64_t b = first; b <= last; b += stride) {
    float const x = std::bit_cast<float>(static_cast<std::uint32_t>(b));
    float const y = f(x);
    double const exact = reference(static_cast<double>(x));
    std::uint64_t const biased = std::bit_cast<std::uint64_t>(exact) >> 52 & 0x7ff;
    // 2^-(exponent of the last place of a float at exact)
    double const scale =
        std::bit_cast<double>((2046 + 23 - std::max<std::uint64_t>(biased, 1023 - 126)) << 52);
    double const u = std::fabs(static_cast<double>(y) - exact) * scale;
    if (u > worst.ulps && std::fabs(exact) < 0x1.ffffffp127) worst = {u, x};
  }
  EXPECT_LE(worst.ulps, bound) << name << " at " << std::hexfloat << worst.x;
  std::printf("%s: %.3f ulp at %a, bound %g\n", name, worst.ulps, static_cast<double>(worst.x),
              bound);
}

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double quiet_nan = std::numeric_limits<double>::quiet_NaN();

/// Equal bits, any NaN equal to any other.
template <class T>
void expect_same(T got, T want, std::string const& what) {
  bool const same =
      std::isnan(want) ? std::isnan(got) : got == want && std::signbit(got) == std::signbit(want);
  EXPECT_TRUE(same) << what << ": got " << got << ", want " << want;
}

}  // namespace muster::test
