// The durable state of a run that is not finished: F.h5.state.<epoch>.<sequence>,
// F.h5.tiles.<epoch> and F.h5.lock beside F.h5 (docs/formats/state.md). A kill at any moment leaves
// the last saved state usable.
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
#include "io/run_files.hpp"
#include "io/run_lock.hpp"

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
  /// The kind of device it computes on, "NVIDIA H200" or "CPU", where the job has its bits on one kind only; else empty.
  std::string device_kind = {};
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
  Slots carry = {};  ///< of a job in steps: what the tiles of the stage need, encoded
  std::vector<Waypoint> waypoints = {};
};

/// Tiles in `progress.committed`.
std::uint64_t committed_tiles(RunProgress const& progress);

/// All that a state holds.
struct SavedRun {
  RunIdentity identity;
  RunProgress progress;
  std::string saved_utc;        ///< when this state was saved
  std::optional<Exit> verdict;  ///< empty while the run goes on, or was killed
  std::string message;          ///< the error's text when the verdict is one
  StateNumber number = {};      ///< in the name of its file
};

/// The run's files, opened by the one process that writes them (rank 0). Holds the lock for as long
/// as it lives. Every start has an epoch of its own and writes only files that bear it; once
/// another start has a newer one, this one writes nothing more and throws Error (Exit::stopped).
/// Not thread safe.
class RunState {
 public:
  /// Starts a run over, whatever lies there of an earlier one (the result file F.h5 itself is left
  /// until write_result replaces it). Throws Error: another process holds the lock (Exit::user, may
  /// help to retry); no space, no permission (Exit::environment).
  static RunState create(std::filesystem::path const& output, RunIdentity identity,
                         TakeOver take_over = TakeOver::from_the_dead);
  /// Continues the run saved there. Throws Error (Exit::user): no state, a state of another job or
  /// arithmetic version, a damaged or newer file, a committed tile without its digest. `known`: what
  /// was read of it before; it is read again only where there is a newer state by now.
  static RunState open(std::filesystem::path const& output, std::string const& job_hash,
                       std::uint64_t arithmetic_version,
                       TakeOver take_over = TakeOver::from_the_dead,
                       std::optional<SavedRun> known = std::nullopt);
  ~RunState();
  RunState(RunState&&) noexcept;
  RunState& operator=(RunState&&) noexcept;

  /// As of the last save (or as found by open).
  SavedRun const& saved() const;
  /// This start's own.
  std::uint32_t epoch() const;
  /// Whose heartbeat says that the run lives; lives as long as the state.
  RunLock const& lock() const;
  /// Records the digests of a committed lease, in any order of ranges; a range recorded again is
  /// overwritten. Durable after the next save. Throws Error (Exit::environment).
  void commit(TileRange range, std::span<TileDigest const> digests, std::uint32_t epoch);
  /// Makes all commits and `progress` durable: digests first, then the state that counts on them.
  void save(RunProgress progress);
  /// Looks whether another start has taken over: before the result gets its name, say.
  /// Throws Error (Exit::stopped) when one has.
  void require_still_ours();
  /// Writes the verdict, last of all, and takes the stop request away. Exit::stopped leaves a run
  /// that open() continues; so does every other verdict but Exit::done, as far as the caller wants
  /// to try again. Writes nothing once another start has taken over: the verdict is its to give.
  void finish(Exit verdict, std::string message = {});
  /// Digests of committed tiles, checked record by record. Throws Error (Exit::user) for a damaged
  /// or missing record.
  void read_digests(std::uint64_t first, std::span<TileDigest> out);
  /// Removes states and digests: the result file says it all. Call after finish(Exit::done).
  void discard();

 private:
  struct Files;
  explicit RunState(std::unique_ptr<Files> files);
  std::unique_ptr<Files> files_;
};

/// The newest saved state, read without the lock, at any moment of a run; empty when there is none.
/// Throws Error (Exit::user) when the file is damaged or of another version.
std::optional<SavedRun> read_saved_run(std::filesystem::path const& output);
/// Who holds F.h5.lock, alive or not; empty when nobody does.
std::optional<LockOwner> read_lock_owner(std::filesystem::path const& output);
/// Removes what a run that was killed after its result was complete has left beside it: states with
/// this hash, digests, temporary files. Throws as RunState::create does.
void remove_leftovers_of_run(std::filesystem::path const& output, std::string const& job_hash);

}  // namespace muster::io
