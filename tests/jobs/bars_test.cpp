#include "jobs/bars.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/synthetic_bars.hpp"
#include "tests/io/scratch.hpp"

namespace muster::jobs {
namespace {

using ::testing::HasSubstr;

struct OpenBars : ::testing::Test {
  io::Scratch scratch;
  void write(std::uint64_t seed) { io::write_bars(scratch / "bars.h5", io::synthetic_bars({2, 30, seed})); }
  KnownBarsPtr open(std::string const& digest = "") { return open_bars("bars.h5", digest, scratch.path()); }
};

TEST_F(OpenBars, ReadsAFileOnceAsLongAsItIsTheSame) {
  write(1);
  auto const first = open();
  EXPECT_EQ(open(first->digest), first);
  EXPECT_EQ(first->digest, io::bars_digest(first->bars));
  write(2);
  auto const second = open();
  EXPECT_NE(second, first);
  EXPECT_EQ(second->digest, io::bars_digest(io::synthetic_bars({2, 30, 2})));
}

TEST_F(OpenBars, MakesAGeneratedMarketOnce) {
  auto const first = open_bars("synthetic:symbols=2,days=30,seed=1", "", "");
  EXPECT_EQ(open_bars("synthetic:symbols=2,days=30,seed=1", "", "elsewhere"), first);
  EXPECT_NE(open_bars("synthetic:symbols=2,days=30,seed=2", "", "")->digest, first->digest);
}

TEST_F(OpenBars, RefusesOtherBarsThanThoseOfTheDigest) {
  write(1);
  auto const before = open()->digest;
  write(2);
  auto const said = io::message_of(Exit::user, [&] { open(before); });
  EXPECT_THAT(said, HasSubstr("has the digest " + open()->digest.substr(0, 16)));
  EXPECT_THAT(said, HasSubstr("resolved with " + before.substr(0, 16)));
  EXPECT_THAT(said, HasSubstr("other bars would give another answer"));
}

TEST_F(OpenBars, DoesNotRememberAFileThatIsGone) {
  write(1);
  open();
  std::filesystem::remove(scratch / "bars.h5");
  EXPECT_THROW(open(), Error);
}

}  // namespace
}  // namespace muster::jobs
