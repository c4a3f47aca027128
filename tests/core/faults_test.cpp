#include "core/faults.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"

namespace {

using muster::Faults;
using ::testing::EndsWith;

std::string message(Faults const& faults) {
  try {
    faults.throw_if_any();
  } catch (muster::Error const& error) {
    EXPECT_EQ(error.code(), muster::Exit::user);
    return error.what();
  }
  return "";
}

TEST(Faults, SaysNothingWhenThereAreNone) { EXPECT_EQ(message(Faults{}), ""); }

TEST(Faults, FollowsTheFile) {
  Faults faults;
  faults.add({"job.toml", 9, 2}, "b", "second");
  faults.add({"book.csv", 1, 0}, "c", "third");
  faults.add({"job.toml", 3, 7}, "a", "first");
  faults.add({"--set x", 0, 0}, "x", "fourth");
  faults.add({"book.csv", 7, 0}, "", "no key");
  EXPECT_EQ(message(faults),
            "job.toml:3:7: a: first\njob.toml:9:2: b: second\nbook.csv:1: c: third\nbook.csv:7: no "
            "key\n--set x: x: "
            "fourth");
}

TEST(Faults, StaysShort) {
  Faults faults;
  for (std::uint32_t i = 1; i <= 20'000; ++i) faults.add({"f", i, 1}, "k", "m");
  EXPECT_THAT(message(faults), EndsWith("f:50:1: k: m\n... and 19950 more; mend these first"));
}

}  // namespace
