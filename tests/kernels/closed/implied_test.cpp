// Implied volatility: accuracy against MPFR, every status, hostile rows.
#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <vector>

#include "tests/kernels/closed/implied_reference.hpp"

namespace muster::kernels {
namespace {

ImpliedOutput solve(ImpliedInput const& q) {
  ImpliedOutput out;
  implied_volatility({&q, 1}, {&out, 1});
  return out;
}

TEST(Implied, SampleOfTheGridWithinFourGrains) {
  std::mt19937_64 bits(20240105);
  std::vector<ImpliedInput> in(20'000);
  for (auto& q : in) q = test::grid_quote(bits);
  std::vector<ImpliedOutput> out(in.size());
  implied_volatility(in, out);
  std::vector<double> errors;
  for (std::size_t i = 0; i < in.size(); ++i)
    if (has_volatility(out[i].status)) errors.push_back(test::error_in_grains(in[i], out[i].volatility));
  ASSERT_GT(errors.size(), 16'000u);
  std::sort(errors.begin(), errors.end());
  EXPECT_LT(errors.back(), 4);
  EXPECT_LT(errors[errors.size() / 2], .5);
}

TEST(Implied, ExtremePrices) {
  EXPECT_EQ(solve({9.0100203092428457323e-25, 100, 150, 1, 1, 1}).volatility, .04);
  EXPECT_NEAR(solve({.99999999974603714105, 1, 1, 10, 1, 1}).volatility, 4, 1e-7);  // 2e-10 from the top
  EXPECT_LT(test::error_in_grains({.99999999974603714105, 1, 1, 10, 1, 1},
                                  solve({.99999999974603714105, 1, 1, 10, 1, 1}).volatility), 4);
  EXPECT_EQ(solve({0 /* 3.0e-361 */, 100, 150, 1, 1, 1}).status, ImpliedStatus::no_information);
}

TEST(Implied, StatusOfEveryKind) {
  auto const status = [](ImpliedInput const& q) {
    auto const out = solve(q);
    EXPECT_FALSE(std::isnan(out.volatility));
    if (!has_volatility(out.status)) {
      EXPECT_EQ(out.volatility, 0);
    }
    return out.status;
  };
  double const inf = std::numeric_limits<double>::infinity(), nan = std::nan("");
  EXPECT_EQ(status({10, 100, 100, 1, .95, 1}), ImpliedStatus::ok);
  EXPECT_EQ(status({10, 100, 100, 1, 1.01, 1}), ImpliedStatus::negative_rate);
  EXPECT_EQ(status({49.9, 100, 50, 1, 1, 1}), ImpliedStatus::below_intrinsic);
  EXPECT_EQ(status({-1e-9, 100, 150, 1, 1, 1}), ImpliedStatus::below_intrinsic);
  EXPECT_EQ(status({100, 100, 50, 1, 1, 1}), ImpliedStatus::above_maximum);
  EXPECT_EQ(status({51, 100, 50, 1, 1, 0}), ImpliedStatus::above_maximum);
  EXPECT_EQ(status({50, 100, 50, 1, 1, 1}), ImpliedStatus::no_information);
  EXPECT_EQ(status({0, 100, 150, 1, 1, 1}), ImpliedStatus::no_information);
  EXPECT_EQ(status({49.999999999999986, 100, 50, 1, 1, 1}), ImpliedStatus::below_intrinsic);
  ImpliedInput const good{10, 100, 100, 1, .95, 1};
  for (double bad : {nan, inf, -inf, 0., -1.}) {
    for (int field = 0; field < 5; ++field) {
      if (field == 0 && bad <= 0 && !std::isinf(bad)) continue;  // a price may be anything finite
      ImpliedInput q = good;
      (field == 0 ? q.price : field == 1 ? q.forward : field == 2 ? q.strike : field == 3 ? q.years : q.discount) = bad;
      EXPECT_EQ(status(q), ImpliedStatus::invalid_input) << field << " " << bad;
    }
  }
}

TEST(Implied, NoRowIsEverNaNAndARowDoesNotTouchItsNeighbours) {
  std::mt19937_64 bits(5);
  std::vector<ImpliedInput> in(4'099);
  for (auto& q : in) {
    auto const wild = [&] {
      double x;
      std::uint64_t const b = bits();
      static_assert(sizeof x == sizeof b);
      std::memcpy(&x, &b, sizeof x);
      return x;
    };
    q = {wild(), std::abs(wild()), std::abs(wild()), std::abs(wild()), std::abs(wild()), int(bits() & 1)};
  }
  in[1000] = {10, 100, 100, 1, .95, 1};
  std::vector<ImpliedOutput> out(in.size());
  implied_volatility(in, out);
  for (std::size_t i = 0; i < in.size(); ++i) {
    EXPECT_FALSE(std::isnan(out[i].volatility));
    EXPECT_GE(out[i].volatility, 0);
    auto const alone = solve(in[i]);
    EXPECT_EQ(alone.volatility, out[i].volatility);
    EXPECT_EQ(alone.status, out[i].status);
  }
  EXPECT_EQ(out[1000].status, ImpliedStatus::ok);
}

}  // namespace
}  // namespace muster::kernels
