// pow against MPFR.
#include "kernels/math/pow.hpp"

#include "tests/kernels/math/reference.hpp"

namespace {

using namespace muster::test;
namespace mk = muster::kernels;

/// Pairs (x, y) whose powers stay in range for the most part.
template <class T>
void expect_pow(char const* name, double bound, Regime const& xs, Regime const& ys) {
  std::vector<T> const x = draw<T>(xs, 3), y = draw<T>(ys, 4);
  Worst<T> worst;
  T at{};
  for (std::size_t i = 0; i < x.size(); ++i) {
    double const u = ulps<T>(mk::pow(x[i], y[i]), apply(mpfr_pow, Mpfr(static_cast<double>(x[i])),
                                                        Mpfr(static_cast<double>(y[i]))));
    if (u > worst.ulps) at = y[i];
    worst.meet(u, x[i]);
  }
  EXPECT_LE(worst.ulps, bound) << name << " at " << std::hexfloat << worst.x << ", " << at;
  std::printf("%s: %.3f ulp, bound %g\n", name, worst.ulps, bound);
}

TEST(Pow, DoubleIsWithinItsBound) {
  expect_pow<double>("pow", 0.8, {0, 4, 20000}, {-50, 50, 20000});
  expect_pow<double>("pow, wide", 0.8, {-1074, 1024, 20000, Spacing::powers_of_two},
                     {-1, 1, 20000});
  expect_pow<double>("pow, large y", 0.8, {0.7, 1.42, 20000}, {-2000, 2000, 20000});
  expect_pow<double>("pow, near one", 0.8, {0.9995, 1.0005, 20000}, {-7e5, 7e5, 20000});
  expect_pow<double>("pow, very near one", 0.8, {1 - 1e-12, 1 + 1e-12, 5000}, {-7e14, 7e14, 5000});
  expect_pow<double>("pow, subnormal results", 0.8, {1.9, 2.1, 5000}, {-1075, -1020, 5000});
}

TEST(Pow, SingleIsWithinItsBound) {
  expect_pow<float>("powf", 0.51, {0, 4, 20000}, {-30, 30, 20000});
  expect_pow<float>("powf, wide", 0.51, {-149, 128, 20000, Spacing::powers_of_two}, {-1, 1, 20000});
  expect_pow<float>("powf, large y", 0.51, {0.7, 1.42, 20000}, {-250, 250, 20000});
  expect_pow<float>("powf, near one", 0.51, {0.9995, 1.0005, 20000}, {-9e4, 9e4, 20000});
}

/// Every pair of these, against MPFR's pow, which follows IEEE 754.
TEST(Pow, SpecialValues) {
  double const values[] = {
      0.0,     -0.0,  1.0,    -1.0,       0.5,     -0.5,       2.0,         -2.0,        3.0,
      -3.0,    1.5,   -1.5,   0x1p52 + 1, -0x1p53, 0x1p53 - 1, 1 - 0x1p-53, 1 + 0x1p-52, 5e-324,
      -5e-324, 1e308, -1e308, 1e-308,     710.0,   -1074.0,    inf,         -inf,        quiet_nan};
  for (double x : values) {
    for (double y : values) {
      Mpfr const exact = apply(mpfr_pow, Mpfr(x), Mpfr(y));
      double const want = exact.to_double(), got = mk::pow(x, y);
      std::string const what = "pow(" + std::to_string(x) + ", " + std::to_string(y) + ")";
      if (std::isfinite(want) && want != 0 && std::fabs(want) != 1) {
        EXPECT_LE(ulps<double>(got, exact), 0.8) << what;
        continue;
      }
      // C and IEEE 754 say pow(1, nan) = pow(nan, 0) = 1, as MPFR does.
      expect_same(got, want, what);
      float const xf = static_cast<float>(x), yf = static_cast<float>(y);
      bool const representable = (xf == x || std::isnan(x)) && (yf == y || std::isnan(y));
      if (representable) expect_same(mk::pow(xf, yf), static_cast<float>(want), "single " + what);
    }
  }
}

}  // namespace
