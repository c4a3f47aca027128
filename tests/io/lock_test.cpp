#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "core/log.hpp"
#include "io/lock_owner.hpp"
#include "io/run_lock.hpp"
#include "samples.hpp"
#include "scratch.hpp"

namespace muster::io {
namespace {

/// Every take-over of a dead lock is a warning, and here there are many.
[[maybe_unused]] bool const is_quiet = (log::set_level(log::Level::error), true);

using ::testing::HasSubstr;

/// A process id that no longer runs.
pid_t dead_pid() {
  pid_t const child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  return child;
}

OwnerRecord dead_owner() {
  OwnerRecord owner = this_process();
  owner.who.pid = dead_pid();
  return owner;
}

TEST(RunLock, IsThereWhileHeld) {
  Scratch scratch;
  auto const output = scratch / "F.h5";
  EXPECT_FALSE(read_lock_owner(output));
  {
    RunLock const lock(scratch / "F.h5.lock");
    auto const owner = read_lock_owner(output);
    ASSERT_TRUE(owner);
    EXPECT_EQ(owner->pid, ::getpid());
    EXPECT_EQ(owner->host, this_process().who.host);
    EXPECT_EQ(scratch.entries(), 1u);
  }
  EXPECT_EQ(scratch.entries(), 0u);
}

TEST(RunLock, ASecondRunIsRefused) {
  Scratch scratch;
  RunState const first = RunState::create(scratch / "F.h5", sample_identity());
  std::string message;
  try {
    RunState::create(scratch / "F.h5", sample_identity());
    ADD_FAILURE() << "two runs at once";
  } catch (Error const& error) {
    message = error.what();
    EXPECT_EQ(error.code(), Exit::user);
    EXPECT_EQ(error.retry(), Retry::may_help);
  }
  EXPECT_THAT(message, HasSubstr("F.h5.lock is held by process " + std::to_string(::getpid())));
  EXPECT_THAT(message, HasSubstr("; wait for it"));
}

TEST(RunLock, OfADeadProcessIsTakenOver) {
  Scratch scratch;
  spill(scratch / "F.h5.lock", format_owner(dead_owner()));
  RunLock const lock(scratch / "F.h5.lock");
  EXPECT_EQ(read_lock(scratch / "F.h5.lock")->pid, ::getpid());
}

TEST(RunLock, OfAnotherHostIsRefused) {
  Scratch scratch;
  OwnerRecord owner = dead_owner();
  owner.who.host = "node07";
  spill(scratch / "F.h5.lock", format_owner(owner));
  EXPECT_THAT(message_of(Exit::user, [&] { RunLock(scratch / "F.h5.lock"); }),
              HasSubstr("on node07"));
  EXPECT_EQ(read_lock(scratch / "F.h5.lock")->host, "node07");
}

TEST(RunLock, UnreadableOnesAreRefused) {
  Scratch scratch;
  for (std::string const text :
       {"", "muster-lock 2\n", "muster-lock 1\nhost h\npid x\n", "muster-lock 1\nhost h\n",
        "muster-lock 1\npid 99999999999\nhost h\n", "muster-lock 1\nhost \x1B\npid 1\n"}) {
    spill(scratch / "F.h5.lock", text);
    EXPECT_THAT(message_of(Exit::user, [&] { RunLock(scratch / "F.h5.lock"); }),
                HasSubstr("is not readable as a lock"));
  }
  EXPECT_EQ(scratch.entries(), 1u);
}

TEST(RunLock, IsNotRemovedWhenItIsAnothers) {
  Scratch scratch;
  {
    RunLock const lock(scratch / "F.h5.lock");
    std::filesystem::remove(scratch / "F.h5.lock");
    spill(scratch / "F.h5.lock", "another's");
  }
  EXPECT_EQ(slurp(scratch / "F.h5.lock"), "another's");
}

TEST(LockOwner, ReadsBack) {
  OwnerRecord owner = this_process();
  owner.slurm_job = "4711";
  owner.slurm_restart = 2;
  OwnerRecord const read = parse_owner(format_owner(owner));
  EXPECT_EQ(format_owner(read), format_owner(owner));
  EXPECT_GT(owner.pid_start, 0u);
}

TEST(LockOwner, IsGoneOnlyForCertain) {
  OwnerRecord const self = this_process();
  EXPECT_FALSE(is_gone(self, self));
  OwnerRecord reused = self;
  reused.pid_start -= 1;
  EXPECT_TRUE(is_gone(reused, self)) << "the id was given to another process since";
  OwnerRecord rebooted = self;
  rebooted.boot = "another boot";
  EXPECT_TRUE(is_gone(rebooted, self));
  OwnerRecord contained = dead_owner();
  contained.pid_space = "pid:[1]";
  EXPECT_FALSE(is_gone(contained, self)) << "ids of another container mean nothing here";
  OwnerRecord elsewhere = dead_owner();
  elsewhere.who.host = "node07";
  EXPECT_FALSE(is_gone(elsewhere, self));
  OwnerRecord requeued = self;
  requeued.slurm_job = elsewhere.slurm_job = "4711";
  requeued.slurm_restart = 1;
  EXPECT_TRUE(is_gone(elsewhere, requeued)) << "Slurm ended the earlier start of this job";
  EXPECT_FALSE(is_gone(requeued, elsewhere));
  EXPECT_FALSE(is_gone(OwnerRecord{}, self));
}

/// Many processes find the same dead lock: one of them gets it, the others are refused.
TEST(RunLock, OneOfManyTakesOver) {
  Scratch scratch;
  auto const path = scratch / "F.h5.lock";
  for (int round = 0; round < 10; ++round) {
    spill(path, format_owner(dead_owner()));
    std::array<int, 2> go{}, outcome{};
    ASSERT_EQ(::pipe(go.data()), 0);
    ASSERT_EQ(::pipe(outcome.data()), 0);
    constexpr int contenders = 8;
    for (int i = 0; i < contenders; ++i) {
      if (::fork() != 0) continue;
      ::close(go[1]);
      char got = 'n', end = 0;
      try {
        RunLock const lock(path);
        got = 'y';
        ::write(outcome[1], &got, 1);
        ::read(go[0], &end, 1);  // holds it until all have tried
      } catch (Error const&) {
        ::write(outcome[1], &got, 1);
      }
      ::_exit(0);
    }
    ::close(go[0]);
    int winners = 0;
    for (int i = 0; i < contenders; ++i) {
      char got = 0;
      ASSERT_EQ(::read(outcome[0], &got, 1), 1);
      winners += got == 'y';
    }
    ::close(go[1]);
    while (::wait(nullptr) > 0) {
    }
    ::close(outcome[0]);
    ::close(outcome[1]);
    EXPECT_EQ(winners, 1);
    EXPECT_FALSE(std::filesystem::exists(path));
  }
}

}  // namespace
}  // namespace muster::io
