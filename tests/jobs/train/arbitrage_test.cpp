// What is found on the grid against the same rules written out for the network in double precision.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "jobs/rows.hpp"
#include "jobs/train/arbitrage.hpp"
#include "jobs/train/stored.hpp"
#include "tests/jobs/train/jobs.hpp"

namespace muster::jobs::train {
namespace {

enum RuleNumber : std::size_t { bounds, delta, convex, vega, expiry };

TEST(ArbitrageGrid, covers_the_box_to_its_ends) {
  ContractChoice const choice;
  Grid const grid(choice, 1 << 20);
  EXPECT_EQ(grid.lines(), 12u * 12 * 12 * 12);
  EXPECT_EQ(grid.points(), grid.lines() * 51);
  EXPECT_GE(grid.points(), std::uint64_t{1} << 20);
  EXPECT_EQ(grid.values(0), (std::vector<double>{0.5, 0.02, 0.05, -0.02, 0}));
  auto const last = *grid.values(grid.points() - 1);
  for (std::size_t j = 0; j < 5; ++j) EXPECT_NEAR(last[j], (std::vector{1.5, 2.0, 0.6, 0.08, 0.05})[j], 1e-15);
  EXPECT_EQ(grid.values(1)->at(1), 0.02);
  EXPECT_NEAR(grid.values(1)->at(0) - grid.values(0)->at(0), 1.0 / 50, 1e-15);
}

TEST(ArbitrageGrid, has_one_value_where_the_box_has) {
  ContractChoice choice;
  choice.rate = {0.03, 0.03};
  choice.spot = {1, 1};
  Grid const grid(choice, 1000);
  EXPECT_EQ(grid.spots(), 1u);
  for (std::uint64_t i = 0; i < grid.points(); ++i) {
    EXPECT_EQ(grid.values(i)->at(3), 0.03);
    EXPECT_EQ(grid.values(i)->at(0), 1);
  }
}

TEST(ArbitrageGrid, leaves_out_what_is_never_drawn) {
  ContractChoice choice;
  choice.type = ContractKind::asian_call;
  Grid const grid(choice, 300'000);
  std::map<std::vector<double>, int> seen;
  for (std::uint64_t i = 0; i < grid.points(); ++i) {
    auto const values = grid.values(i);
    if (!values) continue;
    EXPECT_EQ(++seen[*values], 1);
    auto const known = values->at(5), ratio = values->at(6) / values->at(0);
    EXPECT_EQ(known, std::floor(known));
    EXPECT_TRUE(known == 0 ? ratio == 1 : ratio >= 0.7 && ratio <= 1.3) << known << " " << ratio;
  }
  EXPECT_GT(seen.size(), grid.points() / 5);
  EXPECT_LT(seen.size(), grid.points());
}

/// The forward average that a contract's payoff is on, and its derivative by the spot, both discounted.
std::pair<double, double> average_of(kernels::nets::CallContract const& c) {
  double slope = 0;
  for (std::uint32_t i = 1; i <= c.fixings - c.known; ++i)
    slope += std::exp((c.rate - c.dividend) * c.expiry_years * i / (c.fixings - c.known) - c.rate * c.expiry_years) / c.fixings;
  return {slope * c.spot + std::exp(-c.rate * c.expiry_years) * c.known * c.known_average / c.fixings, slope};
}

/// The rules over a line of the grid, with all numbers of a table of predictions.
Findings wanted_of(Params const& params, Table const& table, std::vector<std::vector<double>> const& values, std::vector<std::uint64_t> const& points) {
  Findings wanted{};
  auto const add = [&](std::size_t rule, double violation, std::size_t i) {
    auto& finding = wanted[rule];
    ++finding.points;
    finding.violated += violation > tolerated;
    if (violation > tolerated && violation > finding.worst) finding.worst = violation, finding.where = points[i];
  };
  auto const& price = column<double>(table, "price");
  auto const& by_spot = column<double>(table, "delta");
  for (std::size_t i = 0; i < points.size(); ++i) {
    auto const c = contract_of(params.contract, values[i]);
    auto const [average, slope] = average_of(c);
    double const least = std::max(0.0, average - std::exp(-c.rate * c.expiry_years));
    add(bounds, std::max(least - price[i], price[i] - average) / c.spot, i);
    add(delta, std::max(-by_spot[i], by_spot[i] - slope), i);
    if (i + 1 < points.size()) add(convex, by_spot[i] - by_spot[i + 1], i);
    if (params.contract.model == ContractModel::black_scholes) add(vega, -column<double>(table, "vega")[i] / c.spot, i);
    bool const rises = c.fixings == 1 && c.rate >= 0 && c.dividend <= 0;
    if (rises) add(expiry, -column<double>(table, "by_expiry")[i] / c.spot, i);
  }
  return wanted;
}

class Arbitrage : public testing::TestWithParam<std::string_view> {};

TEST_P(Arbitrage, is_found_where_it_is) {
  auto const params = params_of(GetParam(), {"network.activation=\"silu\"", "contract.rate=[-0.02, 0.08]"});
  StoredNetwork network{{0.3, 0.2}, {}};
  std::mt19937 engine(4);
  std::uniform_real_distribution<float> draw(-0.7f, 0.7f);
  for (std::size_t i = 0; i < kernels::nets::parameter_count(shape_of(params)); ++i) network.parameters.push_back(draw(engine));
  Grid const grid(params.contract, 4000);
  kernels::nets::HostNet net(shape_of(params), kernels::nets::HostNet::Use::predict);
  net.load(network.parameters);
  ArbitrageSearch search(params.contract, grid, network.scale);
  Findings found{}, wanted{};
  for (std::uint64_t line = 0; line < grid.lines(); ++line) {
    merge(search.look(line, 1, predict_with(net)), found);
    std::vector<std::vector<double>> values;
    std::vector<std::uint64_t> points;
    std::vector<double> flat;
    for (std::uint64_t i = line * grid.spots(); i < (line + 1) * grid.spots(); ++i) {
      auto const own = grid.values(i);
      if (!own) continue;
      values.push_back(*own);
      points.push_back(i);
      flat.insert(flat.end(), own->begin(), own->end());
    }
    if (!points.empty()) merge(wanted_of(params, predictions_table(params, network, flat), values, points), wanted);
  }
  for (std::size_t r = 0; r < rule_count; ++r) {
    auto const name = arbitrage_rules[r].name;
    EXPECT_EQ(found[r].points, wanted[r].points) << name;
    // A violation of nearly 1e-5 may fall on either side.
    EXPECT_NEAR(static_cast<double>(found[r].violated), static_cast<double>(wanted[r].violated), 3) << name;
    EXPECT_NEAR(found[r].worst, wanted[r].worst, 1e-5) << name;
    EXPECT_EQ(found[r].where, wanted[r].where) << name;
  }
  EXPECT_GE(std::ranges::count_if(found, [](Finding const& finding) { return finding.violated > 0; }), 3);
  EXPECT_EQ(found[expiry].points > 0, params.contract.type == ContractKind::european_call);
  // However it is cut.
  Findings whole{};
  merge(search.look(grid.lines() / 3, grid.lines() - grid.lines() / 3, predict_with(net)), whole);
  merge(search.look(0, grid.lines() / 3, predict_with(net)), whole);
  EXPECT_EQ(whole, found);
}

INSTANTIATE_TEST_SUITE_P(, Arbitrage, testing::Values(asian_job, price_job, heston_job));

TEST(ArbitrageSearch, is_not_found_in_prices_without) {
  // Hardly an average-to-be: the price is the forward's, less than a spot's, and linear in the spot.
  auto const params = params_of(price_job, {"contract.rate=[0, 0]", "contract.dividend=[0, 0]", "network.width=1"});
  auto const spot = inputs_of(params.contract)[0];
  // A relu that is always on: price = spot - 0.4, which is above spot - 1 and below the spot.
  StoredNetwork const network{{0, 1}, {static_cast<float>(spot.half), 0, 0, 0, 0, 10, 1, static_cast<float>(spot.middle - 10.4)}};
  Grid const grid(params.contract, 4000);
  kernels::nets::HostNet net(shape_of(params), kernels::nets::HostNet::Use::predict);
  net.load(network.parameters);
  ArbitrageSearch search(params.contract, grid, network.scale);
  for (auto const& finding : search.look(0, grid.lines(), predict_with(net))) {
    EXPECT_GT(finding.points, 0u);
    EXPECT_EQ(finding.violated, 0u);
    EXPECT_EQ(finding.worst, 0);
  }
}

TEST(ArbitrageSearch, has_what_is_no_number_among_it) {
  auto const params = params_of(price_job, {"network.width=1"});
  Grid const grid(params.contract, 100);
  kernels::nets::HostNet net(shape_of(params), kernels::nets::HostNet::Use::predict);
  std::vector<float> const parameters{3e38f, 3e38f, -3e38f, 0, 0, 0, 3e38f, 0};
  net.load(parameters);
  ArbitrageSearch search(params.contract, grid, {0, 1});
  auto const found = search.look(0, grid.lines(), predict_with(net));
  EXPECT_GT(found[bounds].violated, 0u);
  EXPECT_EQ(found[bounds].worst, 1e300);
}

TEST(ArbitrageJob, tells_what_it_found) {
  auto const job = make_train_job(params_of(price_job));
  auto const tables = job->results(sums_of(*job, 2), 0);
  auto const& table = *find_table(tables, "arbitrage");
  EXPECT_EQ(column<std::string>(table, "rule"), (std::vector<std::string>{"bounds", "delta", "convex", "vega", "expiry"}));
  EXPECT_GE(column<std::int64_t>(table, "points")[0], 200'000);
  // A relu network of prices alone, hardly trained.
  EXPECT_GT(column<std::int64_t>(table, "violated")[0], 0);
  EXPECT_TRUE(column<std::string>(table, "where")[0].starts_with("spot ")) << column<std::string>(table, "where")[0];
  EXPECT_NE(job->summary(tables).find("arbitrage, looked for on 2"), std::string::npos) << job->summary(tables);
  auto const none = make_train_job(params_of(price_job, {"data.grid=0"}));
  auto const without = none->results(sums_of(*none, 1), 0);
  EXPECT_EQ(find_table(without, "arbitrage"), nullptr);
  EXPECT_EQ(none->summary(without).find("arbitrage"), std::string::npos);
}

TEST(ArbitrageJob, looks_on_a_million_points_where_that_costs_little) {
  auto const points = [](std::vector<std::string> overrides) { return parse_params("kind = \"train\"\n", "t.toml", {.overrides = std::move(overrides)}).data.grid; };
  EXPECT_EQ(points({"network.width=160"}), 1u << 20);
  // Ten million parameters: as much as the training, or some seconds of a core.
  auto const few = points({"network.width=1472", "network.layers=6", "data.samples=1000", "training.epochs=1"});
  EXPECT_GT(few, 10'000u);
  EXPECT_LT(few, 30'000u);
  EXPECT_EQ(points({"network.width=1472", "network.layers=6", "data.samples=100000", "training.epochs=200"}), 1u << 20);
}

}  // namespace
}  // namespace muster::jobs::train
