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

HostTeam::HostTeam(jobs::Job const& job, int threads) : job_(job) {
  for (int i = 0; i < std::max(threads, 1); ++i) runners_.push_back(job.make_runner({jobs::Device::Kind::host, i}));
}

void HostTeam::enter(jobs::CarryPtr carry) {
  for (auto const& runner : runners_) runner->enter(carry);
}

std::uint64_t HostTeam::preferred_tiles() const { return runners_.front()->preferred_tiles() * runners_.size(); }

void HostTeam::run(TileRange range, std::span<std::int64_t> sums, std::span<TileDigest> digests) {
  std::vector<Member> members;
  for (std::size_t i = 0; i < runners_.size(); ++i) {
    auto const begin = range.count * i / runners_.size();
    auto const count = range.count * (i + 1) / runners_.size() - begin;
    if (count == 0) continue;
    TileRange const part{range.first + begin, count};
    members.push_back({*runners_[i], part, digests.subspan(begin, count), Slots(job_.window(part).count, 0), nullptr});
  }
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 1; i < members.size(); ++i) threads.emplace_back([&member = members[i]] { member.run(); });
    members.front().run();
  }
  for (auto const& member : members) {
    if (member.error) std::rethrow_exception(member.error);
    auto const to = sums.subspan(job_.window(member.range).first - job_.window(range).first, member.sums.size());
    for (std::size_t i = 0; i < to.size(); ++i)
      to[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(to[i]) + static_cast<std::uint64_t>(member.sums[i]));
  }
}

}  // namespace muster::worker
