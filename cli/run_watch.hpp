// What rank 0 does beside computing: says every second that it lives, and looks for `muster stop`.
#pragma once

#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "io/run_state.hpp"
#include "io/stop_request.hpp"

namespace muster::cli {

/// A thread of its own, for a slow file system must not hold up the messages. `state` outlives it.
class RunWatch {
 public:
  RunWatch(io::RunState const& state, std::filesystem::path output);
  RunWatch(RunWatch const&) = delete;
  RunWatch& operator=(RunWatch const&) = delete;
  ~RunWatch();

  /// Who asked for the stop: "a signal", "the launcher", "muster stop (process 12 on login1)".
  std::string asked_by() const;

 private:
  void watch();

  io::RunLock const& lock_;
  std::filesystem::path output_;
  mutable std::mutex mutex_;
  std::condition_variable wake_;
  bool is_over_ = false;
  std::optional<io::StopRequest> request_;
  std::thread thread_;  // last: started when all else is there
};

}  // namespace muster::cli
