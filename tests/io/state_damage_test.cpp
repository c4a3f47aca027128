// Damaged and hostile state and digest files.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "io/state_file.hpp"
#include "samples.hpp"
#include "scratch.hpp"

namespace muster::io {
namespace {

using ::testing::HasSubstr;

SavedRun sample_run() {
  SavedRun run;
  run.identity = sample_identity();
  run.identity.device_kind = "NVIDIA H200";
  run.progress = {5, {{0, 10}, {12, 3}}, 1, 64, {7, -8, 9}, {{"retries", 2}}};
  run.saved_utc = "2026-01-31T09:31:00Z";
  run.verdict = Exit::stopped;
  run.message = "stopped on request";
  return run;
}

constexpr std::size_t checksum_bytes = 64;

/// The bytes with a checksum that fits, so that only the later checks can notice.
std::string sealed(std::string bytes) {
  bytes.resize(bytes.size() - checksum_bytes);
  return bytes + sha256_hex(bytes);
}

std::string refusal_of(std::string const& bytes) {
  return message_of(Exit::user, [&] { decode_state(bytes, "F.h5.state"); });
}

TEST(StateFile, RoundTrip) {
  SavedRun const read = decode_state(encode_state(sample_run()), "F.h5.state");
  EXPECT_EQ(encode_state(read), encode_state(sample_run()));
  EXPECT_EQ(read.verdict, Exit::stopped);
  EXPECT_EQ(read.identity.device_kind, "NVIDIA H200");
}

TEST(StateFile, OfTheVersionBeforeKindsOfDevicesIsRead) {
  SavedRun run = sample_run();
  run.identity.device_kind.clear();
  run.progress.waypoints.clear();
  std::string bytes = encode_state(run);
  // Version 2.0 ends with the carry.
  bytes.erase(bytes.size() - checksum_bytes - 16, 16);
  bytes[12] = 0;
  std::uint64_t const size = bytes.size();
  for (int byte = 0; byte < 8; ++byte) bytes[16 + byte] = static_cast<char>(size >> (8 * byte));
  SavedRun const read = decode_state(sealed(bytes), "F.h5.state");
  EXPECT_EQ(read.identity.device_kind, "");
  EXPECT_EQ(read.progress.sums, run.progress.sums);
}

TEST(StateFile, EveryTruncationIsRefused) {
  std::string const whole = encode_state(sample_run());
  for (std::size_t size = 0; size < whole.size(); ++size)
    EXPECT_THAT(refusal_of(whole.substr(0, size)), HasSubstr("F.h5.state"));
  refusal_of(whole + "x");
}

TEST(StateFile, EveryChangedByteIsRefused) {
  std::string const whole = encode_state(sample_run());
  for (std::size_t at = 0; at < whole.size(); ++at) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ (1 << at % 8));
    refusal_of(changed);
  }
}

TEST(StateFile, NamesWhatIsWrong) {
  std::string bytes = encode_state(sample_run());
  EXPECT_THAT(refusal_of("no state at all"), HasSubstr("is not a saved state of muster's"));
  std::string newer = bytes;
  newer[8] = 3;
  EXPECT_THAT(refusal_of(newer), HasSubstr("is version 3.2, this muster reads 2.x"));
  EXPECT_THAT(refusal_of(newer), HasSubstr("a newer release"));
  std::string damaged = bytes;
  damaged[100] = static_cast<char>(damaged[100] ^ 1);
  EXPECT_THAT(refusal_of(damaged), HasSubstr("is damaged: its checksum is another"));
  EXPECT_THAT(refusal_of(damaged), HasSubstr("start over with --fresh"));

  auto const refused = [](std::function<void(SavedRun&)> const& change) {
    SavedRun run = sample_run();
    change(run);
    return refusal_of(encode_state(run));
  };
  EXPECT_THAT(refused([](SavedRun& r) { r.identity.job_hash = sha256_hex("x"); }),
              HasSubstr("does not have the hash"));
  EXPECT_THAT(refused([](SavedRun& r) { r.saved_utc = "now"; }), HasSubstr("a time that is none"));
  EXPECT_THAT(refused([](SavedRun& r) {
                r.progress.committed = {{3, 1}, {1, 1}};
              }),
              HasSubstr("tile ranges out of order"));
  EXPECT_THAT(refused([](SavedRun& r) { r.progress.waypoints = {{2, {1}}, {2, {1}}}; }), HasSubstr("waypoints out of order"));
  EXPECT_THAT(refused([](SavedRun& r) { r.progress.waypoints = {{r.progress.stage + 1, {1}}}; }), HasSubstr("waypoints out of order"));
  EXPECT_THAT(refused([](SavedRun& r) { r.verdict = static_cast<Exit>(17); }),
              HasSubstr("a verdict that is no exit code"));
}

