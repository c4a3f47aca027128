#include "worker/host_team.hpp"

#include <algorithm>
#include <exception>
#include <thread>

#include "core/error.hpp"
#include "worker/fp_environment.hpp"

namespace muster::worker {

/// A thread's share of a range, and what came of it.
struct HostTeam::Member {
  jobs::TileRunner& runner;
  TileRange range;
  std::span<TileDigest> digests;
  Slots sums;
  std::exception_ptr error;

  void run() noexcept {
    try {
      set_default_fp_environment();
      runner.run(range, sums, digests);
      MUSTER_REQUIRE_ENV(is_default_fp_environment(),
                         "the floating-point environment changed during tiles {} to {} (bits would differ); a library "
                         "built with -ffast-math was loaded: remove it (LD_PRELOAD, plugins)",
                         range.first, range.end() - 1);
    } catch (...) {
      error = std::current_exception();
    }
  }
};

HostTeam::HostTeam(jobs::Job const& job, int threads) : slots_(job.slots()) {
  for (int i = 0; i < std::max(threads, 1); ++i) runners_.push_back(job.make_runner({jobs::Device::Kind::host, i}));
}

std::uint64_t HostTeam::preferred_tiles() const { return runners_.front()->preferred_tiles() * runners_.size(); }

void HostTeam::run(TileRange range, std::span<std::int64_t> sums, std::span<TileDigest> digests) {
  std::vector<Member> members;
  for (std::size_t i = 0; i < runners_.size(); ++i) {
    auto const begin = range.count * i / runners_.size();
    auto const count = range.count * (i + 1) / runners_.size() - begin;
    if (count > 0)
      members.push_back({*runners_[i], {range.first + begin, count}, digests.subspan(begin, count), Slots(slots_, 0), nullptr});
  }
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < members.size(); ++i) threads.emplace_back([&member = members[i]] { member.run(); });
    members.front().run();
  }
  for (auto const& member : members) {
    if (member.error) std::rethrow_exception(member.error);
    for (std::size_t i = 0; i < slots_; ++i)
      sums[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(sums[i]) + static_cast<std::uint64_t>(member.sums[i]));
  }
}

}  // namespace muster::worker
