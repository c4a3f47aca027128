// The synthetic chain that ships: what scripts/make-example-chain put in is what the import finds.
#include <gtest/gtest.h>

#include <cmath>
#include <cstdlib>

#include "io/import/chain.hpp"
#include "kernels/closed_forms.hpp"
#include "kernels/scalar_math.hpp"

namespace muster::io {
namespace {

std::filesystem::path const root = MUSTER_SOURCE_DIR;

TEST(ExampleChain, IsWhatItsGeneratorWrites) {
  EXPECT_EQ(std::system((root / "scripts/make-example-chain --check").c_str()), 0);
}

TEST(ExampleChain, GivesBackItsForwardsDiscountsAndSmile) {
  ImportedChain const chain = import_chain({root / "examples/data/spx_like_chain.csv"});
  EXPECT_EQ(chain.market.as_of_utc, "2025-03-14T20:00:00Z");
  EXPECT_EQ(chain.market.exercise, Exercise::european);
  ASSERT_EQ(chain.market.expiries.size(), 6u);
  for (MarketExpiry const& expiry : chain.market.expiries) {
    EXPECT_EQ(expiry.quality, ExpiryQuality::good) << expiry.expiry_utc << " " << expiry.reason;
    EXPECT_NEAR(expiry.forward, 5000 * std::exp((0.042 - 0.013) * expiry.years), 0.05)
        << expiry.expiry_utc;
    EXPECT_NEAR(expiry.discount, std::exp(-0.042 * expiry.years), 2e-4) << expiry.expiry_utc;
  }
  // The file's volatilities are the smile itself, to four digits; quotes are on ticks with spreads.
  double worst_near_money = 0;
  std::size_t compared = 0;
  for (MarketRow const& row : chain.market.rows) {
    EXPECT_EQ(row.iv_status, "ok");
    MarketExpiry const& expiry = chain.market.expiries[row.expiry];
    bool const is_out = (row.right == OptionRight::call) == (row.strike > expiry.forward);
    if (!is_out || std::abs(row.strike / expiry.forward - 1) > 0.05) continue;
    worst_near_money = std::max(worst_near_money, std::abs(row.iv - row.file_iv));
    ++compared;
  }
  EXPECT_GT(compared, 50u);
  EXPECT_LT(worst_near_money, 0.002);
}

TEST(ExampleChain, PricesAtItsOwnVolatilitiesAreItsMids) {
  MarketFile const market = import_chain({root / "examples/data/spx_like_chain.csv"}).market;
  std::vector<kernels::BsInput> inputs;
  for (MarketRow const& row : market.rows) {
    MarketExpiry const& expiry = market.expiries[row.expiry];
    double const rate = -kernels::exact_log(expiry.discount) / expiry.years;
    // A dividend yield equal to the rate makes the spot the forward.
    inputs.push_back({expiry.forward, row.strike, expiry.years, rate, rate, row.iv,
                      row.right == OptionRight::call ? 1 : 0});
  }
  std::vector<kernels::BsOutput> outputs(inputs.size());
  kernels::black_scholes(inputs, outputs);
  for (std::size_t i = 0; i < outputs.size(); ++i)
    // Prices are differences of terms as large as the forward.
    ASSERT_NEAR(outputs[i].price, market.rows[i].mid, 1e-14 * inputs[i].spot) << i;
}

TEST(ExampleChain, IsWrittenAndReadBackWhole) {
  MarketFile market = import_chain({root / "examples/data/spx_like_chain.csv"}).market;
  market.muster_version = "0";
  auto const path = std::filesystem::path(::testing::TempDir()) / "muster_example_chain.h5";
  write_market(path, market);
  MarketFile const back = read_market(path);
  std::filesystem::remove(path);
  EXPECT_EQ(back.source, market.source);
  ASSERT_EQ(back.rows.size(), market.rows.size());
  for (std::size_t i = 0; i < back.rows.size(); ++i) ASSERT_EQ(back.rows[i].iv, market.rows[i].iv);
  ASSERT_EQ(back.rejected.size(), market.rejected.size());
  EXPECT_EQ(back.rejected[0].text, market.rejected[0].text);
}

TEST(ExampleChain, ShowsRowsKeptApart) {
  ImportReport const report = import_chain({root / "examples/data/spx_like_chain.csv"}).report;
  EXPECT_EQ(report.rejected.at("crossed"), 1u);
  EXPECT_EQ(report.rejected.at("adjusted_root"), 2u);
  EXPECT_GT(report.rejected.at("zero_bid"), 0u);
}

}  // namespace
}  // namespace muster::io
