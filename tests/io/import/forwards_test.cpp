#include "io/import/forwards.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace muster::io {
namespace {

using ::testing::HasSubstr;

/// Pairs on the exact parity line, a bell of time value on both sides.
ExpiryPairs expiry_at(double years, double rate, double forward = 1000) {
  ExpiryPairs expiry{years, Exercise::european, {}};
  double const discount = std::exp(-rate * years), width = forward * 0.2 * std::sqrt(years);
  for (double strike = 0.7 * forward; strike <= 1.3 * forward; strike += 0.01 * forward) {
    double const x = (strike - forward) / width;
    double const time_value = 0.4 * width * std::exp(-x * x / 2) + 1e-3;
    double const difference = discount * (forward - strike);
    expiry.pairs.push_back({strike, time_value + std::max(difference, 0.0),
                            time_value + std::max(-difference, 0.0), 0.2});
  }
  return expiry;
}

/// Scatter that no trimming removes, so that parity cannot tell the rate.
void shake(ExpiryPairs& expiry, double by) {
  for (std::size_t i = 0; i < expiry.pairs.size(); ++i)
    expiry.pairs[i].call += by * std::sin(7.0 * static_cast<double>(i * i));
}

TEST(Forwards, RatesThatAgreeAreKept) {
  auto const found =
      find_forwards({expiry_at(0.1, 0.05), expiry_at(0.5, 0.05), expiry_at(1, 0.05)}, {});
  ASSERT_EQ(found.expiries.size(), 3u);
  EXPECT_EQ(found.note, "");
  EXPECT_NEAR(found.expiries[1].discount, std::exp(-0.05 * 0.5), 1e-9);
  for (auto const& expiry : found.expiries) {
    EXPECT_EQ(expiry.quality, ExpiryQuality::good);
    EXPECT_EQ(expiry.reason, "");
    EXPECT_NEAR(expiry.forward, 1000, 1e-6);
  }
}

/// Two expiries with the rates r -+ gap / 2 move by gap * tie / (weight + 2 tie) towards each
/// other.
double pull(double gap, double years_apart) {
  double const weight = 1 / (0.001 * 0.001), tie = 1 / (0.005 * 0.005 * years_apart);
  return gap * tie / (weight + 2 * tie);
}

TEST(Forwards, RatesOfNearExpiriesMoveTogether) {
  auto const found = find_forwards({expiry_at(0.5, 0.052), expiry_at(0.52, 0.048)}, {});
  double const moved = pull(0.004, 0.02);
  EXPECT_GT(moved, 0.0012);
  EXPECT_NEAR(found.expiries[0].discount, std::exp(-(0.052 - moved) * 0.5), 1e-7);
  EXPECT_NEAR(found.expiries[1].discount, std::exp(-(0.048 + moved) * 0.52), 1e-7);
  EXPECT_NEAR(found.expiries[0].forward, 1000, 1e-6);  // the pairs at the money know it
}

TEST(Forwards, ASteepCurveStaysSteep) {
  std::vector<ExpiryPairs> expiries;
  for (int i = 1; i <= 8; ++i) expiries.push_back(expiry_at(0.125 * i, 0.0025 * i));
  auto const found = find_forwards(expiries, {});
  for (int i = 1; i <= 8; ++i) {
    ExpiryForward const& expiry = found.expiries[static_cast<std::size_t>(i - 1)];
    // The ends are pulled inwards, the others by both sides.
    EXPECT_NEAR(-std::log(expiry.discount) / (0.125 * i), 0.0025 * i,
                i == 1 || i == 8 ? 7e-4 : 2e-4);
    EXPECT_EQ(expiry.quality, ExpiryQuality::good);
  }
}

TEST(Forwards, TwoListingsOfOneTimeShareARate) {
  auto const found = find_forwards({expiry_at(0.5, 0.051), expiry_at(0.5, 0.049)}, {});
  EXPECT_NEAR(found.expiries[0].discount, std::exp(-0.05 * 0.5), 1e-5);
  EXPECT_EQ(found.expiries[0].discount, found.expiries[1].discount);
}

TEST(Forwards, AnUncertainExpiryTakesItsNeighboursDiscount) {
  auto middle = expiry_at(0.5, 0.05);
  shake(middle, 6);
  auto const found = find_forwards({expiry_at(0.25, 0.04), middle, expiry_at(0.75, 0.06)}, {});
  // Halfway between them, however far they were pulled together.
  EXPECT_NEAR(found.expiries[1].discount, std::exp(-0.05 * 0.5), 1e-7);
  EXPECT_NEAR(found.expiries[1].forward, 1000, 4);
}

TEST(Forwards, ANonsenseDiscountIsDoubtfulWithTheReason) {
  auto middle = expiry_at(0.5, 0.05);
  for (auto& pair : middle.pairs) pair.call += 0.5 * (pair.strike - 1000);  // slope -0.475
  auto const found = find_forwards({expiry_at(0.25, 0.05), middle, expiry_at(0.75, 0.05)}, {});
  EXPECT_EQ(found.expiries[1].quality, ExpiryQuality::doubtful);
  EXPECT_THAT(found.expiries[1].reason, HasSubstr("parity gives a nonsense discount 0.47"));
  EXPECT_THAT(found.expiries[1].reason,
              HasSubstr("the discount is that of the neighbouring expiries"));
  EXPECT_NEAR(found.expiries[1].discount, std::exp(-0.025), 1e-9);
}

TEST(Forwards, OneThatContradictsItsNeighboursIsOverruled) {
  std::vector<ExpiryPairs> expiries;
  for (double years : {0.2, 0.4, 0.6, 0.8, 1.0})
    expiries.push_back(expiry_at(years, years == 0.6 ? 0.09 : 0.05));
  auto const found = find_forwards(expiries, {});
  EXPECT_EQ(found.expiries[2].quality, ExpiryQuality::doubtful);
  EXPECT_THAT(found.expiries[2].reason, HasSubstr("its rate of 9.00 % contradicts"));
  EXPECT_NEAR(found.expiries[2].discount, std::exp(-0.03), 1e-9);
  EXPECT_EQ(found.expiries[1].quality, ExpiryQuality::good);
}

TEST(Forwards, OutsideTheDecidedExpiriesTheRateIsFlat) {
  ExpiryPairs near{0.01, Exercise::european, {{1000, 11, 10, 0.2}}},
      far{3, Exercise::european, {{1000, 40, 30, 0.2}}};
  auto const found = find_forwards({near, expiry_at(0.5, 0.04), expiry_at(1, 0.06), far}, {});
  double const moved = pull(0.02, 0.5), last = 0.06 - moved;
  EXPECT_NEAR(found.expiries[0].discount, std::exp(-(0.04 + moved) * 0.01), 1e-8);
  EXPECT_NEAR(found.expiries[3].discount, std::exp(-3 * last), 1e-6);
  EXPECT_NEAR(found.expiries[3].forward, 1000 + 10 * std::exp(3 * last), 1e-3);
  EXPECT_EQ(found.expiries[3].pairs, 1u);
  EXPECT_EQ(found.expiries[3].quality, ExpiryQuality::doubtful);
}

TEST(Forwards, AmericanParityIsNotBelieved) {
  auto expiry = expiry_at(0.5, 0.03);
  expiry.exercise = Exercise::european_equivalent;
  auto const found = find_forwards({expiry}, {});
  EXPECT_EQ(found.expiries[0].discount, 1);
  EXPECT_EQ(found.expiries[0].quality, ExpiryQuality::doubtful);
  EXPECT_THAT(found.expiries[0].reason, HasSubstr("early exercise hides the discount"));
  EXPECT_THAT(found.note, HasSubstr("give --rate"));
}

TEST(Forwards, AGivenRateIsTaken) {
  auto expiry = expiry_at(0.5, 0.03);
  expiry.exercise = Exercise::european_equivalent;
  auto const found = find_forwards({expiry}, 0.03);
  EXPECT_NEAR(found.expiries[0].discount, std::exp(-0.015), 1e-15);
  EXPECT_NEAR(found.expiries[0].forward, 1000, 1e-9);
  EXPECT_EQ(found.expiries[0].quality, ExpiryQuality::good);
  EXPECT_THAT(found.note, HasSubstr("at the rate given, 3.000 %"));
}

TEST(Forwards, WithoutAPairThereIsNoForward) {
  auto const found = find_forwards({ExpiryPairs{0.3, Exercise::european, {}}}, {});
  EXPECT_EQ(found.expiries[0].quality, ExpiryQuality::unusable);
  EXPECT_EQ(found.expiries[0].forward, 0);
  EXPECT_THAT(found.expiries[0].reason, HasSubstr("no strike with both a call and a put"));
}

TEST(Forwards, NoExpiryAtAll) { EXPECT_TRUE(find_forwards({}, {}).expiries.empty()); }

}  // namespace
}  // namespace muster::io
