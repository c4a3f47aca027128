#include "io/result_file.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>

#include "io/result_digest.hpp"
#include "samples.hpp"
#include "scratch.hpp"

namespace muster::io {
namespace {

void expect_same(Column const& a, Column const& b) {
  EXPECT_EQ(a.name, b.name);
  EXPECT_EQ(a.unit, b.unit);
  ASSERT_EQ(a.values.index(), b.values.index());
  if (auto const* numbers = std::get_if<std::vector<double>>(&a.values)) {
    auto const& others = std::get<std::vector<double>>(b.values);
    ASSERT_EQ(numbers->size(), others.size());
    for (std::size_t i = 0; i < others.size(); ++i)
      EXPECT_EQ(std::bit_cast<std::uint64_t>((*numbers)[i]),
                std::bit_cast<std::uint64_t>(others[i]));
  } else {
    EXPECT_EQ(a.values, b.values);
  }
}

void expect_same(Result const& a, Result const& b) {
  EXPECT_EQ(std::tie(a.kind, a.name, a.resolved_text, a.job_hash, a.seed, a.arithmetic_version),
            std::tie(b.kind, b.name, b.resolved_text, b.job_hash, b.seed, b.arithmetic_version));
  EXPECT_EQ(std::tie(a.muster_version, a.git_sha, a.topology_json, a.devices, a.execution_json, a.ranks),
            std::tie(b.muster_version, b.git_sha, b.topology_json, b.devices, b.execution_json, b.ranks));
  EXPECT_EQ(std::tie(a.started_utc, a.ended_utc, a.stop_rule, a.verdict, a.sums, a.waypoints, a.tiles),
            std::tie(b.started_utc, b.ended_utc, b.stop_rule, b.verdict, b.sums, b.waypoints, b.tiles));
  ASSERT_EQ(a.tables.size(), b.tables.size());
  for (std::size_t t = 0; t < a.tables.size(); ++t) {
    EXPECT_EQ(a.tables[t].name, b.tables[t].name);
    EXPECT_EQ(a.tables[t].description, b.tables[t].description);
    ASSERT_EQ(a.tables[t].columns.size(), b.tables[t].columns.size());
    for (std::size_t c = 0; c < a.tables[t].columns.size(); ++c)
      expect_same(a.tables[t].columns[c], b.tables[t].columns[c]);
  }
}

TEST(ResultFile, ReadsBackWhatWasWritten) {
  Scratch scratch;
  Result const written = sample_result();
  std::string const digest = write_result(scratch / "F.h5", written, sample_digests);
  ResultFile const file(scratch / "F.h5");
  expect_same(file.result(), written);
  EXPECT_EQ(file.result().result_digest, digest);
  std::vector<TileDigest> tiles(10), expected(10);
  file.read_digests(27, tiles);
  sample_digests(27, expected);
  EXPECT_EQ(tiles, expected);
  EXPECT_EQ(scratch.entries(), 1u);
}

TEST(ResultFile, DigestIsTheStreamedOne) {
  Scratch scratch;
  // More tiles than fit into one block of the writer.
  Result const written = sample_result(200'000);
  std::string const digest = write_result(scratch / "F.h5", written, sample_digests);
  ResultDigest expected(written.job_hash, written.arithmetic_version, written.tiles);
  std::vector<TileDigest> tiles(written.tiles);
  sample_digests(0, tiles);
  expected.add(tiles);
  EXPECT_EQ(digest, expected.hex());
  EXPECT_EQ(ResultFile(scratch / "F.h5").result().tiles, 200'000u);
}

TEST(ResultFile, TakesNothingAtAll) {
  Scratch scratch;
  Result empty = sample_result(0);
  empty.tables.clear();
  empty.sums.clear();
  empty.verdict = Exit::stopped;
  write_result(scratch / "F.h5", empty, sample_digests);
  expect_same(read_result(scratch / "F.h5"), empty);
}

TEST(ResultFile, SameContentSameBytes) {
  Scratch scratch;
  write_result(scratch / "a.h5", sample_result(), sample_digests);
  write_result(scratch / "b.h5", sample_result(), sample_digests);
  EXPECT_EQ(slurp(scratch / "a.h5"), slurp(scratch / "b.h5"));
}

TEST(ResultFile, CleansTextsButNeverTheJob) {
  Scratch scratch;
  Result result = sample_result();
  result.name = "a\x1B[31mb";
  write_result(scratch / "F.h5", result, sample_digests);
  EXPECT_EQ(read_result(scratch / "F.h5").name, "a\xEF\xBF\xBD[31mb");
  result.resolved_text += '\x1B';
  result.job_hash = sha256_hex(result.resolved_text);
  EXPECT_THAT(
      message_of(Exit::bug, [&] { write_result(scratch / "F.h5", result, sample_digests); }),
      testing::HasSubstr("control characters"));
}

TEST(ResultFile, RefusesToWriteWhatNobodyWouldRead) {
  Scratch scratch;
  auto const refused = [&](std::function<void(Result&)> const& change) {
    Result result = sample_result();
    change(result);
    return message_of(Exit::bug, [&] { write_result(scratch / "F.h5", result, sample_digests); });
  };
  using testing::HasSubstr;
  EXPECT_THAT(refused([](Result& r) { r.tables[0].name = "Upper"; }), HasSubstr("table name"));
  EXPECT_THAT(refused([](Result& r) { r.tables[1].name = "instruments"; }),
              HasSubstr("two tables"));
  EXPECT_THAT(refused([](Result& r) { r.tables[0].columns[0].name = "a/b"; }), HasSubstr("column"));
  EXPECT_THAT(refused([](Result& r) { r.tables[0].columns[1].name = "name"; }),
              HasSubstr("two columns"));
  EXPECT_THAT(refused([](Result& r) { r.tables[0].columns[1].unit = ""; }), HasSubstr("unit"));
  EXPECT_THAT(refused([](Result& r) { r.tables[0].columns[0].unit = "1"; }), HasSubstr("unit"));
  EXPECT_THAT(refused([](Result& r) {
                std::get<std::vector<double>>(r.tables[0].columns[1].values).pop_back();
              }),
              HasSubstr("differ in length"));
  EXPECT_THAT(refused([](Result& r) { r.job_hash = sha256_hex(""); }), HasSubstr("another job"));
  EXPECT_THAT(refused([](Result& r) { r.ended_utc = "now"; }), HasSubstr("times"));
  EXPECT_EQ(scratch.entries(), 0u);
}

TEST(ResultFile, KeepsTheOldFileWhenDigestsFail) {
  Scratch scratch;
  write_result(scratch / "F.h5", sample_result(), sample_digests);
  std::string const before = slurp(scratch / "F.h5");
  message_of(Exit::user, [&] {
    write_result(scratch / "F.h5", sample_result(), [](std::uint64_t, std::span<TileDigest>) {
      throw Error(Exit::user, "damaged record");
    });
  });
  EXPECT_EQ(slurp(scratch / "F.h5"), before);
  EXPECT_EQ(scratch.entries(), 1u);
}

}  // namespace
}  // namespace muster::io
