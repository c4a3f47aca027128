// The chains bar: imports of real vendor files against the files' own volatilities.
#include "market_data.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "io/import/chain.hpp"
#include "io/import/market_rows.hpp"

namespace muster::io {
namespace {

using ::testing::HasSubstr;

void expect_whole(ImportedChain const& chain) {
  std::size_t rejected = 0;
  for (auto const& [reason, count] : chain.report.rejected) rejected += count;
  EXPECT_EQ(chain.report.rows_read, chain.market.rows.size() + rejected);
  EXPECT_EQ(chain.market.rejected.size(), rejected);
  for (MarketRow const& row : chain.market.rows) {
    ASSERT_TRUE(std::isfinite(row.iv) && std::isfinite(row.mid) && row.mid > 0);
    ASSERT_EQ(row.iv > 0, has_volatility(row.iv_status));
  }
  for (MarketExpiry const& expiry : chain.market.expiries)
    ASSERT_TRUE(std::isfinite(expiry.forward) && std::isfinite(expiry.discount) &&
                expiry.years > 0);
}

double median(std::vector<double> values) {
  if (values.empty()) return NAN;
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

/// Distances between muster's volatilities and the file's, over kept rows whose file volatility is
/// above 0.
struct Distances {
  std::vector<double> out_of_money, in_money, all;
  std::size_t unsolved = 0;  ///< mid price below the discounted intrinsic value
};

Distances distances(MarketFile const& market) {
  Distances result;
  for (MarketRow const& row : market.rows) {
    if (row.file_iv <= 0) continue;
    if (!has_volatility(row.iv_status)) {
      ++result.unsolved;
      continue;
    }
    double const distance = std::abs(row.iv - row.file_iv);
    result.all.push_back(distance);
    double const forward = market.expiries[row.expiry].forward;
    bool const is_out = (row.right == OptionRight::call) == (row.strike > forward);
    (is_out ? result.out_of_money : result.in_money).push_back(distance);
  }
  return result;
}

/// Call and put at one strike.
struct RowPair {
  MarketRow const *call, *put;
};

/// The twelve pairs of an expiry whose strikes are nearest to its forward.
std::vector<RowPair> nearest_pairs(MarketFile const& market, std::uint32_t expiry) {
  std::vector<RowPair> pairs;
  for (std::size_t i = 0; i + 1 < market.rows.size(); ++i) {
    MarketRow const &call = market.rows[i], &put = market.rows[i + 1];
    if (call.expiry == expiry && put.expiry == expiry && call.strike == put.strike)
      pairs.push_back({&call, &put});
  }
  double const forward = market.expiries[expiry].forward;
  std::sort(pairs.begin(), pairs.end(), [&](RowPair const& a, RowPair const& b) {
    return std::abs(a.call->strike - forward) < std::abs(b.call->strike - forward);
  });
  if (pairs.size() > 12) pairs.resize(12);
  return pairs;
}

/// A forward outside these lets someone lock in a gain at the bids and asks of one of the pairs.
struct ForwardBounds {
  double low = -INFINITY, high = INFINITY;
  bool allow(double forward) const { return low <= forward && forward <= high; }
};

ForwardBounds forward_bounds(std::vector<RowPair> const& pairs, double discount) {
  ForwardBounds bounds;
  for (auto const& [call, put] : pairs) {
    bounds.low = std::max(bounds.low, call->strike + (call->bid - put->ask) / discount);
    bounds.high = std::min(bounds.high, call->strike + (call->ask - put->bid) / discount);
  }
  return bounds;
}

double black(MarketRow const& row, MarketExpiry const& expiry, double forward, double volatility) {
  double const deviation = volatility * std::sqrt(expiry.years);
  double const d1 = std::log(forward / row.strike) / deviation + deviation / 2;
  auto const cdf = [](double x) { return 0.5 * std::erfc(-x / std::sqrt(2.0)); };
  double const sign = row.right == OptionRight::call ? 1 : -1;
  return expiry.discount * sign *
         (forward * cdf(sign * d1) - row.strike * cdf(sign * (d1 - deviation)));
}

/// The forward at which the file's own volatility gives the mid of its row.
double forward_of(MarketRow const& row, MarketExpiry const& expiry) {
  double low = 0.8 * expiry.forward, high = 1.25 * expiry.forward;
  for (int i = 0; i < 60; ++i) {
    double const middle = (low + high) / 2;
    bool const is_cheap = black(row, expiry, middle, row.file_iv) < row.mid;
    (is_cheap == (row.right == OptionRight::call) ? low : high) = middle;
  }
  return (low + high) / 2;
}

/// The forward behind the file's volatilities of one expiry; muster's where it has too few.
double file_forward(MarketFile const& market, std::uint32_t index) {
  MarketExpiry const& expiry = market.expiries[index];
  std::vector<double> forwards;
  for (auto const& [call, put] : nearest_pairs(market, index))
    for (MarketRow const* row : {call, put})
      if (row->file_iv > 0) forwards.push_back(forward_of(*row, expiry));
  return forwards.size() < 4 ? expiry.forward : median(forwards);
}

/// Volatilities solved again with the file's forwards in place of muster's.
MarketFile at_file_forwards(MarketFile market) {
  std::vector<double> forwards;
  for (std::uint32_t i = 0; i < market.expiries.size(); ++i)
    forwards.push_back(file_forward(market, i));
  for (std::size_t i = 0; i < forwards.size(); ++i) market.expiries[i].forward = forwards[i];
  solve_volatilities(market);
  return market;
}

/// Expiries whose forward in `market` the quotes of `quotes` do not allow.
std::size_t impossible_forwards(MarketFile const& quotes, MarketFile const& market) {
  std::size_t count = 0;
  for (std::uint32_t i = 0; i < quotes.expiries.size(); ++i)
    count += !forward_bounds(nearest_pairs(quotes, i), quotes.expiries[i].discount)
                  .allow(market.expiries[i].forward);
  return count;
}

struct CboeCase {
  char const* file;
  std::size_t contracts;
  char const* as_of_utc;
  char const* underlying;
  double bar;  ///< on the median distance
  /// On the median distance over both options of every strike at muster's forwards. It is above
  /// the bar in the two files whose volatilities rest on forwards that their own quotes forbid.
  double all;
  std::size_t fewest_impossible, most_impossible;  ///< expiries with such a forward
};

class CboeFiles : public ::testing::TestWithParam<CboeCase> {};

TEST_P(CboeFiles, VolatilitiesAgreeAndNoRowIsLost) {
  CboeCase const& wanted = GetParam();
  MUSTER_DATA_FILE(path, wanted.file);
  ImportedChain const chain = import_chain({path});
  expect_whole(chain);
  EXPECT_EQ(chain.report.rows_read, wanted.contracts);
  EXPECT_EQ(chain.market.as_of_utc, wanted.as_of_utc);
  EXPECT_EQ(chain.market.underlying, wanted.underlying);
  Distances const found = distances(chain.market);
  RecordProperty("median_out_of_money", std::to_string(median(found.out_of_money)));
  RecordProperty("median_all", std::to_string(median(found.all)));
  EXPECT_LE(median(found.out_of_money), wanted.bar);
  EXPECT_LE(median(found.all), wanted.all);
  EXPECT_GT(found.out_of_money.size(), wanted.contracts / 3);
  EXPECT_LT(found.unsolved, wanted.contracts / 20);
  std::printf(
      "%s: median %.5f out of the money, %.5f in, %.5f all (%zu rows, %zu below intrinsic)\n",
      wanted.file, median(found.out_of_money), median(found.in_money), median(found.all),
      found.all.size(), found.unsolved);
}

TEST_P(CboeFiles, TheRestIsTheForwardBehindTheFilesVolatilities) {
  CboeCase const& wanted = GetParam();
  MUSTER_DATA_FILE(path, wanted.file);
  MarketFile const market = import_chain({path}).market, theirs = at_file_forwards(market);
  EXPECT_EQ(impossible_forwards(market, market), 0u);
  std::size_t const impossible = impossible_forwards(market, theirs);
  EXPECT_GE(impossible, wanted.fewest_impossible);
  EXPECT_LE(impossible, wanted.most_impossible);
  Distances const found = distances(theirs);
  EXPECT_LE(median(found.all), wanted.bar);
  std::vector<double> gaps;
  for (std::size_t i = 0; i < market.expiries.size(); ++i)
    gaps.push_back(1e4 * (theirs.expiries[i].forward / market.expiries[i].forward - 1));
  std::printf(
      "%s: at the file's forwards (median %+.2f bp from muster's, impossible at %zu of %zu "
      "expiries) median %.5f out of the money, %.5f in, %.5f all (%zu below intrinsic)\n",
      wanted.file, median(gaps), impossible, gaps.size(), median(found.out_of_money),
      median(found.in_money), median(found.all), found.unsolved);
}

INSTANTIATE_TEST_SUITE_P(
    Days, CboeFiles,
    ::testing::Values(CboeCase{"cboe_spx_2022-02-04.csv.xz", 20514, "2022-02-04T21:00:00Z", "SPX",
                               0.01, 0.02, 40, 45},
                      CboeCase{"cboe_spx_2022-06-10.csv.xz", 19670, "2022-06-10T20:00:00Z", "SPX",
                               0.001, 0.001, 0, 2},
                      CboeCase{"cboe_spx_2022-07-12_1155.csv.xz", 19378, "2022-07-12T15:55:00Z",
                               "SPX", 0.001, 0.001, 0, 2},
                      CboeCase{"cboe_spx_2023-09-14.csv.xz", 19920, "2023-09-14T20:00:00Z", "SPX",
                               0.001, 0.001, 0, 2},
                      CboeCase{"cboe_xsp_2023-09-14.csv.xz", 10882, "2023-09-14T20:00:00Z", "XSP",
                               0.001, 0.0013, 25, 50},
                      CboeCase{"cboe_spx_2024-01-05.csv.xz", 21038, "2024-01-05T21:00:00Z", "SPX",
                               0.001, 0.001, 0, 2},
                      CboeCase{"cboe_spx_2025-10-01_2026exp.csv.xz", 1788, "2025-10-01T20:00:00Z",
                               "SPX", 0.001, 0.001, 0, 2}));

TEST(AllFiles, BecomeMarketFiles) {
  if (test::market_data().empty()) GTEST_SKIP() << "MUSTER_MARKET_DATA is not set";
  auto const path = std::filesystem::path(::testing::TempDir()) / "muster_market_data_test.h5";
  int written = 0;
  for (auto const& entry : std::filesystem::directory_iterator(test::market_data())) {
    std::string const name = entry.path().filename().string();
    if (!name.starts_with("cboe_") && !name.starts_with("yahoo_") &&
        name.find("_chain_eod_lean_") == name.npos)
      continue;
    MarketFile const market = import_chain({entry.path()}).market;
    write_market(path, market);
    MarketFile const back = read_market(path);
    EXPECT_EQ(back.rows.size(), market.rows.size()) << name;
    EXPECT_EQ(back.rejected.size(), market.rejected.size()) << name;
    ++written;
  }
  std::filesystem::remove(path);
  EXPECT_GE(written, 12);
}

TEST(CboeRates, ParityRatesAreThoseOfTheDay) {
  MUSTER_DATA_FILE(path, "cboe_spx_2025-10-01_2026exp.csv.xz");
  for (ExpiryReport const& expiry : import_chain({path}).report.expiries) {
    EXPECT_EQ(expiry.quality, ExpiryQuality::good) << expiry.expiry;
    EXPECT_NEAR(expiry.rate, 0.0395, 0.0035) << expiry.expiry;
  }
}

double rate_of(MarketExpiry const& expiry) { return -std::log(expiry.discount) / expiry.years; }

TEST(CboeRates, SpxAndXspOfOneCloseAgree) {
  MUSTER_DATA_FILE(spx_path, "cboe_spx_2023-09-14.csv.xz");
  MUSTER_DATA_FILE(xsp_path, "cboe_xsp_2023-09-14.csv.xz");
  MarketFile const spx = import_chain({spx_path}).market, xsp = import_chain({xsp_path}).market;
  MarketFile const spx_file = at_file_forwards(spx), xsp_file = at_file_forwards(xsp);
  std::vector<double> forwards, discounts, file_forwards;  // distances in basis points
  for (std::size_t i = 0; i < spx.expiries.size(); ++i)
    for (std::size_t j = 0; j < xsp.expiries.size(); ++j) {
      MarketExpiry const &a = spx.expiries[i], &b = xsp.expiries[j];
      if (a.expiry_utc != b.expiry_utc) continue;
      EXPECT_NEAR(a.forward / 10, b.forward, 1.5e-4 * b.forward) << a.expiry_utc;
      EXPECT_NEAR(a.discount, b.discount, 0.001) << a.expiry_utc;
      forwards.push_back(1e4 * std::abs(10 * b.forward / a.forward - 1));
      discounts.push_back(1e4 * std::abs(b.discount / a.discount - 1));
      file_forwards.push_back(
          1e4 * std::abs(10 * xsp_file.expiries[j].forward / spx_file.expiries[i].forward - 1));
    }
  EXPECT_GT(forwards.size(), 35u);
  EXPECT_LE(median(forwards), 0.3);
  EXPECT_LE(median(discounts), 0.8);
  EXPECT_GE(median(file_forwards), 3);  // the forwards behind the files' volatilities disagree
  auto const most = [](std::vector<double> const& x) {
    return *std::max_element(x.begin(), x.end());
  };
  std::printf(
      "%zu dates, XSP against SPX, median and largest distance in bp: forwards %.2f %.2f, "
      "discounts "
      "%.2f %.2f, forwards behind the files' volatilities %.2f %.2f\n",
      forwards.size(), median(forwards), most(forwards), median(discounts), most(discounts),
      median(file_forwards), most(file_forwards));
}

TEST(CboeRates, MorningAndAfternoonOfOneDateAgree) {
  std::size_t compared = 0;
  for (char const* name : {"cboe_spx_2022-02-04.csv.xz", "cboe_spx_2022-06-10.csv.xz",
                           "cboe_spx_2022-07-12_1155.csv.xz", "cboe_spx_2023-09-14.csv.xz",
                           "cboe_spx_2024-01-05.csv.xz"}) {
    MUSTER_DATA_FILE(path, name);
    MarketFile const market = import_chain({path}).market;
    for (std::size_t i = 0; i + 1 < market.expiries.size(); ++i) {
      MarketExpiry const &a = market.expiries[i], &b = market.expiries[i + 1];
      if (a.expiry_utc.substr(0, 10) != b.expiry_utc.substr(0, 10)) continue;
      EXPECT_NEAR(rate_of(a) * a.years, rate_of(b) * a.years, 2e-5) << name << a.expiry_utc;
      ++compared;
    }
  }
  EXPECT_GE(compared, 20u);
}

TEST(CboeRates, TheExpiryWhoseRegressionFailsIsNotTakenAtItsWord) {
  MUSTER_DATA_FILE(path, "cboe_spx_2023-09-14.csv.xz");
  ExpiryReport const last = import_chain({path}).report.expiries.back();
  EXPECT_EQ(last.expiry, "2025-12-19");
  // Over all its strikes the line is nonsense; what is taken must be a rate that its neighbours
  // could have.
  EXPECT_NEAR(last.rate, 0.05, 0.01);
}

TEST(CboeEquity, SpyIsEuropeanEquivalent) {
  MUSTER_DATA_FILE(path, "cboe_spy_2023-09-14.csv.xz");
  ImportOptions options;
  options.rate = 0.053;
  ImportedChain const chain = import_chain({path}, options);
  expect_whole(chain);
  EXPECT_EQ(chain.market.exercise, Exercise::european_equivalent);
  EXPECT_LE(median(distances(chain.market).out_of_money), 0.0015);
}

/// A variance strip on one expiry's out-of-the-money quotes (Cboe's VIX method), interpolated to 30
/// days between the two SPXW expiries around it.
double strip_variance(MarketFile const& market, std::uint32_t index) {
  MarketExpiry const& expiry = market.expiries[index];
  std::vector<std::pair<double, double>> strip;
  double below = 0;
  for (MarketRow const& row : market.rows)
    if (row.expiry == index && row.strike <= expiry.forward) below = std::max(below, row.strike);
  for (MarketRow const& row : market.rows) {
    if (row.expiry != index || (row.right == OptionRight::call) != (row.strike > below)) continue;
    strip.emplace_back(row.strike, row.mid);
  }
  std::sort(strip.begin(), strip.end());
  double sum = 0;
  for (std::size_t i = 0; i < strip.size(); ++i) {
    double const left = strip[i == 0 ? 0 : i - 1].first,
                 right = strip[std::min(i + 1, strip.size() - 1)].first;
    double const width = (right - left) / (i == 0 || i + 1 == strip.size() ? 1 : 2);
    sum += width / (strip[i].first * strip[i].first) * strip[i].second / expiry.discount;
  }
  double const gap = expiry.forward / below - 1;
  return 2 * sum - gap * gap;
}

double vix_like(MarketFile const& market) {
  double const month = 30.0 / 365;
  std::uint32_t near = 0, next = 0;
  for (std::uint32_t i = 0; i < market.expiries.size(); ++i) {
    if (market.expiries[i].root != "SPXW") continue;
    if (market.expiries[i].years <= month)
      near = i;
    else if (next == 0)
      next = i;
  }
  double const a = market.expiries[near].years, b = market.expiries[next].years,
               share = (b - month) / (b - a);
  return 100 * std::sqrt((share * strip_variance(market, near) +
                          (1 - share) * strip_variance(market, next)) /
                         month);
}

struct VixCase {
  char const* file;
  double vix;  ///< the strip as the data's own notes have it
};

class VixFromChain : public ::testing::TestWithParam<VixCase> {};

TEST_P(VixFromChain, TheStripLandsOnTheKnownFigure) {
  MUSTER_DATA_FILE(path, GetParam().file);
  EXPECT_NEAR(vix_like(import_chain({path}).market), GetParam().vix, 0.6);
}

INSTANTIATE_TEST_SUITE_P(Days, VixFromChain,
                         ::testing::Values(VixCase{"cboe_spx_2022-02-04.csv.xz", 22.78},
                                           VixCase{"cboe_spx_2022-06-10.csv.xz", 27.20},
                                           VixCase{"cboe_spx_2022-07-12_1155.csv.xz", 26.21},
                                           VixCase{"cboe_spx_2023-09-14.csv.xz", 12.74},
                                           VixCase{"cboe_spx_2024-01-05.csv.xz", 13.12}));

TEST(LeanFiles, AaplOnBothSidesOfItsSplit) {
  MUSTER_DATA_FILE(path, "aapl_chain_eod_lean_2014-06-06_09.csv.xz");
  ImportedChain const after = import_chain({path});
  expect_whole(after);
  EXPECT_EQ(after.market.as_of_utc, "2014-06-09T20:00:00Z");
  EXPECT_EQ(after.market.spot, 93.7);
  ImportOptions options;
  options.as_of = "2014-06-06 16:00 America/New_York";
  ImportedChain const before = import_chain({path}, options);
  expect_whole(before);
  EXPECT_EQ(before.market.spot, 645.57);
  EXPECT_EQ(before.report.rejected.at("other_day"), 2180u);
  for (MarketExpiry const& expiry : before.market.expiries)
    EXPECT_NEAR(expiry.forward, 645.57, 15) << expiry.expiry_utc;
  auto const june =
      std::find_if(before.market.expiries.begin(), before.market.expiries.end(),
                   [](auto const& e) { return e.expiry_utc == "2014-06-20T20:00:00Z"; });
  EXPECT_NE(june, before.market.expiries.end());  // written as Saturday the 21st
}

TEST(LeanFiles, GoogOnAHalfDay) {
  MUSTER_DATA_FILE(path, "goog_chain_eod_lean_2015-12-23_24.csv.xz");
  ImportedChain const chain = import_chain({path});
  expect_whole(chain);
  EXPECT_EQ(chain.market.as_of_utc, "2015-12-24T18:00:00Z");  // closed at 13:00
  EXPECT_EQ(chain.report.rejected.at("expired"), 176u);
}

TEST(YahooFile, DirtyAsItIs) {
  MUSTER_DATA_FILE(path, "yahoo_spy_chain_2025-08-26.csv.xz");
  ImportedChain const chain = import_chain({path});
  expect_whole(chain);
  EXPECT_EQ(chain.report.rows_read, 7011u);
  EXPECT_EQ(chain.market.as_of_utc, "2025-08-26T20:00:00Z");
  EXPECT_EQ(chain.report.rejected.at("no_quote"), 21u);
  for (MarketExpiry const& expiry : chain.market.expiries) {
    // The flags of the file put SPY between 645 and 646.
    if (expiry.years < 0.01) {
      EXPECT_NEAR(expiry.forward, 645.9, 0.6) << expiry.expiry_utc;
    }
  }
}

TEST(AlpacaFiles, PagesAreJoined) {
  MUSTER_DATA_FILE(first, "alpaca/option_snapshots_page1.json.gz");
  MUSTER_DATA_FILE(second, "alpaca/option_snapshots_page2_greeks.json.gz");
  ImportedChain const chain = import_chain({first, second});
  expect_whole(chain);
  EXPECT_EQ(chain.market.rows.size(), 2u);
  EXPECT_EQ(chain.market.underlying, "AAPL");
  EXPECT_EQ(chain.market.as_of_utc, "2024-04-24T19:59:00Z");
  EXPECT_NEAR(chain.market.rows[1].file_iv, 0.98711609, 1e-8);
}

TEST(OtherFiles, AreRefusedByTheirHeader) {
  MUSTER_DATA_FILE(bars, "alpaca/option_bars_hourly.json.gz");
  EXPECT_THROW(import_chain({bars}), std::exception);
  for (char const* name :
       {"spx_options_daily_2017_small.csv.xz", "goog_option_quotes_minute_2015-12-24.csv.xz",
        "vix_daily_1990_2023.csv.xz", "binance_spot_btcusdt_l2_2024-08-08.jsonl.xz"}) {
    try {
      import_chain({test::market_data() / name});
      ADD_FAILURE() << name;
    } catch (std::exception const& error) {
      EXPECT_THAT(error.what(), HasSubstr("expected")) << name;
    }
  }
}

}  // namespace
}  // namespace muster::io
