// F.h5.lock: one process writes a run's files (docs/formats/state.md).
#pragma once

#include <filesystem>
#include <optional>
#include <string>

#include "io/file_descriptor.hpp"
#include "io/lock_owner.hpp"

namespace muster::io {

/// Whose lock may be taken: one whose owner is gone (is_gone), or anybody's. The epoch keeps the
/// files safe either way; the lock is there so that nobody starts a run twice by mistake.
enum class TakeOver { from_the_dead, from_anyone };

/// Holds the lock for as long as it lives.
class RunLock {
 public:
  /// Throws Error: held by another (Exit::user, Retry::may_help), not writable (Exit::environment).
  explicit RunLock(std::filesystem::path path, TakeOver take_over = TakeOver::from_the_dead);
  RunLock(RunLock const&) = delete;
  RunLock& operator=(RunLock const&) = delete;
  ~RunLock();

  OwnerRecord const& owner() const { return owner_; }
  /// Says that the owner lives: changes the lock's time, on the file server's clock. From any
  /// thread; about once a second.
  void beat() const;

 private:
  std::filesystem::path path_;
  OwnerRecord owner_;
  std::string text_;   ///< the lock is ours for as long as it says this
  FileDescriptor fd_;  ///< of our own lock, whatever has its name by now
};

/// What a lock file says, and how long ago its owner said that it lives.
struct LockReading {
  OwnerRecord owner;  ///< an empty host: the file says nothing sensible
  double silent_s = 0;
};
/// Nothing when there is no lock.
std::optional<LockReading> read_lock(std::filesystem::path const& path);

}  // namespace muster::io
