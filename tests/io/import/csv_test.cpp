#include "io/import/csv.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "expect_error.hpp"

namespace muster::io {
namespace {

using test::message_of;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

struct Row {
  std::uint64_t line;
  std::vector<std::string> fields;
  bool operator==(Row const&) const = default;
};

std::vector<Row> rows_of(std::string const& text, CsvLimits limits = {}) {
  auto const source = text_from_memory("t.csv", text);
  CsvReader reader(*source, limits);
  std::vector<Row> rows;
  for (CsvRecord record; reader.next(record);)
    rows.push_back({record.line, {record.fields.begin(), record.fields.end()}});
  return rows;
}

TEST(Csv, SplitsAndTrims) {
  EXPECT_THAT(rows_of("a, b ,\n1,2,3"),
              ElementsAre(Row{1, {"a", "b", ""}}, Row{2, {"1", "2", "3"}}));
}

TEST(Csv, BlankLinesAreEmptyRecords) {
  EXPECT_THAT(rows_of("\na\n\nb\n"),
              ElementsAre(Row{1, {}}, Row{2, {"a"}}, Row{3, {}}, Row{4, {"b"}}));
}

TEST(Csv, WindowsLineEndsAndByteOrderMark) {
  EXPECT_THAT(rows_of("\xef\xbb\xbf"
                      "a,b\r\n\r\n\"c\",\"d\"\r\n"),
              ElementsAre(Row{1, {"a", "b"}}, Row{2, {}}, Row{3, {"c", "d"}}));
}

TEST(Csv, QuotesHideCommasQuotesAndLines) {
  EXPECT_THAT(rows_of("\"Volume: 71,039,449\",x\n\"say \"\"hi\"\"\",\"two\nlines\",z\nlast"),
              ElementsAre(Row{1, {"Volume: 71,039,449", "x"}},
                          Row{2, {"say \"hi\"", "two\nlines", "z"}}, Row{4, {"last"}}));
}

TEST(Csv, AnEmptyLastFieldCounts) {
  EXPECT_THAT(rows_of("a,"), ElementsAre(Row{1, {"a", ""}}));
  EXPECT_THAT(rows_of(",\n"), ElementsAre(Row{1, {"", ""}}));
}

TEST(Csv, RecordsLongerThanTheReadBuffer) {
  std::string const big(200'000, 'x');
  EXPECT_THAT(rows_of(big + "," + big + "\nend"), ElementsAre(Row{1, {big, big}}, Row{2, {"end"}}));
}

TEST(Csv, AnUnclosedQuoteNamesItsLine) {
  EXPECT_THAT(message_of([] { rows_of("a\nb,\"c\nd\ne\n"); }),
              HasSubstr("t.csv:2: a quote opens here and never closes"));
}

TEST(Csv, Limits) {
  EXPECT_THAT(message_of([] {
                rows_of("short\n" + std::string(3000, 'y'), {1000, 10, 100});
              }),
              HasSubstr("t.csv:2: the row is longer than 1000 bytes"));
  EXPECT_THAT(message_of([] {
                rows_of(std::string(20, ','), {1000, 10, 100});
              }),
              HasSubstr("more than 10 fields"));
  EXPECT_THAT(message_of([] {
                rows_of(std::string(101, '\n'), {1000, 10, 100});
              }),
              HasSubstr("more than 100 lines"));
}

TEST(Csv, WhatIsNoText) {
  EXPECT_THAT(message_of([] { rows_of(std::string("a\nb\0c\n", 6)); }),
              HasSubstr("t.csv:2: has a NUL byte"));
  EXPECT_THAT(message_of([] {
                rows_of(
                    "\xff\xfe"
                    "a");
              }),
              HasSubstr("UTF-16"));
}

TEST(Csv, ManyShortLinesInOneQuoteTakeLinearTime) {
  std::string text = "\"";
  for (int i = 0; i < 400'000; ++i) text += "\n";
  text += "\",end";
  auto const rows = rows_of(text);
  ASSERT_EQ(rows.size(), 1u);
  EXPECT_EQ(rows[0].fields[1], "end");
}

TEST(Csv, JoinReadsBack) {
  std::string const line = join_csv({"a,b", "c\"d", "plain", ""});
  EXPECT_THAT(rows_of(line), ElementsAre(Row{1, {"a,b", "c\"d", "plain", ""}}));
}

}  // namespace
}  // namespace muster::io
