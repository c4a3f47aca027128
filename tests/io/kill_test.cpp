// A run killed after every single step of its files: what is left is always usable.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "core/log.hpp"
#include "io/result_file.hpp"
#include "io/run_state.hpp"
#include "io/steps.hpp"
#include "samples.hpp"
#include "scratch.hpp"
#include "short_run.hpp"
#include "step_watchers.hpp"

namespace muster::io {
namespace {

/// Every take-over of a dead lock is a warning, and here there are many.
[[maybe_unused]] bool const is_quiet = (log::set_level(log::Level::error), true);

/// True when the child came to its end before it was killed.
bool run_with_kill(int point, std::function<void()> const& action) {
  pid_t const child = ::fork();
  if (child == 0) {
    Killer killer(point);
    set_step_watcher(&killer);
    int code = 0;
    try {
      action();
    } catch (std::exception const&) {
      code = 1;
    }
    ::_exit(testing::Test::HasFailure() ? 1 : code);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  EXPECT_TRUE(WIFEXITED(status)) << "the child crashed";
  EXPECT_TRUE(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 9) << WEXITSTATUS(status);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

std::string finished_digest() {
  Scratch scratch;
  start_fresh(scratch / "F.h5");
  return read_result(scratch / "F.h5").result_digest;
}

void expect_finished(std::filesystem::path const& output, std::string const& digest) {
  Result const result = read_result(output);
  EXPECT_EQ(result.result_digest, digest);
  EXPECT_EQ(result.sums, sums_of({{0, tiles_in_run}}));
}

TEST(Kill, AfterAnyStepTheRunCanBeContinued) {
  std::string const digest = finished_digest();
  int step = 0;
  for (bool is_done = false; !is_done; ++step) {
    SCOPED_TRACE(step);
    Scratch scratch(Kept::in_memory);
    auto const output = scratch / "F.h5";
    is_done = run_with_kill(step, [&] { start_fresh(output); });
    run_again(output);
    expect_finished(output, digest);
    EXPECT_EQ(scratch.entries(), 1u);
    ASSERT_LT(step, 2000);
  }
  EXPECT_GT(step, 250);
}

TEST(Kill, AfterAnyStepOfAContinuedRun) {
  std::string const digest = finished_digest();
  int step = 0;
  for (bool is_done = false; !is_done; ++step) {
    SCOPED_TRACE(step);
    Scratch scratch(Kept::in_memory);
    auto const output = scratch / "F.h5";
    EXPECT_FALSE(run_with_kill(60, [&] { start_fresh(output); }));
    is_done = run_with_kill(step, [&] { run_again(output); });
    run_again(output);
    expect_finished(output, digest);
    ASSERT_LT(step, 2000);
  }
}

TEST(Kill, WhileReplacingAnotherRunNeverMixesTheTwo) {
  RunIdentity other = sample_identity();
  other.resolved_text = "another job";
  other.job_hash = sha256_hex(other.resolved_text);
  for (int step = 0; step < 100; ++step) {
    SCOPED_TRACE(step);
    Scratch scratch(Kept::in_memory);
    auto const output = scratch / "F.h5";
    {
      RunState old = RunState::create(output, other);
      std::vector<TileDigest> const digests(8);
      old.commit({0, 8}, digests, 1);
      old.save({1, {{0, 8}}, 0, 8, {1}, {}});
    }
    run_with_kill(step, [&] { start_fresh(output); });
    auto const saved = read_saved_run(output);
    if (saved && saved->identity.job_hash == other.job_hash) {
      EXPECT_EQ(RunState::open(output, other.job_hash, 3).saved().progress.committed.size(), 1u);
    }
    run_again(output);
    expect_finished(output, finished_digest());
  }
}

/// The calls by their kinds, and the names they make.
class Recorder : public StepWatcher {
 public:
  void after(Step const& step) override {
    switch (step.kind) {
      case Step::Kind::create: trace.push_back("create"); break;
      case Step::Kind::write: trace.push_back("write"); break;
      case Step::Kind::sync: trace.push_back("sync"); break;
      case Step::Kind::close: trace.push_back("close"); break;
      case Step::Kind::rename:
        trace.push_back("rename to " + std::filesystem::path(step.to).filename().string());
        break;
      case Step::Kind::remove:
        trace.push_back("remove " + std::filesystem::path(step.path).filename().string());
        break;
      case Step::Kind::sync_directory: trace.push_back("sync directory"); break;
      case Step::Kind::truncate:
      case Step::Kind::link:
      case Step::Kind::read: break;
    }
  }
  std::vector<std::string> trace;
};

/// Against a loss of power only order helps: digests are on the disk before a state that counts on
/// them takes its name, and a file is before its name is.
TEST(Kill, StepsReachTheDiskInOrder) {
  Scratch scratch;
  RunState state = RunState::create(scratch / "F.h5", sample_identity());
  std::vector<TileDigest> digests(3);
  sample_digests(0, digests);
  Recorder recorder;
  {
    Watching const watching(recorder);
    state.commit({0, 3}, digests, 1);
    state.save({1, {{0, 3}}, 0, 3, {1}, {}});
  }
  EXPECT_THAT(recorder.trace,
              testing::ElementsAre("write", "sync", "create", "write", "sync", "close",
                                   "rename to F.h5.state.1.2", "sync directory",
                                   "remove F.h5.state.1.1"));
}

}  // namespace
}  // namespace muster::io
