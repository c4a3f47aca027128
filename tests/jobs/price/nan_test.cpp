// A sample that is not a number fails the job and is named: no sum ever holds one.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "job_file.hpp"
#include "jobs/price/price_job.hpp"

namespace muster::jobs::price {
namespace {

/// What running the tiles 3 and 4 throws.
std::string fault_of(Params params) {
  params.method = Method::monte_carlo;
  params.simulation.tile_paths = 256;
  params.simulation.paths = 8 * 256;
  auto const job = make_price_job(params);
  std::vector<std::int64_t> sums(job->slots());
  std::vector<TileDigest> digests(2);
  try {
    job->make_runner({})->run({3, 2}, sums, digests);
  } catch (Error const& error) {
    return error.code() == Exit::job_failed ? error.what() : "wrong exit code";
  }
  return "no fault";
}

TEST(NotANumber, IsNamedWithItsInstrumentPathAndTile) {
  auto params = parsed(joined(one_asset, a_call));
  EXPECT_EQ(fault_of(params), "no fault");
  params.market.assets[0].volatility.values = {std::numeric_limits<double>::quiet_NaN()};
  auto const fault = fault_of(params);
  EXPECT_THAT(fault, testing::StartsWith("instrument "));
  EXPECT_THAT(fault, testing::HasSubstr(" in tile 3 is not a number or beyond what its model allows"));
  EXPECT_THAT(fault, testing::HasSubstr("the sample of path 384 ")) << "the first of the tile, antithetic ones not counted";
}

}  // namespace
}  // namespace muster::jobs::price
