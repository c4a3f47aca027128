#include "cli/tile_times.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace muster::cli {
namespace {

TEST(TileTimes, SurviveTheirFile) {
  std::string const a(64, 'a'), b(64, 'b');
  auto const read = parse_tile_times(render_tile_times({{a, "2 threads of a CPU", {0, 1.25}}, {b, "a GPU", {0.5, 1e-6}}}));
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[0].time.tile_s, 1.25);
  EXPECT_EQ(read[1].key, b);
  EXPECT_EQ(read[1].device, "a GPU");
  EXPECT_EQ(read[1].time.start_s, 0.5);
}

TEST(TileTimes, OfADamagedFileAreNotBelieved) {
  std::string const key(64, 'a'), heading = "muster tile times 1\n";
  EXPECT_EQ(parse_tile_times(heading + key + " 0 1 a GPU").size(), 1u);
  for (auto const* rest : {" 0 0 a GPU", " -1 1 a GPU", " 0 1e300 a GPU", " 0 nan a GPU", " 0 1x a GPU", " 0 1 ", " 0 1", " 0", " ", ""})
    EXPECT_TRUE(parse_tile_times(heading + key + rest).empty()) << rest;
  EXPECT_TRUE(parse_tile_times(heading + "short 0 1 a GPU").empty());
  for (auto const* text : {"", "\n", "{", "muster tile times 2\n", "muster tile times 1", "muster tile times 1\n\n\n"})
    EXPECT_TRUE(parse_tile_times(text).empty()) << text;
}

TEST(TileTimes, LieInTheUsersCache) {
  setenv("XDG_CACHE_HOME", "/somewhere", 1);
  EXPECT_EQ(tile_times_path(), "/somewhere/muster/tile-times.txt");
  setenv("XDG_CACHE_HOME", "relative", 1);
  setenv("HOME", "/home/me", 1);
  EXPECT_EQ(tile_times_path(), "/home/me/.cache/muster/tile-times.txt");
  unsetenv("XDG_CACHE_HOME");
  unsetenv("HOME");
  EXPECT_FALSE(tile_times_path());
}

}  // namespace
}  // namespace muster::cli
