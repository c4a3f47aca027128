// Few waypoints, evenly spaced, however long the run becomes.
#include <gtest/gtest.h>

#include "orchestrator/waypoints.hpp"

namespace muster::orchestrator {
namespace {

std::vector<std::uint64_t> stages_of(Waypoints const& waypoints) {
  std::vector<std::uint64_t> stages;
  for (auto const& one : waypoints.kept()) stages.push_back(one.stage);
  return stages;
}

void walk(Waypoints& waypoints, std::uint64_t first, std::uint64_t last, std::uint64_t pace, std::size_t words = 3) {
  for (auto stage = first; stage <= last; stage += pace)
    waypoints.pass(stage, [&] { return Slots(words, static_cast<std::int64_t>(stage)); });
}

TEST(Waypoints, AreAllWhereThereAreFew) {
  Waypoints waypoints;
  walk(waypoints, 0, 5, 1);
  EXPECT_EQ(stages_of(waypoints), (std::vector<std::uint64_t>{1, 2, 3, 4, 5}));
  EXPECT_EQ(waypoints.kept()[1].words, Slots(3, 2));
}

TEST(Waypoints, StayFewAndEvenlySpaced) {
  for (std::uint64_t const last : {17u, 100u, 1000u, 77'777u}) {
    Waypoints waypoints;
    walk(waypoints, 1, last, 1);
    auto const stages = stages_of(waypoints);
    EXPECT_LE(stages.size(), Waypoints::most);
    EXPECT_GE(stages.size(), Waypoints::most / 2);
    for (std::size_t i = 1; i < stages.size(); ++i) EXPECT_EQ(stages[i] - stages[i - 1], stages[1] - stages[0]);
    EXPECT_LT(last - stages.back(), stages[1] - stages[0]);
  }
}

TEST(Waypoints, FollowARunThatPassesFewStages) {
  Waypoints waypoints;
  walk(waypoints, 90, 9000, 90);
  EXPECT_LE(waypoints.kept().size(), Waypoints::most);
  EXPECT_GE(waypoints.kept().size(), Waypoints::most / 2);
}

TEST(Waypoints, GoOnAfterAResume) {
  Waypoints before;
  walk(before, 1, 1000, 1);
  Waypoints after(before.kept());
  walk(after, 1001, 2000, 1);
  Waypoints whole;
  walk(whole, 1, 2000, 1);
  EXPECT_EQ(after.kept(), whole.kept());
}

TEST(Waypoints, TakeNoMoreMemoryThanTheyMay) {
  Waypoints waypoints;
  walk(waypoints, 1, 40, 1, Waypoints::most_words / 5);
  EXPECT_LE(waypoints.kept().size(), 5u);
  EXPECT_GE(waypoints.kept().size(), 2u);
  Waypoints large;
  walk(large, 1, 40, 1, Waypoints::most_words / 2 + 1);
  EXPECT_TRUE(large.kept().empty());
  Waypoints none;
  walk(none, 1, 40, 1, 0);
  EXPECT_TRUE(none.kept().empty());
}

}  // namespace
}  // namespace muster::orchestrator
