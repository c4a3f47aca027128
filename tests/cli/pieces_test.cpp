// The pieces of the command that are functions: sampling, CSV, JSON values.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "cli/csv.hpp"
#include "cli/recompute.hpp"
#include "cli/value.hpp"
#include "core/error.hpp"

namespace muster::cli {
namespace {

TEST(Selection, TakesSharesAndNumbers) {
  EXPECT_EQ(parse_selection("1%", 100'000, 0, 16).picks, 1000U);
  EXPECT_EQ(parse_selection("1 %", 100, 0, 16).picks, 16U);
  EXPECT_EQ(parse_selection("1%", 10, 0, 16).picks, 10U);
  EXPECT_EQ(parse_selection("0.5%", 1001, 0, 1).picks, 6U);
  EXPECT_EQ(parse_selection("3", 100, 0, 16).picks, 3U);
  EXPECT_EQ(parse_selection("1e3", 100, 0, 16).picks, 100U);
  EXPECT_TRUE(parse_selection("100%", 7, 0, 16).is_whole());
  EXPECT_TRUE(parse_selection("1%", 0, 0, 16).is_whole());
}

TEST(Selection, PicksOneTileInEachShare) {
  for (std::uint64_t const seed : {0ULL, 1ULL, 12345ULL}) {
    Selection const selection{1000, 37, seed};
    std::set<std::uint64_t> seen;
    for (std::uint64_t i = 0; i < selection.picks; ++i) {
      auto const tile = picked_tile(selection, i);
      EXPECT_GE(tile, i * 1000 / 37);
      EXPECT_LT(tile, (i + 1) * 1000 / 37);
      seen.insert(tile);
    }
    EXPECT_EQ(seen.size(), 37U);
  }
  EXPECT_NE(picked_tile({1'000'000, 2, 0}, 0), picked_tile({1'000'000, 2, 1}, 0));
}

TEST(Selection, DoesNotOverflow) {
  Selection const selection{UINT64_MAX, UINT64_MAX - 5, 7};
  EXPECT_LT(picked_tile(selection, selection.picks - 1), selection.tiles);
}

TEST(Csv, QuotesWhatMustBe) {
  Table table{"t", "", {{"name", "", std::vector<std::string>{"plain", "a,b", "say \"x\"", "two\nlines"}},
                        {"price", "USD", std::vector<double>{0.1, -0.0, 1e300, 5}},
                        {"count", "1", std::vector<std::int64_t>{1, -2, 3, 4}}}};
  EXPECT_EQ(to_csv(table),
            "name,price [USD],count\n"
            "plain,0.1,1\n"
            "\"a,b\",-0,-2\n"
            "\"say \"\"x\"\"\",1e+300,3\n"
            "\"two\nlines\",5,4\n");
}

TEST(Csv, AnEmptyTableIsAHeader) {
  EXPECT_EQ(to_csv({"t", "", {{"name", "", std::vector<std::string>{}}}}), "name\n");
}

TEST(Value, WritesEveryKind) {
  auto value = Value::object({{"flag", true}, {"small", -1}, {"large", UINT64_MAX}, {"text", "a\"b"}});
  value.set("nan", std::nan(""));
  value.set("none", Value());
  value.set("raw", Value::raw("[1, 2]"));
  Value list;
  list.push(0.1);
  value.set("list", list);
  EXPECT_EQ(value.dump(),
            "{\n  \"flag\": true,\n  \"small\": -1,\n  \"large\": 18446744073709551615,\n  \"text\": \"a\\\"b\",\n"
            "  \"nan\": null,\n  \"none\": null,\n  \"raw\": [\n    1,\n    2\n  ],\n  \"list\": [\n    0.1\n  ]\n}");
}

TEST(Value, ReplacesBytesThatAreNoText) { EXPECT_EQ(Value("a\xff").dump(), "\"a\xef\xbf\xbd\""); }

TEST(Value, RefusesMembersOfAList) {
  Value list(Value::Array{});
  EXPECT_THROW(list.set("a", 1), Error);
  Value object(Value::Object{});
  EXPECT_THROW(object.push(1), Error);
}

}  // namespace
}  // namespace muster::cli
