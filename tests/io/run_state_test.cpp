#include "io/run_state.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "io/state_file.hpp"
#include "samples.hpp"
#include "scratch.hpp"

namespace muster::io {
namespace {

using ::testing::HasSubstr;
namespace fs = std::filesystem;

std::vector<TileDigest> digests_of(TileRange range) {
  std::vector<TileDigest> digests(range.count);
  sample_digests(range.first, digests);
  return digests;
}

void commit(RunState& state, TileRange range) { state.commit(range, digests_of(range), 1); }

RunProgress sample_progress() {
  RunProgress progress;
  progress.epoch = 5;
  progress.committed = {{0, 10}, {12, 3}};
  progress.stage = 2;
  progress.tiles_planned = 64;
  progress.sums = {7, -8, 9};
  progress.counters = {{"retries", 2}, {"lost ranks", 1}};
  progress.waypoints = {{1, {3}}, {2, {-4, 5}}};
  return progress;
}

RunState open_sample(fs::path const& output) {
  return RunState::open(output, sample_identity().job_hash, 3);
}

TEST(RunState, ComesBackAsItWasSaved) {
  Scratch scratch;
  {
    RunState state = RunState::create(scratch / "F.h5", sample_identity());
    EXPECT_TRUE(state.saved().progress.committed.empty());
    commit(state, {12, 3});  // any order
    commit(state, {5, 5});
    commit(state, {0, 5});
    commit(state, {2, 2});  // again: overwritten
    state.save(sample_progress());
  }
  RunState state = open_sample(scratch / "F.h5");
  SavedRun const& saved = state.saved();
  EXPECT_EQ(saved.identity.resolved_text, sample_job);
  EXPECT_EQ(saved.identity.started_utc, sample_identity().started_utc);
  EXPECT_EQ(saved.progress.epoch, 5u);
  EXPECT_EQ(saved.progress.committed, sample_progress().committed);
  EXPECT_EQ(saved.progress.stage, 2u);
  EXPECT_EQ(saved.progress.tiles_planned, 64u);
  EXPECT_EQ(saved.progress.sums, sample_progress().sums);
  EXPECT_EQ(saved.progress.counters, sample_progress().counters);
  EXPECT_EQ(saved.progress.waypoints, sample_progress().waypoints);
  EXPECT_FALSE(saved.verdict);
  std::vector<TileDigest> read(10);
  state.read_digests(0, read);
  EXPECT_EQ(read, digests_of({0, 10}));
}

TEST(RunState, DigestsCanBeReadBeforeASave) {
  Scratch scratch;
  RunState state = RunState::create(scratch / "F.h5", sample_identity());
  // More than one gathered write, with a gap in it.
  commit(state, {0, 5000});
  commit(state, {6000, 10});
  std::vector<TileDigest> read(5000);
  state.read_digests(0, read);
  EXPECT_EQ(read, digests_of({0, 5000}));
  EXPECT_THAT(message_of(Exit::user, [&] { state.read_digests(4999, read); }),
              HasSubstr("the digest of tile 5000 is damaged"));
  EXPECT_THAT(message_of(Exit::user, [&] { state.read_digests(6005, read); }),
              HasSubstr("the digest of tile 6010 is missing"));
}

TEST(RunState, VerdictIsWrittenLastAndClearedByTheNextSave) {
  Scratch scratch;
  {
    RunState state = RunState::create(scratch / "F.h5", sample_identity());
    state.finish(Exit::job_failed, "tile 3: NaN\x1B[31m");
  }
  auto saved = read_saved_run(scratch / "F.h5");
  ASSERT_TRUE(saved);
  EXPECT_EQ(saved->verdict, Exit::job_failed);
  EXPECT_EQ(saved->message, "tile 3: NaN\xEF\xBF\xBD[31m");
  {
    RunState state = open_sample(scratch / "F.h5");
    state.save({});
  }
  EXPECT_FALSE(read_saved_run(scratch / "F.h5")->verdict);
}

TEST(RunState, DiscardLeavesNothing) {
  Scratch scratch;
  {
    RunState state = RunState::create(scratch / "F.h5", sample_identity());
    commit(state, {0, 3});
    state.save({1, {{0, 3}}, 0, 3, {1}, {}});
    state.finish(Exit::done);
    state.discard();
  }
  EXPECT_EQ(scratch.entries(), 0u);
  EXPECT_FALSE(read_saved_run(scratch / "F.h5"));
}

TEST(RunState, CreateStartsOver) {
  Scratch scratch;
  {
    RunState state = RunState::create(scratch / "F.h5", sample_identity());
    commit(state, {0, 15});
    state.save(sample_progress());
  }
  RunIdentity other = sample_identity();
  other.resolved_text = "another";
  other.job_hash = sha256_hex("another");
  { RunState::create(scratch / "F.h5", other); }
  RunState state = RunState::open(scratch / "F.h5", other.job_hash, 3);
  EXPECT_TRUE(state.saved().progress.committed.empty());
  std::vector<TileDigest> read(1);
  EXPECT_THAT(message_of(Exit::user, [&] { state.read_digests(0, read); }), HasSubstr("missing"));
}

TEST(RunState, AnotherJobIsRefused) {
  Scratch scratch;
  { RunState::create(scratch / "F.h5", sample_identity()); }
  std::string const message =
      message_of(Exit::user, [&] { RunState::open(scratch / "F.h5", sha256_hex("x"), 3); });
  EXPECT_THAT(message, HasSubstr("F.h5 belongs to another job"));
  EXPECT_THAT(message, HasSubstr("choose another --out"));
  EXPECT_THAT(message, HasSubstr("--fresh"));
  EXPECT_THAT(message_of(Exit::user,
                         [&] { RunState::open(scratch / "F.h5", sample_identity().job_hash, 4); }),
              HasSubstr("begun by muster 0.1.0 with arithmetic version 3, this one has 4"));
  EXPECT_THAT(message_of(Exit::user, [&] { RunState::open(scratch / "G.h5", sha256_hex("x"), 3); }),
              HasSubstr("there is no unfinished run to continue"));
  EXPECT_EQ(scratch.entries(), 2u) << "a refusal leaves no lock behind";
}

TEST(RunState, LongSidePathsAndMissingPlacesAreNamed) {
  Scratch scratch;
  EXPECT_THAT(message_of(Exit::environment,
                         [&] { RunState::create(scratch / "missing/F.h5", sample_identity()); }),
              HasSubstr("its directory does not exist"));
}

TEST(RunState, RefusesItsCallersMistakes) {
  Scratch scratch;
  RunState state = RunState::create(scratch / "F.h5", sample_identity());
  message_of(Exit::bug, [&] { state.commit({0, 2}, digests_of({0, 1}), 1); });
  for (auto const& bad : std::vector<std::vector<TileRange>>{
           {{5, 0}}, {{5, 1}, {0, 1}}, {{0, 5}, {3, 4}}, {{0, 5}, {5, 1}}, {{~0ull, 2}}}) {
    RunProgress progress;
    progress.committed = bad;
    EXPECT_FALSE(are_proper_ranges(bad));
    message_of(Exit::bug, [&] { state.save(progress); });
  }
  EXPECT_TRUE(are_proper_ranges({{0, 5}, {6, 1}}));
  RunIdentity wrong = sample_identity();
  wrong.job_hash = sha256_hex("x");
  message_of(Exit::bug, [&] { RunState::create(scratch / "G.h5", wrong); });
}

}  // namespace
}  // namespace muster::io
