// A market file as the book, and instruments with a quote of their own.
#include "jobs/price/market_book.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/import/chain.hpp"
#include "jobs/price/closed.hpp"
#include "kernels/scalar_math.hpp"
#include "tests/io/samples.hpp"
#include "tests/io/scratch.hpp"
#include "tests/jobs/price/job_file.hpp"
#include "tests/jobs/price/market_book_prices.hpp"

namespace muster::jobs::price {
namespace {

using ::testing::HasSubstr;

constexpr std::string_view bare_job = "kind = \"price\"\nbook.file = \"chain.h5\"\n";

class MarketBook : public ::testing::Test {
 protected:
  io::Scratch scratch;
  std::vector<ResolvedSetting> settings;

  Params price(io::MarketFile const& market, std::string_view job = bare_job) {
    io::write_market(scratch / "chain.h5", market);
    settings.clear();
    return parse_params(job, scratch / "job.toml", {}, &settings);
  }
  /// The message without the folder's name.
  std::string refused(io::MarketFile const& market, std::string_view job = bare_job) {
    std::string text = io::message_of(Exit::user, [&] { price(market, job); });
    std::string const prefix = scratch.path().string() + "/";
    for (std::size_t at = 0; (at = text.find(prefix, at)) != std::string::npos;)
      text.erase(at, prefix.size());
    return text;
  }
  std::string setting(std::string_view key) const {
    for (auto const& one : settings)
      if (one.key == key) return one.value + ": " + one.reason;
    return "no setting";
  }
};

TEST_F(MarketBook, RowsBecomeInstrumentsWithTheirOwnQuotes) {
  Params const params = price(io::sample_market());
  EXPECT_EQ(params.market.currency, "USD");
  EXPECT_EQ(params.market.valuation, "2023-09-14T20:00:00Z");
  ASSERT_EQ(params.market.assets.size(), 1u);
  EXPECT_EQ(params.market.assets[0].name, "SPX");
  EXPECT_EQ(params.market.assets[0].spot, 4505.1);
  EXPECT_EQ(params.method, Method::closed_form);
  ASSERT_EQ(params.instruments.size(), 2u);
  Instrument const& put = params.instruments[1];
  EXPECT_EQ(put.name, "SPXW230915P04500000");
  EXPECT_EQ(put.right, Right::put);
  EXPECT_EQ(put.strike, 4500);
  EXPECT_EQ(put.expiry_years, 1.0 / 365);
  EXPECT_EQ(put.quote, (Quote{4505.5, 0.9999, 0.121}));
  EXPECT_EQ(put.multiplier, 100);
  EXPECT_EQ(parse_resolved(render_params(params)), params) << "no file is needed to run it again";
}

TEST_F(MarketBook, CountsWhatItDoesNotPrice) {
  price(io::sample_market());
  EXPECT_EQ(
      setting("book.file"),
      "\"chain.h5\": 2 of 3 rows, each at its own implied volatility; left out: 1 no_forward; "
      "kept apart by the import: 1 crossed, 1 zero_bid");
  EXPECT_EQ(setting("method"), "\"closed_form\": auto: instruments with a quote of their own");
  EXPECT_EQ(setting("market.valuation"), "\"2023-09-14T20:00:00Z\": from the book");
  auto market = io::sample_market();
  market.exercise = io::Exercise::european_equivalent;
  market.expiries[0].quality = io::ExpiryQuality::doubtful;
  market.expiries[0].reason = "few pairs";
  market.rows[1].iv = 1000;
  price(market);
  EXPECT_EQ(setting("book.file"),
            "\"chain.h5\": 1 of 3 rows, each at its own implied volatility; 1 of them have a "
            "doubtful forward; left out: 1 no_forward, 1 out_of_range; kept apart by the import: 1 "
            "crossed, 1 zero_bid; contracts of American exercise, as their European equivalents");
}

TEST_F(MarketBook, NamesRowsThatNoSymbolFits) {
  auto market = io::sample_market();
  market.rows[0].strike = 4500.0625;
  market.expiries[0].root = "BRK.B";
  EXPECT_EQ(price(market).instruments[0].name, "BRK.B 2023-09-15T20:00:00Z call 4500.0625");
}

TEST_F(MarketBook, TheJobMaySayTheMarket) {
  std::string const job = joined(bare_job,
                                 "[market]\nvaluation = 2023-09-14T20:00:00Z\n[[market.asset]]\n"
                                 "name = \"SPX\"\nspot = 4500.0\n");
  auto market = io::sample_market();
  market.spot.reset();
  EXPECT_EQ(price(market, job).market.assets[0].spot, 4500);
  // What has no quote reads the market's curves as ever.
  EXPECT_THAT(refused(market, joined(job, a_call)),
              HasSubstr("market.asset.0.volatility: missing (market.model = \"black_scholes\""));
}

TEST_F(MarketBook, SaysWhatDoesNotFit) {
  auto const market = io::sample_market();
  std::string const asset = "[[market.asset]]\nname = \"SPX\"\nspot = 1.0\nvolatility = 0.2\n";
  struct {
    std::string job, message;
  } const rows[] = {
      {"method = \"both\"\n",
       "job.toml:1:10: method: both with instruments that have a quote of their own (each has its "
       "own volatility, and simulated paths share their asset's); use \"closed_form\""},
      {"method = \"monte_carlo\"\n",
       "job.toml:1:10: method: monte_carlo with instruments that have a quote of their own (each "
       "has its own volatility, and simulated paths share their asset's); use \"closed_form\""},
      {"[market]\ncurrency = \"EUR\"\n" + asset,
       "job.toml:4:12: market.currency: EUR, but chain.h5 is quoted in USD (amounts would mix); "
       "remove the key"},
      {"[market]\nvaluation = 2023-09-14T20:00:01Z\n" + asset,
       "job.toml:4:13: market.valuation: 2023-09-14T20:00:01Z is not the time of the quotes in "
       "chain.h5, 2023-09-14T20:00:00Z (their volatilities belong to it); remove the key"},
      {"[[market.asset]]\nname = \"NDX\"\nspot = 1.0\nvolatility = 0.2\n",
       "job.toml:3:1: market.asset: no asset is named \"SPX\" (chain.h5 is quoted on it); name one "
       "so, or leave [market] out"},
      {"[market]\nmodel = \"heston\"\n[[market.asset]]\nname = \"SPX\"\nspot = 1.0\nheston = { v0 "
       "= 0.1, kappa = 1, theta = 0.1, xi = 0.1, rho = 0 }\n",
       "job.toml:4:9: market.model: heston with instruments that have a quote of their own (its "
       "volatility is Black's); use \"black_scholes\""},
  };
  for (auto const& row : rows) {
    bool const is_top = row.job.starts_with("method");
    auto const job = is_top ? joined(row.job, bare_job) : joined(bare_job, row.job);
    EXPECT_EQ(refused(market, job), row.message) << job;
  }
}

TEST_F(MarketBook, SaysWhatIsWrongWithTheFile) {
  auto market = io::sample_market();
  market.spot.reset();
  EXPECT_EQ(
      refused(market),
      "job.toml:2:13: book.file: chain.h5 holds no spot of SPX (deltas are per 1 of it); give "
      "[[market.asset]] with that name and its spot");
  market = io::sample_market();
  market.rows.erase(market.rows.begin(), market.rows.begin() + 2);
  EXPECT_EQ(
      refused(market),
      "job.toml:2:13: book.file: chain.h5: no row has a volatility (0 of 1 rows, each at its "
      "own implied volatility; left out: 1 no_forward; kept apart by the import: 1 crossed, 1 "
      "zero_bid); import another chain");
  market = io::sample_market();
  market.rows[1] = market.rows[0];
  EXPECT_EQ(refused(market),
            "chain.h5: name: \"SPXW230915C04500000\" names an earlier instrument too (results are "
            "told apart by name); rename one");
  io::write_market(scratch / "whole.h5", io::sample_market());
  auto const bytes = io::slurp(scratch / "whole.h5");
  io::spill(scratch / "chain.h5", bytes.substr(0, bytes.size() / 2));
  EXPECT_THAT(io::message_of(Exit::user, [&] { parse_params(bare_job, scratch / "job.toml"); }),
              HasSubstr("job.toml:2:13: book.file: "));
}

TEST(Quotes, AreKeysOfAnInstrument) {
  std::string const asset = "kind = \"price\"\nmarket.asset = [{ name = \"A\", spot = 100.0 }]\n";
  auto const quote = [&](std::string_view text) {
    return joined(asset, a_call, "quote = { ", text, " }\n");
  };
  Params const params = parsed(quote("forward = 102, discount = 0.97, volatility = 0.25"));
  EXPECT_EQ(params.instruments[0].quote, (Quote{102, 0.97, 0.25}));
  EXPECT_EQ(parse_resolved(render_params(params)), params);
  EXPECT_EQ(
      fault(quote("forward = 102, discount = 0.97")),
      "instrument.0.quote.volatility: missing (Black volatility as a fraction); give a number "
      "above 0 and at most 100");
  EXPECT_THAT(fault(quote("forward = 0, discount = 1, volatility = 1")),
              HasSubstr("instrument.0.quote.forward: 0 is out of range"));
  EXPECT_THAT(fault(joined(asset,
                           "[[instrument]]\nkind = \"digital_cash\"\nright = \"call\"\n"
                           "strike = 1.0\nexpiry_years = 1.0\nquote = 1\n")),
              HasSubstr("instrument.0.quote: not read by digital_cash"));
}

TEST(Quotes, PriceAsTheMarketThatSaysTheSame) {
  Params params = parsed(joined(one_asset, a_call));
  params.market.assets[0].dividend = {{0.0}, {0.02}};
  Instrument const plain = params.instruments[0];
  Instrument own = plain;
  own.quote = Quote{100 * kernels::exact_exp(0.03), kernels::exact_exp(-0.05), 0.2};
  ClosedValue const a = closed_form(params.market, plain), b = closed_form(params.market, own);
  ASSERT_TRUE(a.available && b.available);
  EXPECT_EQ(b.method, "Black-Scholes at its own quote");
  for (Output const output : {Output::price, Output::delta, Output::gamma, Output::vega,
                              Output::vanna, Output::volga, Output::rho, Output::theta})
    EXPECT_NEAR(*a.output(output), *b.output(output), 2e-13 * std::abs(*a.output(output)))
        << static_cast<int>(output);
}

TEST_F(MarketBook, PricesOfTheExampleChainAreItsMids) {
  std::filesystem::path const root = MUSTER_SOURCE_DIR;
  auto const market = io::import_chain({root / "examples/data/spx_like_chain.csv"}).market;
  expect_prices_are_mids(market, price(market));
}

}  // namespace
}  // namespace muster::jobs::price
