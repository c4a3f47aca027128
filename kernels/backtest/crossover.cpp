#include "kernels/backtest/crossover.hpp"

#include <algorithm>
#include <array>

#include "core/error.hpp"
#include "kernels/backtest/indicators.hpp"
#include "kernels/backtest/isa_doors.hpp"

namespace muster::kernels::backtest {
namespace {

constexpr std::uint32_t block_bars = 32;

void check_crossover(std::span<double const> open, std::span<double const> close, double cost, double bars_per_year) {
  MUSTER_REQUIRE(open.size() == close.size() && open.size() >= 2 && open.size() <= (1u << 28),
                 "{} opens and {} closes (as many of both, at least 2); give whole bars", open.size(), close.size());
  MUSTER_REQUIRE(cost >= 0 && cost <= 0.5, "a cost of {} a fill (must be from 0 to 0.5); change it", cost);
  MUSTER_REQUIRE(bars_per_year >= 1 && bars_per_year <= 1e6, "{} bars a year (must be from 1 to 1e6); change it", bars_per_year);
  for (std::size_t t = 0; t < open.size(); ++t)
    MUSTER_REQUIRE(open[t] >= 1e-6 && open[t] <= 1e9 && close[t] >= 1e-6 && close[t] <= 1e9,
                   "bar {}: open {}, close {} (must be from 1e-6 to 1e9); repair it", t, open[t], close[t]);
}

void fill_averages(std::span<double const> close, CrossoverTable& table) {
  table.averages.assign(std::size_t{crossover_windows} * table.stride, 0.0f);
  for (std::uint32_t n = 2; n <= crossover_longest; ++n) {
    Series const average = simple_average(close, n);
    float* const to = table.averages.data() + std::size_t{n - 2} * table.stride;
    for (std::size_t t = n - 1; t < close.size(); ++t) to[t] = static_cast<float>(average[t]);
  }
}

/// The first bar and those that fill up the last block grow by 1.
void fill_growth(std::span<double const> open, std::span<double const> close, double cost, CrossoverTable& table) {
  table.growth.assign(std::size_t{crossover_ways} * table.stride, 1.0f);
  for (std::size_t t = 1; t < open.size(); ++t) {
    float* const to = table.growth.data() + crossover_ways * t;
    to[crossover_sold] = static_cast<float>(open[t] * (1 - cost) / close[t - 1]);
    to[crossover_bought] = static_cast<float>(close[t] / (open[t] * (1 + cost)));
    to[crossover_held] = static_cast<float>(close[t] / close[t - 1]);
  }
}

constexpr std::size_t batch_rules = 4096;

/// Rules in the order of their warm-ups, so that lanes side by side skip the bars in which none of them can be long and read one
/// average of each rule from near by.
class Batch {
 public:
  void run(CrossoverTable const& table, std::span<Crossover const> rules, std::span<CrossoverResult> out) {
    sort(rules);
    MUSTER_BACKTEST_DISPATCH(run_crossover_lanes, table, sorted_.data(), rules.size(), results_.data());
    for (std::size_t i = 0; i < rules.size(); ++i) out[order_[i]] = results_[i];
  }

 private:
  static constexpr std::size_t keys = crossover_longest + 1;
  static std::size_t key_of(Crossover rule) { return std::max(rule.fast, rule.slow); }

  void sort(std::span<Crossover const> rules) {
    std::array<std::size_t, keys + 1> next{};
    for (Crossover const rule : rules) next[key_of(rule) + 1] += 1;
    for (std::size_t k = 1; k <= keys; ++k) next[k] += next[k - 1];
    for (std::size_t i = 0; i < rules.size(); ++i) {
      std::size_t const at = next[key_of(rules[i])]++;
      order_[at] = i;
      sorted_[at] = rules[i];
    }
  }

  std::vector<std::size_t> order_ = std::vector<std::size_t>(batch_rules);
  std::vector<Crossover> sorted_ = std::vector<Crossover>(batch_rules);
  std::vector<CrossoverResult> results_ = std::vector<CrossoverResult>(batch_rules);
};

}  // namespace

CrossoverTable make_crossover_table(std::span<double const> open, std::span<double const> close, double cost,
                                    double bars_per_year) {
  check_crossover(open, close, cost, bars_per_year);
  CrossoverTable table;
  table.bars = static_cast<std::uint32_t>(open.size());
  table.stride = (table.bars + block_bars - 1) / block_bars * block_bars;
  table.bars_per_year = bars_per_year;
  fill_averages(close, table);
  fill_growth(open, close, cost, table);
  return table;
}

std::uint32_t crossover_words(std::uint64_t bars) {
  constexpr std::uint64_t pairs = std::uint64_t{crossover_windows} * crossover_windows, most_bytes = 64 << 20, chunk_bars = 4 * block_bars;
  std::uint64_t const words = (bars + chunk_bars - 1) / chunk_bars * 4;
  return words * pairs * sizeof(std::uint32_t) <= most_bytes ? static_cast<std::uint32_t>(words) : 0;
}

std::uint64_t crossover_device_bytes(std::uint64_t bars, std::uint64_t rules_at_once) {
  std::uint64_t const stride = (bars + block_bars - 1) / block_bars * block_bars, rows = crossover_windows + crossover_ways;
  std::uint64_t const pairs = std::uint64_t{crossover_windows} * crossover_windows;
  return rows * stride * sizeof(float) + pairs * crossover_words(bars) * sizeof(std::uint32_t) +
         rules_at_once * (sizeof(Crossover) + sizeof(CrossoverResult));
}

void run_crossovers(CrossoverTable const& table, std::span<Crossover const> rules, std::span<CrossoverResult> out) {
  MUSTER_ASSERT(out.size() == rules.size());
  Batch batch;
  for (std::size_t begin = 0; begin < rules.size(); begin += batch_rules) {
    std::size_t const count = std::min(batch_rules, rules.size() - begin);
    batch.run(table, rules.subspan(begin, count), out.subspan(begin, count));
  }
}

}  // namespace muster::kernels::backtest
