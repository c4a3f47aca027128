// The job file of price: what it becomes, and that canonical text says the same again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>

#include "core/files.hpp"
#include "tests/jobs/price/job_file.hpp"

namespace muster::jobs::price {
namespace {

using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::StartsWith;

std::vector<std::filesystem::path> examples() {
  std::vector<std::filesystem::path> found;
  for (auto const& entry : std::filesystem::directory_iterator(MUSTER_SOURCE_DIR "/examples"))
    if (entry.path().filename().string().starts_with("price")) found.push_back(entry.path());
  std::sort(found.begin(), found.end());
  return found;
}

void expect_round_trip(Params const& params) {
  std::string const text = render_params(params);
  Params const again = parse_resolved(text);
  EXPECT_EQ(again, params) << text;
  EXPECT_EQ(render_params(again), text);
}

TEST(Examples, RoundTripAndSetEveryWorkloadKey) {
  EXPECT_GE(examples().size(), 4U);
  for (auto const& path : examples()) {
    SCOPED_TRACE(path);
    std::vector<ResolvedSetting> settings;
    auto const params =
        parse_params(read_whole_file(path, 1 << 20, "job file"), path, {}, &settings);
    expect_round_trip(params);
    for (auto const& setting : settings)
      EXPECT_THAT(setting.reason, Not(StartsWith("auto"))) << setting.key;
    // The answer must not depend on the tier of the machine.
    for (auto const tier : {topology::Tier::low, topology::Tier::high})
      EXPECT_EQ(parse_params(read_whole_file(path, 1 << 20, "job file"), path,
                             {.overrides = {}, .tier = tier}),
                params);
  }
}

TEST(Examples, CoverEveryKindOfInstrument) {
  std::vector<bool> seen(kind_names().size(), false);
  for (auto const& path : examples())
    for (auto const& instrument :
         parse_params(read_whole_file(path, 1 << 20, "job file"), path).instruments)
      seen[static_cast<std::size_t>(instrument.kind)] = true;
  EXPECT_THAT(seen, Each(true));
}

TEST(Parse, FillsInDefaults) {
  Params const params = parsed(joined(one_asset, a_call));
  EXPECT_EQ(params.name, "job") << "the file's name";
  EXPECT_EQ(params.seed, 1U);
  EXPECT_EQ(params.market.currency, "USD");
  EXPECT_THAT(params.market.correlation, ElementsAre(1.0));
  EXPECT_EQ(params.market.rate, (Curve{{0.0}, {0.05}}));
  ASSERT_THAT(params.instruments, SizeIs(1));
  EXPECT_EQ(params.instruments[0].name, "european_1");
  EXPECT_EQ(params.instruments[0].strike, 100);
  EXPECT_EQ(params.instruments[0].multiplier, 1);
  expect_round_trip(params);
}

TEST(Parse, KeepsEveryDigit) {
  Params params = parsed(joined(one_asset, a_call));
  params.market.assets[0].spot = 0.1 + 0.2;
  params.market.rate = {{0.1, 1.0 / 3.0}, {-0.01, 1e-300}};
  params.instruments[0].strike = 123456789.123456789;
  params.instruments[0].name = "quote \" slash \\ \xc3\xa9";
  params.seed = (std::uint64_t{1} << 63) - 1;
  expect_round_trip(params);
}

TEST(Parse, ReadsCurves) {
  Params const params = parsed(
      "kind = \"price\"\n[market]\nrate = { years = [1, 2], values = [0.01, 0.02] "
      "}\n[[market.asset]]\nname = \"A\"\n"
      "spot = 1\ndividend = 0.03\nvolatility = { years = [0.5], values = [0.2] }\n" +
      std::string(a_call));
  EXPECT_EQ(params.market.rate, (Curve{{1, 2}, {0.01, 0.02}}));
  EXPECT_EQ(params.market.assets[0].dividend, (Curve{{0}, {0.03}}));
  EXPECT_EQ(params.market.assets[0].volatility, (Curve{{0.5}, {0.2}}));
  expect_round_trip(params);
}

TEST(Parse, ReadsCorrelationsAsPairsAndRows) {
  Params const pairs = parsed(joined(three_assets, asset_call));
  EXPECT_THAT(pairs.market.correlation, ElementsAre(1, 0.5, 0, 0.5, 1, 0, 0, 0, 1));
  ParseOptions rows;
  rows.overrides = {"market.correlation=[[1, 0.5, 0], [0.5, 1, 0], [0, 0, 1]]"};
  EXPECT_EQ(parsed(joined(three_assets, asset_call), rows), pairs);
  expect_round_trip(pairs);
}

TEST(Parse, CountsDatesInMinutesFromTheValuation) {
  auto const years = [](std::string const& expiry) {
    return parsed(
               joined(
                   dated_asset,
                   "[[instrument]]\nkind = \"european\"\nright = \"call\"\nstrike = 1.0\nexpiry = ",
                   expiry))
        .instruments[0]
        .expiry_years;
  };
  EXPECT_EQ(years("2026-01-02T21:01:00Z"), 1.0 / 525600.0);
  EXPECT_EQ(years("2027-01-02T16:00:00-05:00"), 1.0);
  EXPECT_EQ(years("2027-01-02"), 1.0) << "16:00 in New York, in winter";
  EXPECT_EQ(years("\"2026-06-19\""), (168.0 * 1440 - 60) / 525600.0) << "an hour earlier in summer";
  expect_round_trip(parsed(joined(dated_asset, a_call)));
}

TEST(Parse, SpreadsFixingsUpToExpiry) {
  Params const params = parsed(joined(one_asset,
                                      "[[instrument]]\nkind = \"asian\"\nright = \"put\"\nstrike = "
                                      "90.0\nexpiry_years = 0.3\nfixings = 3\n"));
  EXPECT_THAT(params.instruments[0].fixing_years,
              ElementsAre(0.3 * 1.0 / 3.0, 0.3 * 2.0 / 3.0, 0.3));
  expect_round_trip(params);
}

TEST(Parse, GivesASpreadItsWeights) {
  Params const params =
      parsed(joined(three_assets,
                    "[[instrument]]\nkind = \"spread\"\nassets = [\"C\", \"A\"]\nright = \"call\"\n"
                    "strike = -2.0\nexpiry_years = 1.0\n"));
  EXPECT_THAT(params.instruments[0].assets, ElementsAre(2, 0));
  EXPECT_THAT(params.instruments[0].weights, ElementsAre(1, -1));
  expect_round_trip(params);
}

TEST(Parse, ReadsStopRules) {
  ParseOptions options;
  options.overrides = {"simulation.target_stderr={ relative = 0.01 }", "simulation.paths=1000"};
  Params const relative = parsed(joined(one_asset, a_call), options);
  EXPECT_TRUE(relative.simulation.stop.relative);
  EXPECT_EQ(relative.simulation.stop.target_stderr, 0.01);
  EXPECT_EQ(relative.simulation.stop.max_paths, 64'000U);
  EXPECT_EQ(relative.simulation.tile_paths, 512U) << "the largest power of two in paths";
  expect_round_trip(relative);
  options.overrides = {"simulation.target_stderr=0.5", "simulation.max_paths=2000000"};
  Params const absolute = parsed(joined(one_asset, a_call), options);
  EXPECT_FALSE(absolute.simulation.stop.relative);
  EXPECT_EQ(absolute.simulation.stop.max_paths, 2'000'000U);
  expect_round_trip(absolute);
}

TEST(Parse, ReadsHestonAndMerton) {
  std::string const heston =
      "kind = \"price\"\n[market]\nmodel = \"heston\"\n[[market.asset]]\nname = \"A\"\nspot = "
      "100.0\n"
      "heston = { v0 = 0.04, kappa = 1.0, theta = 0.05, xi = 0.0, rho = -1.0 }\n" +
      std::string(a_call);
  EXPECT_EQ(parsed(heston).market.assets[0].heston, (Heston{0.04, 1.0, 0.05, 0.0, -1.0}));
  EXPECT_THAT(render_params(parsed(heston)), Not(HasSubstr("volatility")));
  expect_round_trip(parsed(heston));
  std::string const merton =
      "kind = \"price\"\n[market]\nmodel = \"merton\"\n[[market.asset]]\nname = \"A\"\nspot = "
      "100.0\nvolatility = 0.1\n"
      "merton = { intensity = 1.0, jump_mean = -0.1, jump_volatility = 0.2 }\n" +
      std::string(a_call);
  EXPECT_EQ(parsed(merton).market.assets[0].merton, (Merton{1.0, -0.1, 0.2}));
  expect_round_trip(parsed(merton));
}

TEST(Auto, FollowsTheTier) {
  auto const at = [](topology::Tier tier) {
    return parsed(joined(one_asset, a_call), {.overrides = {}, .tier = tier});
  };
  Params const low = at(topology::Tier::low), mid = at(topology::Tier::mid),
               high = at(topology::Tier::high);
  EXPECT_EQ(low.method, Method::closed_form);
  EXPECT_THAT(low.outputs, ElementsAre(Output::price, Output::delta));
  EXPECT_EQ(low.simulation.paths, 262'144U);
  EXPECT_EQ(mid.method, Method::both);
  EXPECT_THAT(mid.outputs, SizeIs(8));
  EXPECT_EQ(mid.simulation.paths, 1'048'576U);
  EXPECT_EQ(mid.simulation.precision, Precision::single_precision);
  EXPECT_EQ(high.simulation.paths, 4'194'304U);
  EXPECT_EQ(high.simulation.precision, Precision::double_precision);
  // The resolved job is one and the same whoever reads it.
  EXPECT_EQ(parse_params(render_params(low), "x", {.overrides = {}, .tier = topology::Tier::high}),
            low);
}

TEST(Auto, LowTierSimulatesWhatItMust) {
  std::string const asian =
      "[[instrument]]\nkind = \"asian\"\nright = \"put\"\nstrike = 90.0\nexpiry_years = "
      "0.3\nfixings = 3\n";
  EXPECT_EQ(parsed(joined(one_asset, a_call, asian), {.overrides = {}, .tier = topology::Tier::low})
                .method,
            Method::both);
}

TEST(Auto, AddsCrossGreeksForSeveralAssetsUnlessSingular) {
  std::string const best =
      "[[instrument]]\nkind = \"best_of\"\nassets = [\"A\", \"B\"]\nright = \"call\"\nstrike = "
      "90.0\nexpiry_years = 1.0\n";
  EXPECT_THAT(parsed(joined(three_assets, best)).outputs, SizeIs(10));
  EXPECT_THAT(parsed(joined(three_assets, best),
                     {.overrides = {"market.correlation=[{a = \"A\", b = \"B\", value = 1}]"}})
                  .outputs,
              SizeIs(8));
}

TEST(Auto, CutsTilesByTheWorkOfAPath) {
  auto const tile = [](std::string const& years, std::vector<std::string> overrides) {
    overrides.push_back("instrument.0.expiry_years=" + years);
    return parsed(joined(one_asset, a_call), {.overrides = overrides}).simulation.tile_paths;
  };
  // Elementary steps a path: floor(steps) + 1, plus 8 for each of the instrument's 8 outputs.
  EXPECT_EQ(tile("1.0", {}), 1U << 15) << "2^15 * 317 <= 2^24 < 2^16 * 317";
  EXPECT_EQ(tile("0.2", {}), 1U << 17) << "2^17 * 115 <= 2^24 < 2^18 * 115";
  EXPECT_EQ(tile("0.2", {"outputs=[\"price\"]"}), 1U << 18) << "2^18 * 59 <= 2^24 and the cap";
  EXPECT_EQ(tile("100.0", {}), 1U << 10) << "not below 2^10";
  EXPECT_EQ(tile("1.0", {"simulation.paths=3000"}), 1U << 11) << "not above paths";
  EXPECT_EQ(tile("1.0", {"simulation.tile_paths=2"}), 2U);
}

TEST(Settings, SayWhereTheyComeFrom) {
  std::vector<ResolvedSetting> settings;
  parse_params(joined("seed = 5\n", one_asset, a_call), "job.toml",
               {.overrides = {"simulation.antithetic=false"}}, &settings);
  auto const reason = [&](std::string_view key) {
    for (auto const& s : settings)
      if (s.key == key) return s.value + " | " + s.reason;
    return std::string("not listed");
  };
  EXPECT_EQ(reason("seed"), "5 | set in the job file");
  EXPECT_EQ(reason("market.rate"), "0.05 | set in the job file");
  EXPECT_EQ(reason("market.currency"), "\"USD\" | default");
  EXPECT_EQ(reason("simulation.antithetic"), "false | set by --set");
  EXPECT_EQ(reason("simulation.paths"), "1048576 | auto: mid tier");
  EXPECT_EQ(reason("simulation.tile_paths"),
            "32768 | auto: from steps, assets and instruments of the job");
  EXPECT_EQ(reason("simulation.max_paths"), "0 | auto: no target_stderr");
}

TEST(Reference, TellsOfEveryStrategyAndKind) {
  std::string const text = reference();
  for (auto const name : strategy_kind_names())
    EXPECT_THAT(text, HasSubstr(fmt::format("\n| `{}` |", name)));
  for (auto const name : kind_names()) EXPECT_THAT(text, HasSubstr(fmt::format("`{}`", name)));
}

}  // namespace
}  // namespace muster::jobs::price
