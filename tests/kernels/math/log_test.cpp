// log and log1p against MPFR.
#include "kernels/math/log.hpp"

#include "tests/kernels/math/reference.hpp"

namespace {

using namespace muster::test;
namespace mk = muster::kernels;

TEST(Log, DoubleIsWithinItsBound) {
  expect_ulps<double>("log", 0.9, [](double x) { return mk::log(x); }, mpfr_log,
                      {{-1074, 1024, 20000, Spacing::powers_of_two},
                       {0.5, 2, 20000},
                       {0.999, 1.001, 5000},
                       {0.7, 0.715},
                       {1.405, 1.42}});
}

TEST(Log, SingleIsWithinItsBound) {
  expect_ulps<float>("logf", 0.9, [](float x) { return mk::log(x); }, mpfr_log,
                     {{-149, 128, 20000, Spacing::powers_of_two}, {0.5, 2, 20000}});
}

TEST(Log, SingleOverAllFloatsByStride) {
  expect_ulps_strided(
      "logf", 0.9, [](float x) { return mk::log(x); }, [](double x) { return mk::log(x); }, 1,
      0x7f7fffff, 13);
}

TEST(Log, SpecialValues) {
  expect_same(mk::log(inf), inf, "log(inf)");
  expect_same(mk::log(0.0), -inf, "log(0)");
  expect_same(mk::log(-0.0), -inf, "log(-0)");
  expect_same(mk::log(-1.0), quiet_nan, "log(-1)");
  expect_same(mk::log(-inf), quiet_nan, "log(-inf)");
  expect_same(mk::log(quiet_nan), quiet_nan, "log(nan)");
  expect_same(mk::log(1.0), 0.0, "log(1)");
  float const inff = std::numeric_limits<float>::infinity();
  expect_same(mk::log(inff), inff, "logf(inf)");
  expect_same(mk::log(0.0f), -inff, "logf(0)");
  expect_same(mk::log(1.0f), 0.0f, "logf(1)");
}

TEST(Log1p, DoubleIsWithinItsBound) {
  expect_ulps<double>("log1p", 0.9, [](double x) { return mk::log1p(x); }, mpfr_log1p,
                      {{-1, 3, 40000},
                       {-0.3, -0.29, 5000},
                       {-1070, 1024, 20000, Spacing::powers_of_two},
                       {-0x1p-20, 0x1p-20},
                       {-0.99999999, -1}});
}

TEST(Log1p, SingleIsWithinItsBound) {
  expect_ulps<float>(
      "log1pf", 0.9, [](float x) { return mk::log1p(x); }, mpfr_log1p,
      {{-1, 3, 40000}, {-140, 128, 20000, Spacing::powers_of_two}, {-0x1p-9, 0x1p-9}});
}

TEST(Log1p, SpecialValues) {
  expect_same(mk::log1p(inf), inf, "log1p(inf)");
  expect_same(mk::log1p(-1.0), -inf, "log1p(-1)");
  expect_same(mk::log1p(-1.5), quiet_nan, "log1p(-1.5)");
  expect_same(mk::log1p(-inf), quiet_nan, "log1p(-inf)");
  expect_same(mk::log1p(quiet_nan), quiet_nan, "log1p(nan)");
  expect_same(mk::log1p(0.0), 0.0, "log1p(0)");
  expect_same(mk::log1p(-0.0), -0.0, "log1p(-0)");
  expect_same(mk::log1p(5e-324), 5e-324, "log1p(subnormal)");
}

}  // namespace
