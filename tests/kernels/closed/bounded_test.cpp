// The functions under the bulk closed forms against MPFR, inside the domains they promise.
#include "kernels/closed/bounded.hpp"

#include "kernels/closed/mills.hpp"
#include "tests/kernels/math/reference.hpp"

namespace {

namespace mk = muster::kernels;
using namespace muster::test;

Mpfr mills(Mpfr const& z) { return norm_cdf(-z) / norm_pdf(z); }

TEST(Bounded, ExpIsWithinItsBound) {
  expect_ulps<double>("exp_bounded", 1, [](double x) { return mk::exp_bounded(x); }, mpfr_exp,
                      {{-708, 709, 20000}, {-1, 1, 20000}, {-60, 0, 2000, Spacing::powers_of_two}});
}

TEST(Bounded, ExpAndItsRestAreWithinTheirBound) {
  double worst = 0;
  for (double x : draw<double>({-708, 709, 40000})) {
    mk::ExpParts const e = mk::exp_parts(x);
    Mpfr const scale(e.scale), exact = apply(mpfr_exp, Mpfr(x));
    Mpfr const lost = exact - (Mpfr(e.mantissa) + Mpfr(e.lost)) * scale;
    double const ulp = e.scale * (e.mantissa < 1 ? 0x1p-53 : 0x1p-52);
    worst = std::max(worst, std::fabs((lost / Mpfr(ulp)).to_double()));
  }
  EXPECT_LE(worst, 0.6);
  std::printf("exp_parts: %.3f ulp, bound 0.6\n", worst);
}

TEST(Bounded, LogIsWithinItsBound) {
  expect_ulps<double>("log_bounded", 0.9, [](double x) { return mk::log_bounded(x); }, mpfr_log,
                      {{0.5, 2, 20000}, {-1020, 1020, 20000, Spacing::powers_of_two}});
}

TEST(Bounded, LogRatioKeepsItsDigitsNearOne) {
  auto const check = [](char const* name, Regime const& first, Regime const& second) {
    std::vector<double> const x = draw<double>(first, 1), y = draw<double>(second, 2);
    double worst = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      Mpfr const exact = apply(mpfr_log, Mpfr(x[i]) / Mpfr(y[i]));
      worst = std::max(worst, ulps(mk::log_ratio(mk::log_ratio_reduce(x[i], y[i])), exact));
    }
    EXPECT_LE(worst, 2.3) << name;
    std::printf("log_ratio, %s: %.3f ulp, bound 2.3\n", name, worst);
  };
  check("near one", {100, 100.0001, 20000}, {100, 100.0001, 20000});
  check("within a power of two", {80, 200, 40000}, {80, 200, 40000});
  check("wide", {-500, 500, 20000, Spacing::powers_of_two},
        {-500, 500, 20000, Spacing::powers_of_two});
  EXPECT_EQ(mk::log_ratio(mk::log_ratio_reduce(0.1, 0.1)), 0.0);
}

TEST(Mills, RatioIsWithinItsBound) {
  expect_ulps<double>(
      "mills_ratio", 2.2, [](double z) { return mk::mills_ratio(z); }, mills,
      {{-1, 2, 20000}, {2, 50, 20000}, {50, 500, 20000}, {-40, 14, 10000, Spacing::powers_of_two}});
}

TEST(Mills, QuotientIsWithinItsBound) {
  auto const quotient = [](double z) {
    mk::MillsQuotient const m = mk::mills_quotient(z);
    return m.over / m.under;
  };
  expect_ulps<double>("mills_quotient", 5.5, quotient, mills,
                      {{0, 2, 20000}, {2, 39, 20000}, {-40, 0, 2000, Spacing::powers_of_two}});
}

}  // namespace
