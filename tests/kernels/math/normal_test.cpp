// The normal density, distribution function and quantile against MPFR.
#include "kernels/math/normal.hpp"

#include "tests/kernels/math/reference.hpp"

namespace {

using namespace muster::test;
namespace mk = muster::kernels;

/// Newton's method at 160 bits from muster's own value, which is good to 50: two steps suffice.
Mpfr norm_inv(Mpfr const& p) {
  Mpfr x(mk::norm_inv(p.to_double()));
  for (int i = 0; i < 3; ++i) x = x - (norm_cdf(x) - p) / norm_pdf(x);
  return x;
}

TEST(NormCdf, IsWithinItsBound) {
  auto const reference = [](Mpfr const& x) { return norm_cdf(x); };
  expect_ulps<double>(
      "norm_cdf", 1.8, [](double x) { return mk::norm_cdf(x); }, reference,
      {{-37.5, 8, 20000}, {-1, 1, 20000}, {-38.6, -37.4}, {-60, 3, 2000, Spacing::powers_of_two}});
  expect_ulps<float>("norm_cdff", 1.8, [](float x) { return mk::norm_cdf(x); }, reference,
                     {{-14.3, 6, 20000}, {-1, 1, 20000}, {-30, 2, 2000, Spacing::powers_of_two}});
}

TEST(NormPdf, IsWithinItsBound) {
  auto const reference = [](Mpfr const& x) { return norm_pdf(x); };
  expect_ulps<double>("norm_pdf", 0.9, [](double x) { return mk::norm_pdf(x); }, reference,
                      {{-39, 39, 20000}, {-1, 1, 5000}});
  expect_ulps<float>("norm_pdff", 0.9, [](float x) { return mk::norm_pdf(x); }, reference,
                     {{-14.6, 14.6, 20000}, {-1, 1, 5000}});
}

TEST(NormInv, IsWithinItsBound) {
  auto const reference = [](Mpfr const& p) { return norm_inv(p); };
  expect_ulps<double>("norm_inv", 2.5, [](double p) { return mk::norm_inv(p); }, reference,
                      {{0.001, 0.999, 20000},
                       {0.09, 0.11},
                       {0.49, 0.51},
                       {-1074, -1, 10000, Spacing::powers_of_two},
                       {-40, -1, 10000, Spacing::powers_of_two}});
  expect_ulps<float>(
      "norm_invf", 2.8, [](float p) { return mk::norm_inv(p); }, reference,
      {{0.001, 0.999, 20000}, {0.49, 0.51}, {-149, -1, 10000, Spacing::powers_of_two}});
}

TEST(NormInv, UpperTailMirrorsTheLower) {
  for (double p : draw<double>({-1000, -1, 1000, Spacing::powers_of_two})) {
    EXPECT_EQ(mk::norm_inv_upper(p), -mk::norm_inv(p));
  }
}

TEST(NormInv, IsMonotonicAcrossItsSeams) {
  for (double seam : {0.1, 0.9, std::exp(-25.0)}) {
    double p = seam - 1000 * seam * 0x1p-53, last = mk::norm_inv(p);
    for (int i = 0; i < 2000; ++i) {
      p = std::nextafter(p, 1.0);
      double const x = mk::norm_inv(p);
      EXPECT_GE(x, last - 3 * std::fabs(last) * 0x1p-52) << p;
      last = x;
    }
  }
}

TEST(Normal, SpecialValues) {
  expect_same(mk::norm_cdf(inf), 1.0, "norm_cdf(inf)");
  expect_same(mk::norm_cdf(-inf), 0.0, "norm_cdf(-inf)");
  expect_same(mk::norm_cdf(quiet_nan), quiet_nan, "norm_cdf(nan)");
  expect_same(mk::norm_cdf(0.0), 0.5, "norm_cdf(0)");
  expect_same(mk::norm_cdf(0.0f), 0.5f, "norm_cdff(0)");
  expect_same(mk::norm_pdf(inf), 0.0, "norm_pdf(inf)");
  expect_same(mk::norm_pdf(quiet_nan), quiet_nan, "norm_pdf(nan)");
  expect_same(mk::norm_inv(0.0), -inf, "norm_inv(0)");
  expect_same(mk::norm_inv(1.0), inf, "norm_inv(1)");
  expect_same(mk::norm_inv(0.5), 0.0, "norm_inv(0.5)");
  for (double p : {-0.1, 1.1, -inf, inf, quiet_nan})
    expect_same(mk::norm_inv(p), quiet_nan, "norm_inv outside");
  for (float p : {-0.1f, 1.1f})
    expect_same(mk::norm_inv(p), static_cast<float>(quiet_nan), "norm_invf outside");
}

}  // namespace
