// The GPU's backtests and crossover rules have the bits of this CPU's.
#include <cstdio>

#include "kernels/backtest/cuda_backtest.hpp"
#include "tests/kernels/gpu_memory.hpp"
#include "tests/kernels/backtest/random_market.hpp"

namespace muster::testing {
namespace {

int faults = 0;

void expect(bool good, char const* what) {
  if (!good) std::printf("FAIL %s\n", what);
  faults += good ? 0 : 1;
}

void compare(Plan const& plan, std::vector<Rule> const& rules, std::uint64_t& trades) {
  std::vector<Tally> host(rules.size() * plan.spans.size()), device(host.size());
  make_host_runner(plan)->run(rules, host);
  char const* error = nullptr;
  CudaBacktest* const gpu = open_cuda_backtest(plan, 0, nullptr, plain_gpu_memory(), 37, &error);
  if (gpu == nullptr) return expect(false, error);
  error = run_cuda_backtest(gpu, rules.data(), rules.size(), device.data());
  close_cuda_backtest(gpu);
  if (error != nullptr) return expect(false, error);
  int differ = 0;
  for (std::size_t i = 0; i < host.size(); ++i) {
    differ += host[i] == device[i] ? 0 : 1;
    trades += host[i].trades;
  }
  std::printf("%u symbols x %u bars, %s: %zu backtests, %d differ\n", plan.market->symbols, plan.market->bars,
              plan.precision == Precision::single ? "single" : "full", host.size(), differ);
  expect(differ == 0, "the GPU has other bits");
}

void sweep(std::uint32_t symbols, std::uint32_t bars, double volatility, std::uint64_t& trades) {
  Unrest unrest;
  unrest.volatility = volatility;
  Market const market = random_market(symbols, symbols, bars, unrest);
  Features const features = all_features(market, {2, 5, 9}, 3);
  Dice dice(symbols + 1);
  Costs costs;
  costs.leverage = 3;
  costs.commission_per_share_usd = 0.01;
  Plan plan{&market, &features, costs, {{0, bars}, {bars / 3, bars / 2}}};
  std::vector<Rule> rules;
  for (int i = 0; i < 150; ++i) rules.push_back(random_rule(dice, features));
  for (Precision const precision : {Precision::single, Precision::full}) {
    plan.precision = precision;
    compare(plan, rules, trades);
  }
}

void compare_crossovers(std::uint32_t bars) {
  Dice dice(bars);
  std::vector<double> open, close;
  double price = 100;
  for (std::uint32_t t = 0; t < bars; ++t) {
    open.push_back(price * (1 + 0.01 * dice.between(-1, 1)));
    close.push_back(price = open.back() * (1 + 0.03 * dice.between(-1, 1)));
  }
  CrossoverTable const table = make_crossover_table(open, close, 0.001, 252);
  std::vector<Crossover> rules(5000);
  for (Crossover& rule : rules) rule = {static_cast<std::uint16_t>(dice.whole(2, 200)), static_cast<std::uint16_t>(dice.whole(2, 200))};
  std::vector<CrossoverResult> host(rules.size()), device(rules.size());
  run_crossovers(table, rules, host);
  char const* error = nullptr;
  CudaCrossover* const gpu = open_cuda_crossover(table, 0, nullptr, plain_gpu_memory(), 1999, &error);
  if (gpu == nullptr) return expect(false, error);
  error = run_cuda_crossover(gpu, rules.data(), rules.size(), device.data());
  close_cuda_crossover(gpu);
  expect(error == nullptr, error);
  expect(host == device, "the GPU's crossover rules have other bits");
  std::printf("%zu crossover rules over %u bars compared\n", rules.size(), bars);
}

}  // namespace
}  // namespace muster::testing

int main() {
  using namespace muster::testing;
  std::uint64_t trades = 0;
  for (std::uint32_t const symbols : {1u, 3u, 13u, 31u, 40u, 64u, 100u, 128u, 129u, 207u, 250u, 300u, 520u}) sweep(symbols, 150, 0.02, trades);
  sweep(20, 120, 0.2, trades);  // with ruin and sums out of range
  for (std::uint32_t const bars : {2u, 33u, 252u, 1000u, 15000u}) compare_crossovers(bars);
  expect(trades > 100000, "too few trades to prove anything");
  return faults == 0 ? 0 : 1;
}
