// Genome-bars a second on the first GPU: the full rule family on 100 symbols with shared cash, and the crossover rule.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <functional>
#include <span>
#include <vector>

#include "kernels/backtest/cuda_backtest.hpp"
#include "kernels/backtest/group_layout.hpp"
#include "tests/kernels/gpu_memory.hpp"
#include "tests/kernels/backtest/random_market.hpp"

namespace {

using namespace muster::testing;

/// Seconds of the fastest of `times` calls.
double fastest(int times, std::function<void()> const& call) {
  double best = 1e30;
  for (int i = 0; i < times; ++i) {
    auto const begin = std::chrono::steady_clock::now();
    call();
    best = std::min(best, std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count());
  }
  return best;
}

void told(char const* error) {
  if (error != nullptr) std::printf("error: %s\n", error);
}

/// Rules that share the prices which a warp reads.
double rules_a_warp(std::uint32_t symbols) {
  int const layout = group_layout_for(symbols);
  return layout < 0 ? 1 : 32.0 / group_layouts[layout].lanes;
}

void measure_family(std::uint32_t symbols, std::uint32_t bars, int count) {
  Unrest calm;
  calm.halts = 0.001;
  calm.events = 0.016;
  calm.volatility = 0.01;
  Market const market = random_market(1, symbols, bars, calm);
  Features const features = all_features(market, {2, 5, 10, 20, 50, 100});
  Dice dice(3);
  std::vector<Rule> rules;
  while (static_cast<int>(rules.size()) < count) {
    rules.push_back(random_rule(dice, features));
    if (weight_sum(rules.back()) == 0) rules.pop_back();
  }
  std::vector<Tally> tallies(rules.size());
  for (Precision const precision : {Precision::single, Precision::full}) {
    char const* error = nullptr;
    CudaBacktest* const gpu = open_cuda_backtest({&market, &features, {}, {{0, bars}}, precision}, 0, nullptr,
                                                 plain_gpu_memory(), rules.size(), &error);
    if (gpu == nullptr) return told(error);
    double const seconds = fastest(5, [&] { told(run_cuda_backtest(gpu, rules.data(), rules.size(), tallies.data())); });
    close_cuda_backtest(gpu);
    double run_bars = 0, bytes = 0;
    double const row_bytes = 4.0 * (precision == Precision::single ? sizeof(float) : sizeof(double)) / rules_a_warp(symbols);
    for (std::size_t i = 0; i < rules.size(); ++i) {
      auto const rule_bars = static_cast<double>(tallies[i].bars + 1);
      run_bars += rule_bars;
      int terms = 0;
      for (Term const& term : rules[i].terms) terms += term.weight_percent != 0;
      bytes += rule_bars * device_row(symbols) * (2.0 * terms + row_bytes);
    }
    std::printf("%u symbols x %u bars, %s: %.3g genome-bars/s, %.3g TB/s read of caches and memory (%zu rules)\n", symbols, bars,
                precision == Precision::single ? "single" : "full", run_bars * symbols / seconds, bytes / seconds / 1e12, rules.size());
  }
}

void measure_crossover(std::uint32_t bars, std::size_t count) {
  Dice dice(5);
  std::vector<double> open, close;
  double price = 100;
  for (std::uint32_t t = 0; t < bars; ++t) {
    open.push_back(price * (1 + 0.005 * dice.between(-1, 1)));
    close.push_back(price = open.back() * (1 + 0.02 * dice.between(-1, 1)));
  }
  CrossoverTable const table = make_crossover_table(open, close, 0.001, 252);
  std::vector<Crossover> rules(count);
  for (Crossover& rule : rules) rule = {static_cast<std::uint16_t>(dice.whole(2, 200)), static_cast<std::uint16_t>(dice.whole(2, 200))};
  std::vector<CrossoverResult> out(count);
  char const* error = nullptr;
  CudaCrossover* const gpu = open_cuda_crossover(table, 0, nullptr, plain_gpu_memory(), count, &error);
  if (gpu == nullptr) return told(error);
  auto const report = [&](char const* memory, Crossover const* from, CrossoverResult* to) {
    double const seconds = fastest(7, [&] { told(run_cuda_crossover(gpu, from, count, to)); });
    std::printf("crossover, %u bars: %.3g genome-bars/s with transfers of %s memory (%zu rules)\n", bars,
                static_cast<double>(count) * bars / seconds, memory, count);
  };
  report("plain", rules.data(), out.data());
  auto* const pinned_rules = static_cast<Crossover*>(muster::kernels::take_pinned(count * sizeof(Crossover)));
  auto* const pinned_out = static_cast<CrossoverResult*>(muster::kernels::take_pinned(count * sizeof(CrossoverResult)));
  std::ranges::copy(rules, pinned_rules);
  report("pinned", pinned_rules, pinned_out);
  if (!std::ranges::equal(out, std::span(pinned_out, count))) std::printf("error: other results in pinned memory\n");
  muster::kernels::give_pinned(pinned_rules);
  muster::kernels::give_pinned(pinned_out);
  close_cuda_crossover(gpu);
}

}  // namespace

int main() {
  measure_crossover(252, std::size_t{1} << 22);
  measure_crossover(2520, std::size_t{1} << 22);
  measure_family(100, 2520, 131072);
}
