// A launcher and the ranks it started, as seen from outside.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/process.hpp"

namespace muster::cli {

/// mpirun or srun as a child, in a process group of its own. Its ranks on this machine are known by
/// a mark in their environment, so that none is ever left behind.
class Launched {
 public:
  static constexpr char const* mark_name = "MUSTER_SUPERVISOR";

  /// Throws Error (Exit::environment) when the launcher cannot be started.
  Launched(std::vector<std::string> const& line, std::string mark);
  ~Launched();
  Launched(Launched const&) = delete;
  Launched& operator=(Launched const&) = delete;

  /// The launcher has ended. Passes on what was said on stderr until now.
  bool has_ended();
  /// Up to `limit`, until something is said, or the launcher or rank 0 has ended.
  void wait(std::chrono::milliseconds limit) const;
  /// What the ranks have said on stdout: whoever reads it wants one answer, not one of each start.
  std::string const& said() const { return said_; }
  /// To the launcher, which passes it on to the ranks.
  void send(int signal);
  /// Rank 0, once it has appeared on this machine.
  std::optional<ProcessHandle> const& root() const { return root_; }
  /// That rank, seen here and alive, is rank 0 from now on; false when it is none.
  bool follow(pid_t pid);
  /// Looks for ranks of this machine, some twenty times a second whatever it is called.
  void look();
  /// The launcher has complained as it does when a rank ends anyhow, on whatever machine.
  bool has_complained() const { return has_complained_; }
  /// UUIDs of GPUs that ranks have said to have lost.
  std::set<std::string> const& lost_gpus() const { return lost_gpus_; }
  /// A rank that was seen here and has ended.
  ProcessHandle const* lost_rank() const;
  /// A rank that was seen here is stopped by a signal.
  bool has_stopped_rank() const;
  /// Kills ranks and launcher, and does not return before they are gone.
  void end();

 private:
  std::vector<ProcessId> ranks_here() const;
  void end_ranks();
  void wait_for_launcher(std::chrono::milliseconds limit);
  void relay();
  void pass_lines_on(bool is_end);

  std::string const mark_;
  pid_t pid_ = -1;
  std::optional<ProcessHandle> launcher_;
  bool is_over_ = false, has_complained_ = false;
  int stdout_ = -1, stderr_ = -1;
  bool has_stdout_ended_ = false, has_stderr_ended_ = false;
  std::string said_, complaints_;
  std::set<std::string> lost_gpus_;
  std::optional<ProcessHandle> root_;
  std::vector<ProcessHandle> seen_;
  std::chrono::steady_clock::time_point next_look_{};
};

}  // namespace muster::cli
