// How a run tells people how far it is.
#pragma once

#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "worker/device_memory.hpp"

namespace muster::orchestrator {

struct RankShare {
  int rank = 0;
  std::string host;
  std::uint64_t tiles = 0;  ///< committed from this rank in this run
  double busy_seconds = 0;  ///< compute time over all its consumers
  std::uint32_t consumers = 0;  ///< its GPUs, or compute threads; 0: not heard of
  std::vector<worker::DeviceUse> devices = {};  ///< what became of their memory, at the end of the run
};

struct Progress {
  std::uint64_t done_tiles = 0;   ///< committed, earlier runs included
  std::uint64_t stage_tiles = 0;  ///< end of the stage being computed
  std::uint64_t last_tiles = 0;   ///< end of the last stage: more is never computed
  double elapsed_s = 0;           ///< of this run
  double units_per_s = 0;         ///< of this run, in the job's work unit
  double eta_s = -1;              ///< to the end of the stage; below 0: not known yet
  std::string_view unit;          ///< "path-steps"
  std::string_view item = {};     ///< counted besides: "evaluations"; empty: nothing
  double items_per_s = 0;
  std::string_view note = {};     ///< what the job tells of itself: "generation 3 of 50, best 1.32"
  std::span<RankShare const> ranks;
};

/// Called by rank 0's message thread.
class ProgressSink {
 public:
  virtual ~ProgressSink() = default;
  /// Every DriverOptions::progress_interval_s.
  virtual void update(Progress const& progress) = 0;
  /// Once, when the run has ended, however it ended.
  virtual void finish(Progress const& progress) = 0;
};

class SilentProgress : public ProgressSink {
 public:
  void update(Progress const&) override {}
  void finish(Progress const&) override {}
};

/// One updating line where `stream` is a terminal, else a plain line every `line_interval_s` of run
/// time.
std::unique_ptr<ProgressSink> make_terminal_progress(std::FILE* stream = stderr,
                                                     double line_interval_s = 10);

/// "512/1,024 tiles 50.0 %  3.2e+09 path-steps/s  ETA 12 s  ranks 26 25 25 24 %", at most `width`
/// bytes.
std::string format_progress(Progress const& progress, std::size_t width);

}  // namespace muster::orchestrator
