#include "io/text_rules.hpp"

#include <gtest/gtest.h>

namespace muster::io {
namespace {

TEST(CleanText, TakesUtf8) {
  EXPECT_TRUE(is_clean_text(""));
  EXPECT_TRUE(is_clean_text("tab\t line\n return\r ~"));
  EXPECT_TRUE(
      is_clean_text("\xC2\xA0 \xDF\xBF \xE0\xA0\x80 \xED\x9F\xBF \xEE\x80\x80 \xF0\x90\x80\x80 "
                    "\xF4\x8F\xBF\xBF"));
}

TEST(CleanText, RefusesAndReplacesTheRest) {
  struct Case {
    std::string text, clean;
  };
  std::string const r = "\xEF\xBF\xBD";
  for (auto const& [text, clean] : {
           Case{std::string("a\0b", 3), "a" + r + "b"},
           Case{"\x1B[31m", r + "[31m"},
           Case{"\x7F", r},
           Case{"\xC2\x9B", r + r},          // C1 control sequence introducer
           Case{"\xC0\xAF", r + r},          // overlong
           Case{"\xE0\x80\xAF", r + r + r},  // overlong
           Case{"\xED\xA0\x80", r + r + r},  // surrogate
           Case{"\xF0\x80\x80\x80", r + r + r + r},
           Case{"\xF4\x90\x80\x80", r + r + r + r},  // beyond U+10FFFF
           Case{"\xF5\x80\x80\x80", r + r + r + r},
           Case{"cut \xE2\x82", "cut " + r + r},
           Case{"\x80", r},
       }) {
    EXPECT_FALSE(is_clean_text(text));
    EXPECT_EQ(clean_text(text), clean);
    EXPECT_TRUE(is_clean_text(clean));
  }
}

TEST(Shorten, CutsBetweenCharacters) {
  EXPECT_EQ(shorten("short", 5), "short");
  EXPECT_EQ(shorten("longer text", 8), "longe...");
  EXPECT_EQ(shorten("ab\xE2\x82\xAC\xE2\x82\xAC", 7), "ab...");
  EXPECT_EQ(shorten("abcdef", 2), "...");
}

TEST(Names, AreLowerSnake) {
  EXPECT_TRUE(is_lower_snake("a"));
  EXPECT_TRUE(is_lower_snake("vega_2"));
  for (char const* bad : {"", "Vega", "2a", "_a", "a-b", "a/b", "a.b"})
    EXPECT_FALSE(is_lower_snake(bad));
  EXPECT_TRUE(is_lower_snake(std::string(64, 'a')));
  EXPECT_FALSE(is_lower_snake(std::string(65, 'a')));
}

TEST(Hashes, Are64LowerCaseHexDigits) {
  EXPECT_TRUE(is_hash(std::string(64, 'f')));
  EXPECT_FALSE(is_hash(std::string(64, 'F')));
  EXPECT_FALSE(is_hash(std::string(63, '0')));
  EXPECT_FALSE(is_hash(std::string(64, 'g')));
}

TEST(Instants, HaveOneSpelling) {
  EXPECT_TRUE(is_utc_instant("2026-01-31T09:30:00Z"));
  EXPECT_TRUE(is_utc_instant(utc_now()));
  for (char const* bad :
       {"", "2026-01-31", "2026-01-31 09:30:00Z", "2026-02-30T09:30:00Z", "2026-01-31T25:30:00Z",
        "2026-01-31T09:30:00+00:00", "2026-01-31T09:30:00Zx"})
    EXPECT_FALSE(is_utc_instant(bad)) << bad;
}

}  // namespace
}  // namespace muster::io
