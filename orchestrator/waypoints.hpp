// Waypoints of a run in steps, kept few and small: evenly spaced over what has been run, whatever that becomes.
#pragma once

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "core/tile.hpp"

namespace muster::orchestrator {

class Waypoints {
 public:
  static constexpr std::size_t most = 16;
  static constexpr std::size_t most_words = std::size_t{8} << 20;  ///< of all together

  Waypoints() = default;
  /// Of a run that goes on.
  explicit Waypoints(std::vector<Waypoint> kept) : kept_(std::move(kept)) {
    if (kept_.size() > 1) spacing_ = kept_.back().stage - kept_[kept_.size() - 2].stage;
  }

  std::vector<Waypoint> const& kept() const { return kept_; }
  /// Before the tiles of `stage`; `words` gives what is carried into it, where that is wanted.
  template <class Words>
  void pass(std::uint64_t stage, Words const& words) {
    if (is_off_ || stage < (kept_.empty() ? 1 : kept_.back().stage + spacing_)) return;
    kept_.push_back({stage, words()});
    // One alone would be of no use.
    auto const size = kept_.back().words.size();
    is_off_ = size == 0 || 2 * size > most_words;
    while (kept_.size() > most || (kept_.size() > 1 && count_words() > most_words)) thin();
    if (is_off_) kept_.clear();
  }

 private:
  std::size_t count_words() const {
    std::size_t words = 0;
    for (auto const& one : kept_) words += one.words.size();
    return words;
  }
  /// Every second goes, the last one first.
  void thin() {
    std::vector<Waypoint> left;
    for (std::size_t i = 0; i < kept_.size(); i += 2) left.push_back(std::move(kept_[i]));
    kept_ = std::move(left);
    spacing_ *= 2;
  }

  std::vector<Waypoint> kept_;
  std::uint64_t spacing_ = 1;
  bool is_off_ = false;
};

}  // namespace muster::orchestrator
