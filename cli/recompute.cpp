#include "cli/recompute.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "cli/signals.hpp"
#include "core/error.hpp"
#include "core/text.hpp"
#include "worker/fp_environment.hpp"

namespace muster::cli {
namespace {

/// SplitMix64: a well-mixed number from a counter, the same everywhere.
std::uint64_t mixed(std::uint64_t value) {
  value += 0x9e3779b97f4a7c15;
  value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9;
  value = (value ^ (value >> 27)) * 0x94d049bb133111eb;
  return value ^ (value >> 31);
}

/// index * tiles / picks without overflow.
std::uint64_t share_start(Selection const& selection, std::uint64_t index) {
  auto const whole = selection.tiles / selection.picks;
  auto const rest = selection.tiles % selection.picks;
  return index * whole + static_cast<std::uint64_t>(static_cast<unsigned __int128>(index) * rest / selection.picks);
}

/// Hands out the selection, shifted by `first`, as leases.
class Source {
 public:
  Source(Selection const& selection, std::uint64_t first) : selection_(selection), first_(first) {}
  bool is_empty() const { return next_ == selection_.picks; }
  TileRange take(std::uint64_t preferred_tiles) {
    if (!selection_.is_whole()) return {first_ + picked_tile(selection_, next_++), 1};
    TileRange const range{first_ + next_, std::min(preferred_tiles, selection_.picks - next_)};
    next_ += range.count;
    return range;
  }

 private:
  Selection const& selection_;
  std::uint64_t const first_;
  std::uint64_t next_ = 0;
};

/// Lets compute threads wake the one that waits for them.
class Bell {
 public:
  void ring() {
    {
      std::lock_guard lock(mutex_);
      rung_ = true;
    }
    rings_.notify_one();
  }
  void wait(std::chrono::milliseconds patience) {
    std::unique_lock lock(mutex_);
    rings_.wait_for(lock, patience, [this] { return rung_; });
    rung_ = false;
  }

 private:
  std::mutex mutex_;
  std::condition_variable rings_;
  bool rung_ = false;
};

void add(std::span<std::int64_t> sums, Slots const& more) {
  for (std::size_t i = 0; i < sums.size(); ++i)
    sums[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(sums[i]) + static_cast<std::uint64_t>(more[i]));
}

/// This process's devices at work on tiles.
class Recomputer {
 public:
  Recomputer(jobs::Job const& job, worker::Consumption const& consumption, Judge const& judge)
      : job_(job), judge_(judge), consumers_(job, consumption, [this] { bell_.ring(); }) {}

  void enter(jobs::CarryPtr carry) { consumers_.enter(std::move(carry)); }

  /// The sums of what is selected among the tiles from `first` on, normalized.
  Slots run(Selection const& selection, std::uint64_t first) {
    sums_.assign(slots_of_stage(job_, {first, selection.tiles}), 0);
    Source source(selection, first);
    refill(source);
    while (consumers_.held() > 0) {
      if (stop_requested().load())
        throw_error(Exit::stopped, "stopped on request before all tiles were compared; run it again to compare them");
      if (worker::ConsumerEvent event; consumers_.take(event))
        std::visit([this](auto& one) { on(one); }, event);
      else
        bell_.wait(std::chrono::milliseconds(200));  // a signal is seen within that
      refill(source);
    }
    return std::move(sums_);
  }

 private:
  /// Twice as many leases as threads, so that none waits for this one.
  void refill(Source& source) {
    while (consumers_.held() < std::size_t{2} * consumers_.count() && !source.is_empty()) {
      worker::Lease const lease{++lease_, source.take(preferred_tiles_)};
      consumers_.push({&lease, 1});
    }
  }
  void on(worker::Started const& started) { preferred_tiles_ = std::max(preferred_tiles_, started.preferred_tiles); }
  void on(worker::Failure const& failure) {
    throw Error(failure.code, failure.device + ": " + failure.message, failure.retry);
  }
  void on(worker::DeviceUse const&) {}
  void on(worker::Dropped const&) {}
  void on(worker::Result& result) {
    judge_(result.range, result.digests);
    add(std::span(sums_).subspan(job_.window(result.range).first, result.sums.size()), result.sums);
    job_.normalize(sums_);
    consumers_.recycle(std::move(result));
  }

  jobs::Job const& job_;
  Judge const& judge_;
  Bell bell_;
  Slots sums_;
  std::uint64_t preferred_tiles_ = 1;
  std::uint64_t lease_ = 0;
  worker::Consumers consumers_;  // last: joined before anything it uses goes
};

/// Stage after stage from the first, as each needs the one before; to the end of the selection, rounded up to stages.
Slots recompute_steps(jobs::Job const& job, Recomputer& recomputer, Selection const& selection, int threads) {
  auto const& steps = *job.steps();
  worker::set_default_fp_environment();
  auto carry = steps.first(threads);
  std::uint64_t first = 0;
  for (std::uint64_t const end : job.stages()) {
    if (first >= selection.picks) break;
    recomputer.enter(carry);
    carry = steps.next(carry, recomputer.run({end - first, end - first, 0}, first), threads);
    first = end;
    if (steps.is_done(*carry)) break;
  }
  return steps.encode(*carry);
}

}  // namespace

std::uint64_t picked_tile(Selection const& selection, std::uint64_t index) {
  auto const first = share_start(selection, index);
  auto const count = share_start(selection, index + 1) - first;
  return first + mixed(selection.seed ^ mixed(index)) % count;
}

Selection parse_selection(std::string const& sample, std::uint64_t tiles, std::uint64_t seed, std::uint64_t least) {
  auto const text = trimmed(sample);
  bool const is_share = text.ends_with('%');
  auto const number = parse_number(trimmed(is_share ? text.substr(0, text.size() - 1) : text));
  bool const is_count = !is_share && number && std::floor(*number) == *number && *number >= 1 && *number < 1e18;
  MUSTER_REQUIRE(is_count || (is_share && number && *number > 0 && *number <= 100),
                 "--sample {} (must be a share above 0% up to 100%, or a number of tiles); use 1% or 100%",
                 printable(sample));
  // A number of tiles means that number; a share of a small job is rounded up to a few tiles.
  auto const wanted = is_count ? static_cast<std::uint64_t>(*number)
                      : *number >= 100
                          ? tiles
                          : std::max(least, static_cast<std::uint64_t>(std::ceil(*number / 100 * static_cast<double>(tiles))));
  return {tiles, std::min(wanted, tiles), seed};
}

Slots recompute(jobs::Job const& job, worker::Consumption const& consumption, Selection const& selection,
                Judge const& judge) {
  Recomputer recomputer(job, consumption, judge);
  if (job.steps() == nullptr) return recomputer.run(selection, 0);
  return recompute_steps(job, recomputer, selection, worker::host_threads(consumption));
}

}  // namespace muster::cli
