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

/// Stages [first, end), as each needs the one before.
jobs::CarryPtr run_stages(jobs::Job const& job, Recomputer& recomputer, Stretch const& stretch, jobs::CarryPtr carry, int threads) {
  auto const stages = job.stages();
  for (auto stage = stretch.first; stage < stretch.end; ++stage) {
    auto const begin = stage == 0 ? 0 : stages[stage - 1], count = stages[stage] - begin;
    recomputer.enter(carry);
    carry = job.steps()->next(carry, recomputer.run({count, count, 0}, begin), threads);
    if (job.steps()->is_done(*carry)) break;
  }
  return carry;
}

std::uint64_t tiles_of(std::vector<std::uint64_t> const& stages, Stretch const& stretch) {
  return stages[stretch.end - 1] - (stretch.first == 0 ? 0 : stages[stretch.first - 1]);
}

/// All of a run, one after the other.
std::vector<Stretch> stretches_of(jobs::Job const& job, Trail const& trail) {
  auto const stages = job.stages();
  auto const last = std::lower_bound(stages.begin(), stages.end(), trail.tiles);
  bool const has_waypoints = trail.waypoints.empty() || trail.waypoints.back().stage <= static_cast<std::uint64_t>(last - stages.begin());
  MUSTER_REQUIRE(last != stages.end() && *last == trail.tiles && has_waypoints,
                 "the result has {} tiles and waypoints that are not this job's stages (it was changed); take an intact copy", trail.tiles);
  std::vector<Stretch> all(1);
  for (auto const& waypoint : trail.waypoints) {
    all.back().end = waypoint.stage;
    all.push_back({waypoint.stage});
  }
  all.back().end = static_cast<std::uint64_t>(last - stages.begin()) + 1;
  for (auto& stretch : all) stretch.tiles = tiles_of(stages, stretch);
  return all;
}

/// Null where there is no waypoint.
Slots const* words_at(Trail const& trail, std::uint64_t stage) {
  auto const found = std::ranges::find(trail.waypoints, stage, &Waypoint::stage);
  return found == trail.waypoints.end() ? nullptr : &found->words;
}

bool is_same_behind(jobs::Job const& job, Trail const& trail, Stretch const& stretch, jobs::Carry const& carry) {
  if (job.stages()[stretch.end - 1] == trail.tiles) return std::ranges::equal(job.steps()->encode(carry), trail.end);
  auto const* const words = words_at(trail, stretch.end);
  return words == nullptr || job.steps()->encode_waypoint(carry) == *words;
}

void shorten(jobs::Job const& job, std::uint64_t tiles, Stretch& stretch) {
  auto const stages = job.stages();
  stretch.end = static_cast<std::uint64_t>(std::lower_bound(stages.begin(), stages.end(), tiles) - stages.begin()) + 1;
  stretch.tiles = tiles_of(stages, stretch);
}

}  // namespace

std::vector<Stretch> choose_stretches(jobs::Job const& job, Trail const& trail, Selection const& selection) {
  auto all = stretches_of(job, trail);
  if (all.size() == 1) shorten(job, selection.picks, all.front());
  std::uint64_t tiles = 0;
  std::size_t taken = 0;
  for (; taken < all.size() && tiles < selection.picks; ++taken) {
    std::swap(all[taken], all[taken + mixed(selection.seed ^ mixed(taken)) % (all.size() - taken)]);
    tiles += all[taken].tiles;
  }
  all.resize(taken);
  std::ranges::sort(all, {}, &Stretch::first);
  return all;
}

void recompute(jobs::Job const& job, worker::Consumption const& consumption, Trail const& trail, std::span<Stretch> stretches,
               Judge const& judge) {
  Recomputer recomputer(job, consumption, judge);
  worker::set_default_fp_environment();
  auto const threads = worker::host_threads(consumption);
  auto const& steps = *job.steps();
  jobs::CarryPtr end, carry;
  std::uint64_t reached = UINT64_MAX;
  for (auto& stretch : stretches) {
    if (stretch.first != reached && stretch.first > 0) {
      if (!end) end = steps.decode(trail.end, threads);
      carry = steps.decode_waypoint(*words_at(trail, stretch.first), *end, threads);
    } else if (stretch.first == 0) {
      carry = steps.first(threads);
    }
    carry = run_stages(job, recomputer, stretch, std::move(carry), threads);
    reached = stretch.end;
    stretch.is_same = is_same_behind(job, trail, stretch, *carry);
  }
}

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
  return Recomputer(job, consumption, judge).run(selection, 0);
}

}  // namespace muster::cli
