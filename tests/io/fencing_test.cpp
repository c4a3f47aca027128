// Two starts of one run: the later one has the files, the earlier one can do no harm.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/log.hpp"
#include "io/run_files.hpp"
#include "io/run_state.hpp"
#include "io/standing.hpp"
#include "samples.hpp"
#include "scratch.hpp"

namespace muster::io {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
namespace fs = std::filesystem;

[[maybe_unused]] bool const is_quiet = (log::set_level(log::Level::error), true);

void commit_and_save(RunState& state, std::uint64_t tiles) {
  std::vector<TileDigest> digests(tiles);
  sample_digests(0, digests);
  state.commit({0, tiles}, digests, state.epoch());
  state.save({state.epoch(), {{0, tiles}}, 0, 100, {static_cast<std::int64_t>(tiles)}, {}});
}

/// As another host would that takes the first one for dead.
RunState take_over(fs::path const& output) {
  return RunState::open(output, sample_identity().job_hash, 3, TakeOver::from_anyone);
}

std::uint64_t saved_tiles(fs::path const& output) {
  return read_saved_run(output)->progress.committed.at(0).count;
}

TEST(Fencing, EveryStartHasALaterEpoch) {
  Scratch scratch;
  auto const output = scratch / "F.h5";
  { EXPECT_EQ(RunState::create(output, sample_identity()).epoch(), 1u); }
  { EXPECT_EQ(RunState::open(output, sample_identity().job_hash, 3).epoch(), 2u); }
  { EXPECT_EQ(RunState::create(output, sample_identity()).epoch(), 3u) << "--fresh, too"; }
  auto const files = list_run_files(output);
  EXPECT_THAT(files.states, ElementsAre(StateNumber{3, 1}));
  EXPECT_THAT(files.tiles, ElementsAre(3u));
}

TEST(Fencing, ASupersededStartSavesNothingMore) {
  Scratch scratch;
  auto const output = scratch / "F.h5";
  RunState first = RunState::create(output, sample_identity());
  commit_and_save(first, 10);
  RunState second = take_over(output);
  auto const message = message_of(Exit::stopped, [&] { commit_and_save(first, 20); });
  EXPECT_THAT(message, HasSubstr("another start has taken over " + output.string()));
  EXPECT_THAT(message, HasSubstr("it has epoch 2; this one, 1,"));
  EXPECT_THAT(message, HasSubstr("; see muster status"));
  EXPECT_EQ(saved_tiles(output), 10u);
  first.finish(Exit::job_failed, "not its to say");
  first.discard();
  EXPECT_FALSE(standing_of(output).verdict);
  commit_and_save(second, 30);
  EXPECT_EQ(saved_tiles(output), 30u);
  std::vector<TileDigest> read(30), expected(30);
  sample_digests(0, expected);
  second.read_digests(0, read);
  EXPECT_EQ(read, expected);
}

TEST(Fencing, ASupersededStartPublishesNoResult) {
  Scratch scratch;
  auto const output = scratch / "F.h5";
  RunState first = RunState::create(output, sample_identity());
  RunState const second = take_over(output);
  message_of(Exit::stopped, [&] {
    write_result(output, sample_result(), sample_digests, [&] { first.require_still_ours(); });
  });
  EXPECT_FALSE(fs::exists(output));
  EXPECT_EQ(list_run_files(output).newest_epoch(), 2u);
}

TEST(Fencing, DigestsOfASupersededStartAreItsOwn) {
  Scratch scratch;
  auto const output = scratch / "F.h5";
  RunState first = RunState::create(output, sample_identity());
  commit_and_save(first, 10);
  RunIdentity other = sample_identity();
  other.resolved_text = "another job";
  other.job_hash = sha256_hex(other.resolved_text);
  RunState second = RunState::create(output, other, TakeOver::from_anyone);
  commit_and_save(second, 10);
  // What the first one writes now, under a file descriptor it has had for long, is lost.
  std::vector<TileDigest> const wrong(10);
  first.commit({0, 10}, wrong, 1);
  message_of(Exit::stopped, [&] { first.save({1, {{0, 10}}, 0, 100, {1}, {}}); });
  std::vector<TileDigest> read(10), expected(10);
  sample_digests(0, expected);
  second.read_digests(0, read);
  EXPECT_EQ(read, expected);
}

/// The later start may have come to its end, so that no later epoch is to be seen any more.
TEST(Fencing, AStartNoticesThatItsFilesWereRemoved) {
  Scratch scratch;
  auto const output = scratch / "F.h5";
  RunState first = RunState::create(output, sample_identity());
  commit_and_save(first, 10);
  {
    RunState second = take_over(output);
    commit_and_save(second, 100);
    write_result(output, sample_result(), sample_digests);
    second.finish(Exit::done);
    second.discard();
  }
  // Epochs begin anew; the first one's is higher, and still it is not its turn.
  RunState const third = RunState::create(output, sample_identity());
  EXPECT_EQ(third.epoch(), 1u);
  EXPECT_THAT(message_of(Exit::stopped, [&] { commit_and_save(first, 20); }),
              HasSubstr("another start has taken over"));
}

TEST(Fencing, AnEpochWithoutAStateIsPassedOver) {
  Scratch scratch;
  auto const output = scratch / "F.h5";
  {
    RunState first = RunState::create(output, sample_identity());
    commit_and_save(first, 10);
  }
  // A start was killed while it made its digest file.
  spill(tiles_path(output, 2), "MUST");
  RunState const third = RunState::open(output, sample_identity().job_hash, 3);
  EXPECT_EQ(third.epoch(), 3u);
  EXPECT_EQ(third.saved().progress.committed.size(), 1u);
  EXPECT_THAT(list_run_files(output).tiles, ElementsAre(3u));
}

TEST(Fencing, AStartThatCannotBeginGivesItsEpochBack) {
  Scratch scratch;
  auto const output = scratch / "F.h5";
  {
    RunState first = RunState::create(output, sample_identity());
    commit_and_save(first, 10);
  }
  spill(tiles_path(output, 1), "damaged");
  message_of(Exit::user, [&] { RunState::open(output, sample_identity().job_hash, 3); });
  EXPECT_THAT(list_run_files(output).tiles, ElementsAre(1u));
}

TEST(Fencing, NamesWithTheLastEpochAreRefused) {
  Scratch scratch;
  auto const output = scratch / "F.h5";
  spill(tiles_path(output, 4294967295u), "");
  EXPECT_THAT(message_of(Exit::user, [&] { RunState::create(output, sample_identity()); }),
              HasSubstr("has 4294967295 in its name (no start can have a later epoch); remove it"));
}

TEST(RunFiles, OnlyTheirOwnNamesCount) {
  EXPECT_EQ(parse_state_number("5.12"), (StateNumber{5, 12}));
  for (char const* name : {"", ".", "5", "5.", ".5", "05.1", "5.01", "-5.1", "5.1.tmp.ab", "5.1x",
                           "4294967296.1", "5.18446744073709551616", "5 .1"})
    EXPECT_FALSE(parse_state_number(name)) << name;
  Scratch scratch;
  for (char const* name :
       {"F.h5", "F.h5.state", "F.h5.state.2.1", "F.h5.state.10.1", "F.h5.state.2.10",
        "F.h5.state.9.9.tmp.0123456789abcdef", "F.h5.tiles.3", "F.h5.tiles.x", "G.h5.state.99.1"})
    spill(scratch / name, "x");
  auto const files = list_run_files(scratch / "F.h5");
  EXPECT_THAT(files.states, ElementsAre(StateNumber{2, 1}, StateNumber{2, 10}, StateNumber{10, 1}));
  EXPECT_THAT(files.tiles, ElementsAre(3u));
  EXPECT_EQ(files.temporaries.size(), 1u);
  EXPECT_EQ(files.newest_epoch(), 10u);
  EXPECT_TRUE(list_run_files(scratch / "missing/F.h5").states.empty());
}

}  // namespace
}  // namespace muster::io
