// Processes of this machine: who they are, whether they run, ending them; and where this one is.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

namespace muster {

/// A process by more than its number, which the system gives out again.
struct ProcessId {
  pid_t pid = 0;
  std::uint64_t start_ticks = 0;  ///< field 22 of /proc/PID/stat; 0 = not known
  bool operator==(ProcessId const&) const = default;
};

enum class ProcessState {
  running,
  stopped,  ///< by a signal or a debugger
  dead,     ///< gone, or a zombie
};

ProcessId own_process();
/// Which process has that number now; nullopt: none, or it may not be looked at.
std::optional<ProcessId> process_with(pid_t pid);
/// Reads /proc; a number that was given out again is dead.
ProcessState state_of(ProcessId const& process);
/// "unknown" where the system does not say.
std::string host_name();
/// Path of this program's file; empty where /proc does not say.
std::string own_program();
/// The namespace this process's numbers belong to, "pid:[4026531836]"; empty: not known.
std::string pid_namespace();

/// Hears of the end of one process (pidfd_open), without being its parent.
class ProcessHandle {
 public:
  explicit ProcessHandle(ProcessId process);
  ~ProcessHandle();
  ProcessHandle(ProcessHandle&& other) noexcept;
  ProcessHandle& operator=(ProcessHandle&& other) noexcept;

  /// Readable once the process has ended; -1 where the system has no pidfd, then is_dead() asks /proc.
  int fd() const { return fd_; }
  bool is_dead() const;
  ProcessId const& process() const { return process_; }
  /// SIGKILL; false when it has ended before or may not be killed.
  bool kill() const;
  /// The signal that ended it; 0: none, or nobody can say any more.
  int fatal_signal() const;
  /// With what it ended by itself; nullopt: it did not, or nobody can say any more.
  std::optional<int> exit_code() const;

 private:
  std::optional<int> wait_status() const;

  ProcessId process_;
  int fd_ = -1;
};

/// Whether somebody else ended a process with this signal, as far as one can tell: a SIGKILL, SIGTERM or SIGINT, and
/// memory had not run out.
bool is_killed_from_outside(int signal, std::uint64_t out_of_memory_kills);
/// Times the system's memory limit has killed in this process's cgroup, so far; 0 also where it cannot be read.
std::uint64_t out_of_memory_kills();

}  // namespace muster
