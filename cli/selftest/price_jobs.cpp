#include "cli/selftest/price_jobs.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <chrono>

#include "cli/recompute.hpp"
#include "core/sha256.hpp"
#include "core/text.hpp"
#include "jobs/registry.hpp"

namespace muster::cli::selftest {
namespace {

std::unique_ptr<jobs::Job> build(PriceJob const& job) {
  auto const resolved = jobs::resolve_job(job.text, std::string("selftest ") + std::string(job.name), {}, nullptr);
  return jobs::find_kind(resolved.kind).make(resolved);
}

std::string digest_of(std::span<TileDigest const> digests) {
  Sha256 hash;
  for (auto const& digest : digests) hash.update_u64(digest.high).update_u64(digest.low);
  return hash.hex();
}

}  // namespace

Computed compute(PriceJob const& job, worker::Consumption const& devices) {
  using Clock = std::chrono::steady_clock;
  auto const runnable = build(job);
  auto const tiles = runnable->stages().back();
  std::vector<TileDigest> digests(tiles);
  auto const start = Clock::now();
  recompute(*runnable, devices, {tiles, tiles, 0}, [&](TileRange range, std::span<TileDigest const> some) {
    std::copy(some.begin(), some.end(), digests.begin() + static_cast<std::ptrdiff_t>(range.first));
  });
  std::chrono::duration<double> const taken = Clock::now() - start;
  return {digest_of(digests), static_cast<double>(tiles) * runnable->work_unit().units_per_tile, taken.count()};
}

Line judge(std::string check, PriceJob const& job, Computed const& computed) {
  auto const rate = computed.path_steps / computed.seconds;
  auto const figure = human_rate(rate, "path-steps");
  auto line = computed.digest == job.digest
                  ? passed(std::move(check), figure, fmt::format("digest {} as it must be", job.digest.substr(0, 12)))
                  : failed(std::move(check), figure,
                           fmt::format("its digest is {} and must be {} (every result of this device would be wrong); "
                                       "check the build's flags and the hardware, do not use it for jobs",
                                       computed.digest.substr(0, 12), job.digest.substr(0, 12)));
  line.values = {{"path_steps_per_s", rate}};
  return line;
}

}  // namespace muster::cli::selftest
