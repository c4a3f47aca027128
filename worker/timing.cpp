#include "worker/timing.hpp"

#include <time.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <exception>
#include <thread>
#include <vector>

#include "core/log.hpp"
#include "kernels/out_of_memory.hpp"
#include "worker/device_memory.hpp"
#include "worker/fp_environment.hpp"

namespace muster::worker {
namespace {

using Clock = std::chrono::steady_clock;

/// A CPU thread repeats a piece of about this length; the best of many is free of what else the machine does.
constexpr double piece_s = 0.008;
constexpr double thread_budget_s = 0.3;
/// A batch on a GPU of so many paths that whether the last ones fill it matters little.
constexpr double least_batch_s = 0.15;
/// From one batch to twice its tiles, time has to grow so much before the device counts as filled.
constexpr double growth_when_full = 1.7;
constexpr double gpu_tile_s = 0.25;
/// A card's clocks follow its load: they have settled when a window takes as long as the one before it.
constexpr double window_s = 0.3;
constexpr double settled = 0.01;
constexpr int most_windows = 8;

/// Seconds this thread has computed: what else runs on the machine does not count.
double computed_s() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

double since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// A runner with room for what it returns, and on a GPU with a pool of its own.
class Timer {
 public:
  Timer(jobs::Job const& job, jobs::Device device) : job_(job), is_host_(device.kind == jobs::Device::Kind::host) {
    if (!is_host_) pool_ = make_device_pool(device);
    device.pool = pool_.get();
    runner_ = job.make_runner(device);
    if (auto const* steps = job.steps()) runner_->enter(steps->first(1));
    with_less([this] { runner_->prepare(); });
  }
  /// The seconds that it took.
  double run(std::uint64_t tiles) {
    double taken = 0;
    with_less([&] { taken = run_once(tiles); });
    return taken;
  }
  std::uint64_t preferred_tiles() const { return runner_->preferred_tiles(); }

 private:
  double run_once(std::uint64_t tiles) {
    digests_.resize(tiles);
    sums_.assign(job_.window({0, tiles}).count, 0);
    auto const start = Clock::now();
    double const computed = computed_s();
    runner_->run({0, tiles}, sums_, digests_);
    return is_host_ ? computed_s() - computed : since(start);
  }
  /// Again with less at a time while memory is short, as a run does.
  template <class Work>
  void with_less(Work const& work) {
    for (bool is_done = false; !is_done;) {
      try {
        work();
        is_done = true;
      } catch (kernels::OutOfMemory const&) {
        if (!runner_->step_down()) throw;
      }
    }
  }

  jobs::Job const& job_;
  bool const is_host_;
  std::unique_ptr<kernels::DevicePool> pool_;
  std::unique_ptr<jobs::TileRunner> runner_;  // after the pool it uses
  Slots sums_;
  std::vector<TileDigest> digests_;
};

jobs::Job const& job_to_time(jobs::Job const& job, jobs::Miniature const& small) { return small.job ? *small.job : job; }

double best_on_thread(jobs::Job const& job, std::uint64_t most) {
  set_default_fp_environment();
  Timer timer(job, {jobs::Device::Kind::host, 0});
  auto const start = Clock::now();
  double best = timer.run(1);
  std::uint64_t const tiles = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(piece_s / std::max(best, 1e-7)), 1, most);
  best = timer.run(tiles) / static_cast<double>(tiles);
  while (since(start) < thread_budget_s) best = std::min(best, timer.run(tiles) / static_cast<double>(tiles));
  return best;
}

}  // namespace

// They bound a batch: a job of one tile has no second, and those of a second step have no carry yet.
std::uint64_t tiles_to_time(jobs::Job const& job) {
  auto const stages = job.stages();
  return std::max<std::uint64_t>(1, job.steps() ? stages.front() : stages.back());
}

topology::TileTime time_on_threads(jobs::Job const& job, int threads) {
  auto const small = job.miniature(jobs::Device::Kind::host, piece_s);
  auto const& timed = job_to_time(job, small);
  // Tiles of a miniature are its own: there are as many as one likes.
  std::uint64_t const most = small.job ? 1 << 16 : tiles_to_time(job);
  std::vector<double> best(static_cast<std::size_t>(threads));
  std::vector<std::exception_ptr> faults(best.size());
  {
    std::vector<std::jthread> all;
    for (std::size_t i = 0; i < best.size(); ++i)
      all.emplace_back([&, i] {
        try {
          best[i] = best_on_thread(timed, most);
        } catch (...) {
          faults[i] = std::current_exception();
        }
      });
  }
  for (auto const& fault : faults)
    if (fault) std::rethrow_exception(fault);
  double sum = 0;
  for (double const one : best) sum += one;
  return {0, sum / static_cast<double>(threads) / small.share};
}

namespace {

/// As many tiles as fill the device, or as there are.
std::uint64_t batch_to_time(Timer& timer, std::uint64_t most) {
  std::uint64_t tiles = 1;
  double taken = timer.run(tiles);
  while (tiles < most) {
    auto const more = std::min(2 * tiles, most);
    double const longer = timer.run(more);
    bool const is_full = longer > growth_when_full * taken && longer > least_batch_s;
    tiles = more;
    taken = longer;
    if (is_full) break;
  }
  return tiles;
}

/// Seconds of a batch over a window.
double mean_of_window(Timer& timer, std::uint64_t tiles) {
  double taken = 0;
  int batches = 0;
  for (; taken < window_s; ++batches) taken += timer.run(tiles);
  return taken / batches;
}

double settled_batch_s(Timer& timer, std::uint64_t tiles) {
  double before = mean_of_window(timer, tiles);
  for (int window = 1; window < most_windows; ++window) {
    double const now = mean_of_window(timer, tiles);
    if (std::abs(now - before) <= settled * before) return now;
    before = now;
  }
  return before;
}

topology::TileTime time_batches(jobs::Job const& job, jobs::Device device) {
  auto const small = job.miniature(jobs::Device::Kind::cuda, gpu_tile_s);
  auto const& timed = job_to_time(job, small);
  auto const start = Clock::now();
  Timer timer(timed, device);
  timer.run(1);
  double const start_s = since(start);
  auto const tiles = batch_to_time(timer, small.job ? timer.preferred_tiles() : std::min(timer.preferred_tiles(), tiles_to_time(job)));
  return {start_s, settled_batch_s(timer, tiles) / static_cast<double>(tiles) / small.share};
}

}  // namespace

std::optional<topology::TileTime> time_on_gpu(jobs::Job const& job, jobs::Device device) {
  try {
    return time_batches(job, device);
  } catch (kernels::OutOfMemory const& error) {
    log::info("GPU {} is not timed: {}", device.ordinal, error.what());
    return std::nullopt;
  }
}

}  // namespace muster::worker
