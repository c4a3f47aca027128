#include "comm/backoff.hpp"

#include <sched.h>

#include <algorithm>

namespace muster::comm {
namespace {
constexpr std::chrono::microseconds spin_for{10};
constexpr std::chrono::microseconds yield_for{300};
constexpr std::chrono::microseconds first_sleep{50}, first_calm_sleep{1'000};
constexpr std::chrono::microseconds longest_sleep{10'000}, longest_calm_sleep{25'000};
}  // namespace

void Backoff::restart() {
  started_ = Clock::now();
  sleep_ = std::chrono::microseconds{0};
}

void Backoff::pause(Clock::time_point until) {
  pause(until, pace_ == Pace::calm ? longest_calm_sleep : longest_sleep);
}

void Backoff::pause(Clock::time_point until, std::chrono::microseconds longest) {
  auto const now = Clock::now();
  bool const is_calm = pace_ == Pace::calm;
  auto const first = is_calm ? first_calm_sleep : first_sleep;
  if (!is_calm && now - started_ < spin_for) return relax_cpu();
  if (!is_calm && now - started_ < yield_for) {
    // Gives the core to a compute thread or another rank of an oversubscribed machine.
    sched_yield();
    return;
  }
  sleep_ = std::min(longest, std::max(first, sleep_ * 2));
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
