// Deaths and stops of real processes, seen from beside.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <functional>

#include "comm/node_watch.hpp"

namespace muster::comm {
namespace {

using namespace std::chrono_literals;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr WatchRules quick{5ms, 4, 60, 20, 40};

/// A child process that does something and then waits to be killed; reaped at the end.
class Child {
 public:
  explicit Child(std::function<void()> const& action = [] {}) : pid_(::fork()) {
    if (pid_ != 0) return;
    action();
    for (;;) ::pause();
  }
  ~Child() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Child(Child const&) = delete;
  Child& operator=(Child const&) = delete;
  pid_t pid() const { return pid_; }
  ProcessId process() const { return process_with(pid_).value(); }
  void send(int signal) const { ::kill(pid_, signal); }

 private:
  pid_t pid_;
};

/// Beats like a rank's watch does, until it is killed.
void beat(PulseBoard& board, int slot) {
  for (std::uint64_t beats = 1;; ++beats) {
    board.slot(slot).beats = beats;
    ::usleep(2000);
  }
}

bool is_met(std::function<bool()> const& condition) {
  auto const deadline = std::chrono::steady_clock::now() + 20s;
  while (!condition())
    if (std::chrono::steady_clock::now() > deadline) return false;
  return true;
}

/// This process as one rank, children as the others.
class NodeWatchTest : public ::testing::Test {
 protected:
  void watch(std::vector<Neighbour> neighbours, int own_rank, std::optional<PulseBoard> board) {
    watch_.emplace(std::move(neighbours), own_rank, std::move(board), [this] { ++wakes; }, [this] { ++leaves; }, quick);
  }
  /// The next news, or nothing for long enough.
  std::vector<RankNews> next_news() {
    std::vector<RankNews> news;
    is_met([&] { return !(news = watch_->take_news()).empty(); });
    return news;
  }
  std::atomic<int> wakes{0}, leaves{0};
  std::optional<NodeWatch> watch_;
};

auto told(int rank, Fate fate, int signal) {
  return ::testing::AllOf(::testing::Field(&RankNews::rank, rank), ::testing::Field(&RankNews::fate, fate),
                          ::testing::Field(&RankNews::signal, signal));
}

TEST(Process, IsKnownByItsStartToo) {
  Child const child;
  auto const process = child.process();
  EXPECT_EQ(state_of(process), ProcessState::running);
  EXPECT_EQ(state_of({process.pid, process.start_ticks + 1}), ProcessState::dead);
  child.send(SIGSTOP);
  EXPECT_TRUE(is_met([&] { return state_of(process) == ProcessState::stopped; }));
  child.send(SIGKILL);
  EXPECT_TRUE(is_met([&] { return state_of(process) == ProcessState::dead; }));
}

TEST(Process, TellsTheSignalOfItsEnd) {
  Child const child;
  ProcessHandle const handle(child.process());
  EXPECT_FALSE(handle.is_dead());
  child.send(SIGSEGV);
  EXPECT_TRUE(is_met([&] { return handle.is_dead(); }));
  EXPECT_EQ(handle.fatal_signal(), SIGSEGV);
  EXPECT_FALSE(handle.exit_code().has_value());
  EXPECT_FALSE(process_with(0).has_value());
}

TEST(Process, TellsTheCodeOfItsEnd) {
  int gate[2];
  ASSERT_EQ(::pipe(gate), 0);
  Child const child([&] {
    char byte;
    while (::read(gate[0], &byte, 1) < 0) {
    }
    ::_exit(75);
  });
  ProcessHandle const handle(child.process());
  ASSERT_EQ(::write(gate[1], "x", 1), 1);
  EXPECT_TRUE(is_met([&] { return handle.is_dead(); }));
  EXPECT_EQ(handle.exit_code(), 75);
  EXPECT_EQ(handle.fatal_signal(), 0);
  for (int const end : gate) ::close(end);
}

TEST_F(NodeWatchTest, TheLowestRankHearsOfADeath) {
  Child const first, second;
  watch({{3, own_process()}, {4, first.process()}, {7, second.process()}}, 3, std::nullopt);
  second.send(SIGKILL);
  EXPECT_THAT(next_news(), ElementsAre(told(7, Fate::dead, SIGKILL)));
  EXPECT_GE(wakes, 1);
  EXPECT_THAT(watch_->take_news(), IsEmpty()) << "told once";
}

TEST_F(NodeWatchTest, AnotherRankTakesOverWithAllThatWasNotTold) {
  Child const lower, higher;
  watch({{1, lower.process()}, {2, own_process()}, {3, higher.process()}}, 2, std::nullopt);
  higher.send(SIGKILL);
  ASSERT_TRUE(is_met([&] { return wakes > 0; }));
  EXPECT_THAT(watch_->take_news(), IsEmpty()) << "rank 1 reports";
  lower.send(SIGTERM);
  ASSERT_TRUE(is_met([&] { return wakes > 1; }));
  EXPECT_THAT(watch_->take_news(), ElementsAre(told(3, Fate::dead, SIGKILL), told(1, Fate::dead, SIGTERM)));
}

TEST_F(NodeWatchTest, NewsOfRankZeroAreForEverybody) {
  Child const root, lower;
  watch({{0, root.process()}, {1, lower.process()}, {2, own_process()}}, 2, std::nullopt);
  root.send(SIGKILL);
  EXPECT_THAT(next_news(), ElementsAre(told(0, Fate::dead, SIGKILL)));
}

TEST_F(NodeWatchTest, AStoppedRankIsToldOnceAndAgainAfterItWentOn) {
  auto board = PulseBoard::create(2);
  ASSERT_TRUE(board);
  Child const other([&] { beat(*board, 1); });
  watch({{0, own_process()}, {1, other.process()}}, 0, std::move(board));
  for (int round = 0; round < 2; ++round) {
    other.send(SIGSTOP);
    EXPECT_THAT(next_news(), ElementsAre(told(1, Fate::stopped, 0)));
    other.send(SIGCONT);
    ASSERT_TRUE(is_met([&] { return state_of(other.process()) == ProcessState::running; }));
    ::usleep(50'000);  // some beats of it
  }
}

TEST_F(NodeWatchTest, ARankThatRunsAndDoesNotBeatIsSilent) {
  auto board = PulseBoard::create(2);
  ASSERT_TRUE(board);
  Child const other;
  watch({{0, own_process()}, {1, other.process()}}, 0, std::move(board));
  EXPECT_THAT(next_news(), ElementsAre(told(1, Fate::silent, 0)));
}

TEST_F(NodeWatchTest, LeavingInGoodOrderIsNoNews) {
  auto board = PulseBoard::create(3);
  ASSERT_TRUE(board);
  Child const polite([&] {
    board->slot(1).has_left = 1;
    ::_exit(0);
  });
  Child const other;
  watch({{0, own_process()}, {1, polite.process()}, {2, other.process()}}, 0, std::move(board));
  ASSERT_TRUE(is_met([&] { return state_of(polite.process()) == ProcessState::dead; }));
  other.send(SIGKILL);
  EXPECT_THAT(next_news(), ElementsAre(told(2, Fate::dead, SIGKILL)));
}

TEST_F(NodeWatchTest, LeftoversAreKilledStoppedOnesAtOnce) {
  Child const stopped, running;
  watch({{0, own_process()}, {1, stopped.process()}, {2, running.process()}}, 0, std::nullopt);
  stopped.send(SIGSTOP);
  ASSERT_TRUE(is_met([&] { return state_of(stopped.process()) == ProcessState::stopped; }));
  EXPECT_EQ(watch_->end_leftovers(50ms), 2);
  EXPECT_TRUE(is_met([&] { return state_of(running.process()) == ProcessState::dead; }));
}

TEST_F(NodeWatchTest, MpiThatDoesNotComeBackMakesTheRankLeave) {
  watch({{0, own_process()}}, 0, std::nullopt);
  watch_->enter_mpi();
  watch_->leave_mpi();
  watch_->enter_mpi();
  EXPECT_TRUE(is_met([&] { return leaves > 0; }));
  watch_->leave_mpi();
}

TEST(PulseBoard, IsOpenedByAnotherProcessOrNotAtAll) {
  auto board = PulseBoard::create(2);
  ASSERT_TRUE(board);
  Child const other([parent = ::getpid(), fd = board->fd()] {
    auto opened = PulseBoard::open(parent, fd, 2);
    if (opened) opened->slot(1).beats = 77;
  });
  EXPECT_TRUE(is_met([&] { return board->slot(1).beats == 77; }));
  auto opened = PulseBoard::open(::getpid(), board->fd(), 2);
  ASSERT_TRUE(opened);
  opened->slot(0).beats = 5;
  EXPECT_EQ(board->slot(0).beats, 5u);
  EXPECT_FALSE(PulseBoard::open(::getpid(), board->fd(), 3)) << "of another size";
  EXPECT_FALSE(PulseBoard::open(::getpid(), 0, 2)) << "not such memory";
}

}  // namespace
}  // namespace muster::comm
