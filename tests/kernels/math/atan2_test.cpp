// atan2 against MPFR.
#include "kernels/math/atan2.hpp"

#include "tests/kernels/math/reference.hpp"

namespace {

using namespace muster::test;
namespace mk = muster::kernels;

template <class T>
void expect_atan2(char const* name, double bound, Regime const& ys, Regime const& xs) {
  std::vector<T> const y = draw<T>(ys, 5), x = draw<T>(xs, 6);
  Worst<T> worst;
  T at{};
  for (std::size_t i = 0; i < y.size(); ++i) {
    for (T sign : {T(1), T(-1)}) {
      T const xs_i = sign * x[i];
      double const u = ulps<T>(
          mk::atan2(y[i], xs_i),
          apply(mpfr_atan2, Mpfr(static_cast<double>(y[i])), Mpfr(static_cast<double>(xs_i))));
      if (u > worst.ulps) at = xs_i;
      worst.meet(u, y[i]);
    }
  }
  EXPECT_LE(worst.ulps, bound) << name << " at " << std::hexfloat << worst.x << ", " << at;
  std::printf("%s: %.3f ulp, bound %g\n", name, worst.ulps, bound);
}

TEST(Atan2, DoubleIsWithinItsBound) {
  expect_atan2<double>("atan2", 1.0, {-1, 1, 20000}, {-1, 1, 20000});
  expect_atan2<double>("atan2, flat", 1.0, {-0.1, 0.1, 20000}, {0, 1, 20000});
  expect_atan2<double>("atan2, steep", 1.0, {-1, 1, 20000}, {0, 0.1, 20000});
  expect_atan2<double>("atan2, wide", 1.0, {-1074, 1024, 20000, Spacing::powers_of_two},
                       {-1074, 1024, 20000, Spacing::powers_of_two});
  expect_atan2<double>("atan2, top", 1.0, {1000, 1024, 5000, Spacing::powers_of_two},
                       {1000, 1024, 5000, Spacing::powers_of_two});
  expect_atan2<double>("atan2, bottom", 1.0, {-1074, -1010, 5000, Spacing::powers_of_two},
                       {-1074, -1010, 5000, Spacing::powers_of_two});
}

TEST(Atan2, SingleIsWithinItsBound) {
  expect_atan2<float>("atan2f", 1.0, {-1, 1, 20000}, {-1, 1, 20000});
  expect_atan2<float>("atan2f, flat", 1.0, {-0.1, 0.1, 20000}, {0, 1, 20000});
  expect_atan2<float>("atan2f, steep", 1.0, {-1, 1, 20000}, {0, 0.1, 20000});
  expect_atan2<float>("atan2f, wide", 1.0, {-149, 128, 20000, Spacing::powers_of_two},
                      {-149, 128, 20000, Spacing::powers_of_two});
}

/// Every pair of these, against MPFR's atan2, which follows IEEE 754.
TEST(Atan2, SpecialValues) {
  double const values[] = {0.0,   -0.0,   1.0, -1.0, 5e-324,   -5e-324,
                           1e308, -1e308, inf, -inf, quiet_nan};
  for (double y : values) {
    for (double x : values) {
      Mpfr const exact = apply(mpfr_atan2, Mpfr(y), Mpfr(x));
      std::string const what = "atan2(" + std::to_string(y) + ", " + std::to_string(x) + ")";
      EXPECT_LE(ulps<double>(mk::atan2(y, x), exact), 1.0) << what;
      if (!std::isnan(exact.to_double())) {
        EXPECT_EQ(std::signbit(mk::atan2(y, x)), std::signbit(y)) << what;
      }
      float const yf = static_cast<float>(y), xf = static_cast<float>(x);
      bool const representable = (xf == x || std::isnan(x)) && (yf == y || std::isnan(y));
      if (representable) {
        EXPECT_LE(ulps<float>(mk::atan2(yf, xf), exact), 1.0) << "single " << what;
      }
    }
  }
}

}  // namespace
