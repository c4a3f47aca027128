#include "cli/tile_times.hpp"

#include <gtest/gtest.h>

#include <cstdlib>

namespace muster::cli {
namespace {

TEST(TileTimes, SurviveTheirFile) {
  std::vector<RememberedTime> const times{{"aa", "2 threads of a CPU", {0, 1.25}}, {"bb", "a GPU", {0.5, 1e-6}}};
  auto const read = parse_tile_times(render_tile_times(times));
  ASSERT_EQ(read.size(), 2u);
  EXPECT_EQ(read[1].key, "bb");
  EXPECT_EQ(read[1].device, "a GPU");
  EXPECT_EQ(read[1].time.start_s, 0.5);
  EXPECT_EQ(read[0].time.tile_s, 1.25);
}

TEST(TileTimes, OfADamagedFileAreNotBelieved) {
  auto const one = [](std::string const& time) {
    return parse_tile_times(R"({"format": "muster tile times 1", "times": [)" + time + "]}").size();
  };
  EXPECT_EQ(one(R"({"key": "a", "device": "b", "start_s": 0, "tile_s": 1})"), 1u);
  for (auto const* time : {R"({"key": "a", "device": "b", "start_s": 0, "tile_s": 0})",
                           R"({"key": "a", "device": "b", "start_s": -1, "tile_s": 1})",
                           R"({"key": "a", "device": "b", "start_s": 0, "tile_s": 1e300})",
                           R"({"key": "a", "device": "b", "start_s": 0, "tile_s": "1"})",
                           R"({"key": 1, "device": "b", "start_s": 0, "tile_s": 1})",
                           R"({"device": "b", "start_s": 0, "tile_s": 1})", R"({"key": "a", "device": "b", "tile_s": 1})",
                           "7", "null", "[]"})
    EXPECT_EQ(one(time), 0u) << time;
  for (auto const* text : {"", "{", "[]", "null", R"({"format": "muster tile times 2", "times": []})",
                           R"({"format": "muster tile times 1"})", R"({"format": "muster tile times 1", "times": 3})"})
    EXPECT_TRUE(parse_tile_times(text).empty()) << text;
}

TEST(TileTimes, LieInTheUsersCache) {
  setenv("XDG_CACHE_HOME", "/somewhere", 1);
  EXPECT_EQ(tile_times_path(), "/somewhere/muster/tile-times.json");
  setenv("XDG_CACHE_HOME", "relative", 1);
  setenv("HOME", "/home/me", 1);
  EXPECT_EQ(tile_times_path(), "/home/me/.cache/muster/tile-times.json");
  unsetenv("XDG_CACHE_HOME");
  unsetenv("HOME");
  EXPECT_FALSE(tile_times_path());
}

}  // namespace
}  // namespace muster::cli
