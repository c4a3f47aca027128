// A loss of power at any call of a short run: whatever POSIX allows to be left is read, and resumed
// from.
#include <gtest/gtest.h>

#include <set>

#include "core/log.hpp"
#include "io/run_files.hpp"
#include "io/standing.hpp"
#include "io/state_file.hpp"
#include "scratch.hpp"
#include "short_run.hpp"
#include "step_watchers.hpp"
#include "tests/io/crash_states.hpp"

namespace muster::io {
namespace {

[[maybe_unused]] bool const is_quiet = (log::set_level(log::Level::error), true);

constexpr int random_variants = 3;

std::uint64_t tiles_of(SavedRun const& run) {
  return run.progress.committed.empty() ? 0 : run.progress.committed[0].count;
}

/// Tiles that the calls so far promise: of the newest state on the disk, or all with the result.
std::uint64_t promised_tiles(Snapshot const& durable, Scratch const& place) {
  wake_with(durable, place.path());
  auto const output = place / "F.h5";
  if (durable.contains("F.h5")) return tiles_in_run;
  auto const saved = read_saved_run(output);
  return saved ? tiles_of(*saved) : 0;
}

std::uint64_t tiles_there(std::filesystem::path const& output) {
  Standing const standing = standing_of(output);
  if (standing.verdict == Exit::done || std::filesystem::exists(output)) return tiles_in_run;
  return standing.saved ? tiles_of(*standing.saved) : 0;
}

struct Tally {
  std::size_t states = 0, with_tiles = 0, with_result = 0;
};

/// Checks every crash state of what `action` does in `place`, which it leaves empty.
Tally check_crashes_of(Scratch const& place, std::function<void()> const& action,
                       Snapshot const& before) {
  CrashRecorder recorder(place.path());
  {
    Watching const watching(recorder);
    action();
  }
  std::string const digest = read_result(place / "F.h5").result_digest;
  Tally tally;
  std::size_t last_made = 0;
  std::uint64_t promised = 0;
  for_each_crash_state(recorder.calls(), before, random_variants,
                       [&](std::size_t made, Snapshot const& durable, Snapshot const& crashed) {
                         SCOPED_TRACE(made);
                         if (made != last_made) promised = promised_tiles(durable, place);
                         last_made = made;
                         wake_with(crashed, place.path());
                         std::uint64_t const there = tiles_there(place / "F.h5");
                         EXPECT_GE(there, promised);
                         ++tally.states;
                         tally.with_tiles += there > 0;
                         tally.with_result += there == tiles_in_run;
                         run_again(place / "F.h5");
                         Result const result = read_result(place / "F.h5");
                         EXPECT_EQ(result.result_digest, digest);
                         EXPECT_EQ(result.sums, sums_of({{0, tiles_in_run}}));
                         EXPECT_EQ(place.entries(), 1u);
                       });
  return tally;
}

TEST(Crash, EveryStateOfARunResumes) {
  Scratch const place(Kept::in_memory);
  Tally const tally = check_crashes_of(place, [&] { start_fresh(place / "F.h5"); }, {});
  RecordProperty("states", static_cast<int>(tally.states));
  EXPECT_GT(tally.states, 500u);
  EXPECT_GT(tally.with_tiles, 200u);
  EXPECT_GT(tally.with_result, 10u);
}

TEST(Crash, EveryStateOfAResumedRunResumes) {
  Scratch const place(Kept::in_memory);
  auto const output = place / "F.h5";
  {
    RunState state = RunState::create(output, sample_identity());
    std::vector<TileDigest> digests(8);
    sample_digests(0, digests);
    state.commit({0, 8}, digests, 1);
    state.save({1, {{0, 8}}, 0, 24, sums_of({{0, 8}}), {}});
    state.finish(Exit::stopped, "half way");
  }
  Tally const tally = check_crashes_of(
      place, [&] { run_again(output); }, taken(place.path()));
  RecordProperty("states", static_cast<int>(tally.states));
  EXPECT_GT(tally.states, 500u);
  EXPECT_EQ(tally.with_tiles, tally.states) << "8 tiles were safe before it began";
}

/// The model itself: what was not synced may be lost, what was may not.
TEST(CrashStates, KnowWhatIsDurable) {
  Scratch const place;
  CrashRecorder recorder(place.path());
  {
    Watching const watching(recorder);
    FileDescriptor fd;
    ASSERT_EQ(create_file(place / "a", fd), 0);
    ASSERT_EQ(write_at(fd.get(), "12", 2, 0), 0);
    ASSERT_EQ(rename_file(place / "a", place / "b"), 0);
    ASSERT_EQ(sync_file(fd.get()), 0);
    sync_directory(place.path());
    ASSERT_EQ(write_at(fd.get(), std::string(1024, 'x').data(), 1024, 0), 0);
  }
  std::vector<std::set<Snapshot>> states(recorder.calls().size() + 1);
  for_each_crash_state(recorder.calls(), {}, 0,
                       [&](std::size_t made, Snapshot const&, Snapshot const& crashed) {
                         states[made].insert(crashed);
                       });
  std::string const x(512, 'x');
  EXPECT_EQ(states[1], (std::set<Snapshot>{{}, {{"a", ""}}}));
  EXPECT_EQ(states[2], (std::set<Snapshot>{{}, {{"a", ""}}, {{"a", "12"}}}));
  EXPECT_EQ(states[3],
            (std::set<Snapshot>{{}, {{"a", ""}}, {{"a", "12"}}, {{"b", ""}}, {{"b", "12"}}}));
  EXPECT_EQ(states[4], (std::set<Snapshot>{{}, {{"a", "12"}}, {{"b", "12"}}}));
  EXPECT_EQ(states[5], (std::set<Snapshot>{{{"b", "12"}}}));
  std::string const second = "12" + std::string(510, '\0') + x;
  EXPECT_EQ(states[6],
            (std::set<Snapshot>{{{"b", "12"}}, {{"b", x}}, {{"b", x + x}}, {{"b", second}}}));
}

}  // namespace
}  // namespace muster::io
