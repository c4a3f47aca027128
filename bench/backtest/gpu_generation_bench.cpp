// What a generation of crossovers takes on the first GPU, whose population stays there: all of it, and judging alone.
//   gpu_generation_bench [BARS...]
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <vector>

#include "core/error.hpp"
#include "kernels/device_pool.hpp"
#include "kernels/evolve/device_search.hpp"
#include "tests/kernels/backtest/random_market.hpp"

namespace {

using namespace muster;
using namespace muster::kernels;

backtest::CrossoverTable table_of(std::uint32_t bars) {
  testing::Dice dice(5);
  std::vector<double> open, close;
  double price = 100;
  for (std::uint32_t t = 0; t < bars; ++t) {
    open.push_back(price * (1 + 0.005 * dice.between(-1, 1)));
    close.push_back(price = open.back() * (1 + 0.02 * dice.between(-1, 1)));
  }
  return backtest::make_crossover_table(open, close, 2e-4, 252);
}

SearchSettings settings_of(std::uint64_t slots, std::uint32_t islands) {
  SearchSettings s;
  s.genes = {{2, 200, 1}, {2, 200, 1}};
  s.islands = islands;
  s.island_size = static_cast<std::uint32_t>(slots / islands);
  s.crossover = Crossover::uniform;
  s.mutation = Mutation::reset;
  return s;
}

/// Of one call, in a row of so many.
double seconds_of(int calls, std::function<void()> const& call, std::function<void()> const& wait) {
  call(), wait();
  auto const begin = std::chrono::steady_clock::now();
  for (int i = 0; i < calls; ++i) call();
  wait();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count() / calls;
}

void measure(DevicePool& pool, std::uint32_t bars, std::uint64_t slots, std::uint32_t islands) {
  auto const settings = settings_of(slots, islands);
  auto const table = table_of(bars);
  auto const search = pool.device().open_search(settings, pool);
  auto const judge = pool.device().open_crossovers(table, slots, pool);
  std::vector<double> candidates(slots * 2);
  first_candidates(settings, 0, slots, candidates);
  search->load(first_population(settings, candidates, std::vector<std::int64_t>(slots, infeasible(Infeasible::no_trades))));
  std::vector<double> const nobody(2, 0);
  std::vector<KnownGenome> const hall(20, {fitness_of(1e6), nobody});
  std::vector<std::int64_t> fitness(1);
  auto const finish = [&] { search->finish({.tile_slots = 4096, .hall = hall, .is_hall_full = true, .slots = {}}); };
  auto const judging = [&] { judge->judge(search->herd(), {}); };
  auto const wait = [&] { search->wait(); };
  auto const generation = [&] { search->propose(), judging(), search->statistics(), finish(); };
  int const times = slots > 4'000'000 ? 20 : 60;
  double const whole = seconds_of(times, generation, wait);
  double const judged = seconds_of(times, judging, wait), finished = seconds_of(times, finish, wait);
  double const proposed = seconds_of(times, [&] { search->propose(); }, wait);
  std::printf("%5u bars, %9llu slots, %5u islands: %8.3f ms a generation, judging %8.3f (%.3g genome-bars/s), %4.1f %% beside it: proposing %.3f, "
              "the rest %.3f\n",
              bars, static_cast<unsigned long long>(slots), islands, whole * 1e3, judged * 1e3, static_cast<double>(slots) * bars / judged,
              100 * (1 - judged / whole), proposed * 1e3, finished * 1e3);
  std::fflush(stdout);
}

}  // namespace

int main(int count, char** words) {
  try {
    DevicePool pool([] { return Opened{open_cuda(0), UINT64_MAX}; });
    std::vector<std::uint32_t> all;
    for (int i = 1; i < count; ++i) all.push_back(static_cast<std::uint32_t>(std::atoi(words[i])));
    if (all.empty()) all = {252, 2520};
    for (auto const bars : all)
      for (std::uint64_t const slots : {std::uint64_t{1} << 16, std::uint64_t{1} << 20, std::uint64_t{1} << 22, std::uint64_t{1} << 24})
        for (std::uint32_t const islands : {1u, 64u, 1024u}) measure(pool, bars, slots, islands);
    return 0;
  } catch (Error const& error) {
    std::printf("%s\n", error.what());
    return 1;
  }
}
