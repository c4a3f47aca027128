// F.h5.lock: one process writes a run's files (docs/formats/state.md).
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "io/run_state.hpp"

namespace muster::io {

/// Holds the lock for as long as it lives. A lock left by a dead process of this host, by this host
/// before its last boot, or by an earlier start of the same Slurm job is taken over.
class RunLock {
 public:
  /// Throws Error: held by another (Exit::user, Retry::may_help), not writable (Exit::environment).
  explicit RunLock(std::filesystem::path path);
  RunLock(RunLock const&) = delete;
  RunLock& operator=(RunLock const&) = delete;
  ~RunLock();

 private:
  std::filesystem::path path_;
  std::string text_;  ///< the lock is ours for as long as it says this
};

/// What a lock file says; a file that says nothing sensible has an empty host.
std::optional<LockOwner> read_lock(std::filesystem::path const& path);

}  // namespace muster::io
