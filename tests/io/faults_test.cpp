// Each call that changes a file fails in turn: a clear error, nothing lost, and the next start goes
// on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/log.hpp"
#include "io/atomic_file.hpp"
#include "io/run_files.hpp"
#include "io/run_state.hpp"
#include "io/small_file.hpp"
#include "samples.hpp"
#include "scratch.hpp"
#include "step_watchers.hpp"

namespace muster::io {
namespace {

using ::testing::HasSubstr;
using Kind = Step::Kind;

[[maybe_unused]] bool const is_quiet = (log::set_level(log::Level::off), true);

std::vector<TileDigest> digests_of(std::uint64_t tiles) {
  std::vector<TileDigest> digests(tiles);
  sample_digests(0, digests);
  return digests;
}

RunProgress progress_of(std::uint64_t tiles) {
  return {1, {{0, tiles}}, 0, 100, {static_cast<std::int64_t>(tiles)}, {}};
}

/// A state of 10 tiles; then one of 20 meets the fault. What the next start finds.
std::uint64_t tiles_after(Kind kind, int error_number, int first, std::string const& expected) {
  Scratch scratch(Kept::in_memory);
  auto const output = scratch / "F.h5";
  {
    RunState state = RunState::create(output, sample_identity());
    state.commit({0, 10}, digests_of(10), 1);
    state.save(progress_of(10));
    state.commit({0, 20}, digests_of(20), 1);
    Spoiler spoiler(kind, error_number, first);
    Watching const watching(spoiler);
    EXPECT_THAT(message_of(Exit::environment, [&] { state.save(progress_of(20)); }),
                HasSubstr(expected));
  }
  RunState const next = RunState::open(output, sample_identity().job_hash, 3);
  return next.saved().progress.committed.at(0).count;
}

TEST(Faults, OfASaveLeaveTheOneBefore) {
  for (int const at : {0, 1}) {  // of the digests, then of the state
    EXPECT_EQ(tiles_after(Kind::write, ENOSPC, at, "No space left on device"), 10u);
    EXPECT_EQ(tiles_after(Kind::write, EDQUOT, at, "the disk or the quota is full"), 10u);
    EXPECT_EQ(tiles_after(Kind::write, EIO, at, "Input/output error"), 10u);
    EXPECT_EQ(tiles_after(Kind::sync, EIO, at, "Input/output error"), 10u);
  }
  EXPECT_EQ(tiles_after(Kind::create, ENOENT, 0, "its directory does not exist"), 10u);
  EXPECT_EQ(tiles_after(Kind::close, EDQUOT, 0, "the disk or the quota is full"), 10u);
  EXPECT_EQ(tiles_after(Kind::rename, EIO, 0, "Input/output error"), 10u);
  EXPECT_EQ(tiles_after(Kind::sync_directory, EIO, 0, "make durable the directory"), 20u);
}

TEST(Faults, AFailedSyncOfDigestsIsNeverRepeated) {
  Scratch scratch;
  RunState state = RunState::create(scratch / "F.h5", sample_identity());
  state.commit({0, 10}, digests_of(10), 1);
  Spoiler spoiler(Kind::sync, EIO);
  Watching const watching(spoiler);
  message_of(Exit::environment, [&] { state.save(progress_of(10)); });
  EXPECT_THAT(message_of(Exit::environment, [&] { state.save(progress_of(10)); }),
              HasSubstr("Input/output error"));
  EXPECT_EQ(spoiler.seen(), 1) << "the kernel says \"written\" the second time, and has lost it";
}

TEST(Faults, AfterAFailedSyncAStateIsWrittenAnew) {
  Scratch scratch;
  auto const output = scratch / "F.h5";
  RunState state = RunState::create(output, sample_identity());
  Spoiler spoiler(Kind::sync, EIO, 1);
  {
    Watching const watching(spoiler);
    message_of(Exit::environment, [&] { state.save({}); });
  }
  state.finish(Exit::environment, "the disk failed");
  EXPECT_EQ(list_run_files(output).states, (std::vector<StateNumber>{{1, 3}})) << "a new file";
  EXPECT_EQ(read_saved_run(output)->verdict, Exit::environment);
}

TEST(Faults, OfAStartLeaveWhatWasThere) {
  for (Kind const kind : {Kind::create, Kind::write, Kind::sync, Kind::close, Kind::rename}) {
    for (int first = 0; first < 3; ++first) {
      SCOPED_TRACE(testing::Message() << static_cast<int>(kind) << " " << first);
      Scratch scratch(Kept::in_memory);
      auto const output = scratch / "F.h5";
      {
        RunState state = RunState::create(output, sample_identity());
        state.commit({0, 10}, digests_of(10), 1);
        state.save(progress_of(10));
      }
      {
        Spoiler spoiler(kind, EIO, first);
        Watching const watching(spoiler);
        try {
          RunState::open(output, sample_identity().job_hash, 3);
        } catch (Error const& error) {
          EXPECT_EQ(error.code(), Exit::environment);
          EXPECT_THAT(error.what(), HasSubstr("Input/output error"));
        }
      }
      RunState const next = RunState::open(output, sample_identity().job_hash, 3);
      EXPECT_EQ(next.saved().progress.committed.at(0).count, 10u);
      EXPECT_EQ(scratch.entries(), 3u) << "state, digests, lock";
    }
  }
}

TEST(Faults, AVanishedDirectoryIsNamed) {
  Scratch scratch;
  std::filesystem::create_directory(scratch / "results");
  RunState state = RunState::create(scratch / "results/F.h5", sample_identity());
  std::filesystem::remove_all(scratch / "results");
  EXPECT_THAT(message_of(Exit::environment, [&] { state.save({}); }),
              HasSubstr("its directory does not exist); create the directory"));
}

/// A network file system may repeat a rename whose answer was lost.
class RenameRepeated : public StepWatcher {
 public:
  int before(Step const& step) override {
    if (step.kind != Kind::rename) return 0;
    std::filesystem::rename(step.path, step.to);
    return ENOENT;
  }
};

TEST(Faults, ARepeatedRenameHasWorked) {
  Scratch scratch;
  RenameRepeated watcher;
  Watching const watching(watcher);
  write_file(scratch / "f", "new");
  EXPECT_EQ(slurp(scratch / "f"), "new");
}

TEST(Faults, ARenameThatFoundNothingHasNot) {
  Scratch scratch;
  spill(scratch / "f", "old");
  Spoiler spoiler(Kind::rename, ENOENT);
  Watching const watching(spoiler);
  message_of(Exit::environment, [&] { write_file(scratch / "f", "new"); });
  EXPECT_EQ(slurp(scratch / "f"), "old");
}

TEST(Faults, AStaleFileIsOpenedAgain) {
  Scratch scratch;
  spill(scratch / "f", "content");
  Spoiler spoiler(Kind::read, ESTALE, 0, 3);
  {
    Watching const watching(spoiler);
    EXPECT_EQ(read_if_there(scratch / "f", 100), "content");
  }
  EXPECT_EQ(spoiler.seen(), 4);
  Spoiler for_ever(Kind::read, ESTALE, 0, 1000);
  Watching const watching(for_ever);
  EXPECT_THAT(message_of(Exit::environment, [&] { read_if_there(scratch / "f", 100); }),
              HasSubstr("Stale file handle"));
}

TEST(SmallFile, IsRegularAndSmallOrRefused) {
  Scratch scratch;
  EXPECT_FALSE(read_if_there(scratch / "missing", 100));
  EXPECT_FALSE(read_if_there(scratch / "f/below", 100));
  spill(scratch / "f", std::string(100, 'x'));
  EXPECT_EQ(read_if_there(scratch / "f", 100)->size(), 100u);
  EXPECT_FALSE(read_if_there(scratch / "f/below", 100)) << "a part of the path is a file";
  EXPECT_THAT(message_of(Exit::user, [&] { read_if_there(scratch / "f", 99); }),
              HasSubstr("has 100 B (at most 99 B are believed of such a file); remove it"));
  EXPECT_THAT(message_of(Exit::user, [&] { read_if_there(scratch.path(), 100); }),
              HasSubstr("is no regular file"));
  EXPECT_THAT(message_of(Exit::user, [&] { read_if_there("/dev/null", 100); }),
              HasSubstr("is no regular file"));
}

TEST(AtomicFile, ReplacesALinkWhereItMustNotBeFollowed) {
  Scratch scratch;
  spill(scratch / "victim", "precious");
  std::filesystem::create_symlink(scratch / "victim", scratch / "F.h5.stop");
  write_file(scratch / "F.h5.stop", "new", Links::replace);
  EXPECT_EQ(slurp(scratch / "victim"), "precious");
  EXPECT_EQ(slurp(scratch / "F.h5.stop"), "new");
}

}  // namespace
}  // namespace muster::io
