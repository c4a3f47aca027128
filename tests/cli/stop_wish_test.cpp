// Which stops are wanted, and whose signal it was.
#include <gtest/gtest.h>

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>

#include "cli/signals.hpp"
#include "cli/stop_wish.hpp"

namespace muster::cli {
namespace {

TEST(StopWish, MpirunsOwnIsNobodys) {
  auto const message = stop_message(asked_by_launcher);
  EXPECT_EQ(wish_of(message, Launcher::mpirun), StopWish::unasked);
  EXPECT_EQ(wish_of(message, Launcher::srun), StopWish::unclear) << "it passes on what a preemption sends";
}

TEST(StopWish, ASignalMayBeAnybodys) {
  for (auto const launcher : {Launcher::mpirun, Launcher::srun})
    EXPECT_EQ(wish_of(stop_message(asked_by_signal), launcher), StopWish::unclear);
}

TEST(StopWish, WhoeverGivesANameAsks) {
  for (auto const* message : {"stopped on request of muster stop (process 12 on login1)", "stopped as asked", ""})
    EXPECT_EQ(wish_of(message, Launcher::mpirun), StopWish::asked) << message;
}

enum class Sender { parent, itself };

/// Whether a process that gets this signal takes it for its parent's wish to end it.
bool takes_for_parents(int signal, Sender sender) {
  std::array<int, 2> ready{};
  EXPECT_EQ(::pipe(ready.data()), 0);
  pid_t const child = ::fork();
  if (child == 0) {
    catch_stop_signals();
    if (sender == Sender::itself) ::kill(::getpid(), signal);
    [[maybe_unused]] auto const told = ::write(ready[1], "", 1);
    while (!stop_requested()) ::usleep(1000);
    ::_exit(is_ended_by_parent() ? 1 : 0);
  }
  char nothing = 0;
  EXPECT_EQ(::read(ready[0], &nothing, 1), 1);
  if (sender == Sender::parent) ::kill(child, signal);
  for (int const end : ready) ::close(end);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  return WEXITSTATUS(status) == 1;
}

TEST(StopSignals, TheParentsSigtermEnds) { EXPECT_TRUE(takes_for_parents(SIGTERM, Sender::parent)); }

TEST(StopSignals, WhatTheParentPassesOnAsks) {
  for (int const signal : {SIGINT, SIGUSR1, SIGUSR2}) EXPECT_FALSE(takes_for_parents(signal, Sender::parent)) << signal;
}

TEST(StopSignals, ASigtermOfAnotherAsks) { EXPECT_FALSE(takes_for_parents(SIGTERM, Sender::itself)); }

}  // namespace
}  // namespace muster::cli
