// Waiting for something only polling can tell: spins for microseconds, then yields, then sleeps.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>

namespace muster::comm {

/// Paces one waiting thread. Under load an answer is seen within microseconds; a long wait costs
/// well under 1 % of a core (sleeps grow to `longest`; one look through MPI costs some 20 us).
class Backoff {
 public:
  using Clock = std::chrono::steady_clock;
  /// Starts a new wait.
  void restart();
  /// Pauses once, never past `until`; `longest` bounds the sleep (work in flight needs shorter
  /// ones).
  void pause(Clock::time_point until, std::chrono::microseconds longest = longest_sleep);
  /// Ends a pause that sleeps. Any thread. The next take_wake() says true.
  void wake();
  /// Has wake() been called since the last time this was asked?
  bool take_wake();

  static constexpr std::chrono::microseconds longest_sleep{10'000};

 private:
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
