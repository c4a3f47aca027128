// `muster run` killed before, in and after every call that changes files, and every state that a loss of power
// may leave: the same command goes on, with the same bits. MUSTER_EVERY=1 tries all points, a sample otherwise.
#include <gtest/gtest.h>

#include <set>

#include "cli/dispatch.hpp"
#include "io/result_file.hpp"
#include "tests/cli/whole_run.hpp"
#include "tests/io/crash_states.hpp"
#include "tests/io/scratch.hpp"
#include "tests/io/step_watchers.hpp"

namespace muster::cli {
namespace {

namespace fs = std::filesystem;
using io::Kept;
using io::Scratch;

struct Whole {
  std::string digest, job_hash;
};

Whole whole_run() {
  Scratch const place(Kept::in_memory);
  auto const output = place / "F.h5";
  EXPECT_EQ(run_whole(run_words(output), output).code, 0);
  auto const result = io::read_result(output);
  return {result.result_digest, result.job_hash};
}
Whole const& whole() {
  static Whole const run = whole_run();
  return run;
}

/// One way to run: what lies there before, and the words that differ.
struct Way {
  io::Snapshot before = {};
  std::vector<std::string> words = {};
  bool is_stopped = false;
};

void try_point(Way const& way, int point, bool& was_killed) {
  SCOPED_TRACE("kill point " + std::to_string(point));
  Scratch const place(Kept::in_memory);
  auto const output = place / "F.h5";
  io::wake_with(way.before, place.path());
  auto const killed = run_whole(run_words(output, way.words), output, {point, way.is_stopped});
  was_killed = killed.was_killed();
  auto const found = found_at(output, whole().job_hash);
  EXPECT_GE(found.tiles, killed.promised) << "a tile that was saved is lost";
  // Over another job's result --fresh is to be said again until the run has begun.
  expect_resumed(run_words(output, found.is_begun ? std::vector<std::string>{} : way.words), output, found, whole().digest);
}

/// Returns how many points killed the run.
int try_all_points(Way const& way, int sample) {
  Scratch const place(Kept::in_memory);
  auto const output = place / "F.h5";
  io::wake_with(way.before, place.path());
  int const points = 3 * run_whole(run_words(output, way.words), output, {-1, way.is_stopped}).calls;
  int killed = 0;
  for (int point = 0; point < points; point += stride(sample)) {
    bool was_killed = false;
    try_point(way, point, was_killed);
    killed += was_killed;
    if (testing::Test::HasFatalFailure()) break;
  }
  std::printf("%d of %d kill points tried\n", killed, points);
  return killed;
}

/// What a run leaves that was asked to stop half way. On a busy machine the run may be over before it looks.
io::Snapshot stopped_half_way() {
  for (int attempts = 0; attempts < 20; ++attempts) {
    Scratch const place(Kept::in_memory);
    auto const output = place / "F.h5";
    if (run_whole(run_words(output), output, {-1, true}).code == 75) return io::taken(place.path());
  }
  ADD_FAILURE() << "no run stopped";
  return {};
}

io::Snapshot result_of_another_job() {
  Scratch const place(Kept::in_memory);
  auto const output = place / "F.h5";
  EXPECT_EQ(run_whole(run_words(output, {"--set", "seed=5"}), output).code, 0);
  return io::taken(place.path());
}

TEST(ResumedRun, ReadsItsStateOnce) {
  Scratch const place(Kept::in_memory);
  auto const output = place / "F.h5";
  io::wake_with(stopped_half_way(), place.path());
  auto const resumed = run_whole(run_words(output), output);
  EXPECT_EQ(resumed.code, 0) << resumed.said;
  EXPECT_EQ(resumed.state_reads, 1);
}

TEST(KilledRun, GoesOn) { EXPECT_GE(try_all_points({}, 47), 3); }
TEST(KilledRun, OfThreeRanksGoesOn) { EXPECT_GE(try_all_points({.words = {"--ranks", "3"}}, 47), 3); }
TEST(KilledRun, ThatWasResumedGoesOn) { EXPECT_GE(try_all_points({.before = stopped_half_way()}, 47), 3); }
TEST(KilledRun, ThatWasAskedToStopGoesOn) { EXPECT_GE(try_all_points({.is_stopped = true}, 23), 3); }
TEST(KilledRun, ThatReplacesAnotherJobsResultGoesOn) {
  EXPECT_GE(try_all_points({.before = result_of_another_job(), .words = {"--fresh"}}, 47), 3);
}

/// Records the calls of a run in this process.
std::vector<io::CrashRecorder::Call> recorded(fs::path const& output) {
  io::CrashRecorder recorder(output.parent_path());
  std::vector<char const*> arguments{"muster"};
  auto const words = run_words(output);
  for (auto const& word : words) arguments.push_back(word.c_str());
  testing::internal::CaptureStdout();
  {
    io::Watching const watching(recorder);
    EXPECT_EQ(run_command_line(static_cast<int>(arguments.size()), arguments.data()), 0);
  }
  testing::internal::GetCapturedStdout();
  return recorder.calls();
}

TEST(CrashedRun, GoesOnFromEveryState) {
  Scratch const place(Kept::in_memory);
  auto const output = place / "F.h5";
  auto const calls = recorded(output);
  std::set<io::Snapshot> seen;
  std::size_t last_made = 0;
  std::uint64_t promised = 0;
  int states = 0, resumed = 0;
  io::for_each_crash_state(calls, {}, 1, [&](std::size_t made, io::Snapshot const& durable, io::Snapshot const& crashed) {
    SCOPED_TRACE(made);
    if (made != last_made) {
      io::wake_with(durable, place.path());
      promised = found_at(output, whole().job_hash).tiles;
      last_made = made;
    }
    io::wake_with(crashed, place.path());
    auto const found = found_at(output, whole().job_hash);
    EXPECT_GE(found.tiles, promised) << "a tile that was saved is lost";
    ++states;
    if (!seen.insert(crashed).second || static_cast<int>(seen.size()) % stride(199) != 0) return;
    ++resumed;
    expect_resumed(run_words(output), output, found, whole().digest);
  });
  std::printf("%d crash states read, %zu of them different, %d resumed from\n", states, seen.size(), resumed);
  EXPECT_GE(resumed, 3);
}

}  // namespace
}  // namespace muster::cli
