// exp and expm1 against MPFR.
#include "kernels/math/exp.hpp"

#include "tests/kernels/math/reference.hpp"

namespace {

using namespace muster::test;
namespace mk = muster::kernels;

TEST(Exp, DoubleIsWithinItsBound) {
  expect_ulps<double>("exp", 1.0, [](double x) { return mk::exp(x); }, mpfr_exp,
                      {{-745.5, 709.9, 20000},
                       {-1, 1, 20000},
                       {-708.5, -745.2},
                       {-60, 0, 2000, Spacing::powers_of_two}});
}

TEST(Exp, SingleIsWithinItsBound) {
  expect_ulps<float>("expf", 1.0, [](float x) { return mk::exp(x); }, mpfr_exp,
                     {{-104, 88.8, 20000}, {-1, 1, 20000}, {-87, -104}});
}

TEST(Exp, SingleOverAllFloatsByStride) {
  auto const f = [](float x) { return mk::exp(x); };
  auto const reference = [](double x) { return mk::exp(x); };
  expect_ulps_strided("expf, x > 0", 1.02, f, reference, 0, 0x42b17218, 13);           // to 88.7228
  expect_ulps_strided("expf, x < 0", 1.02, f, reference, 0x80000000, 0xc2d00000, 13);  // to -104
}

TEST(Exp, SpecialValues) {
  expect_same(mk::exp(inf), inf, "exp(inf)");
  expect_same(mk::exp(-inf), 0.0, "exp(-inf)");
  expect_same(mk::exp(quiet_nan), quiet_nan, "exp(nan)");
  expect_same(mk::exp(0.0), 1.0, "exp(0)");
  expect_same(mk::exp(-0.0), 1.0, "exp(-0)");
  expect_same(mk::exp(5e-324), 1.0, "exp(subnormal)");
  expect_same(mk::exp(709.79), inf, "exp(709.79)");
  expect_same(mk::exp(1e300), inf, "exp(1e300)");
  expect_same(mk::exp(-745.2), 0.0, "exp(-745.2)");
  expect_same(mk::exp(-745.0), 5e-324, "exp(-745)");
  float const inff = std::numeric_limits<float>::infinity();
  expect_same(mk::exp(inff), inff, "expf(inf)");
  expect_same(mk::exp(-inff), 0.0f, "expf(-inf)");
  expect_same(mk::exp(88.73f), inff, "expf(88.73)");
  expect_same(mk::exp(-103.98f), 0.0f, "expf(-103.98)");
}

TEST(Expm1, DoubleIsWithinItsBound) {
  expect_ulps<double>("expm1", 0.9, [](double x) { return mk::expm1(x); }, mpfr_expm1,
                      {{-45, 709.9, 20000},
                       {-3, 3, 20000},
                       {0.34, 0.42, 10000},
                       {-1070, 1, 5000, Spacing::powers_of_two}});
}

TEST(Expm1, SingleIsWithinItsBound) {
  expect_ulps<float>("expm1f", 0.9, [](float x) { return mk::expm1(x); }, mpfr_expm1,
                     {{-25, 88.8, 20000}, {-3, 3, 20000}, {-140, 1, 5000, Spacing::powers_of_two}});
}

TEST(Expm1, SpecialValues) {
  expect_same(mk::expm1(inf), inf, "expm1(inf)");
  expect_same(mk::expm1(-inf), -1.0, "expm1(-inf)");
  expect_same(mk::expm1(quiet_nan), quiet_nan, "expm1(nan)");
  expect_same(mk::expm1(0.0), 0.0, "expm1(0)");
  expect_same(mk::expm1(-0.0), -0.0, "expm1(-0)");
  expect_same(mk::expm1(5e-324), 5e-324, "expm1(subnormal)");
  expect_same(mk::expm1(709.79), inf, "expm1(709.79)");
}

}  // namespace
