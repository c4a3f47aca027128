// The exact path kernel against cuRAND with hardware intrinsics, on the same contract, in one run.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <vector>

#include "bench/paths/bench_plan.hpp"
#include "core/error.hpp"
#include "kernels/device_pool.hpp"
#include "kernels/price/path_memory.hpp"
#include "kernels/sums/slots.hpp"

double curand_rate(std::uint64_t paths, int steps, int repeats, double* mean);

namespace {

double muster_rate(muster::kernels::PathPlan const& plan, std::uint64_t tiles, int repeats, double* mean) {
  muster::kernels::DevicePool pool([] { return muster::kernels::Opened{muster::kernels::open_cuda(0)}; });
  auto& device = pool.device();
  auto const memory = muster::kernels::memory_of(plan);
  auto const columns = muster::kernels::full_shape(memory, device.width(), plan.tile_items).columns;
  muster::kernels::PoolMemory const path_memory(pool, memory.column_bytes * columns), sums(pool, memory.tile_bytes * tiles);
  void* const landing = device.take_host(memory.tile_bytes * tiles);
  muster::kernels::PathBuffers const buffers{path_memory.at(), static_cast<std::int64_t*>(sums.at()),
                                             static_cast<std::int64_t*>(landing)};
  auto const launcher = device.open_paths(plan, pool);
  std::vector<std::int64_t> raw(tiles * plan.rows.size() * muster::kernels::raw_sums);
  double best = 1e30;
  for (int i = 0; i < repeats; ++i) {
    auto const begin = std::chrono::steady_clock::now();
    launcher->run({0, tiles}, columns, buffers, raw);
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  device.give_host(landing);
  double sum = 0;
  for (std::uint64_t t = 0; t < tiles; ++t)
    sum += static_cast<double>(raw[t * plan.rows.size() * muster::kernels::raw_sums]);
  double const paths = static_cast<double>(tiles * plan.tile_items);
  *mean = sum / plan.rows[0].scale / paths / plan.discount[plan.steps];
  return paths * (plan.antithetic ? 2 : 1) * plan.steps / best;
}

}  // namespace

int main() {
  try {
    constexpr std::uint64_t paths = std::uint64_t{1} << 26;
    double peer_mean = 0;
    double const peer = curand_rate(paths, 252, 5, &peer_mean);
    fmt::print("{:<44} {:>10.3e} path-steps/s        mean {:.5f}\n", "cuRAND Philox, intrinsics, float sums", peer, peer_mean);
    for (auto const& [name, single, antithetic, control] :
         {std::tuple{"muster single", true, false, false}, std::tuple{"muster single, control", true, false, true},
          std::tuple{"muster single, antithetic", true, true, false}, std::tuple{"muster double", false, false, false}}) {
      auto const plan = muster::bench::european_plan(single, antithetic, control, 1 << 16);
      double mean = 0;
      double const rate = muster_rate(plan, (single ? paths : paths / 8) >> 16, 5, &mean);
      fmt::print("{:<44} {:>10.3e} path-steps/s {:>5.2f}x  mean {:.5f}\n", name, rate, rate / peer, mean);
    }
  } catch (muster::Error const& error) {
    fmt::print(stderr, "{}\n", error.what());
    return static_cast<int>(error.code());
  }
}
