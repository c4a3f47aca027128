#include "jobs/evolve/auto_rules.hpp"

#include <algorithm>
#include <bit>

namespace muster::jobs::evolve {

std::uint64_t auto_population(topology::Tier tier, std::uint64_t islands) {
  std::uint64_t const wanted = std::uint64_t{1024} << (2 * static_cast<unsigned>(tier));
  // Whole islands of at least four.
  return std::max<std::uint64_t>(4, (wanted + islands - 1) / islands) * islands;
}

std::uint64_t auto_lineage(std::uint64_t population) { return population <= std::uint64_t{1} << 18 ? 100 : 0; }

double auto_mutation_rate(topology::Tier tier, std::size_t genes) {
  if (tier == topology::Tier::low) return 0;
  double const a_child = tier == topology::Tier::mid ? 1.5 : 2.0;
  return std::min(1.0, a_child / static_cast<double>(genes));
}

std::uint64_t auto_tile_slots(double work, std::uint64_t population) {
  constexpr std::uint64_t least = 8, most = 4096;
  std::uint64_t slots = most;
  while (slots > least && static_cast<double>(slots) * work > 0x1p24) slots /= 2;
  return std::min(slots, std::bit_floor(population));
}

std::vector<kernels::backtest::Indicator> all_indicators() {
  std::vector<kernels::backtest::Indicator> all;
  for (std::uint32_t i = 0; i < kernels::backtest::indicator_count; ++i)
    all.push_back(static_cast<kernels::backtest::Indicator>(i));
  return all;
}

}  // namespace muster::jobs::evolve
