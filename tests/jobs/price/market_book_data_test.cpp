// Real chains priced at their own volatilities.
#include <gtest/gtest.h>

#include "io/import/chain.hpp"
#include "jobs/price/parse.hpp"
#include "tests/io/import/market_data.hpp"
#include "tests/io/scratch.hpp"
#include "tests/jobs/price/market_book_prices.hpp"

namespace muster::jobs::price {
namespace {

class RealChain : public ::testing::TestWithParam<char const*> {};

TEST_P(RealChain, PricesAtItsOwnVolatilitiesAreItsMids) {
  MUSTER_DATA_FILE(source, GetParam());
  io::Scratch scratch;
  auto const market = io::import_chain({source}).market;
  io::write_market(scratch / "chain.h5", market);
  Params const params =
      parse_params("kind = \"price\"\nbook.file = \"chain.h5\"\n", scratch / "job.toml");
  EXPECT_GT(params.instruments.size(), 1000u);
  expect_prices_are_mids(market, params);
}

INSTANTIATE_TEST_SUITE_P(Cboe, RealChain,
                         ::testing::Values("cboe_spx_2023-09-14.csv.xz",
                                           "cboe_xsp_2023-09-14.csv.xz",
                                           "cboe_spy_2025-09-25.csv.xz"));

}  // namespace
}  // namespace muster::jobs::price
