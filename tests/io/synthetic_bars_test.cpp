#include "io/synthetic_bars.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "core/sha256.hpp"
#include "io/bars_rules.hpp"
#include "scratch.hpp"

namespace muster::io {
namespace {

using ::testing::HasSubstr;

std::size_t count_of(Bars const& bars, BarStatus status) {
  return static_cast<std::size_t>(std::count(bars.status.begin(), bars.status.end(), status));
}

// Also run with MUSTER_ISA=v3: the same bits on every machine.
TEST(SyntheticBars, HaveTheBitsTheyAlwaysHad) {
  Bars const bars = synthetic_bars({});
  EXPECT_EQ(bars_digest(bars), "b16f64e19549365bc6a8fe649fc5960622f181d73562fafb706e55180f20926b");
  EXPECT_EQ(bars_digest(synthetic_bars({3, 60, 1})),
            "c98c2d0363966b42111b74f9d84478ba2e6c0836876a36e9cdc788071b469188");
}

TEST(SyntheticBars, AreValidAndLively) {
  Bars const bars = synthetic_bars({});
  EXPECT_EQ(find_fault(bars), "");
  EXPECT_EQ(bars.symbols.size(), 20u);
  EXPECT_EQ(bars.size(), 2520u);
  EXPECT_EQ(bars.times.front(), 1262563200);  // 2010-01-04
  EXPECT_EQ(count_of(bars, BarStatus::not_listed), 2520u / 4);
  EXPECT_EQ(count_of(bars, BarStatus::delisted), 2520u / 4);
  EXPECT_GT(count_of(bars, BarStatus::missing), 10u);
  EXPECT_LT(count_of(bars, BarStatus::missing), 200u);
  auto const has_split = [](double split) { return split != 1; };
  auto const has_dividend = [](double dividend) { return dividend > 0; };
  EXPECT_GE(std::count_if(bars.split.begin(), bars.split.end(), has_split), 5);
  EXPECT_GE(std::count_if(bars.dividend.begin(), bars.dividend.end(), has_dividend), 200);
}

/// Deviation of the daily log returns of the mean over all forward-adjusted closes, by year.
std::vector<double> yearly_volatilities(Bars const& bars) {
  auto const factor = forward_factor(bars);
  std::vector<double> sums(bars.size() / 252, 0);
  for (std::size_t t = 1; t < sums.size() * 252; ++t) {
    double sum = 0, count = 0;
    for (std::size_t s = 0; s < bars.symbols.size(); ++s) {
      std::size_t const now = bars.at(t, s), before = bars.at(t - 1, s);
      if (std::isnan(bars.close[now]) || std::isnan(bars.close[before])) continue;
      sum += std::log(bars.close[now] * factor[now] / (bars.close[before] * factor[before]));
      ++count;
    }
    sums[t / 252] += sum / count * (sum / count);
  }
  for (double& sum : sums) sum = std::sqrt(sum);
  return sums;
}

TEST(SyntheticBars, ChangeTheirWeather) {
  auto volatilities = yearly_volatilities(synthetic_bars({40, 5040, 3}));
  std::sort(volatilities.begin(), volatilities.end());
  EXPECT_LT(volatilities.front(), 0.13);  // calm: 8 % a year
  EXPECT_GT(volatilities.back(), 0.22);   // bear: 32 %
  EXPECT_LT(volatilities.back(), 0.45);
}

TEST(SyntheticBars, ComeByNameWhereAFileCould) {
  EXPECT_EQ(bars_digest(open_bars("synthetic:days=60, seed=1 ,symbols=3")),
            bars_digest(synthetic_bars({3, 60, 1})));
  EXPECT_EQ(bars_digest(open_bars("synthetic:")), bars_digest(synthetic_bars({})));
  Scratch scratch;
  write_bars(scratch / "b.h5", synthetic_bars({2, 30, 5}));
  EXPECT_EQ(bars_digest(open_bars(scratch / "b.h5")), bars_digest(synthetic_bars({2, 30, 5})));
}

TEST(SyntheticBars, SayWhatIsWrongWithTheirName) {
  auto const refusal = [](char const* text) {
    return message_of(Exit::user, [&] { parse_synthetic(text); });
  };
  EXPECT_THAT(refusal("symbols=0"), HasSubstr("symbols = '0' (a whole number from 1 to 2000)"));
  EXPECT_THAT(refusal("days=1e9"), HasSubstr("days = '1e9' (a whole number from 2 to 25000)"));
  EXPECT_THAT(refusal("seed=x"), HasSubstr("seed = 'x' (a whole number from 0 to"));
  EXPECT_THAT(refusal("weeks=3"), HasSubstr("'weeks' is not known"));
  EXPECT_THAT(refusal("symbols=2000,days=25000"), HasSubstr("50000000 bars (at most 20000000"));
}

}  // namespace
}  // namespace muster::io
