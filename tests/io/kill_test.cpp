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

namespace muster::io {
namespace {

/// Every take-over of a dead lock is a warning, and here there are many.
[[maybe_unused]] bool const is_quiet = (log::set_level(log::Level::error), true);

constexpr std::uint64_t tiles_in_run = 24;
constexpr std::uint64_t tiles_in_lease = 4;

int steps_to_live = 0;

void die_in_time(char const*) {
  if (steps_to_live-- == 0) ::_exit(9);
}

/// Sums are a function of the committed tiles, as in a real run.
Slots sums_of(std::vector<TileRange> const& committed) {
  Slots sums{0};
  for (TileRange const& range : committed)
    for (std::uint64_t tile = range.first; tile < range.end(); ++tile)
      sums[0] += static_cast<std::int64_t>(tile * tile + 1);
  return sums;
}

/// From what is saved to the end; leases are committed out of order and saved in pairs.
void run_to_the_end(RunState state, std::filesystem::path const& output) {
  RunProgress progress = state.saved().progress;
  EXPECT_EQ(progress.sums, progress.committed.empty() ? Slots{} : sums_of(progress.committed));
  ++progress.epoch;
  std::uint64_t first = progress.committed.empty() ? 0 : progress.committed[0].end();
  while (first < tiles_in_run) {
    for (std::uint64_t const start : {first + tiles_in_lease, first}) {
      std::vector<TileDigest> digests(tiles_in_lease);
      sample_digests(start, digests);
      state.commit({start, tiles_in_lease}, digests, progress.epoch);
    }
    first += 2 * tiles_in_lease;
    progress.committed = {{0, first}};
    progress.sums = sums_of(progress.committed);
    state.save(progress);
  }
  Result result = sample_result(tiles_in_run);
  result.sums = progress.sums;
  write_result(output, result, [&](std::uint64_t start, std::span<TileDigest> out) {
    state.read_digests(start, out);
  });
  state.finish(Exit::done);
  state.discard();
}

void start_fresh(std::filesystem::path const& output) {
  run_to_the_end(RunState::create(output, sample_identity()), output);
}

/// What another start of the same command does.
void run_again(std::filesystem::path const& output) {
  auto const saved = read_saved_run(output);
  if (saved && saved->identity.job_hash == sample_identity().job_hash)
    run_to_the_end(RunState::open(output, sample_identity().job_hash, 3), output);
  else
    start_fresh(output);
}

/// True when the child came to its end before it was killed.
bool run_with_kill(int step, std::function<void()> const& action) {
  pid_t const child = ::fork();
  if (child == 0) {
    steps_to_live = step;
    set_step_hook(die_in_time);
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
    Scratch scratch;
    auto const output = scratch / "F.h5";
    is_done = run_with_kill(step, [&] { start_fresh(output); });
    run_again(output);
    expect_finished(output, digest);
    EXPECT_EQ(scratch.entries(), 1u);
    ASSERT_LT(step, 1000);
  }
  EXPECT_GT(step, 40);
}

TEST(Kill, AfterAnyStepOfAContinuedRun) {
  std::string const digest = finished_digest();
  int step = 0;
  for (bool is_done = false; !is_done; ++step) {
    SCOPED_TRACE(step);
    Scratch scratch;
    auto const output = scratch / "F.h5";
    EXPECT_FALSE(run_with_kill(20, [&] { start_fresh(output); }));
    is_done = run_with_kill(step, [&] { run_again(output); });
    run_again(output);
    expect_finished(output, digest);
    ASSERT_LT(step, 1000);
  }
}

TEST(Kill, WhileReplacingAnotherRunNeverMixesTheTwo) {
  RunIdentity other = sample_identity();
  other.resolved_text = "another job";
  other.job_hash = sha256_hex(other.resolved_text);
  for (int step = 0; step < 12; ++step) {
    SCOPED_TRACE(step);
    Scratch scratch;
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

std::vector<std::string> trace;

/// Against a loss of power only order helps: digests are on the disk before a state that counts on
/// them takes its name, and a file is before its name is.
TEST(Kill, StepsReachTheDiskInOrder) {
  Scratch scratch;
  RunState state = RunState::create(scratch / "F.h5", sample_identity());
  std::vector<TileDigest> digests(3);
  sample_digests(0, digests);
  trace.clear();
  set_step_hook([](char const* step) { trace.emplace_back(step); });
  state.commit({0, 3}, digests, 1);
  state.save({1, {{0, 3}}, 0, 3, {1}, {}});
  set_step_hook(nullptr);
  EXPECT_THAT(
      trace, testing::ElementsAre("tiles.write", "tiles.fdatasync", "atomic.create", "atomic.write",
                                  "atomic.fsync", "atomic.rename", "atomic.fsync_directory"));
}

}  // namespace
}  // namespace muster::io
