#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/jobs/price/job_file.hpp"

namespace muster::jobs::price {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

/// `name right strike@years x quantity` of each leg.
std::vector<std::string> legs(std::string_view strategy) {
  std::vector<std::string> lines;
  for (auto const& i :
       parsed(joined(one_asset, "[[strategy]]\nname = \"s\"\n", strategy)).instruments) {
    EXPECT_EQ(i.strategy, "s");
    EXPECT_EQ(i.kind, InstrumentKind::european);
    lines.push_back(fmt::format("{} {} {}@{} x {}", i.name, i.right == Right::call ? "call" : "put",
                                i.strike, i.expiry_years, i.quantity * i.multiplier));
  }
  return lines;
}

TEST(Strategies, AreTheirLegs) {
  EXPECT_THAT(
      legs("kind = \"vertical\"\nright = \"put\"\nstrikes = [110, 90]\nexpiry_years = 0.5\n"),
      ElementsAre("s/long put 110@0.5 x 1", "s/short put 90@0.5 x -1"));
  EXPECT_THAT(legs("kind = \"straddle\"\nstrikes = [100]\nexpiry_years = 0.5\nquantity = "
                   "-2\nmultiplier = 100\n"),
              ElementsAre("s/call call 100@0.5 x -200", "s/put put 100@0.5 x -200"));
  EXPECT_THAT(legs("kind = \"strangle\"\nstrikes = [90, 110]\nexpiry_years = 0.5\n"),
              ElementsAre("s/put put 90@0.5 x 1", "s/call call 110@0.5 x 1"));
  EXPECT_THAT(
      legs(
          "kind = \"butterfly\"\nright = \"call\"\nstrikes = [90, 100, 110]\nexpiry_years = 0.5\n"),
      ElementsAre("s/lower call 90@0.5 x 1", "s/body call 100@0.5 x -2",
                  "s/upper call 110@0.5 x 1"));
  EXPECT_THAT(legs("kind = \"iron_condor\"\nstrikes = [80, 90, 110, 120]\nexpiry_years = 0.5\n"),
              ElementsAre("s/long_put put 80@0.5 x 1", "s/short_put put 90@0.5 x -1",
                          "s/short_call call 110@0.5 x -1", "s/long_call call 120@0.5 x 1"));
  EXPECT_THAT(
      legs("kind = \"calendar\"\nright = \"call\"\nstrikes = [100]\nexpiry_years = [0.25, 0.5]\n"),
      ElementsAre("s/near call 100@0.25 x -1", "s/far call 100@0.5 x 1"));
  EXPECT_THAT(legs("kind = \"collar\"\nstrikes = [90, 110]\nexpiry_years = 0.5\n"),
              ElementsAre("s/stock call 0@0.5 x 1", "s/long_put put 90@0.5 x 1",
                          "s/short_call call 110@0.5 x -1"));
  EXPECT_THAT(legs("kind = \"covered_call\"\nstrikes = [110]\nexpiry_years = 0.5\n"),
              ElementsAre("s/stock call 0@0.5 x 1", "s/short_call call 110@0.5 x -1"));
  EXPECT_THAT(legs("kind = \"cash_secured_put\"\nstrikes = [90]\nexpiry_years = 0.5\n"),
              ElementsAre("s/short_put put 90@0.5 x -1"));
  EXPECT_THAT(legs("kind = \"custom\"\nquantity = 3\nlegs = [{ kind = \"european\", right = "
                   "\"put\", strike = 95, expiry_years = "
                   "1, quantity = -2 }, { name = \"hedge\", kind = \"european\", right = \"call\", "
                   "strike = 99, expiry_years = 2 }]\n"),
              ElementsAre("s/leg_1 put 95@1 x -6", "s/hedge call 99@2 x 3"));
}

TEST(Strategies, SurviveCanonicalText) {
  Params const params =
      parsed(joined(one_asset,
                    "[[strategy]]\nname = \"s\"\nkind = \"covered_call\"\nstrikes = [110]\n"
                    "expiry_years = 0.5\n"));
  EXPECT_EQ(parse_resolved(render_params(params)), params);
}

TEST(Strategies, ExpireOnDates) {
  auto const params =
      parsed(joined(dated_asset,
                    "[[strategy]]\nname = \"s\"\nkind = \"calendar\"\nright = \"put\"\nstrikes = "
                    "[100]\nexpiry = [2026-12-31, 2027-01-02]\n"));
  ASSERT_EQ(params.instruments.size(), 2U);
  EXPECT_EQ(params.instruments[1].expiry_years, 1.0);
  EXPECT_LT(params.instruments[0].expiry_years, 1.0);
}

TEST(Strategies, AreRefusedWithReason) {
  struct {
    std::string strategy, message;
  } const rows[] = {
      {"kind = \"vertical\"\nright = \"put\"\nstrikes = [110]\nexpiry_years = 1",
       "strategy.0.strikes: 1 strikes (vertical takes 2); give 2"},
      {"kind = \"vertical\"\nright = \"put\"\nstrikes = [110, 110]\nexpiry_years = 1",
       "strategy.0.strikes: 110 then 110 (the strikes of vertical differ); put them right"},
      {"kind = \"iron_condor\"\nstrikes = [80, 110, 90, 120]\nexpiry_years = 1",
       "strategy.0.strikes: 110 then 90 (the strikes of iron_condor ascend); put them right"},
      {"kind = \"straddle\"\nstrikes = [100]",
       "strategy.0.expiry_years: missing (the legs expire some time); give "
       "expiry_years or expiry"},
      {"kind = \"straddle\"\nstrikes = [100]\nexpiry_years = [0.5, 1]",
       "strategy.0.expiry_years: two expiries (only a calendar has two); give one"},
      {"kind = \"calendar\"\nright = \"put\"\nstrikes = [100]\nexpiry_years = 0.5",
       "strategy.0.expiry_years: one expiry (a calendar sells the near and buys the far one); give "
       "[near, far]"},
      {"kind = \"calendar\"\nright = \"put\"\nstrikes = [100]\nexpiry_years = [1, 0.5]",
       "strategy.0.expiry_years: the near expiry is not before the far one (a calendar is [near, "
       "far]); swap them"},
      {"kind = \"straddle\"\nright = \"put\"\nstrikes = [100]\nexpiry_years = 1",
       "strategy.0.right: not read by straddle (call or put; only for vertical, butterfly, "
       "calendar); remove the key"},
      {"kind = \"custom\"\nlegs = []",
       "strategy.0.legs: no legs (a custom strategy is its legs); list them"},
      {"kind = \"strangel\"",
       "strategy.0.kind: \"strangel\" is unknown (which legs); use \"strangle\""},
      {"kind = \"straddle\"\nstrikes = [100]\nexpiry_years = 1\nquantity = 0",
       "strategy.0.quantity: 0 (nothing is held, nothing priced); give a number or remove the "
       "strategy"},
      {"kind = \"straddle\"\nstrikes = [100]\nexpiry = 2026-06-19",
       "strategy.0.expiry: given without market.valuation (time to expiry is counted from it); "
       "give market.valuation, or "
       "expiry_years"},
  };
  for (auto const& row : rows) {
    std::string const message =
        fault(joined(one_asset, "[[strategy]]\nname = \"s\"\n", row.strategy));
    EXPECT_THAT(message, ::testing::StartsWith(row.message)) << row.strategy;
  }
}

TEST(Strategies, HaveNamesOfTheirOwn) {
  std::string const straddle =
      "[[strategy]]\nname = \"s\"\nkind = \"straddle\"\nstrikes = [100]\nexpiry_years = 1\n";
  EXPECT_THAT(refusal(joined(one_asset, straddle, straddle)),
              HasSubstr("\"s\" names an earlier strategy too"));
}

}  // namespace
}  // namespace muster::jobs::price
