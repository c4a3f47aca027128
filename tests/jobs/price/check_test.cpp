// Every message a price job can be refused with, read.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "jobs/price/correlation.hpp"
#include "tests/jobs/price/job_file.hpp"

namespace muster::jobs::price {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::StartsWith;

struct Row {
  std::string text, message;
};

void expect_faults(std::string_view before, std::vector<Row> const& rows) {
  for (auto const& row : rows) EXPECT_EQ(fault(joined(before, row.text)), row.message) << row.text;
}

/// A job whose market is `market` and whose one instrument is a call.
std::string with_market(std::string_view market) {
  return joined("kind = \"price\"\n", market, a_call);
}

TEST(Check, Assets) {
  std::string const begin = "[market]\n[[market.asset]]\nname = \"A\"\n";
  struct {
    std::string market, message;
  } const rows[] = {
      {"spot = 0\nvolatility = 0.2\n",
       "market.asset.0.spot: 0 is out of range (price now; must be above 0 and at most "
       "1e+12); give a number in that range"},
      {"spot = 1\nvolatility = -0.2\n",
       "market.asset.0.volatility: -0.2 is out of range (Black volatility as a fraction, 0.2 means "
       "20 %; must be above 0 and at most 10); give such a value"},
      {"spot = 1\n",
       "market.asset.0.volatility: missing (market.model = \"black_scholes\" reads it); give it"},
      {"spot = 1\nvolatility = { years = [1, 2], values = [0.4, 0.1] }\n",
       "market.asset.0.volatility: total variance falls from 0.16 at 1 years to 0.02 at 2 years "
       "(the variance in between "
       "would be negative); raise the later volatility"},
      {"spot = 1\nvolatility = { years = [2, 1], values = [0.4, 0.4] }\n",
       "market.asset.0.volatility.years: 1 does not come after 2 (pillars ascend); sort them"},
      {"spot = 1\nvolatility = { years = [], values = [] }\n",
       "market.asset.0.volatility.values: 0 values for 0 years (each pillar has one value); make "
       "the lists equally long"},
      {"spot = 1\nvolatility = 0.2\ndividend = \"x\"\n",
       "market.asset.0.dividend: the text \"x\" is no curve (continuous dividend yield as a "
       "fraction, 0.02 means 2 %); give "
       "a number or { years = [...], values = [...] }"},
      {"spot = 5\nvolatility = 0.2\ncash_dividends = [{ years = 1, amount = 3 }, { years = 2, "
       "amount = 2 }]\n",
       "market.asset.0.cash_dividends: dividends of 5 in all on a spot of 5 (the share would be "
       "worth less than nothing); "
       "check the amounts"},
      {"spot = 5\nvolatility = 0.2\ncash_dividends = [{ years = 2, amount = 1 }, { years = 1, "
       "amount = 1 }]\n",
       "market.asset.0.cash_dividends: the dividend at 1 years does not come after the one at 2 "
       "years (they ascend in "
       "time); sort them"},
      {"spot = 5\nvolatility = 0.2\nheston = { v0 = 0.1, kappa = 1, theta = 0.1, xi = 1, rho = 0 "
       "}\n",
       "market.asset.0.heston: not read by black_scholes (the variance of Heston's model; only for "
       "heston); remove the key"},
  };
  for (auto const& row : rows)
    EXPECT_EQ(fault(with_market(begin + row.market)), row.message) << row.market;
  EXPECT_THAT(refusal(with_market(
                  begin + "spot = 1\nvolatility = 0.2\n[[market.asset]]\nname = \"A\"\nspot = 1\n"
                          "volatility = 0.2\n")),
              HasSubstr("market.asset.1.name: \"A\" names an earlier asset too"));
  EXPECT_EQ(fault(with_market("[market]\nasset = []\n")),
            "market.asset: no asset (instruments are priced on one); give [[market.asset]]");
  EXPECT_EQ(fault(joined("kind = \"price\"\n", a_call)),
            "market: missing (what the instruments are priced on); give a table");
}

TEST(Check, Models) {
  std::string const begin =
      "[market]\nmodel = \"heston\"\n[[market.asset]]\nname = \"A\"\nspot = 1\n";
  EXPECT_EQ(fault(with_market(begin)),
            "market.asset.0.heston: missing (market.model = \"heston\" reads it); give it");
  EXPECT_EQ(fault(with_market(begin +
                              "heston = { v0 = 0.1, kappa = 1, theta = 0.1, xi = -1, rho = 0 }\n")),
            "market.asset.0.heston.xi: -1 is out of range (volatility of the variance; must be "
            "between 0 and 10); give a "
            "number in that range");
  EXPECT_EQ(fault(with_market(
                begin + "heston = { v0 = 0.1, kappa = 1, theta = 0.1, xi = 1, rho = -1.5 }\n")),
            "market.asset.0.heston.rho: -1.5 is out of range (correlation of spot and variance; "
            "must be between -1 and 1); "
            "give a number in that range");
  EXPECT_EQ(fault(with_market("[market]\nmodel = \"merton\"\n[[market.asset]]\nname = \"A\"\nspot "
                              "= 1\nvolatility = 0.1\n")),
            "market.asset.0.merton: missing (market.model = \"merton\" reads it); give "
            "[market.asset.merton]");
  EXPECT_EQ(
      fault(with_market("[market]\nmodel = \"sabr\"\n[[market.asset]]\nname = \"A\"\nspot = 1\n")),
      "market.model: \"sabr\" is unknown (model of all assets); use one of black_scholes, merton, "
      "heston");
}

TEST(Check, Correlations) {
  auto const message = [](std::string const& value) {
    std::string const text =
        refusal(joined(three_assets, asset_call), {"market.correlation=" + value});
    return text.substr(text.find(": ") + 2);
  };
  EXPECT_THAT(message("[[1, 0.9, -0.9], [0.9, 1, 0.9], [-0.9, 0.9, 1]]"),
              StartsWith("market.correlation: not positive semi-definite: smallest eigenvalue -0.8 "
                         "(no random variables have "
                         "these correlations); move them towards 0, e.g. all times 0.5555"));
  EXPECT_EQ(message("[[1, 0.5, 0], [0.4, 1, 0], [0, 0, 1]]"),
            "market.correlation: not symmetric: \"B\" with \"A\" is 0.4, the other way round 0.5 "
            "(a correlation has no "
            "direction); make them equal");
  EXPECT_EQ(message("[[1, 0, 0], [0, 0.9, 0], [0, 0, 1]]"),
            "market.correlation: the correlation of \"B\" with itself is 0.9 (it is 1 by "
            "definition); write 1.0");
  EXPECT_EQ(
      message("[[1, 0], [0, 1]]"),
      "market.correlation: 2 rows for 3 assets (a row and a column for each); give 3 rows of 3");
  EXPECT_EQ(
      message("[[1, 0, 0], [0, 1], [0, 0, 1]]"),
      "market.correlation: row 1 has 2 values for 3 assets (a row and a column for each); give 3");
  EXPECT_THAT(message("[[1, 0, 2], [0, 1, 0], [2, 0, 1]]"),
              HasSubstr("market.correlation.0: 2 is out of range"));
  EXPECT_THAT(message("0.5"), StartsWith("market.correlation: 0.5 is no correlation"));
  EXPECT_EQ(
      message("[{ a = \"A\", b = \"X\", value = 0.5 }]"),
      "market.correlation.0.b: no asset is named \"X\" (a pair names two of them); use \"A\"");
  EXPECT_THAT(message("[{ a = \"A\", b = \"A\", value = 0.5 }]"),
              HasSubstr("an asset with itself"));
  EXPECT_THAT(
      message("[{ a = \"A\", b = \"B\", value = 0.5 }, { a = \"B\", b = \"A\", value = 0.4 }]"),
      HasSubstr("this pair stands twice"));
  EXPECT_THAT(message("[{ a = \"A\", b = \"B\" }]"),
              HasSubstr("market.correlation.0.value: missing"));
}

TEST(Check, EigenvaluesAreKnownOnes) {
  // Equicorrelation rho has eigenvalues 1 - rho and 1 + (n - 1) rho.
  std::vector<double> matrix(16, -0.4);
  for (std::size_t i = 0; i < 4; ++i) matrix[i * 4 + i] = 1;
  EXPECT_NEAR(smallest_eigenvalue(matrix, 4), 1 - 3 * 0.4, 1e-14);
  EXPECT_NEAR(smallest_eigenvalue({1, 1, 1, 1}, 2), 0.0, 1e-15);
  EXPECT_EQ(smallest_eigenvalue({1}, 1), 1.0);
}

TEST(Check, Instruments) {
  std::string const begin = joined(one_asset, "[[instrument]]\nexpiry_years = 1.0\n");
  expect_faults(
      begin,
      {
          {"kind = \"european\"\nright = \"call\"\nstrike = 0.0",
           "instrument.0.strike: 0 is out of range (only a spread, or as 0 a european call in a "
           "strategy, has such a "
           "strike); give a number above 0"},
          {"kind = \"european\"\nright = \"put\"\nstrike = 0.0\nstrategy = \"s\"",
           "instrument.0.strike: 0 is out of range (only a spread, or as 0 a european call in a "
           "strategy, has such a "
           "strike); give a number above 0"},
          {"kind = \"european\"\nright = \"call\"",
           "instrument.0.strike: missing (strike price; above 0, but a spread takes any and a "
           "stock leg (a european call in "
           "a strategy) 0); give a number between -1e+12 and 1e+12"},
          {"kind = \"european\"\nstrike = 1.0",
           "instrument.0.right: missing (call or put); give one of call, put"},
          {"kind = \"european\"\nright = \"call\"\nstrike = 1.0\nquantity = 0",
           "instrument.0.quantity: 0 (nothing is held, nothing priced); give a number or remove "
           "the instrument"},
          {"kind = \"european\"\nright = \"call\"\nstrike = 1.0\nexercise = \"american\"",
           "instrument.0.exercise: american exercise is not priced yet (it comes with a later "
           "release); use exercise = "
           "\"european\""},
          {"kind = \"european\"\nright = \"call\"\nstrike = 1.0\nexercise = \"eurpean\"",
           "instrument.0.exercise: \"eurpean\" is unknown (when the holder may exercise); use "
           "\"european\""},
          {"kind = \"european\"\nright = \"call\"\nstrike = 1.0\nasset = \"AA\"",
           "instrument.0.asset: no asset of the market is named \"AA\" (its price is needed); use "
           "\"A\""},
          {"kind = \"european\"\nright = \"call\"\nstrike = 1.0\nbarrier = 9.0",
           "instrument.0.barrier: not read by european (barrier level; the lower one of a double "
           "barrier; only for barrier, "
           "barrier (discrete), double_barrier, double_barrier (discrete)); remove the key"},
          {"kind = \"asian\"\nright = \"call\"\nstrike = 1.0",
           "instrument.0.fixing_years: no observation (the payoff looks at the path at set times); "
           "give fixings = 12, say, "
           "or fixing_years"},
          {"kind = \"asian\"\nright = \"call\"\nstrike = 1.0\nfixing_years = [0.5, 0.4]",
           "instrument.0.fixing_years: 0.4 does not come after 0.5 (observation times ascend); "
           "sort them"},
          {"kind = \"asian\"\nright = \"call\"\nstrike = 1.0\nfixing_years = [0.5, 1.5]",
           "instrument.0.fixing_years: 1.5 is after expiry at 1 years (it cannot count any more); "
           "remove it or move the "
           "expiry"},
          {"kind = \"asian\"\nright = \"call\"\nstrike = 1.0\nfixing_years = [0.5]\nfixings = 2",
           "instrument.0.fixings: given together with fixing_years (they may disagree); keep one "
           "of them"},
          {"kind = \"asian\"\nright = \"call\"\nstrike_kind = \"floating\"\nstrike = 1.0\nfixings "
           "= 2",
           "instrument.0.strike: not read by asian (floating strike) (strike price; above 0, but a "
           "spread takes any and a "
           "stock leg (a european call in a strategy) 0; only for european, digital_cash, "
           "digital_asset, asian, barrier, "
           "barrier (discrete), double_barrier, double_barrier (discrete), lookback, lookback "
           "(discrete), basket, spread, "
           "best_of, worst_of); remove the key"},
          {"kind = \"asain\"",
           "instrument.0.right: missing (call or put); give one of call, put\njob.toml:10:8: "
           "instrument.0.kind: \"asain\" is unknown (kind of contract); use \"asian\""},
          {"kind = \"basket\"\nright = \"call\"\nstrike = 1.0\nassets = [\"A\", \"A\"]\nweights = "
           "[1, 1]",
           "instrument.0.assets: \"A\" stands twice (each asset counts once); name it once, with "
           "its whole weight"},
          {"kind = \"basket\"\nright = \"call\"\nstrike = 1.0\nassets = [\"A\"]\nweights = [1, 1]",
           "instrument.0.weights: 2 weights for 1 assets (each asset has one); make the lists "
           "equally long"},
          {"kind = \"basket\"\nright = \"call\"\nstrike = 1.0\nassets = [\"A\"]\nweights = [0]",
           "instrument.0.weights: all 0 (the basket is empty); give at least one"},
          {"kind = \"spread\"\nright = \"call\"\nstrike = 1.0\nassets = \"A\"",
           "instrument.0.assets: 1 assets (a spread is the first less the second); name two"},
          {"kind = \"best_of\"\nright = \"call\"\nstrike = 1.0\nassets = [\"A\"]",
           "instrument.0.assets: 1 asset (there is nothing to choose from); name at least two"},
      });
  EXPECT_EQ(fault(joined(three_assets, a_call)),
            "instrument.0.asset: missing (the market has 3 assets); name one");
}

TEST(Check, Barriers) {
  std::string const begin =
      joined(one_asset, "[[instrument]]\nexpiry_years = 1.0\nright = \"call\"\nstrike = 100.0\n");
  expect_faults(begin, {
                           {"kind = \"barrier\"\nbarrier_kind = \"down_out\"\nbarrier = 100",
                            "instrument.0.barrier: 100 is already crossed: the spot is 100, not "
                            "above it (it is knocked out and worth its "
                            "rebate at most); remove it or check the barrier"},
                           {"kind = \"barrier\"\nbarrier_kind = \"up_in\"\nbarrier = 90",
                            "instrument.0.barrier: 90 is already crossed: the spot is 100, not "
                            "below it (it is knocked in and a plain "
                            "option); price it as european"},
                           {"kind = \"barrier\"\nbarrier_kind = \"up_in\"\nbarrier = 110\nrebate = "
                            "1\nrebate_at = \"hit\"",
                            "instrument.0.rebate_at: \"hit\" on a knock-in (its rebate is paid "
                            "when the barrier was never hit, which is known "
                            "at expiry); use \"expiry\" or remove the key"},
                           {"kind = \"double_barrier\"\ndouble_barrier_kind = "
                            "\"knock_out\"\nbarrier = 110\nupper_barrier = 90",
                            "instrument.0.upper_barrier: 90 is not above barrier = 110 (the option "
                            "lives between the two); swap or mend "
                            "them"},
                           {"kind = \"double_barrier\"\ndouble_barrier_kind = "
                            "\"knock_in\"\nbarrier = 50\nupper_barrier = 90",
                            "instrument.0.upper_barrier: 90 is already crossed: the spot is 100, "
                            "not below it (it is knocked in and a plain "
                            "option); price it as european"},
                           {"kind = \"barrier\"\nbarrier_kind = \"up_out\"\nbarrier = "
                            "110\nmonitoring = \"discrete\"",
                            "instrument.0.fixing_years: no observation (the payoff looks at the "
                            "path at set times); give fixings = 12, say, "
                            "or fixing_years"},
                       });
  // Watched at set times only, the spot now is no observation.
  EXPECT_EQ(refusal(begin + "kind = \"barrier\"\nbarrier_kind = \"up_out\"\nbarrier = "
                            "90\nmonitoring = \"discrete\"\nfixings = 2"),
            "accepted");
}

TEST(Check, Lookbacks) {
  std::string const begin =
      joined(one_asset, "[[instrument]]\nkind = \"lookback\"\nexpiry_years = 1.0\n");
  expect_faults(begin, {
                           {"right = \"call\"\nstrike_kind = \"floating\"\nextremum = 101",
                            "instrument.0.extremum: 101 is above the spot of 100 (a minimum seen "
                            "so far includes the spot); "
                            "mend it, or 0 for the spot"},
                           {"right = \"call\"\nstrike = 90\nextremum = 99",
                            "instrument.0.extremum: 99 is below the spot of 100 (a maximum seen so "
                            "far includes the spot); "
                            "mend it, or 0 for the spot"},
                       });
  EXPECT_EQ(refusal(begin + "right = \"put\"\nstrike_kind = \"floating\"\nextremum = 101"),
            "accepted");
  EXPECT_EQ(refusal(begin + "right = \"put\"\nstrike = 90\nextremum = 99"), "accepted");
}

TEST(Check, Expiries) {
  std::string const call = "[[instrument]]\nkind = \"european\"\nright = \"call\"\nstrike = 1.0\n";
  EXPECT_EQ(fault(joined(one_asset, call)),
            "instrument.0.expiry_years: missing (the contract ends some time); give expiry_years "
            "or expiry");
  EXPECT_EQ(fault(joined(one_asset, call, "expiry = 2026-06-19\n")),
            "instrument.0.expiry: given without market.valuation (time to expiry is counted from "
            "it); give market.valuation, "
            "or expiry_years");
  EXPECT_EQ(fault(joined(dated_asset, call, "expiry = 2026-01-02\n")),
            "instrument.0.expiry: 2026-01-02T21:00:00Z is not after the valuation at "
            "2026-01-02T21:00:00Z (the contract is "
            "over); remove it or mend the dates");
  EXPECT_EQ(fault(joined(dated_asset, call, "expiry = 2126-06-19\n")),
            "instrument.0.expiry: 2126-06-19T20:00:00Z is over 100 years away (beyond what is "
            "priced); mend the date");
  EXPECT_EQ(fault(joined(dated_asset, call, "expiry = 2026-06-19\nexpiry_years = 1\n")),
            "instrument.0.expiry_years: given together with expiry (they may disagree); keep one "
            "of them");
  EXPECT_THAT(fault(joined(dated_asset, call, "expiry = 2026-06-19T10:00:00\n")),
              HasSubstr("has no time zone"));
  EXPECT_THAT(fault(joined(dated_asset, call, "expiry = 1850-06-19\n")),
              HasSubstr("is no instant"));
  EXPECT_THAT(fault(joined(dated_asset, call, "expiry = 10:00:00\n")), HasSubstr("is no instant"));
  EXPECT_THAT(fault(joined(dated_asset, call, "expiry = \"soon\"\n")),
              StartsWith("instrument.0.expiry: \"soon\" is no instant"));
}

TEST(Check, Simulation) {
  auto const message = [](std::vector<std::string> const& overrides) {
    std::string const text = refusal(joined(one_asset, a_call), overrides);
    return text.substr(text.find(": ") + 2);
  };
  EXPECT_EQ(message({"simulation.paths=1001"}),
            "simulation.paths: 1001 is odd (an antithetic pair is two paths); use 1002 or "
            "antithetic = false");
  EXPECT_EQ(message({"simulation.tile_paths=1000"}),
            "simulation.tile_paths: 1000 is no power of two (runs stop at 2^k tiles); use 512");
  EXPECT_EQ(
      message({"simulation.tile_paths=1"}),
      "simulation.tile_paths: 1 holds half an antithetic pair (a tile is whole); use 2 or more");
  EXPECT_EQ(message({"simulation.tile_paths=2048", "simulation.paths=1200"}),
            "simulation.tile_paths: 2048 is more than paths = 1200 (there is no whole tile then); "
            "use 1024");
  EXPECT_EQ(message({"simulation.max_paths=2048"}),
            "simulation.max_paths: given without target_stderr (only that rule reads it); remove "
            "the key or give a target");
  EXPECT_EQ(message({"simulation.max_paths=100", "simulation.target_stderr=1"}),
            "simulation.max_paths: 100 is less than a tile of 32768 paths (the run could not "
            "begin); raise it");
  EXPECT_EQ(message({"simulation.max_paths=99999", "simulation.target_stderr=1"}),
            "simulation.max_paths: 99999 is odd (an antithetic pair is two paths); use 100000");
  EXPECT_THAT(message({"simulation.target_stderr=-1"}),
              StartsWith("simulation.target_stderr: -1 is no target"));
  EXPECT_THAT(message({"simulation.target_stderr={relative = 0}"}),
              StartsWith("simulation.target_stderr.relative: 0 is out of range"));
  EXPECT_THAT(message({"simulation.paths=0"}), StartsWith("simulation.paths: 0 is out of range"));
  EXPECT_THAT(message({"simulation.paths=1e13"}),
              StartsWith("simulation.paths: 10000000000000 is out of range"));
  EXPECT_EQ(message({"simulation.steps_per_year=1e6", "instrument.0.expiry_years=100"}),
            "simulation.steps_per_year: 1e+06 steps a year to 100 years are over 4 194 304 steps "
            "(beyond use, and beyond "
            "the random stream's counter); lower it");
  EXPECT_THAT(message({"seed=-1"}), StartsWith("seed: -1 is out of range"));
}

TEST(Check, Outputs) {
  auto const message = [](std::string_view text, std::string const& outputs) {
    std::string const found = refusal(text, {"outputs=" + outputs});
    return found.substr(found.find(": ") + 2);
  };
  EXPECT_EQ(message(joined(one_asset, a_call), "[]"),
            "outputs: no output (nothing would be computed); name at least \"price\"");
  EXPECT_EQ(message(joined(one_asset, a_call), "[\"price\", \"cross_gamma\"]"),
            "outputs: cross_gamma without an instrument on several assets (there is no cross "
            "derivative); remove it");
  std::string const singular =
      joined(three_assets,
             "[[instrument]]\nkind = \"best_of\"\nassets = [\"A\", \"B\"]\nright = "
             "\"call\"\nstrike = 90.0\nexpiry_years = 1.0\n");
  std::string const found =
      refusal(singular, {"outputs=[\"correlation_vega\"]",
                         "market.correlation=[{ a = \"A\", b = \"B\", value = -1 }]"});
  EXPECT_THAT(found, HasSubstr("outputs: correlation_vega with a singular correlation matrix"));
}

TEST(Check, TheBook) {
  EXPECT_EQ(fault(std::string(one_asset)),
            "instrument: the book is empty (there is nothing to price); give [[instrument]], "
            "[[strategy]] or [book]");
  EXPECT_THAT(refusal(joined(one_asset, a_call, "name = \"x\"\n", a_call, "name = \"x\"\n")),
              HasSubstr("instrument.1.name: \"x\" names an earlier instrument too"));
  EXPECT_THAT(refusal(joined(one_asset, a_call, "[book]\nfile = \"/no/such/book.csv\"\n")),
              HasSubstr("book.file: /no/such/book.csv"));
  EXPECT_THAT(refusal(joined(one_asset, a_call, "[book]\nfile = \"\"\n")),
              HasSubstr("book.file: empty"));
}

TEST(Check, FixingsCannotFillTheMemory) {
  std::string text(one_asset);
  for (int i = 0; i < 600; ++i)
    text +=
        "[[instrument]]\nkind = \"asian\"\nright = \"call\"\nstrike = 1.0\nexpiry_years = "
        "1\nfixings = 10000\n";
  EXPECT_THAT(refusal(text), AllOf(HasSubstr("over 4 194 304 fixings in all instruments"),
                                   HasSubstr("instrument.419.fixings")));
}

TEST(Check, MultiAssetNeedsBlackScholes) {
  std::string const text =
      "kind = \"price\"\n[market]\nmodel = \"merton\"\n"
      "[[market.asset]]\nname = \"A\"\nspot = 1\nvolatility = 0.1\nmerton = { intensity = 1, "
      "jump_mean = 0, jump_volatility = 1 }\n"
      "[[market.asset]]\nname = \"B\"\nspot = 1\nvolatility = 0.1\nmerton = { intensity = 1, "
      "jump_mean = 0, jump_volatility = 1 }\n"
      "[[instrument]]\nkind = \"spread\"\nassets = [\"A\", \"B\"]\nright = \"call\"\nstrike = "
      "1.0\nexpiry_years = 1\n";
  EXPECT_THAT(fault(text), StartsWith("instrument.0.assets: several assets under model merton"));
}

// An asset without a usable name leaves the rules without a correlation they could trust.
TEST(Check, AssetsWithoutNames) {
  std::string const text =
      "kind = \"price\"\n[market]\n[[market.asset]]\nname = \"A\"\nspot = 1\nvolatility = 0.1\n"
      "[[market.asset]]\nspot = 1\nvolatility = 0.1\n[[instrument]]\nkind = \"best_of\"\nassets = "
      "[\"A\", \"\"]\nright = \"call\"\nstrike = 1.0\nexpiry_years = 1\n";
  EXPECT_EQ(fault(text),
            "market.asset.1.name: missing (the name that instruments and option symbols use); give "
            "a text");
}

TEST(Check, TellsAllFaultsAtOnce) {
  std::string const message = refusal(joined("sed = 1\n", one_asset, "dividnd = 0.1\n", a_call,
                                             "barrier = 5.0\n", a_call, "strik = 5\n"),
                                      {"simulation.paths=3"});
  EXPECT_EQ(std::count(message.begin(), message.end(), '\n'), 4) << message;
  EXPECT_THAT(message,
              HasSubstr("job.toml:1:1: sed: unknown key (nothing would read it); use \"seed\"\n"));
  EXPECT_THAT(message, HasSubstr("--set simulation.paths: simulation.paths: 3 is odd"));
}

}  // namespace
}  // namespace muster::jobs::price
