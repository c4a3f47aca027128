#include "core/schema.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>

#include "core/error.hpp"

namespace {

using namespace muster;
using namespace muster::schema;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

enum class Colour { red, green, blue };
constexpr std::array<std::string_view, 3> colours{"red", "green", "blue"};

struct Part {
  std::string label;
  double mass = 1;
};

struct Engine {
  double power = 7;
  Marks marks;
};

struct Thing {
  Colour colour = Colour::red;
  double size = 2;
  std::uint64_t count = 3;
  bool shiny = false;
  std::string title = "none";
  std::vector<double> weights{1, 2};
  std::vector<std::string> tags;
  std::vector<Colour> palette{Colour::blue};
  Engine engine;
  std::vector<Part> parts;
  Marks marks;
};

Table const& part_table() {
  using F = Of<Part>;
  static Table const table = F::table("part", "A part.",
                                      {F::text<&Part::label>("label", "its label").required(),
                                       F::number<&Part::mass>("mass", "kg", above(0), "its mass")});
  return table;
}

Table const& engine_table() {
  using F = Of<Engine>;
  static Table const table =
      F::table("engine", "What drives it.",
               {F::number<&Engine::power>("power", "kW", at_least(0), "power").automatic("7")});
  return table;
}

Table const& thing_table() {
  using F = Of<Thing>;
  static Table const table = [] {
    auto made = F::table(
        "thing", "A thing.",
        {F::choice<&Thing::colour>("colour", colours, "its colour"),
         F::number<&Thing::size>("size", "m", above_up_to(0, 10), "its size"),
         F::count<&Thing::count>("count", "", between(1, 100), "how many").automatic("3"),
         F::flag<&Thing::shiny>("shiny", "does it shine").only(1),
         F::text<&Thing::title>("title", "its title"),
         F::numbers<&Thing::weights>("weights", "kg", at_least(0), "weights").at_most_items(4),
         F::texts<&Thing::tags>("tags", "tags"),
         F::choices<&Thing::palette>("palette", colours, "colours"),
         F::record<&Thing::engine>("engine", engine_table, "the engine"),
         F::records<&Thing::parts>("part", part_table, "parts")});
    made.variants = [](void const* r) {
      return Variants{1} << static_cast<unsigned>(static_cast<Thing const*>(r)->colour);
    };
    made.variant_names = colours;
    made.deciding_fields = 1;
    return made;
  }();
  return table;
}

Thing parse(std::string_view text, std::vector<std::string> const& overrides = {}) {
  auto const document = TomlDocument::parse(text, "f", overrides);
  Thing thing;
  Faults faults;
  read(thing_table(), &thing, document.root(), "", faults);
  faults.throw_if_any();
  thing.marks.view = {};  // the document ends here
  thing.engine.marks.view = {};
  return thing;
}

std::string refusal(std::string_view text) {
  try {
    parse(text);
  } catch (Error const& error) {
    return error.what();
  }
  return "accepted";
}

TEST(Schema, ReadsEveryType) {
  Thing const thing = parse(
      "colour = \"red\"\nsize = 5\ncount = 1e1\nshiny = true\ntitle = \"a \\\"b\\\"\"\nweights = "
      "[0, 0.5]\n"
      "tags = \"one\"\npalette = [\"green\", \"red\"]\n[engine]\npower = 3.5\n[[part]]\nlabel = "
      "\"p\"\n[[part]]\nlabel = \"q\"\nmass = 9\n");
  EXPECT_EQ(thing.size, 5);
  EXPECT_EQ(thing.count, 10U);
  EXPECT_TRUE(thing.shiny);
  EXPECT_EQ(thing.title, "a \"b\"");
  EXPECT_THAT(thing.weights, ElementsAre(0, 0.5));
  EXPECT_THAT(thing.tags, ElementsAre("one"));
  EXPECT_THAT(thing.palette, ElementsAre(Colour::green, Colour::red));
  EXPECT_EQ(thing.engine.power, 3.5);
  ASSERT_EQ(thing.parts.size(), 2U);
  EXPECT_EQ(thing.parts[1].mass, 9);
  EXPECT_TRUE(thing.marks.was_given("size"));
  EXPECT_FALSE(thing.marks.is_auto("count"));
}

TEST(Schema, KeepsDefaultsAndMarksAuto) {
  Thing const thing = parse("count = \"auto\"");
  EXPECT_EQ(thing.count, 3U);
  EXPECT_TRUE(thing.marks.is_auto("count"));
  EXPECT_THAT(thing.weights, ElementsAre(1, 2));
  EXPECT_TRUE(thing.engine.marks.is_auto("power")) << "of a table that was left out";
  EXPECT_EQ(thing.engine.marks.name("power"), "engine.power");
}

TEST(Schema, RendersWhatItReadsBack) {
  Thing const thing =
      parse("title = \"x\\u0041\\\\\"\nweights = []\nsize = 0.1\n[[part]]\nlabel = \"p\"\n");
  std::string const text = render(thing_table(), &thing);
  EXPECT_EQ(
      text,
      "colour = \"red\"\nsize = 0.1\ncount = 3\nshiny = false\ntitle = \"xA\\\\\"\nweights = "
      "[]\ntags = []\n"
      "palette = [\"blue\"]\n\n[engine]\npower = 7.0\n\n[[part]]\nlabel = \"p\"\nmass = 1.0\n");
  Thing const again = parse(text);
  EXPECT_EQ(render(thing_table(), &again), text);
}

TEST(Schema, LeavesOutWhatAVariantDoesNotRead) {
  Thing thing;
  thing.colour = Colour::green;
  EXPECT_THAT(render(thing_table(), &thing), ::testing::Not(HasSubstr("shiny")));
}

TEST(Schema, SaysEachFaultWithPlaceReasonAndRemedy) {
  struct {
    std::string text, message;
  } const rows[] = {
      {"sise = 1", "f:1:1: sise: unknown key (nothing would read it); use \"size\""},
      {"size = \"5\"",
       "f:1:8: size: the text \"5\" is not a number (its size); give a number above 0 and at most "
       "10"},
      {"size = 0",
       "f:1:8: size: 0 is out of range (its size; must be above 0 and at most 10); give a number "
       "in that "
       "range, or remove the key"},
      {"size = inf",
       "f:1:8: size: inf is not finite (its size); give a number above 0 and at most 10"},
      {"size = nan",
       "f:1:8: size: nan is not finite (its size); give a number above 0 and at most 10"},
      {"size = 9007199254740993",
       "f:1:8: size: 9007199254740993 has more digits than a double holds (its size); write it "
       "as a number with a point"},
      {"count = 2.5",
       "f:1:9: count: 2.5 is not a whole number (how many); give a whole number between 1 and 100"},
      {"count = -2",
       "f:1:9: count: -2 is out of range (how many; must be between 1 and 100); give a number in "
       "that "
       "range, or \"auto\""},
      {"count = 1e300",
       "f:1:9: count: 1e+300 is not a whole number (how many); give a whole number between 1 and "
       "100"},
      {"shiny = 1", "f:1:9: shiny: 1 is not true or false (does it shine); give true or false"},
      {"title = [1]", "f:1:9: title: an array of 1 is not a text (its title); give a text"},
      {"title = \"a\\u0000b\"",
       "f:1:9: title: \"a\\x00b\" holds control characters or invalid UTF-8 (its title); remove "
       "them"},
      {"colour = \"grean\"", "f:1:10: colour: \"grean\" is unknown (its colour); use \"green\""},
      {"colour = \"green\"\nshiny = true",
       "f:2:9: shiny: not read by green (does it shine; only for red); remove the key"},
      {"weights = 5",
       "f:1:11: weights: 5 is not a list of numbers (weights); give a list of numbers, each at "
       "least 0"},
      {"weights = [1, -2]",
       "f:1:15: weights: -2 is out of range (weights; must be at least 0); give a number in that "
       "range, or remove the key"},
      {"weights = [1,2,3,4,5]", "f:1:11: weights: a list of 5 (weights; at most 4); shorten it"},
      {"palette = [\"red\", \"red\"]",
       "f:1:19: palette: \"red\" stands twice (colours); name it once"},
      {"engine = 5",
       "f:1:10: engine: 5 is not a table (What drives it.); write it as [engine] or {key = value}"},
      {"part = {}", "f:1:8: part: a table is not an array of tables (parts); write it as [[part]]"},
      {"[[part]]\nmass = 1", "f:1:1: part.0.label: missing (its label); give a text"},
  };
  for (auto const& row : rows) EXPECT_EQ(refusal(row.text), row.message);
}

TEST(Schema, ReportsAllFaultsAtOnce) {
  EXPECT_EQ(refusal("size = -1\nx = 2\ncount = 0\n"),
            "f:1:8: size: -1 is out of range (its size; must be above 0 and at most 10); give a "
            "number in that range, or "
            "remove the key\n"
            "f:2:1: x: unknown key (nothing would read it); use one of colour, size, count, shiny, "
            "title, weights, tags, "
            "palette, engine, part\n"
            "f:3:9: count: 0 is out of range (how many; must be between 1 and 100); give a number "
            "in that range, or \"auto\"");
}

TEST(Schema, SaysNothingAboutVariantsThatAreNotKnown) {
  EXPECT_EQ(refusal("colour = \"x\"\nshiny = true"),
            "f:1:10: colour: \"x\" is unknown (its colour); use one of red, green, blue");
}

TEST(Schema, ReadsRowsOfCells) {
  Thing thing;
  Faults faults;
  auto const& t = thing_table();
  Place const row{"b.csv", 3, 0};
  std::vector<Cell> const cells{{t.find("size"), "2.5", row},   {t.find("count"), "1e1", row},
                                {t.find("shiny"), "true", row}, {t.find("weights"), "1; 2;3", row},
                                {t.find("tags"), "a;b", row},   {t.find("title"), "", row}};
  read_row(t, &thing, cells, "", row, faults);
  EXPECT_TRUE(faults.empty());
  EXPECT_EQ(thing.size, 2.5);
  EXPECT_EQ(thing.count, 10U);
  EXPECT_THAT(thing.weights, ElementsAre(1, 2, 3));
  EXPECT_THAT(thing.tags, ElementsAre("a", "b"));
  EXPECT_EQ(thing.title, "none") << "an empty cell is a key left out";

  std::vector<Cell> const bad{{t.find("size"), "1e1x", row},
                              {t.find("weights"), "1;;2", row},
                              {t.find("title"), "\xff", row}};
  read_row(t, &thing, bad, "", row, faults);
  EXPECT_EQ(faults.size(), 3U);
  EXPECT_THAT([&] { faults.throw_if_any(); },
              ::testing::ThrowsMessage<Error>(
                  HasSubstr("b.csv:3: size: \"1e1x\" is not a number (its size)")));
}

TEST(Schema, ListsSettingsWithTheirSource) {
  auto const document = TomlDocument::parse("size = 4\n", "f", {"title=t"});
  Thing thing;
  Faults faults;
  read(thing_table(), &thing, document.root(), "", faults);
  std::vector<Setting> settings;
  list_settings(thing_table(), &thing, settings);
  std::vector<std::string> lines;
  for (auto const& s : settings) lines.push_back(s.key + " = " + s.value + " (" + s.source + ")");
  EXPECT_THAT(lines, ElementsAre("colour = \"red\" (default)", "size = 4.0 (set in the job file)",
                                 "count = 3 (auto)", "shiny = false (default)",
                                 "title = \"t\" (set by --set)", "weights = [1.0, 2.0] (default)",
                                 "tags = [] (default)", "palette = [\"blue\"] (default)",
                                 "engine.power = 7.0 (auto)"));
}

TEST(Schema, DocumentsEveryKey) {
  std::string const text = reference(thing_table());
  for (auto const& field : thing_table().fields)
    EXPECT_THAT(text, HasSubstr("| `" + std::string(field.key) + "` |"));
  EXPECT_THAT(text, HasSubstr("## `[engine]`"));
  EXPECT_THAT(text, HasSubstr("## `[[part]]`"));
  EXPECT_THAT(text, HasSubstr("| `label` | text |  |  | required | its label |"));
  EXPECT_THAT(
      text,
      HasSubstr(
          "| `count` | whole number |  | between 1 and 100 | `\"auto\"` | how many. Auto: 3 |"));
  EXPECT_THAT(text, HasSubstr("does it shine. Read by: red"));
}

}  // namespace
