// The whole `muster run` of a small job, in a process of its own that can be ended at any of its
// calls that change files.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace muster::cli {

/// What a child is to die of.
struct Doom {
  int kill_point = -1;      ///< three a call: before it, in the middle of what it writes, after it; -1: none
  bool is_stopped = false;  ///< asks itself to stop once tiles are saved, as SIGTERM would
};

/// How a child ended, and what it had promised by then.
struct Ended {
  int code = 0;                ///< its exit code; -1 when it was killed
  int calls = 0;               ///< that changed files
  int state_reads = 0;         ///< times a saved state was opened
  std::uint64_t promised = 0;  ///< tiles in states and results that had got their names
  std::string said;            ///< on stdout and stderr

  bool was_killed() const { return code < 0; }
};

/// `muster WORDS`, forked. With a kill point it ends by SIGKILL there, if it comes so far.
Ended run_whole(std::vector<std::string> const& words, std::filesystem::path const& output, Doom const& doom = {});

/// `muster run` of 24 tiles of some 5 ms each, saved ten times a second.
std::vector<std::string> run_words(std::filesystem::path const& output, std::vector<std::string> const& more = {});

/// What lies at an output, read without changing it.
struct Found {
  std::uint64_t tiles = 0;  ///< committed
  bool is_begun = false;    ///< there is a state or a result of run_words()' job
};
Found found_at(std::filesystem::path const& output, std::string const& job_hash);

/// Runs `words` to their end and checks that nothing is lost, repeated, unreadable or left over: `found` is
/// what lay there. `digest` is an undisturbed run's.
void expect_resumed(std::vector<std::string> const& words, std::filesystem::path const& output, Found const& found,
                    std::string const& digest);

/// One point in so many is tried: MUSTER_EVERY, or `sample`.
int stride(int sample);

}  // namespace muster::cli
