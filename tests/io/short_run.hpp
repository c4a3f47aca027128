// A short run of one process with real files and made-up tiles.
#pragma once

#include <filesystem>
#include <string>

#include "io/result_file.hpp"
#include "io/run_state.hpp"
#include "samples.hpp"

namespace muster::io {

constexpr std::uint64_t tiles_in_run = 24;
constexpr std::uint64_t tiles_in_lease = 4;

/// Sums are a function of the committed tiles, as in a real run.
inline Slots sums_of(std::vector<TileRange> const& committed) {
  Slots sums{0};
  for (TileRange const& range : committed)
    for (std::uint64_t tile = range.first; tile < range.end(); ++tile)
      sums[0] += static_cast<std::int64_t>(tile * tile + 1);
  return sums;
}

/// From what is saved to the end; leases are committed out of order and saved in pairs.
inline void run_to_the_end(RunState state, std::filesystem::path const& output) {
  RunProgress progress = state.saved().progress;
  EXPECT_EQ(progress.sums, progress.committed.empty() ? Slots{} : sums_of(progress.committed));
  ++progress.epoch;
  std::uint64_t first = progress.committed.empty() ? 0 : progress.committed[0].end();
  while (first < tiles_in_run) {
    for (std::uint64_t const start : {first + tiles_in_lease, first}) {
      std::vector<TileDigest> digests(tiles_in_lease);
      sample_digests(start, digests);
      state.commit({start, tiles_in_lease}, digests, progress.epoch);
    }
    first += 2 * tiles_in_lease;
    progress.committed = {{0, first}};
    progress.sums = sums_of(progress.committed);
    state.save(progress);
  }
  Result result = sample_result(tiles_in_run);
  result.sums = progress.sums;
  write_result(output, result, [&](std::uint64_t start, std::span<TileDigest> out) {
    state.read_digests(start, out);
  });
  state.finish(Exit::done);
  state.discard();
}

inline void start_fresh(std::filesystem::path const& output) {
  run_to_the_end(RunState::create(output, sample_identity()), output);
}

/// What another start of the same command does.
inline void run_again(std::filesystem::path const& output) {
  auto const saved = read_saved_run(output);
  if (saved && saved->identity.job_hash == sample_identity().job_hash)
    run_to_the_end(RunState::open(output, sample_identity().job_hash, 3), output);
  else if (std::filesystem::exists(output))
    remove_leftovers_of_run(output, sample_identity().job_hash);
  else
    start_fresh(output);
}

}  // namespace muster::io
