#include "comm/backoff.hpp"

#include <sched.h>

#include <algorithm>

namespace muster::comm {
namespace {
constexpr std::chrono::microseconds spin_for{10};
constexpr std::chrono::microseconds yield_for{300};
constexpr std::chrono::microseconds first_sleep{50};
}  // namespace

void Backoff::restart() {
  started_ = Clock::now();
  sleep_ = std::chrono::microseconds{0};
}

void Backoff::pause(Clock::time_point until, std::chrono::microseconds longest) {
  auto const now = Clock::now();
  if (now - started_ < spin_for) return relax_cpu();
  if (now - started_ < yield_for) {
    // Gives the core to a compute thread or another rank of an oversubscribed machine.
    sched_yield();
    return;
  }
  sleep_ = std::min(longest, std::max(first_sleep, sleep_ * 2));
  std::unique_lock lock(mutex_);
  sleeping_.wait_until(lock, std::min(until, now + sleep_),
                       [this] { return woken_.load(std::memory_order_relaxed); });
}

void Backoff::wake() {
  if (woken_.exchange(true)) return;
  std::lock_guard lock(mutex_);
  sleeping_.notify_one();
}

bool Backoff::take_wake() {
  return woken_.load(std::memory_order_relaxed) && woken_.exchange(false);
}

}  // namespace muster::comm
