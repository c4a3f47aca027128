// Waiting for something only polling can tell: spins for microseconds, then yields, then sleeps.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

#include "comm/transport.hpp"

namespace muster::comm {

/// Paces one waiting thread. Under load an answer is seen within microseconds; a long wait costs
/// well under 1 % of a core (sleeps grow; one look through MPI costs some 20 us).
class Backoff {
 public:
  using Clock = std::chrono::steady_clock;
  /// Starts a new wait.
  void restart();
  void set_pace(Pace pace) { pace_ = pace; }
  /// Pauses once, never past `until`.
  void pause(Clock::time_point until);
  /// The same with a bound on the sleep: work in flight needs shorter ones.
  void pause(Clock::time_point until, std::chrono::microseconds longest);
  /// Ends a pause that sleeps. Any thread. The next take_wake() says true.
  void wake();
  /// Has wake() been called since the last time this was asked?
  bool take_wake();

 private:
  Pace pace_ = Pace::eager;
  Clock::time_point started_ = Clock::now();
  std::chrono::microseconds sleep_{0};
  std::atomic<bool> woken_ = false;
  std::mutex mutex_;
  std::condition_variable sleeping_;
};

/// A few cycles of rest inside a spin loop.
inline void relax_cpu() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace muster::comm
