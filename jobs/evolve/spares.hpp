// Memory of generations that are over, for those to come.
#pragma once

#include <cstddef>
#include <mutex>
#include <utility>
#include <vector>

namespace muster::jobs::evolve {

/// Fresh memory costs a large population more time than what is written to it.
class Spares {
 public:
  /// Of any size and content.
  std::vector<double> take() {
    std::lock_guard const lock(mutex_);
    if (kept_.empty()) return {};
    auto one = std::move(kept_.back());
    kept_.pop_back();
    bytes_ -= bytes_of(one);
    return one;
  }
  void give(std::vector<double>&& one) {
    std::lock_guard const lock(mutex_);
    if (one.empty() || bytes_ + bytes_of(one) > most_bytes) return;
    bytes_ += bytes_of(one);
    kept_.push_back(std::move(one));
  }

 private:
  /// A population of 10^7 has use for its memory while nothing follows it.
  static constexpr std::size_t most_bytes = std::size_t{1} << 30;
  static std::size_t bytes_of(std::vector<double> const& one) { return one.capacity() * sizeof(double); }

  std::mutex mutex_;
  std::vector<std::vector<double>> kept_;
  std::size_t bytes_ = 0;
};

}  // namespace muster::jobs::evolve
