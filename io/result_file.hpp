// The result file F.h5: what a finished run leaves (docs/formats/result.md).
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "core/error.hpp"
#include "core/table.hpp"
#include "core/tile.hpp"

namespace muster::io {

/// All of a result but its tile digests, which may be many and are streamed.
struct Result {
  std::string kind;           ///< "price"
  std::string name;           ///< the job's name
  std::string resolved_text;  ///< canonical TOML; all that the answer depends on
  std::string job_hash;       ///< SHA-256 of resolved_text, 64 hex digits
  std::uint64_t seed = 0;
  std::uint64_t arithmetic_version = 0;
  std::string muster_version;  ///< "0.1.0"
  std::string git_sha;         ///< empty outside a git checkout
  std::string topology_json;   ///< what `muster topology --json` prints, of the run's ranks
  std::string devices;         ///< one line a device
  std::string device_kind;     ///< "NVIDIA H200", "CPU": the one its bits are of; empty where all kinds have the same
  std::string plan_json;       ///< what was planned, expected and measured; empty in files of version 1.0
  std::uint64_t ranks = 1;
  std::string execution_json = "{}";  ///< how it was computed: seconds, counters, shares and memory of the ranks
  std::string started_utc;  ///< ISO 8601, "2026-01-31T09:30:00Z"
  std::string ended_utc;
  std::string stop_rule;  ///< sentence on why the run ended where it did
  Exit verdict = Exit::done;
  std::vector<Table> tables;
  Slots sums;
  std::vector<Waypoint> waypoints = {};  ///< of a job in steps: where its stages can be begun with
  std::uint64_t tiles = 0;    ///< number of tiles summed: [0, tiles)
  std::string result_digest;  ///< 64 hex digits; filled by write_result
};

/// Fills `out` with the digests of tiles [first, first + out.size()).
using DigestSource = std::function<void(std::uint64_t first, std::span<TileDigest> out)>;

/// Writes the file in one step (see atomic_file.hpp) and returns the result digest. Memory does not
/// grow with the number of tiles. Throws Error (Exit::environment) for disk and permission,
/// Exit::bug for a result no reader would accept (bad names, columns of unequal length, hash of
/// another text). `last_look` may prevent it at the last moment (AtomicFile::commit).
std::string write_result(std::filesystem::path const& path, Result const& result,
                         DigestSource const& digests,
                         std::function<void()> const& last_look = {});

/// A result opened for reading. The constructor checks structure and checksum of the whole file
/// before it believes a number; whatever is wrong is one Error (Exit::user).
class ResultFile {
 public:
  explicit ResultFile(std::filesystem::path const& path);
  ~ResultFile();
  ResultFile(ResultFile&&) noexcept;
  ResultFile& operator=(ResultFile&&) noexcept;

  Result const& result() const;
  std::filesystem::path const& path() const;
  /// Digests of tiles [first, first + out.size()), which must lie inside [0, result().tiles).
  void read_digests(std::uint64_t first, std::span<TileDigest> out) const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// ResultFile(path).result() for callers that need no digests.
Result read_result(std::filesystem::path const& path);

}  // namespace muster::io
