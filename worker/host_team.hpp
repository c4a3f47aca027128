// Several CPU threads as one runner: what takes the place of a device that has no memory left.
#pragma once

#include <memory>
#include <vector>

#include "jobs/job.hpp"

namespace muster::worker {

class HostTeam final : public jobs::TileRunner {
 public:
  /// One runner of `job` for each of `threads` threads, at least one.
  HostTeam(jobs::Job const& job, int threads);
  /// Shares the tiles of a range out evenly. Throws the first Error of a thread.
  void enter(jobs::CarryPtr carry) override;
  void run(TileRange range, std::span<std::int64_t> sums, std::span<TileDigest> digests) override;
  std::uint64_t preferred_tiles() const override;

 private:
  struct Member;
  jobs::Job const& job_;
  std::vector<std::unique_ptr<jobs::TileRunner>> runners_;
};

}  // namespace muster::worker
