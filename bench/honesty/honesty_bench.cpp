// How often honest selection is fooled, and how often it sees: whole evolve jobs on made markets, each with its null markets.
//   honesty_bench noise [MARKETS] [FIRST]            markets without anything to find: both verdicts should flag 5 %
//   honesty_bench planted [MARKETS] [FIRST] [LEAN]   one rule earns a net Sharpe ratio of 1.5 over the ten searched years, or
//                                                    what comes of a LEAN for all markets: (a) should find it
// A line a market, then the sums; one thread. Figures: docs/methods/honest-selection.md.
#include <fmt/core.h>

#include <cstdlib>
#include <cstring>

#include "tests/jobs/evolve/honesty_trial.hpp"

namespace {

using namespace muster;

/// Noise: 5 years, of which 4 are searched. Planted: 12.5, of which 10 are.
constexpr std::uint32_t noise_bars = 1260, planted_bars = 3150;

struct Sums {
  int markets = 0, searched = 0, confirmed = 0, both = 0;
  double sharpe = 0, sharpe_square = 0;
  double mean() const { return sharpe / markets; }
  double deviation() const { return std::sqrt(std::max(sharpe_square / markets - mean() * mean(), 0.0)); }
};

void judge(testing::FairMarket const& market, std::vector<std::string> overrides, std::filesystem::path const& folder, Sums& sums) {
  auto const verdicts = testing::verdicts_on(market, std::move(overrides), folder);
  sums.searched += verdicts.is_searched();
  sums.confirmed += verdicts.is_confirmed();
  sums.both += verdicts.is_searched() && verdicts.is_confirmed();
  fmt::print("market {:4}  p {:.2f}  psr {:.3f}  statistic {:6.3f}", market.seed, verdicts.search_p, verdicts.test_psr, verdicts.statistic);
}

void earn(testing::FairMarket const& market, std::filesystem::path const& folder, Sums& sums) {
  double const sharpe = testing::sharpe_on(market, testing::planted_rule, folder);
  sums.sharpe += sharpe;
  sums.sharpe_square += sharpe * sharpe;
  fmt::print("  planted rule {:6.3f}", sharpe);
}

void tell(Sums const& sums, bool is_noise) {
  fmt::print("{} markets: (a) p <= 0.05 in {}, (b) probability >= 0.95 in {}, both in {}\n", sums.markets, sums.searched, sums.confirmed,
             sums.both);
  if (!is_noise) fmt::print("planted rule: net Sharpe ratio {:.3f} on average, {:.3f} from market to market\n", sums.mean(), sums.deviation());
}

testing::FairMarket market_of(int seed, bool is_noise, double lean, std::filesystem::path const& folder) {
  testing::FairMarket const fair{.seed = static_cast<std::uint64_t>(seed), .bars = is_noise ? noise_bars : planted_bars, .lean = lean};
  return is_noise || lean > 0 ? fair : testing::planted(fair, folder);
}

int run(bool is_noise, int markets, int first, double lean) {
  auto const folder = std::filesystem::temp_directory_path() / fmt::format("honesty_bench_{}_{}", is_noise ? "noise" : "planted", first);
  std::filesystem::create_directories(folder);
  Sums sums;
  for (int seed = first; seed < first + markets; ++seed) {
    auto const market = market_of(seed, is_noise, lean, folder);
    ++sums.markets;
    judge(market, is_noise ? testing::without_costs() : testing::larger_search(), folder, sums);
    if (!is_noise) earn(market, folder, sums);
    fmt::print("\n");
    std::fflush(stdout);
  }
  std::filesystem::remove_all(folder);
  tell(sums, is_noise);
  return 0;
}

}  // namespace

int main(int count, char** words) {
  auto const word = [&](int i, char const* missing) { return i < count ? words[i] : missing; };
  std::string const what = word(1, "");
  bool const is_noise = what == "noise";
  if (!is_noise && what != "planted") {
    fmt::print(stderr, "usage: honesty_bench noise | planted [MARKETS] [FIRST] [LEAN]\n");
    return 2;
  }
  return run(is_noise, std::atoi(word(2, is_noise ? "1000" : "200")), std::atoi(word(3, "1")), is_noise ? 0 : std::atof(word(4, "0")));
}
