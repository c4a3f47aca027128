// A sample of bench/honesty: luck is told from a rule that earns, by whole jobs.
#include <gtest/gtest.h>

#include "tests/io/scratch.hpp"
#include "tests/jobs/evolve/honesty_trial.hpp"

namespace muster::testing {
namespace {

TEST(HonestSelection, IsNotFooledByNoise) {
  constexpr int markets = 20;
  io::Scratch const folder;
  int searched = 0, confirmed = 0;
  double sum = 0;
  for (std::uint64_t seed = 1; seed <= markets; ++seed) {
    auto const verdicts = verdicts_on({.seed = seed, .bars = 1260}, without_costs(), folder.path());
    searched += verdicts.is_searched();
    confirmed += verdicts.is_confirmed();
    sum += verdicts.search_p;
  }
  // 5 % each: more than 4 of 20 have a chance of 0.3 %. p is even on 0.05 to 1: the mean's deviation is 0.065.
  EXPECT_LE(searched, 4);
  EXPECT_LE(confirmed, 4);
  EXPECT_NEAR(sum / markets, 0.525, 3 * 0.065);
}

TEST(HonestSelection, FindsARuleThatEarns) {
  io::Scratch const folder;
  int searched = 0;
  for (std::uint64_t seed = 1; seed <= 3; ++seed)
    searched += verdicts_on(planted({.seed = seed, .bars = 3150}, folder.path()), larger_search(), folder.path()).is_searched();
  EXPECT_GE(searched, 2);
}

}  // namespace
}  // namespace muster::testing
