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

TEST(Forwards, EachExpiryByItsOwnParity) {
  auto const found =
      find_forwards({expiry_at(0.1, 0.05), expiry_at(0.5, 0.052), expiry_at(1, 0.054)}, {});
  ASSERT_EQ(found.expiries.size(), 3u);
  EXPECT_EQ(found.note, "");
  EXPECT_NEAR(found.expiries[1].discount, std::exp(-0.052 * 0.5), 1e-9);
  for (auto const& expiry : found.expiries) {
    EXPECT_EQ(expiry.quality, ExpiryQuality::good);
    EXPECT_EQ(expiry.reason, "");
    EXPECT_NEAR(expiry.forward, 1000, 1e-6);
  }
}

TEST(Forwards, AnUncertainExpiryTakesItsNeighboursDiscount) {
  auto middle = expiry_at(0.5, 0.05);
  shake(middle, 6);
  auto const found = find_forwards({expiry_at(0.25, 0.04), middle, expiry_at(0.75, 0.06)}, {});
  // rate * time is linear: (0.01 + 0.045) / 2.
  EXPECT_NEAR(found.expiries[1].discount, std::exp(-0.0275), 1e-9);
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
  EXPECT_NEAR(found.expiries[0].discount, std::exp(-0.05 * 0.01),
              1e-6);  // both decide equally well
  EXPECT_NEAR(found.expiries[3].discount, std::exp(-0.18), 1e-6);
  EXPECT_NEAR(found.expiries[3].forward, 1000 + 10 * std::exp(0.18), 1e-3);
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
