#include "cli/signals.hpp"

#include <csignal>
#include <initializer_list>

namespace muster::cli {
namespace {

std::atomic<bool> stop{false};
static_assert(std::atomic<bool>::is_always_lock_free, "a signal handler may only touch a lock-free flag");

extern "C" void on_stop_signal(int) { stop.store(true, std::memory_order_relaxed); }

}  // namespace

void catch_stop_signals() {
  struct sigaction action {};
  action.sa_handler = on_stop_signal;
  action.sa_flags = static_cast<int>(SA_RESETHAND);  // impatient users get the default the second time
  sigemptyset(&action.sa_mask);
  for (int const signal : {SIGINT, SIGTERM, SIGUSR1, SIGUSR2}) sigaction(signal, &action, nullptr);
  // A closed stdout and a limit on the size of files are errors with a message, not deaths.
  std::signal(SIGPIPE, SIG_IGN);
  std::signal(SIGXFSZ, SIG_IGN);
}

std::atomic<bool> const& stop_requested() { return stop; }

void request_stop() { stop.store(true, std::memory_order_relaxed); }

}  // namespace muster::cli
