// The durable state of a run that is not finished: F.h5.state, F.h5.tiles and F.h5.lock beside F.h5
// (docs/formats/state.md). A kill at any moment leaves the last saved state usable.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "core/error.hpp"
#include "core/tile.hpp"

namespace muster::io {

/// What a run is; fixed from its first save to its last.
struct RunIdentity {
  std::string kind;
  std::string name;
  std::string resolved_text;
  std::string job_hash;  ///< SHA-256 of resolved_text, 64 hex digits
  std::uint64_t seed = 0;
  std::uint64_t arithmetic_version = 0;
  std::string muster_version;
  std::string started_utc;  ///< ISO 8601; of the first start, kept over resumes
};

/// How far a run is; replaced as a whole by every save.
struct RunProgress {
  std::uint32_t epoch = 0;  ///< fencing epoch of the newest commit
  std::vector<TileRange>
      committed;                    ///< sorted, disjoint, not adjacent; exactly the tiles in `sums`
  std::uint64_t stage = 0;          ///< index into Job::stages() of the stage being computed
  std::uint64_t tiles_planned = 0;  ///< end of that stage, for progress displays
  Slots sums;
  std::vector<std::pair<std::string, std::uint64_t>> counters;  ///< name, value; for people
};

/// All that F.h5.state holds.
struct SavedRun {
  RunIdentity identity;
  RunProgress progress;
  std::string saved_utc;        ///< when this state was saved
  std::optional<Exit> verdict;  ///< empty while the run goes on, or was killed
  std::string message;          ///< the error's text when the verdict is one
};

/// Who holds F.h5.lock.
struct LockOwner {
  std::string host;
  std::int64_t pid = 0;
  std::string since_utc;
};

/// The run's files, opened by the one process that writes them (rank 0). Holds the lock for as long
/// as it lives. Not thread safe.
class RunState {
 public:
  /// Starts a run over, whatever lies there of an earlier one (the result file F.h5 itself is left
  /// until write_result replaces it). Throws Error: another process holds the lock (Exit::user, may
  /// help to retry); no space, no permission (Exit::environment).
  static RunState create(std::filesystem::path const& output, RunIdentity identity);
  /// Continues the run saved there. Throws Error (Exit::user): no state, a state of another job or
  /// arithmetic version, a damaged or newer file, a committed tile without its digest.
  static RunState open(std::filesystem::path const& output, std::string const& job_hash,
                       std::uint64_t arithmetic_version);
  ~RunState();
  RunState(RunState&&) noexcept;
  RunState& operator=(RunState&&) noexcept;

  /// As of the last save (or as found by open).
  SavedRun const& saved() const;
  /// Records the digests of a committed lease, in any order of ranges; a range recorded again is
  /// overwritten. Durable after the next save. Throws Error (Exit::environment).
  void commit(TileRange range, std::span<TileDigest const> digests, std::uint32_t epoch);
  /// Makes all commits and `progress` durable: digests first, then the state that counts on them.
  void save(RunProgress progress);
  /// Writes the verdict, last of all. Exit::stopped leaves a run that open() continues; so does
  /// every other verdict but Exit::done, as far as the caller wants to try again.
  void finish(Exit verdict, std::string message = {});
  /// Digests of committed tiles, checked record by record. Throws Error (Exit::user) for a damaged
  /// or missing record.
  void read_digests(std::uint64_t first, std::span<TileDigest> out);
  /// Removes F.h5.state and F.h5.tiles: the result file says it all. Call after finish(Exit::done).
  void discard();

 private:
  struct Files;
  explicit RunState(std::unique_ptr<Files> files);
  std::unique_ptr<Files> files_;
};

/// The saved state, read without the lock, at any moment of a run; empty when there is none.
/// Throws Error (Exit::user) when the file is damaged or of another version.
std::optional<SavedRun> read_saved_run(std::filesystem::path const& output);
/// Who works on this output now, or died doing so; empty when nobody.
std::optional<LockOwner> read_lock_owner(std::filesystem::path const& output);

}  // namespace muster::io
