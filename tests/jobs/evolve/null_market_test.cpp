// Markets without a pattern keep what they should of the market they are made of.
#include "jobs/evolve/null_market.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "io/synthetic_bars.hpp"
#include "jobs/evolve/market.hpp"

namespace muster::jobs::evolve {
namespace {

Params with(NullMethod method) {
  Params params;
  params.honesty.null_method = method;
  return params;
}

io::Bars some_bars() { return io::synthetic_bars({.symbols = 6, .days = 400, .seed = 11}); }

io::Bars null_of(io::Bars const& bars, NullMethod method, std::uint64_t index) {
  return null_bars(with(method), bars, io::forward_factor(bars), 300, index);
}

bool has_traded(io::Bars const& bars, std::size_t at) { return bars.status[at] == io::BarStatus::traded; }

/// From the symbol's last close to this one; NaN for its first.
std::vector<double> moves_of(io::Bars const& bars, std::vector<double> const& factor, std::size_t symbol, std::size_t length) {
  std::vector<double> moves(length, std::numeric_limits<double>::quiet_NaN());
  double before = 0;
  for (std::size_t bar = 0; bar < length; ++bar) {
    auto const at = bars.at(bar, symbol);
    if (!has_traded(bars, at)) continue;
    if (before > 0) moves[bar] = bars.close[at] * factor[at] / before - 1;
    before = bars.close[at] * factor[at];
  }
  return moves;
}

TEST(MirroredMarket, TurnsEachDayOfAllSymbolsOneWay) {
  auto const bars = some_bars();
  auto const null = null_of(bars, NullMethod::mirrored, 2);
  std::vector<std::set<int>> ways(300);
  for (std::size_t symbol = 0; symbol < 6; ++symbol) {
    auto const real = moves_of(bars, io::forward_factor(bars), symbol, 300);
    auto const made = moves_of(null, std::vector<double>(null.cells(), 1.0), symbol, 300);
    for (std::size_t bar = 0; bar < 300; ++bar) {
      ASSERT_EQ(std::isnan(real[bar]), std::isnan(made[bar])) << bar << " of " << symbol;
      if (std::isnan(real[bar]) || real[bar] == 0) continue;
      EXPECT_NEAR(std::abs(made[bar]), std::abs(real[bar]), 1e-12);
      ways[bar].insert(real[bar] * made[bar] > 0 ? 1 : -1);
    }
  }
  int turned = 0;
  for (auto const& way : ways) {
    EXPECT_LE(way.size(), 1u);
    turned += way.contains(-1) ? 1 : 0;
  }
  EXPECT_NEAR(turned, 150, 30);
}

TEST(MirroredMarket, KeepsWhoTradesWhenAndHowMuch) {
  auto const bars = some_bars();
  auto const null = null_of(bars, NullMethod::mirrored, 0);
  for (std::size_t at = 0; at < null.cells(); ++at) {
    EXPECT_EQ(null.status[at], bars.status[at]);
    EXPECT_EQ(null.volume[at], bars.volume[at]);
    EXPECT_EQ(null.split[at], 1);
    EXPECT_EQ(null.dividend[at], 0);
  }
}

TEST(MirroredMarket, SurvivesADayThatTriplesThePrice) {
  auto bars = some_bars();
  for (std::size_t at = bars.at(200, 0); at < bars.cells(); at += 6)
    for (auto* column : {&bars.open, &bars.high, &bars.low, &bars.close}) (*column)[at] *= 3;
  for (std::uint64_t index = 0; index < 8; ++index) EXPECT_NO_THROW(to_market(null_of(bars, NullMethod::mirrored, index)));
}

class NullMarkets : public ::testing::TestWithParam<NullMethod> {};

TEST_P(NullMarkets, ArePureFunctionsThatTheBacktestTakes) {
  auto const bars = some_bars();
  auto const one = null_of(bars, GetParam(), 1);
  EXPECT_EQ(io::bars_digest(null_of(bars, GetParam(), 1)), io::bars_digest(one));
  EXPECT_NE(io::bars_digest(null_of(bars, GetParam(), 2)), io::bars_digest(one));
  EXPECT_NO_THROW(to_market(one));
}

INSTANTIATE_TEST_SUITE_P(All, NullMarkets, ::testing::Values(NullMethod::mirrored, NullMethod::resampled),
                         [](auto const& given) { return given.index == 0 ? "mirrored" : "resampled"; });

TEST(ResampledMarket, HasNoDirection) {
  auto const bars = some_bars();
  double sum = 0;
  for (std::uint64_t index = 0; index < 40; ++index) {
    auto const null = null_of(bars, NullMethod::resampled, index);
    for (double const move : moves_of(null, std::vector<double>(null.cells(), 1.0), 0, 300)) sum += std::isnan(move) ? 0 : move;
  }
  EXPECT_NEAR(sum / (40 * 299), 0, 3.5 * 0.02 / std::sqrt(40.0 * 299));  // a day's deviation is below 2 %
}

}  // namespace
}  // namespace muster::jobs::evolve
