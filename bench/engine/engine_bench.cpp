// What the engine itself costs: empty tiles end to end, idle ranks, memory over the length of a
// run.
//   engine_bench                   three ranks in this process
//   scripts/mpi-run 3 engine_bench the same over MPI
// Options: [ranks] [tiles], in process; [tiles] under MPI.
#include <sys/resource.h>

#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "comm/transport.hpp"
#include "orchestrator/run.hpp"
#include "tests/orchestrator/mock_job.hpp"
#include "worker/worker.hpp"

namespace {

using namespace muster;
using Clock = std::chrono::steady_clock;

double cpu_seconds() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  auto const seconds = [](timeval t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

long resident_kib() {
  std::FILE* file = std::fopen("/proc/self/status", "r");
  if (file == nullptr) return 0;
  char line[256];
  long kib = 0;
  while (std::fgets(line, sizeof line, file) != nullptr)
    if (std::strncmp(line, "VmRSS:", 6) == 0) kib = std::atol(line + 6);
  std::fclose(file);
  return kib;
}

void sleep_s(double seconds) {
  timespec const time{static_cast<time_t>(seconds),
                      static_cast<long>(1e9 * (seconds - std::floor(seconds)))};
  nanosleep(&time, nullptr);
}

/// Tiles whose cost is the engine's alone.
struct EmptyJob : test::MockJob {
  double sleep_a_lease_s = 0;
  struct EmptyRunner : jobs::TileRunner {
    explicit EmptyRunner(double sleep) : sleep_a_lease_s(sleep) {}
    double sleep_a_lease_s;
    void run(TileRange range, std::span<std::int64_t> sums,
             std::span<TileDigest> digests) override {
      if (sleep_a_lease_s > 0) sleep_s(sleep_a_lease_s);
      sums[0] += static_cast<std::int64_t>(range.count);
      for (std::uint64_t i = 0; i < range.count; ++i) digests[i] = {range.first + i, 1};
    }
    std::uint64_t preferred_tiles() const override { return 16; }
  };
  std::unique_ptr<jobs::TileRunner> make_runner(jobs::Device) const override {
    return std::make_unique<EmptyRunner>(sleep_a_lease_s);
  }
};

orchestrator::DriverOptions bench_options() {
  orchestrator::DriverOptions options;
  options.leases.max_tiles_per_lease = 16;
  options.commit_interval_s = 0.1;
  options.progress_interval_s = 0.1;
  return options;
}

/// `root_sleep_s` keeps the compute thread of rank 0 away, so that every tile crosses a transport.
void time_empty_tiles(auto const& run, std::vector<std::uint64_t> const& counts, char const* where,
                      double root_sleep_s = 0) {
  EmptyJob job;
  job.sleep_a_lease_s = root_sleep_s;
  for (std::uint64_t count : counts) {
    job.stage_tiles = {count};
    double const cpu = cpu_seconds();
    orchestrator::RunOutcome const outcome = run(job, bench_options());
    std::printf(
        "%-24s %9llu empty tiles: %6.3f us a tile, cpu of this process %.3f s, %ld KiB resident, "
        "rank 0 %.0f %%\n",
        where, static_cast<unsigned long long>(count),
        1e6 * outcome.seconds / static_cast<double>(count), cpu_seconds() - cpu, resident_kib(),
        100.0 * static_cast<double>(outcome.ranks[0].tiles) / static_cast<double>(count));
    if (outcome.sums[0] != static_cast<std::int64_t>(count)) {
      std::printf("wrong sum: %lld\n", static_cast<long long>(outcome.sums[0]));
      std::exit(1);
    }
  }
}

/// One tile that only sleeps: every other thread and rank is idle.
void time_idle(auto const& run, char const* where) {
  test::MockJob job;
  job.stage_tiles = {1};
  job.before_range = [](TileRange, jobs::Device) { sleep_s(3); };
  double const cpu = cpu_seconds();
  orchestrator::RunOutcome const outcome = run(job, bench_options());
  std::printf("%-24s idle for %.1f s: %.2f %% of a core in this process\n", where, outcome.seconds,
              100 * (cpu_seconds() - cpu) / outcome.seconds);
}

int bench_in_process(int ranks, std::uint64_t tiles) {
  auto const run = [ranks](jobs::Job const& job, orchestrator::DriverOptions const& options) {
    orchestrator::MemoryPersistence persistence;
    orchestrator::SilentProgress progress;
    return orchestrator::run_ranks_in_process(ranks, job, options, persistence, progress);
  };
  std::string const where = std::to_string(ranks) + " ranks in process";
  time_empty_tiles(run, {tiles / 8, tiles, 8 * tiles}, where.c_str());
  time_idle(run, where.c_str());
  return 0;
}

int bench_mpi(std::uint64_t tiles) {
  auto transport = comm::make_mpi();
  if (transport->rank() != 0) {
    // One service a run of rank 0: three lengths, one through messages only, one idle.
    constexpr int idle_run = 4;
    for (int runs = 0; runs <= idle_run; ++runs) {
      worker::WorkerOptions options;
      std::shared_ptr<test::MockJob> job = std::make_shared<EmptyJob>();
      if (runs == idle_run) job = std::make_shared<test::MockJob>();
      job->before_range = [](TileRange, jobs::Device) { sleep_s(3); };  // only the idle run's
      options.make_job = [job](jobs::ResolvedJob const&) { return job; };
      double const cpu = cpu_seconds();
      auto const start = Clock::now();
      worker::run_worker(*transport, options);
      double const seconds = std::chrono::duration<double>(Clock::now() - start).count();
      if (runs == idle_run)
        std::printf("rank %d idle for %.1f s: %.2f %% of a core\n", transport->rank(), seconds,
                    100 * (cpu_seconds() - cpu) / seconds);
    }
    return 0;
  }
  auto const run = [&](jobs::Job const& job, orchestrator::DriverOptions const& options) {
    orchestrator::MemoryPersistence persistence;
    orchestrator::SilentProgress progress;
    return orchestrator::run_job(*transport, job, options, persistence, progress);
  };
  std::string const where = std::to_string(transport->size()) + " ranks, MPI";
  time_empty_tiles(run, {tiles / 8, tiles, 8 * tiles}, where.c_str());
  if (transport->size() > 1) time_empty_tiles(run, {tiles}, (where + ", root slow").c_str(), 0.02);
  time_idle(run, where.c_str());
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  bool const is_mpi = comm::is_mpi_launched();
  int const ranks = !is_mpi && argc > 1 ? std::atoi(argv[1]) : 3;
  int const tiles_at = is_mpi ? 1 : 2;
  std::uint64_t const tiles =
      argc > tiles_at ? std::strtoull(argv[tiles_at], nullptr, 10) : 200'000;
  return is_mpi ? bench_mpi(tiles) : bench_in_process(ranks, tiles);
}
