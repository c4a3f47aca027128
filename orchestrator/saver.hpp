// Saves of a run, made beside it: encoding and writing may take longer than a stage, and no rank waits for them.
#pragma once

#include <chrono>
#include <cstdint>
#include <future>
#include <span>
#include <vector>

#include "jobs/steps.hpp"
#include "orchestrator/persistence.hpp"

namespace muster::orchestrator {

/// Has one save under way at most. Digests that are committed meanwhile wait for its end, so that `persistence` is in one call
/// at a time. What it throws is thrown here, by the next call after the save's end; then it is of no more use.
class Saver {
 public:
  /// `steps`: of a job that has them, else null.
  Saver(Persistence& persistence, jobs::Steps const* steps) : persistence_(persistence), steps_(steps) {}
  /// Saves `progress` and what is carried (null: nothing); it is durable once settle() has returned, or is_busy() said no.
  void begin(Saved progress, jobs::CarryPtr carry);
  void record(TileRange range, std::span<TileDigest const> digests, std::uint32_t epoch);
  bool is_busy();
  void settle();
  /// Of encoding and writing, of the last save that ended.
  double seconds() const { return seconds_; }
  /// Since it ended.
  double idle_seconds() const { return std::chrono::duration<double>(Clock::now() - ended_).count(); }

 private:
  using Clock = std::chrono::steady_clock;
  struct Digests {
    TileRange range;
    std::vector<TileDigest> of_tiles;
    std::uint32_t epoch;
  };

  Persistence& persistence_;
  jobs::Steps const* steps_;
  std::vector<Digests> waiting_;
  double seconds_ = 0;
  Clock::time_point ended_ = Clock::now();
  std::future<double> under_way_;  // last: its thread uses the rest, and is waited for
};

}  // namespace muster::orchestrator
