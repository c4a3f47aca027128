#include "core/nearest.hpp"

#include <gtest/gtest.h>

#include <array>

namespace {

using namespace muster;

constexpr std::array<std::string_view, 4> keys{"spot", "dividend", "volatility", "name"};

TEST(EditDistance, CountsEditsAndSwaps) {
  EXPECT_EQ(edit_distance("", "abc"), 3U);
  EXPECT_EQ(edit_distance("spot", "spot"), 0U);
  EXPECT_EQ(edit_distance("SPOT", "spot"), 0U);
  EXPECT_EQ(edit_distance("sopt", "spot"), 1U);
  EXPECT_EQ(edit_distance("kitten", "sitting"), 3U);
  EXPECT_EQ(edit_distance(std::string(100'000, 'a'), std::string(100'000, 'b')), 64U);
}

TEST(Nearest, FindsSlipsAndNothingElse) {
  EXPECT_EQ(nearest("spott", keys), "spot");
  EXPECT_EQ(nearest("volatilty", keys), "volatility");
  EXPECT_EQ(nearest("dividends", keys), "dividend");
  EXPECT_FALSE(nearest("strike", keys));
  EXPECT_FALSE(nearest("", keys));
}

TEST(Suggest, NamesTheNearestOrAll) {
  EXPECT_EQ(suggest("nam", keys), "use \"name\"");
  EXPECT_EQ(suggest("zzzzzz", keys), "use one of spot, dividend, volatility, name");
  EXPECT_EQ(suggest("zzzzzz", std::span(keys).first(1)), "use \"spot\"");
}

}  // namespace