TEST(StateFile, HostileCountsAllocateNothing) {
  // Every 8-byte field in turn becomes an absurd count, under a checksum that fits.
  std::string const whole = encode_state(sample_run());
  for (std::size_t at = 24; at + 8 + checksum_bytes <= whole.size(); ++at) {
    std::string changed = whole;
    changed.replace(at, 8, "\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x7F");
    try {
      decode_state(sealed(changed), "F.h5.state");
    } catch (Error const& error) {
      EXPECT_EQ(error.code(), Exit::user) << error.what();
    }
  }
}

TEST(StateFile, RandomBytesUnderAFittingChecksumDoNoHarm) {
  std::mt19937 random(20260131);
  std::string const whole = encode_state(sample_run());
  std::size_t refused = 0;
  for (int round = 0; round < 5000; ++round) {
    std::string changed = whole;
    for (int i = 0; i < 3; ++i)
      changed[24 + random() % (whole.size() - checksum_bytes - 24)] = static_cast<char>(random());
    try {
      decode_state(sealed(changed), "F.h5.state");
    } catch (Error const& error) {
      EXPECT_EQ(error.code(), Exit::user) << error.what();
      ++refused;
    }
  }
  EXPECT_GT(refused, 2500u);
}

/// A saved run whose tiles 0 to 99 are committed.
std::filesystem::path make_run(Scratch const& scratch) {
  auto const output = scratch / "F.h5";
  RunState state = RunState::create(output, sample_identity());
  std::vector<TileDigest> digests(100);
  sample_digests(0, digests);
  state.commit({0, 100}, digests, 1);
  state.save({1, {{0, 100}}, 0, 100, {1}, {}});
  return output;
}

std::string refusal_to_open(std::filesystem::path const& output) {
  return message_of(Exit::user, [&] { RunState::open(output, sample_identity().job_hash, 3); });
}

TEST(TileFile, EveryDamagedRecordIsNamed) {
  Scratch scratch;
  auto const output = make_run(scratch);
  auto const tiles = scratch / "F.h5.tiles.1";
  std::string const whole = slurp(tiles);
  ASSERT_EQ(whole.size(), 64u + 32 * 100);
  for (std::size_t at = 0; at < whole.size(); at += 5) {
    std::string changed = whole;
    changed[at] = static_cast<char>(changed[at] ^ (1 << at % 8));
    spill(tiles, changed);
    std::string const expected =
        at < 64 ? "is not the digest file of this run"
                : fmt::format("the digest of tile {} is damaged", (at - 64) / 32);
    EXPECT_THAT(refusal_to_open(output), HasSubstr(expected));
  }
  spill(tiles, whole);
  EXPECT_EQ(RunState::open(output, sample_identity().job_hash, 3).saved().progress.committed.size(),
            1u);
}

TEST(TileFile, TruncationsSwapsAndHolesAreRefused) {
  Scratch scratch;
  auto const output = make_run(scratch);
  auto const tiles = scratch / "F.h5.tiles.1";
  std::string const whole = slurp(tiles);
  for (std::size_t part = 0; part < 64; ++part) {
    spill(tiles, whole.substr(0, whole.size() * part / 64));
    std::string const message = refusal_to_open(output);
    EXPECT_THAT(message, HasSubstr("--fresh"));
    if (part > 2) {
      EXPECT_THAT(message, HasSubstr("is missing (the saved sums include this tile"));
    }
  }
  std::string swapped = whole;
  swapped.replace(64, 32, whole.substr(96, 32)).replace(96, 32, whole.substr(64, 32));
  spill(tiles, swapped);
  EXPECT_THAT(refusal_to_open(output), HasSubstr("the digest of tile 0 is damaged"));
  std::string hole = whole;
  hole.replace(64 + 32 * 7, 32, std::string(32, '\0'));
  spill(tiles, hole);
  EXPECT_THAT(refusal_to_open(output), HasSubstr("the digest of tile 7 is damaged"));
  std::filesystem::remove(tiles);
  EXPECT_THAT(refusal_to_open(output), HasSubstr("it holds the digests of the tiles"));
}

}  // namespace
}  // namespace muster::io
