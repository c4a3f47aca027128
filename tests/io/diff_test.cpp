#include "io/diff.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "samples.hpp"
#include "scratch.hpp"

namespace muster::io {
namespace {

using ::testing::HasSubstr;

/// What differs between the sample and the sample after `change`.
ResultDiff diff_after(std::function<void(Result&)> const& change,
                      std::uint64_t changed_tile = 1000) {
  Scratch scratch;
  Result const a = sample_result();
  Result b = a;
  change(b);
  b.job_hash = sha256_hex(b.resolved_text);
  write_result(scratch / "a.h5", a, sample_digests);
  write_result(scratch / "b.h5", b, [&](std::uint64_t first, std::span<TileDigest> out) {
    sample_digests(first, out);
    if (changed_tile >= first && changed_tile < first + out.size()) ++out[changed_tile - first].low;
  });
  return diff_results(ResultFile(scratch / "a.h5"), ResultFile(scratch / "b.h5"));
}

TEST(DiffResults, SameAnswerOnOtherMachines) {
  ResultDiff const diff = diff_after([](Result& b) {
    b.ranks = 64;
    b.devices = "other";
    b.ended_utc = "2027-01-31T09:30:05Z";
  });
  EXPECT_TRUE(diff.same());
  EXPECT_THAT(describe(diff, "a", "b"), HasSubstr("the same answer, bit for bit"));
}

TEST(DiffResults, FindsTheFirstDatumByItsBits) {
  ResultDiff const diff = diff_after([](Result& b) {
    std::get<std::vector<double>>(b.tables[0].columns[1].values)[1] = 0.0;  // was -0.0
  });
  EXPECT_FALSE(diff.same());
  EXPECT_TRUE(diff.same_digest);
  ASSERT_TRUE(diff.datum);
  EXPECT_EQ(diff.datum->table, "instruments");
  EXPECT_EQ(diff.datum->column, "price");
  EXPECT_EQ(diff.datum->row, 1u);
  EXPECT_EQ(diff.datum->a_hex, "-0x0p+0");
  EXPECT_EQ(diff.datum->b_hex, "0x0p+0");
  EXPECT_THAT(describe(diff, "a", "b"), HasSubstr("instruments.price, row 1: -0.0 | 0.0"));
}

TEST(DiffResults, FindsTextIntegerAndShape) {
  auto const datum_after = [](std::function<void(std::vector<Table>&)> change) {
    auto diff = diff_after([&](Result& b) { change(b.tables); });
    return diff.datum.value_or(DatumDifference{});
  };
  auto text = datum_after(
      [](auto& t) { std::get<std::vector<std::string>>(t[0].columns[0].values)[2] = "x"; });
  EXPECT_EQ(text.column + "|" + text.a + "|" + text.b, "name||x");
  auto count = datum_after(
      [](auto& t) { std::get<std::vector<std::int64_t>>(t[0].columns[2].values)[2] = 9; });
  EXPECT_EQ(count.column + "|" + count.a + "|" + count.b, "count|-3|9");
  auto rows = datum_after(
      [](auto& t) { std::get<std::vector<double>>(t[1].columns[0].values).push_back(1); });
  EXPECT_EQ(rows.table + "|" + rows.a + "|" + rows.b, "book|1 rows|2 rows");
  auto unit = datum_after([](auto& t) { t[1].columns[0].unit = "EUR"; });
  EXPECT_EQ(unit.a + "|" + unit.b, "unit USD|unit EUR");
  auto gone = datum_after([](auto& t) { t.erase(t.begin() + 1); });
  EXPECT_EQ(gone.table + "|" + gone.a + "|" + gone.b, "book|present|missing");
  auto added = datum_after([](auto& t) {
    t[1].columns.push_back({"more", "1", std::vector<double>{1}});
  });
  EXPECT_EQ(added.column + "|" + added.a + "|" + added.b, "more|missing|present");
}

TEST(DiffResults, FindsTilesSumsAndSettings) {
  ResultDiff const tile = diff_after([](Result&) {}, 20);
  EXPECT_FALSE(tile.same_digest);
  EXPECT_EQ(tile.first_tile, 20u);
  EXPECT_EQ(tile.differing_tiles, 1u);
  EXPECT_THAT(describe(tile, "a", "b"), HasSubstr("1 of 37 differ, the first is tile 20"));

  ResultDiff const sums = diff_after([](Result& b) { b.sums[3] = 5; });
  EXPECT_EQ(sums.first_sum, 3u);

  ResultDiff const setting = diff_after([](Result& b) {
    b.resolved_text = "kind = \"price\"\nname = \"sample\"\nseed = 8\n";
    b.arithmetic_version = 4;
  });
  ASSERT_EQ(setting.settings.size(), 1u);
  EXPECT_FALSE(setting.same_arithmetic);
  EXPECT_THAT(describe(setting, "a", "b"), HasSubstr("setting seed: 7 | 8"));
  EXPECT_THAT(describe(setting, "a", "b"), HasSubstr("arithmetic version: differs"));
}

std::string settings_text(std::string const& a, std::string const& b) {
  std::string text;
  for (auto const& found : diff_settings(a, b))
    text += found.key + ": " + found.a.value_or("-") + " | " + found.b.value_or("-") + "\n";
  return text;
}

TEST(DiffSettings, NamesKeysByTable) {
  std::string const a = "x = 1\n[simulation]\npaths = 10\n[[book]]\nk = 1\n[[book]]\nk = 2\n";
  std::string const b =
      "x = 1\n[simulation]\npaths = 20\n[[book]]\nk = 1\n[[book]]\nk = 3\n[[book]]\nk = 4\n";
  EXPECT_EQ(settings_text(a, a), "");
  EXPECT_EQ(settings_text(a, b), "simulation.paths: 10 | 20\nbook[1].k: 2 | 3\nbook[2].k: - | 4\n");
}

TEST(DiffSettings, ComparesLongValuesByLine) {
  std::string const a = "book = [\n  {k = 1},\n  {k = 2},\n]\ny = 1\n";
  std::string const b = "book = [\n  {k = 1},\n  {k = 9},\n]\ny = 2\n";
  EXPECT_EQ(settings_text(a, b), "book, line 3:   {k = 2}, |   {k = 9},\ny: 1 | 2\n");
}

TEST(DiffSettings, IsNotMisledByBracketsAndHashesInTexts) {
  std::string const a = "t = \"[ # \\\" \"\nu = \"\"\"open [\n = \"\"\"\nz = 1\n";
  std::string const b = "t = \"[ # \\\" \"\nu = \"\"\"open [\n = \"\"\"\nz = 2\n";
  EXPECT_EQ(settings_text(a, b), "z: 1 | 2\n");
}

}  // namespace
}  // namespace muster::io
