#include "core/toml.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.hpp"

namespace {

using namespace muster;
using ::testing::HasSubstr;
using ::testing::StartsWith;

std::string refusal(std::string_view text, std::vector<std::string> const& overrides = {},
                    TomlLimits const& limits = default_toml_limits) {
  try {
    TomlDocument::parse(text, "job.toml", overrides, limits);
  } catch (Error const& error) {
    EXPECT_EQ(error.code(), Exit::user);
    return error.what();
  }
  return "accepted";
}

std::string repeat(std::string_view piece, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += piece;
  return text;
}

TEST(Toml, GivesValuesAndPlaces) {
  auto const document =
      TomlDocument::parse("a = 5\n[t]\n  b = [1.5, \"x\"]\nd = 2026-06-19\nf = true\n", "job.toml");
  auto const root = document.root();
  EXPECT_EQ(root.find("a").integer(), 5);
  EXPECT_EQ(to_text(root.find("a").place()), "job.toml:1:5");
  auto const list = root.find("t").find("b");
  ASSERT_EQ(list.size(), 2U);
  EXPECT_EQ(list.at(0).number(), 1.5);
  EXPECT_EQ(list.at(1).text(), "x");
  EXPECT_EQ(to_text(list.at(1).place()), "job.toml:3:13");
  EXPECT_EQ(root.find("t").find("d").time()->date, std::chrono::year(2026) / 6 / 19);
  EXPECT_TRUE(root.find("t").find("f").flag());
  EXPECT_FALSE(root.find("none"));
  EXPECT_EQ(root.find("none").find("deeper").kind(), TomlKind::none);
  auto const entries = root.find("t").entries();
  ASSERT_EQ(entries.size(), 3U);
  EXPECT_EQ(to_text(entries[0].key_place), "job.toml:3:3");
}

TEST(Toml, ReportsSyntaxWithPlace) {
  EXPECT_THAT(refusal("a = 1\nb = = 2\n"), StartsWith("job.toml:2:5: "));
  EXPECT_THAT(refusal("a = 1\na = 2\n"), HasSubstr("cannot redefine existing"));
  EXPECT_THAT(refusal("a = \"\xff\xfe\""), StartsWith("job.toml:1:"));
  EXPECT_THAT(refusal(std::string_view("a = 1\0", 6)), HasSubstr("NUL byte"));
  EXPECT_THAT(refusal("a = 99999999999999999999"), StartsWith("job.toml:1:"));
}

// toml++ asserts on these, or runs into undefined behaviour.
TEST(Toml, RefusesHeadersWithoutKeys) {
  for (auto const header : {"[&", "[[[a]]]", "[[=", "[ .a]"})
    EXPECT_EQ(
        refusal(std::string("a = 1\n") + header),
        "job.toml:2: a table header holds no key (the file is not valid TOML, nothing was read); "
        "write [name] or [[name]]");
}

TEST(Toml, WantsQuotesAroundWhatIsNotAscii) {
  for (auto const text :
       {"a = 1\n\xc3\xa9 = 1", "a = 1 \n\xc2\xb5", "a = \"\"\"\\\n\xc2\xb5\"\"\"", "\n[\xc3\xa9]"})
    EXPECT_THAT(refusal(text), StartsWith("job.toml:2: a character that is not ASCII"));
  EXPECT_EQ(refusal("\xef\xbb\xbf# \xc3\xa9\n\"\xc3\xa9\" = '\xc2\xb5' # \xc2\xb5\nb = "
                    "\"\"\"\xc3\xa9\\\n x\"\"\""),
            "accepted");
}

TEST(Toml, RefusesWhatWouldExhaustTheParser) {
  EXPECT_THAT(refusal(repeat("a.", 100'000) + "a = 1"), HasSubstr("a key of over 32 parts"));
  EXPECT_THAT(refusal("[" + repeat("a.", 100'000) + "a]"), HasSubstr("a key of over 32 parts"));
  EXPECT_THAT(refusal("a = " + repeat("[", 100'000)), StartsWith("job.toml:1:"));
  EXPECT_THAT(refusal("a = " + repeat("{a=", 100'000)), StartsWith("job.toml:1:"));
  EXPECT_THAT(refusal("a = " + repeat("[", 40) + repeat("]", 40)),
              HasSubstr("nested over 32 deep"));
  EXPECT_THAT(refusal("a = [" + repeat("1,", 100) + "]", {}, {.bytes = 1000, .values = 50}),
              HasSubstr("over 50 values"));
  EXPECT_THAT(refusal(repeat("#", 2000), {}, {.bytes = 1000, .values = 50}),
              HasSubstr("1.95 KiB of text"));
}

TEST(Toml, DoesNotMistakeStringsAndCommentsForDepth) {
  std::string const dots = repeat(".", 200);
  EXPECT_EQ(refusal("# " + dots + "\na = \"" + dots + "\"\nb = '" + dots + "'\nc = \"\"\"\n" +
                    dots + "\\\"" + dots + "\"\"\"\nd = '''" + dots + "'''\ne = [0.1, 0.2, 0.3]\n"),
            "accepted");
}

TEST(Override, SetsAndMakesValues) {
  auto const document = TomlDocument::parse(
      "[t]\na = 1\n[[list]]\nname = \"x\"\nv = 1\n[[list]]\nname = \"y\"\n", "job.toml",
      {"t.a=2.5", "t.word = some word", "u.v.w=true", "list.0.v=7", "list.y.v=[1, 2]",
       "t.quoted=\"q\"", "t.date=2026-01-02", "t.city=Z\xc3\xbcrich"});
  auto const root = document.root();
  EXPECT_EQ(root.find("t").find("a").number(), 2.5);
  EXPECT_EQ(to_text(root.find("t").find("a").place()), "--set t.a");
  EXPECT_EQ(root.find("t").find("word").text(), "some word");
  EXPECT_EQ(root.find("t").find("city").text(), "Z\xc3\xbcrich");
  EXPECT_EQ(root.find("t").find("quoted").text(), "q");
  EXPECT_EQ(root.find("t").find("date").kind(), TomlKind::time);
  EXPECT_TRUE(root.find("u").find("v").find("w").flag());
  EXPECT_EQ(root.find("list").at(0).find("v").integer(), 7);
  EXPECT_EQ(root.find("list").at(1).find("v").size(), 2U);
  EXPECT_EQ(to_text(root.find("list").at(1).find("v").at(1).place()), "--set list.y.v");
}

TEST(Override, SaysWhyItCannotBeApplied) {
  std::string const text = "a = 1\n[[list]]\nname = \"x\"\n";
  EXPECT_THAT(refusal(text, {"a"}), HasSubstr("--set a: no value"));
  EXPECT_THAT(refusal(text, {"a.b=1"}), HasSubstr("under a plain value"));
  EXPECT_THAT(refusal(text, {"list.3.a=1"}), HasSubstr("nothing is numbered or named \"3\""));
  EXPECT_THAT(refusal(text, {"list.x=1"}), HasSubstr("leads to a whole element"));
  EXPECT_THAT(refusal(text, {"b..c=1"}), HasSubstr("an empty key"));
  EXPECT_THAT(refusal(text, {"b=[1,"}), HasSubstr("is no TOML value"));
  EXPECT_THAT(refusal(text, {"b=1\nc = 2"}), HasSubstr("control character"));
  EXPECT_THAT(refusal(text, {"b=\xff"}), StartsWith("--set b: "));
  EXPECT_THAT(refusal(text, {repeat("a.", 50) + "a=1"}), HasSubstr("too many dots"));
  EXPECT_THAT(refusal(text, {"b=" + repeat("[", 5000)}), HasSubstr("--set b: "));
}

}  // namespace
