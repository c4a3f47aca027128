#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "core/log.hpp"
#include "io/lock_owner.hpp"
#include "io/run_files.hpp"
#include "io/run_lock.hpp"
#include "io/run_state.hpp"
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
  EXPECT_FALSE(read_lock(lock_path(output)));
  {
    RunLock const lock(scratch / "F.h5.lock");
    auto const read = read_lock(lock_path(output));
    ASSERT_TRUE(read);
    EXPECT_EQ(read->owner.who.pid, ::getpid());
    EXPECT_EQ(read->owner.who.host, this_process().who.host);
    EXPECT_LT(read->silent_s, 60);
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
  EXPECT_EQ(read_lock(scratch / "F.h5.lock")->owner.who.pid, ::getpid());
}

TEST(RunLock, OfAnotherHostIsRefused) {
  Scratch scratch;
  OwnerRecord owner = dead_owner();
  owner.who.host = "node07";
  spill(scratch / "F.h5.lock", format_owner(owner));
  EXPECT_THAT(message_of(Exit::user, [&] { RunLock(scratch / "F.h5.lock"); }),
              HasSubstr("on node07"));
  EXPECT_EQ(read_lock(scratch / "F.h5.lock")->owner.who.host, "node07");
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

TEST(LockOwner, OfThisHostIsGoneOnlyForCertain) {
  constexpr double for_ever_s = 1e9;
  OwnerRecord const self = this_process();
  EXPECT_FALSE(is_gone(self, self, for_ever_s));
  OwnerRecord reused = self;
  reused.pid_start -= 1;
  EXPECT_TRUE(is_gone(reused, self, 0)) << "the id was given to another process since";
  OwnerRecord rebooted = self;
  rebooted.boot = "another boot";
  EXPECT_TRUE(is_gone(rebooted, self, 0));
  EXPECT_FALSE(is_gone(OwnerRecord{}, self, 0)) << "an unreadable lock";
}

TEST(LockOwner, ThatHasEndedButWasNotWaitedForIsGone) {
  pid_t const child = ::fork();
  if (child == 0) ::_exit(0);
  siginfo_t ended{};
  ASSERT_EQ(::waitid(P_PID, static_cast<id_t>(child), &ended, WEXITED | WNOWAIT), 0);
  OwnerRecord const self = this_process();
  OwnerRecord zombie = self;
  zombie.who.pid = child;
  zombie.pid_start = 0;
  EXPECT_TRUE(is_gone(zombie, self, 0));
  ::waitpid(child, nullptr, 0);
}

TEST(LockOwner, ThatCannotBeAskedAfterIsGoneWhenSilent) {
  OwnerRecord const self = this_process();
  OwnerRecord contained = dead_owner();
  contained.pid_space = "pid:[1]";
  OwnerRecord elsewhere = dead_owner();
  elsewhere.who.host = "node07";
  for (OwnerRecord const& owner : {contained, elsewhere, OwnerRecord{}}) {
    EXPECT_FALSE(is_gone(owner, self, longest_silence_s));
    EXPECT_TRUE(is_gone(owner, self, longest_silence_s + 1));
  }
}

TEST(LockOwner, OfTheSameSlurmJobIsGoneUnlessKnownToLive) {
  OwnerRecord self = this_process();
  self.slurm_job = "4711";
  OwnerRecord elsewhere = self;
  elsewhere.who.host = "node07";
  EXPECT_TRUE(is_gone(elsewhere, self, 0)) << "a restart on the nodes that are left";
  elsewhere.slurm_job = "4712";
  EXPECT_FALSE(is_gone(elsewhere, self, 0));
  OwnerRecord requeued = self;
  requeued.slurm_restart = 1;
  EXPECT_TRUE(is_gone(self, requeued, 0)) << "Slurm ended the earlier start of this job";
  EXPECT_FALSE(is_gone(requeued, self, 0)) << "a live process of this host";
}

TEST(LockOwner, OfAnEarlierStartOfTheSameSupervisorIsGone) {
  OwnerRecord second = this_process();
  second.supervisor = "4711.host1";
  second.supervised_start = 2;
  OwnerRecord first = second;
  first.supervised_start = 1;
  EXPECT_TRUE(is_gone(first, second, 0)) << "the supervisor has ended it";
  EXPECT_FALSE(is_gone(second, first, 0)) << "a live process of this host";
  OwnerRecord elsewhere = second;
  elsewhere.who.host = "node07";
  EXPECT_TRUE(is_gone(elsewhere, second, 0)) << "rank 0 of the same ranks, which one of them goes on for";
  elsewhere.supervisor = "4711.host2";
  EXPECT_FALSE(is_gone(elsewhere, second, 0)) << "another's";
}

TEST(LockOwner, OfATextThatIsCutShortIsUnknown) {
  std::string const text = format_owner(this_process());
  std::size_t const needed = text.find("\nslurm_restart");
  for (std::size_t size = 0; size < needed + 2; ++size)
    EXPECT_EQ(parse_owner(std::string_view(text).substr(0, size)).who.host, "") << size;
  EXPECT_EQ(parse_owner(text).who.host, this_process().who.host);
}

TEST(LockOwner, KnowsItsSupervisor) {
  ::setenv("MUSTER_SUPERVISOR", "4711.2.node1.site", 1);
  OwnerRecord const told = parse_owner(format_owner(this_process()));
  ::setenv("MUSTER_SUPERVISOR", "4711", 1);
  OwnerRecord const vague = this_process();
  ::unsetenv("MUSTER_SUPERVISOR");
  EXPECT_EQ(told.supervisor, "4711.node1.site");
  EXPECT_EQ(told.supervised_start, 2u);
  EXPECT_EQ(vague.supervisor, "");
}

/// Sets the time of a file back by so much.
void age(std::filesystem::path const& path, std::chrono::seconds by) {
  std::filesystem::last_write_time(path, std::filesystem::last_write_time(path) - by);
}

TEST(RunLock, OfASilentHostIsTakenOver) {
  Scratch scratch;
  auto const path = scratch / "F.h5.lock";
  OwnerRecord owner = this_process();
  owner.who.host = "node07";
  spill(path, format_owner(owner));
  age(path, std::chrono::seconds(55));
  EXPECT_THAT(message_of(Exit::user, [&] { RunLock const lock(path); }), HasSubstr("on node07"));
  age(path, std::chrono::seconds(10));
  RunLock const lock(path);
  EXPECT_EQ(read_lock(path)->owner.who.host, this_process().who.host);
}

TEST(RunLock, AHeartbeatKeepsIt) {
  Scratch scratch;
  auto const path = scratch / "F.h5.lock";
  RunLock const lock(path);
  age(path, std::chrono::seconds(100));
  EXPECT_GT(read_lock(path)->silent_s, 90);
  lock.beat();
  EXPECT_LT(read_lock(path)->silent_s, 60);
}

TEST(RunLock, CanBeTakenFromAnyone) {
  Scratch scratch;
  auto const path = scratch / "F.h5.lock";
  OwnerRecord owner = this_process();
  owner.who.host = "node07";
  spill(path, format_owner(owner));
  RunLock const lock(path, TakeOver::from_anyone);
  EXPECT_EQ(read_lock(path)->owner.who.pid, ::getpid());
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
