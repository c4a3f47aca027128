// erf, erfc and erfcx against MPFR.
#include "kernels/math/erf.hpp"

#include "tests/kernels/math/reference.hpp"

namespace {

using namespace muster::test;
namespace mk = muster::kernels;

Mpfr erfcx(Mpfr const& x) {
  // exp(x^2) loses as many bits as x^2 has before the point; beyond 1000 the first terms of the
  // series.
  if (std::fabs(x.to_double()) > 1000) {
    Mpfr const z = x * x;
    Mpfr const series = Mpfr(1) - Mpfr(1) / (Mpfr(2) * z) + Mpfr(3) / (Mpfr(4) * z * z) -
                        Mpfr(15) / (Mpfr(8) * z * z * z) + Mpfr(105) / (Mpfr(16) * z * z * z * z);
    return series / x / sqrt(pi());
  }
  return exp(x * x) * apply(mpfr_erfc, x);
}

TEST(Erfc, IsWithinItsBound) {
  expect_ulps<double>(
      "erfc", 1.8, [](double x) { return mk::erfc(x); }, mpfr_erfc,
      {{-6, 26.6, 20000}, {-1, 1, 20000}, {26.5, 27.3}, {-60, 0, 2000, Spacing::powers_of_two}});
  expect_ulps<float>("erfcf", 1.8, [](float x) { return mk::erfc(x); }, mpfr_erfc,
                     {{-4, 10.1, 20000}, {-1, 1, 20000}, {-30, 0, 2000, Spacing::powers_of_two}});
}

TEST(Erf, IsWithinItsBound) {
  expect_ulps<double>("erf", 1.5, [](double x) { return mk::erf(x); }, mpfr_erf,
                      {{-6, 6, 20000}, {-1, 1, 20000}, {-1070, 0, 5000, Spacing::powers_of_two}});
  expect_ulps<float>("erff", 1.5, [](float x) { return mk::erf(x); }, mpfr_erf,
                     {{-4, 4, 20000}, {-1, 1, 20000}, {-140, 0, 5000, Spacing::powers_of_two}});
}

TEST(Erfcx, IsWithinItsBound) {
  expect_ulps<double>("erfcx", 2.2, [](double x) { return mk::erfcx(x); }, erfcx,
                      {{-26.6, 30, 20000},
                       {-1, 1, 20000},
                       {-20, 9, 5000, Spacing::powers_of_two},
                       {10, 1023, 5000, Spacing::powers_of_two}});
  expect_ulps<float>("erfcxf", 2.2, [](float x) { return mk::erfcx(x); }, erfcx,
                     {{-9.3, 30, 20000},
                      {-1, 1, 20000},
                      {-20, 9, 5000, Spacing::powers_of_two},
                      {10, 127, 5000, Spacing::powers_of_two}});
}

TEST(Erf, SpecialValues) {
  expect_same(mk::erfc(inf), 0.0, "erfc(inf)");
  expect_same(mk::erfc(-inf), 2.0, "erfc(-inf)");
  expect_same(mk::erfc(quiet_nan), quiet_nan, "erfc(nan)");
  expect_same(mk::erfc(0.0), 1.0, "erfc(0)");
  expect_same(mk::erfc(-0.0), 1.0, "erfc(-0)");
  expect_same(mk::erf(inf), 1.0, "erf(inf)");
  expect_same(mk::erf(-inf), -1.0, "erf(-inf)");
  expect_same(mk::erf(quiet_nan), quiet_nan, "erf(nan)");
  expect_same(mk::erf(-0.0), -0.0, "erf(-0)");
  expect_same(mk::erfcx(inf), 0.0, "erfcx(inf)");
  expect_same(mk::erfcx(-inf), inf, "erfcx(-inf)");
  expect_same(mk::erfcx(-26.7), inf, "erfcx(-26.7)");
  expect_same(mk::erfcx(quiet_nan), quiet_nan, "erfcx(nan)");
  expect_same(mk::erfcx(0.0), 1.0, "erfcx(0)");
}

}  // namespace
