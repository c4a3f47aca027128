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

/// Hands out the selection as leases.
class Source {
 public:
  Source(Selection const& selection) : selection_(selection) {}
  bool is_empty() const { return next_ == selection_.picks; }
  worker::Lease take(std::uint64_t preferred_tiles) {
    worker::Lease lease{++id_, {}};
    if (selection_.is_whole()) {
      lease.range = {next_, std::min(preferred_tiles, selection_.picks - next_)};
      next_ += lease.range.count;
    } else {
      lease.range = {picked_tile(selection_, next_++), 1};
    }
    return lease;
  }

 private:
  Selection const& selection_;
  std::uint64_t next_ = 0;
  std::uint64_t id_ = 0;
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

void add(Slots& sums, Slots const& more) {
  for (std::size_t i = 0; i < sums.size(); ++i)
    sums[i] = static_cast<std::int64_t>(static_cast<std::uint64_t>(sums[i]) + static_cast<std::uint64_t>(more[i]));
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
  Slots sums(job.slots(), 0);
  Source source(selection);
  Bell bell;
  worker::Consumers consumers(job, consumption, [&bell] { bell.ring(); });
  std::uint64_t preferred_tiles = 1;
  // Twice as many leases as threads, so that none waits for this one.
  auto const refill = [&](std::size_t held) {
    for (; held < std::size_t{2} * consumers.count() && !source.is_empty(); ++held) {
      auto const lease = source.take(preferred_tiles);
      consumers.push({&lease, 1});
    }
  };
  refill(consumers.held());
  while (consumers.held() > 0) {
    if (stop_requested().load())
      throw_error(Exit::stopped, "stopped on request before all tiles were compared; run it again to compare them");
    worker::ConsumerEvent event;
    if (!consumers.take(event)) {
      bell.wait(std::chrono::milliseconds(200));  // a signal is seen within that
      continue;
    }
    if (auto const* started = std::get_if<worker::Started>(&event))
      preferred_tiles = std::max(preferred_tiles, started->preferred_tiles);
    if (auto const* failure = std::get_if<worker::Failure>(&event))
      throw Error(failure->code, failure->device + ": " + failure->message, failure->retry);
    if (auto* result = std::get_if<worker::Result>(&event)) {
      judge(result->range, result->digests);
      add(sums, result->sums);
      job.normalize(sums);
      consumers.recycle(std::move(*result));
    }
    refill(consumers.held());
  }
  return sums;
}

}  // namespace muster::cli
