// Genome-bars a second on one core: the full rule family on many symbols with shared cash, and the crossover rule.
#include <fmt/core.h>
#include <time.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <vector>

#include "kernels/backtest/crossover.hpp"
#include "kernels/isa.hpp"
#include "tests/kernels/backtest/random_market.hpp"

namespace {

using namespace muster::testing;

/// This thread's time on a core: others on the machine do not count.
double core_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// Seconds of the fastest of `times` calls.
double fastest(int times, std::function<void()> const& call) {
  double best = 1e30;
  for (int i = 0; i < times; ++i) {
    double const begin = core_seconds();
    call();
    best = std::min(best, core_seconds() - begin);
  }
  return best;
}

/// Rules of all sizes: random ones trade about every bar of the market, often many symbols at once.
std::vector<Rule> random_rules(Features const& features, int count) {
  Dice dice(3);
  std::vector<Rule> rules;
  while (static_cast<int>(rules.size()) < count) {
    Rule const rule = random_rule(dice, features);
    if (weight_sum(rule) > 0) rules.push_back(rule);
  }
  return rules;
}

void measure_family(std::uint32_t symbols, std::uint32_t bars, int count) {
  Unrest calm;
  calm.halts = 0.001;
  calm.events = 0.016;
  calm.volatility = 0.01;
  Market const market = random_market(1, symbols, bars, calm);
  Features features = make_features(market, std::vector<std::uint16_t>{2, 5, 10, 20, 50, 100});
  double const built = fastest(1, [&] { fill_all(market, features); });
  fmt::print("{} symbols x {} bars: {} feature tables, {:.1f} ms each\n", symbols, bars, features.tables(),
             built / static_cast<double>(features.tables()) * 1e3);
  auto const rules = random_rules(features, count);
  std::vector<Tally> tallies(rules.size());
  for (auto const precision : {Precision::single, Precision::full}) {
    auto const runner = make_host_runner({&market, &features, {}, {{0, bars}}, precision});
    double const seconds = fastest(5, [&] { runner->run(rules, tallies); });
    double run_bars = 0, trades = 0;
    for (Tally const& tally : tallies) {
      run_bars += static_cast<double>(tally.bars + 1);
      trades += tally.trades;
    }
    fmt::print("  {}: {:.3g} genome-bars/s ({} rules, {:.0f} trades each, {:.0f} % of bars run)\n",
               precision == Precision::single ? "single" : "full  ", run_bars * symbols / seconds, rules.size(),
               trades / static_cast<double>(count), 100 * run_bars / (static_cast<double>(count) * bars));
  }
}

void measure_crossover(std::uint32_t bars, int count) {
  Dice dice(5);
  std::vector<double> open, close;
  double price = 100;
  for (std::uint32_t t = 0; t < bars; ++t) {
    open.push_back(price * (1 + 0.005 * dice.between(-1, 1)));
    price = open.back() * (1 + 0.02 * dice.between(-1, 1));
    close.push_back(price);
  }
  CrossoverTable table;
  double const built = fastest(3, [&] { table = make_crossover_table(open, close, 0.001, 252); });
  std::vector<Crossover> rules;
  for (int i = 0; i < count; ++i)
    rules.push_back({static_cast<std::uint16_t>(dice.whole(2, 200)), static_cast<std::uint16_t>(dice.whole(2, 200))});
  std::vector<CrossoverResult> out(rules.size());
  double const seconds = fastest(7, [&] { run_crossovers(table, rules, out); });
  fmt::print("crossover, {} bars: {:.3g} genome-bars/s ({} rules; its table takes {:.2f} ms)\n", bars,
             static_cast<double>(count) * bars / seconds, count, built * 1e3);
}

}  // namespace

int main() {
  fmt::print("one core, {}\n", muster::kernels::isa_name(muster::kernels::active_isa()));
  measure_crossover(252, 40000);
  measure_crossover(2520, 4000);
  measure_family(100, 2520, 200);
  measure_family(1, 2520, 2000);
  measure_family(8, 2520, 1000);
}
