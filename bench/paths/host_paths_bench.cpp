// The exact path simulation on one core, sums included; with the arguments RATE and HESTON_RATE as ratios to a peer's.
#include <fmt/core.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <tuple>
#include <vector>

#include "bench/paths/bench_plan.hpp"
#include "core/error.hpp"
#include "kernels/isa.hpp"
#include "kernels/price/paths.hpp"

namespace {

double rate_of(muster::kernels::PathPlan const& plan) {
  constexpr std::uint64_t tiles = 4;
  auto const runner = muster::kernels::make_host_paths(plan);
  std::vector<std::int64_t> raw(tiles * plan.rows.size() * muster::kernels::raw_sums);
  double best = 1e30;
  for (int i = 0; i < 7; ++i) {
    auto const begin = std::chrono::steady_clock::now();
    runner->run({0, tiles}, raw);
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return static_cast<double>(tiles * plan.tile_items * (plan.antithetic ? 2 : 1)) * plan.steps / best;
}

}  // namespace

int main(int count, char** arguments) {
  try {
    fmt::print("one core, {}\n", muster::kernels::isa_name(muster::kernels::active_isa()));
    using muster::jobs::price::ModelKind;
    for (auto const model : {ModelKind::black_scholes, ModelKind::heston}) {
      int const at = model == ModelKind::heston ? 2 : 1;
      double const peer = count > at ? std::strtod(arguments[at], nullptr) : 0;
      for (auto const& [name, single, antithetic, control] :
           {std::tuple{"single", true, false, false}, std::tuple{"single, antithetic, control", true, true, true},
            std::tuple{"double", false, false, false}, std::tuple{"double, antithetic, control", false, true, true}}) {
        double const rate = rate_of(muster::bench::european_plan(single, antithetic, control, 1 << 14, model));
        fmt::print("{:<42} {:>10.3e} path-steps/s", fmt::format("{}{}", model == ModelKind::heston ? "Heston QE-M, " : "", name), rate);
        if (peer > 0) fmt::print(" {:>7.1f}x", rate / peer);
        fmt::print("\n");
      }
    }
  } catch (muster::Error const& error) {
    fmt::print(stderr, "{}\n", error.what());
    return static_cast<int>(error.code());
  }
}
