// The whole grid of a million quotes; minutes of MPFR.
#include <gtest/gtest.h>

#include "tests/kernels/closed/implied_reference.hpp"

namespace muster::kernels {
namespace {

TEST(ImpliedGrid, AMillionQuotesWithinFourGrains) {
  std::mt19937_64 bits(20240105);
  double worst = 0;
  int solved = 0;
  for (int i = 0; i < 1'000'000; ++i) {
    ImpliedInput const q = test::grid_quote(bits);
    ImpliedOutput out;
    implied_volatility({&q, 1}, {&out, 1});
    if (!has_volatility(out.status)) continue;
    ++solved;
    worst = std::max(worst, test::error_in_grains(q, out.volatility));
  }
  EXPECT_GT(solved, 800'000);
  EXPECT_LT(worst, 4);
  RecordProperty("worst_grains", std::to_string(worst));
}

}  // namespace
}  // namespace muster::kernels
