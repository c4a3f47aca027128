// sincos and sincospi against MPFR.
#include "kernels/math/trig.hpp"

#include "tests/kernels/math/reference.hpp"

namespace {

using namespace muster::test;
namespace mk = muster::kernels;

Mpfr times_pi(Mpfr const& x) {
  // Wide enough for whole multiples of 1/2 to come out as such.
  Mpfr r;
  mpfr_set_prec(r.get(), 400);
  mpfr_const_pi(r.get(), MPFR_RNDN);
  mpfr_mul(r.get(), r.get(), x.get(), MPFR_RNDN);
  return r;
}

template <class T>
T sinpi(T x) {
  T s, c;
  mk::sincospi(x, s, c);
  return s;
}
template <class T>
T cospi(T x) {
  T s, c;
  mk::sincospi(x, s, c);
  return c;
}

TEST(SinCos, DoubleIsWithinItsBound) {
  std::vector<Regime> const regimes = {{-1, 1, 20000},
                                       {-100, 100, 20000},
                                       {-0x1p20, 0x1p20, 20000},
                                       {-0x1p22, 0x1p22, 20000},
                                       {-1070, 22, 20000, Spacing::powers_of_two}};
  expect_ulps<double>(
      "sin", 0.8, [](double x) { return mk::sin(x); }, mpfr_sin, regimes);
  expect_ulps<double>(
      "cos", 0.8, [](double x) { return mk::cos(x); }, mpfr_cos, regimes);
}

TEST(SinCos, SingleIsWithinItsBound) {
  std::vector<Regime> const regimes = {{-1, 1, 20000},
                                       {-100, 100, 20000},
                                       {-0x1p13, 0x1p13, 20000},
                                       {-140, 13, 20000, Spacing::powers_of_two}};
  expect_ulps<float>(
      "sinf", 0.8, [](float x) { return mk::sin(x); }, mpfr_sin, regimes);
  expect_ulps<float>(
      "cosf", 0.8, [](float x) { return mk::cos(x); }, mpfr_cos, regimes);
}

TEST(SinCos, SingleOverAllFloatsByStride) {
  expect_ulps_strided(
      "sinf", 0.8, [](float x) { return mk::sin(x); }, [](double x) { return mk::sin(x); }, 0,
      0x46000000, 13);
  expect_ulps_strided(
      "cosf", 0.8, [](float x) { return mk::cos(x); }, [](double x) { return mk::cos(x); }, 0,
      0x46000000, 13);
}

// The doubles nearest to multiples of pi/2: what is left there is the hardest to get right.
TEST(SinCos, NextToTheZeros) {
  Worst<double> worst;
  for (int q = 1; q < 2670000; q = q * 9 / 8 + 1) {
    double const x = (Mpfr(q) * pi() / Mpfr(2)).to_double();
    for (double at : {x, std::nextafter(x, 0.0), std::nextafter(x, 1e9)}) {
      worst.meet(ulps<double>(mk::sin(at), apply(mpfr_sin, Mpfr(at))), at);
      worst.meet(ulps<double>(mk::cos(at), apply(mpfr_cos, Mpfr(at))), at);
    }
  }
  EXPECT_LE(worst.ulps, 0.8) << std::hexfloat << worst.x;
}

TEST(SinCos, FarOutTheAbsoluteErrorIsSmall) {
  for (double x : draw<double>({22, 32, 20000, Spacing::powers_of_two})) {
    EXPECT_NEAR(mk::sin(x), apply(mpfr_sin, Mpfr(x)).to_double(), 0x1p-52) << x;
    EXPECT_NEAR(mk::cos(x), apply(mpfr_cos, Mpfr(x)).to_double(), 0x1p-52) << x;
  }
  for (float x : draw<float>({13, 19, 20000, Spacing::powers_of_two})) {
    Mpfr const at(static_cast<double>(x));
    EXPECT_NEAR(mk::sin(x), apply(mpfr_sin, at).to_double(), 0x1p-23) << x;
    EXPECT_NEAR(mk::cos(x), apply(mpfr_cos, at).to_double(), 0x1p-23) << x;
  }
}

TEST(SinCos, SpecialValues) {
  expect_same(mk::sin(0.0), 0.0, "sin(0)");
  expect_same(mk::sin(-0.0), -0.0, "sin(-0)");
  expect_same(mk::cos(-0.0), 1.0, "cos(-0)");
  expect_same(mk::sin(5e-324), 5e-324, "sin(subnormal)");
  for (double x : {inf, -inf, quiet_nan, 0x1p33, -1e300}) {
    expect_same(mk::sin(x), quiet_nan, "sin beyond its domain");
    expect_same(mk::cos(x), quiet_nan, "cos beyond its domain");
  }
}

TEST(SinCosPi, IsWithinItsBound) {
  std::vector<Regime> const regimes = {
      {-2, 2, 20000}, {-1000, 1000, 5000}, {-1060, 20, 5000, Spacing::powers_of_two}};
  auto const sin_ref = [](Mpfr const& x) { return apply(mpfr_sin, times_pi(x)); };
  auto const cos_ref = [](Mpfr const& x) { return apply(mpfr_cos, times_pi(x)); };
  // At whole multiples of 1/2 the reference is not exactly zero; SpecialValues looks there.
  auto const inside = [](std::vector<Regime> r) {
    for (Regime& regime : r) regime.low += 1e-3, regime.high -= 1e-3;
    return r;
  };
  expect_ulps<double>(
      "sinpi", 1.0, [](double x) { return sinpi(x); }, sin_ref, inside(regimes));
  expect_ulps<double>(
      "cospi", 0.8, [](double x) { return cospi(x); }, cos_ref, inside(regimes));
  std::vector<Regime> const single = {{-1.999, 1.999, 20000},
                                      {-130, 3, 5000, Spacing::powers_of_two}};
  expect_ulps<float>(
      "sinpif", 1.0, [](float x) { return sinpi(x); }, sin_ref, single);
  expect_ulps<float>(
      "cospif", 0.8, [](float x) { return cospi(x); }, cos_ref, single);
}

TEST(SinCosPi, SpecialValues) {
  for (int i = -8; i <= 8; ++i) {
    EXPECT_EQ(sinpi(1.0 * i), 0.0);
    EXPECT_EQ(cospi(i + 0.5), 0.0);
    EXPECT_EQ(cospi(1.0 * i), i % 2 == 0 ? 1.0 : -1.0);
    EXPECT_EQ(sinpi(i + 0.5), i % 2 == 0 ? 1.0 : -1.0);
    EXPECT_EQ(cospi(1.0f * static_cast<float>(i)), i % 2 == 0 ? 1.0f : -1.0f);
  }
  expect_same(sinpi(-0.0), -0.0, "sinpi(-0)");
  expect_same(sinpi(inf), quiet_nan, "sinpi(inf)");
  expect_same(cospi(quiet_nan), quiet_nan, "cospi(nan)");
}

}  // namespace
