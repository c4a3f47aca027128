// What a loss of power may leave of files: from a record of the calls that changed them, every
// state that POSIX allows.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "io/steps.hpp"

namespace muster::io {

/// The files of one directory: name to content.
using Snapshot = std::map<std::string, std::string>;

/// Records calls that change files of `directory` (others are passed over).
class CrashRecorder : public StepWatcher {
 public:
  explicit CrashRecorder(std::filesystem::path directory) : directory_(std::move(directory)) {}
  void after(Step const& step) override;

  struct Call {
    Step::Kind kind;
    int file = -1;         ///< which of the files made so far
    std::string name, to;  ///< inside the directory
    std::string bytes;     ///< of a write
    std::uint64_t offset = 0;
  };
  std::vector<Call> const& calls() const { return calls_; }

 private:
  std::filesystem::path directory_;
  std::vector<Call> calls_;
  std::map<int, int> file_of_fd_;
  int files_ = 0;
};

/// Calls `visit(calls_made, durable, crashed)` for states that a crash right after each call may
/// leave of a directory that held `before`, each different content once for each call: every subset
/// of the changes of names since the directory was synced last, and of each file's unsynced bytes
/// none, all, every one of the writes missing or alone, torn at sectors, `random_variants` random
/// choices of sectors. `durable` is what the calls so far promise to survive.
void for_each_crash_state(std::vector<CrashRecorder::Call> const& calls, Snapshot const& before,
                          int random_variants,
                          std::function<void(std::size_t calls_made, Snapshot const& durable,
                                             Snapshot const& crashed)> const& visit);

/// The files of `directory` as they are.
Snapshot taken(std::filesystem::path const& directory);
/// Makes `directory` hold these files and no others.
void restore(Snapshot const& snapshot, std::filesystem::path const& directory);
/// The same, as the machine finds it after it has started again, an hour later.
void wake_with(Snapshot const& snapshot, std::filesystem::path const& directory);

}  // namespace muster::io
