#include "jobs/price/cost.hpp"

#include <gtest/gtest.h>

#include "jobs/price/price_job.hpp"
#include "jobs/price/work.hpp"
#include "tests/jobs/price/job_file.hpp"

namespace muster::jobs::price {
namespace {

Params params_of(std::string_view simulation, std::string_view instruments = a_call, std::string_view head = one_asset) {
  return parse_params(fmt::format("{}{}[simulation]\n{}", head, instruments, simulation), "job.toml", {}, nullptr);
}

constexpr std::string_view plain = R"(paths = 65536
tile_paths = 4096
steps_per_year = 252.0
precision = "single"
antithetic = false
control_variate = false
)";

double count(Params const& params, Effort effort) {
  SimulationPlan const plan(params);
  return count_efforts(plan.groups().at(0).plan).at(static_cast<std::size_t>(effort));
}

TEST(Efforts, OfACallAreItsStepsAndOnePayoff) {
  auto params = params_of(plain);
  params.outputs = {Output::price};
  EXPECT_EQ(count(params, Effort::draw), 42.0 * 4096);  // six normals a block
  EXPECT_EQ(count(params, Effort::steady), 251.0 * 4096);
  EXPECT_EQ(count(params, Effort::step_1), 1.0 * 4096);
  EXPECT_EQ(count(params, Effort::pay), 4096);
  EXPECT_EQ(count(params, Effort::row), 2.0 * 4096);  // the call's and the book's
  EXPECT_EQ(count(params, Effort::controlled_row), 0);
  EXPECT_EQ(count(params, Effort::fold), 12);
}

TEST(Efforts, OfPairsAreThoseOfTwoStates) {
  auto params = params_of(plain);
  params.outputs = {Output::price};
  params.simulation.antithetic = true;
  EXPECT_EQ(count(params, Effort::draw), 42.0 * 2048);
  EXPECT_EQ(count(params, Effort::steady), 2 * 251.0 * 2048);
}

TEST(Cost, GrowsWithWhatIsAskedFor) {
  auto params = params_of(plain);
  params.outputs = {Output::price};
  auto const price = make_price_job(params)->cost();
  EXPECT_GT(price.tile_core_s, 0);
  EXPECT_GT(price.tile_core_s, 100 * price.tile_gpu_s);
  EXPECT_EQ(price.double_share, 0);
  EXPECT_EQ(price.stages, std::vector<std::uint64_t>{16});
  params.outputs = {Output::price, Output::delta, Output::vega};
  auto const greeks = make_price_job(params)->cost();
  EXPECT_GT(greeks.tile_core_s, 1.2 * price.tile_core_s);
  EXPECT_GT(greeks.sums_bytes, price.sums_bytes);
  params.simulation.precision = Precision::double_precision;
  auto const in_double = make_price_job(params)->cost();
  EXPECT_GT(in_double.tile_core_s, 1.5 * greeks.tile_core_s);
  EXPECT_EQ(in_double.double_share, 1);
}

TEST(Cost, OfSameTilesIsTheSame) {
  auto params = params_of(plain);
  auto const one = make_price_job(params)->cost();
  params.seed = 99;
  params.name = "another";
  params.simulation.paths *= 16;
  auto const more = make_price_job(params)->cost();
  EXPECT_EQ(one.tiles, more.tiles);
  EXPECT_EQ(one.tile_core_s, more.tile_core_s);
  EXPECT_EQ(more.stages, std::vector<std::uint64_t>{256});
  params.simulation.control_variate = true;
  EXPECT_NE(make_price_job(params)->cost().tiles, one.tiles);
}

TEST(Cost, OfClosedFormsHasNoGpuForm) {
  auto params = params_of(plain);
  params.method = Method::closed_form;
  auto const cost = make_price_job(params)->cost();
  EXPECT_FALSE(cost.has_gpu_form);
  EXPECT_GT(cost.tile_core_s, 0);
  EXPECT_EQ(cost.tile_core_s, cost.end_core_s);
  EXPECT_EQ(cost.stages, std::vector<std::uint64_t>{1});
}

TEST(Miniature, IsTheSameWorkInSmallerTiles) {
  auto const params = params_of(plain);
  auto const job = make_price_job(params);
  auto const whole = job->cost().tile_core_s;
  EXPECT_EQ(job->miniature(Device::Kind::host, 1).job, nullptr) << "a tile is short enough";
  auto const small = job->miniature(Device::Kind::host, whole / 3);
  ASSERT_NE(small.job, nullptr);
  EXPECT_EQ(small.share, 0.25);
  EXPECT_NEAR(small.job->cost().tile_core_s, whole / 4, 0.01 * whole);
  EXPECT_EQ(job->miniature(Device::Kind::host, 1e-12).share, 256.0 / 4096) << "a CPU computes 256 paths at a time";
}

TEST(Miniature, OfClosedFormsHasFewerOfThem) {
  auto params = params_of(plain);
  params.method = Method::closed_form;
  params.instruments.resize(1000, params.instruments.front());
  auto const job = make_price_job(params);
  auto const small = job->miniature(Device::Kind::host, job->cost().tile_core_s / 10);
  ASSERT_NE(small.job, nullptr);
  EXPECT_NEAR(small.share, 0.1, 1e-9);
}

}  // namespace
}  // namespace muster::jobs::price
