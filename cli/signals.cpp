#include "cli/signals.hpp"

#include <unistd.h>

#include <csignal>
#include <initializer_list>

namespace muster::cli {
namespace {

std::atomic<bool> stop{false};
std::atomic<bool> is_parents{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may only touch a lock-free flag");

std::atomic<unsigned> signs{0};
constexpr unsigned starting_limit_s = 5;

/// The first one's sender is kept.
extern "C" void on_stop_signal(int signal, siginfo_t* about, void*) {
  bool const is_to_end = signal == SIGTERM && about->si_pid == ::getppid();
  if (is_to_end && !stop.load(std::memory_order_relaxed)) is_parents.store(true, std::memory_order_relaxed);
  stop.store(true, std::memory_order_release);
}
extern "C" void on_end_sign(int) { signs.fetch_add(1, std::memory_order_relaxed); }
extern "C" void on_stop_and_end_sign(int) {
  stop.store(true, std::memory_order_relaxed);
  signs.fetch_add(1, std::memory_order_relaxed);
}
/// SIGALRM ends the process.
extern "C" void on_end_while_starting(int) { ::alarm(starting_limit_s); }

void catch_with(void (*handler)(int), std::initializer_list<int> signals) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = SA_RESTART;
  sigemptyset(&action.sa_mask);
  for (int const signal : signals) sigaction(signal, &action, nullptr);
}

}  // namespace

void catch_stop_signals() {
  struct sigaction action {};
  action.sa_sigaction = on_stop_signal;
  action.sa_flags = static_cast<int>(SA_SIGINFO | SA_RESETHAND);  // impatient users get the default the second time
  sigemptyset(&action.sa_mask);
  for (int const signal : {SIGINT, SIGTERM, SIGUSR1, SIGUSR2}) sigaction(signal, &action, nullptr);
  // A closed stdout and a limit on the size of files are errors with a message, not deaths.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

void expect_end_while_starting() { catch_with(on_end_while_starting, {SIGCONT, SIGTERM}); }

void count_end_signs() {
  ::alarm(0);
  catch_with(on_end_sign, {SIGCONT});
  catch_with(on_stop_and_end_sign, {SIGTERM});
}

std::atomic<unsigned> const& end_signs() { return signs; }

std::atomic<bool> const& stop_requested() { return stop; }

bool is_ended_by_parent() { return stop.load(std::memory_order_acquire) && is_parents.load(std::memory_order_relaxed); }

void request_stop() { stop.store(true, std::memory_order_relaxed); }

}  // namespace muster::cli
