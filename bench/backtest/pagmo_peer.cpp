// The crossover rule beside pagmo2: its algorithms with the same fitness compiled for them, and muster's kernel over as
// many rules, in one run on one core. Prints evaluations times bars a second.
#include <fmt/core.h>
#include <time.h>

#include <algorithm>
#include <pagmo/algorithm.hpp>
#include <pagmo/algorithms/de.hpp>
#include <pagmo/algorithms/gwo.hpp>
#include <pagmo/algorithms/pso.hpp>
#include <pagmo/algorithms/sade.hpp>
#include <pagmo/algorithms/sga.hpp>
#include <pagmo/algorithms/simulated_annealing.hpp>
#include <pagmo/population.hpp>
#include <pagmo/problem.hpp>
#include <string>
#include <utility>
#include <vector>

#include "kernels/backtest/crossover.hpp"
#include "kernels/isa.hpp"
#include "tests/kernels/backtest/random_market.hpp"

namespace {

using namespace muster::testing;

constexpr double cost = 0.001;

double core_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct Prices {
  std::vector<double> open, close;
};

Prices random_prices(int bars) {
  Dice dice(5);
  Prices out;
  double price = 100;
  for (int t = 0; t < bars; ++t) {
    out.open.push_back(price * (1 + 0.005 * dice.between(-1, 1)));
    out.close.push_back(price = out.open.back() * (1 + 0.02 * dice.between(-1, 1)));
  }
  return out;
}

struct Growth {
  std::vector<float> hold, enter, leave;
};

Growth growth_of(CrossoverTable const& table) {
  Growth out;
  for (std::uint32_t t = 0; t < table.bars; ++t) {
    float const* const at = table.growth.data() + crossover_ways * t;
    out.hold.push_back(at[crossover_held]);
    out.enter.push_back(at[crossover_bought]);
    out.leave.push_back(at[crossover_sold]);
  }
  return out;
}

/// The same rule as a user of pagmo2 would write it: scalar, in single precision, from tables of averages made once.
struct CrossoverProblem {
  CrossoverTable const* table = nullptr;
  Growth const* grown = nullptr;

  pagmo::vector_double fitness(pagmo::vector_double const& x) const {
    auto const fast = static_cast<std::uint32_t>(x[0]), slow = static_cast<std::uint32_t>(x[1]);
    float const* const a = table->averages.data() + std::size_t{fast - 2} * table->stride;
    float const* const b = table->averages.data() + std::size_t{slow - 2} * table->stride;
    std::uint32_t const warm = std::max(fast, slow) - 1;
    float equity = 1, sum = 0, squares = 0, peak = 1, drawdown = 0;
    bool is_long = false;
    for (std::uint32_t t = warm + 1; t < table->bars; ++t) {
      bool const wants = a[t - 1] > b[t - 1];
      float const growth = wants ? (is_long ? grown->hold[t] : grown->enter[t]) : (is_long ? grown->leave[t] : 1.0f);
      is_long = wants;
      float const r = growth - 1;
      equity *= growth;
      sum += r;
      squares += r * r;
      peak = std::max(peak, equity);
      drawdown = std::max(drawdown, 1 - equity / peak);
    }
    float const n = static_cast<float>(table->bars - 1), mean = sum / n, variance = (squares - sum * mean) / (n - 1);
    float const sharpe = variance > 0 ? mean / std::sqrt(variance) : 0;
    return {-static_cast<double>(sharpe + 1e-9f * (equity + drawdown))};
  }
  std::pair<pagmo::vector_double, pagmo::vector_double> get_bounds() const { return {{2, 2}, {200.999, 200.999}}; }
};

double rate_of(pagmo::algorithm const& algorithm, CrossoverTable const& table) {
  Growth const growth = growth_of(table);
  double best = 0;
  for (unsigned repeat = 0; repeat < 3; ++repeat) {
    pagmo::problem const problem{CrossoverProblem{&table, &growth}};
    pagmo::population population{problem, 64, repeat + 1};
    auto const before = population.get_problem().get_fevals();
    double const begin = core_seconds();
    population = algorithm.evolve(population);
    double const seconds = core_seconds() - begin;
    auto const evaluations = population.get_problem().get_fevals() - before;
    best = std::max(best, static_cast<double>(evaluations) * table.bars / seconds);
  }
  return best;
}

double muster_rate(CrossoverTable const& table) {
  Dice dice(7);
  std::vector<Crossover> rules(64 * 1000);
  for (Crossover& rule : rules) rule = {static_cast<std::uint16_t>(dice.whole(2, 200)), static_cast<std::uint16_t>(dice.whole(2, 200))};
  std::vector<CrossoverResult> out(rules.size());
  double best = 1e30;
  for (int repeat = 0; repeat < 7; ++repeat) {
    double const begin = core_seconds();
    run_crossovers(table, rules, out);
    best = std::min(best, core_seconds() - begin);
  }
  return static_cast<double>(rules.size()) * table.bars / best;
}

}  // namespace

int main() {
  Prices const prices = random_prices(252);
  CrossoverTable const table = make_crossover_table(prices.open, prices.close, cost, 252);
  constexpr unsigned generations = 500;
  double const mine = muster_rate(table);
  fmt::print("muster's kernel, {}: {:.3g} genome-bars/s; without selection and variation\n",
             muster::kernels::isa_name(muster::kernels::active_isa()), mine);
  // Generous stops: every algorithm evaluates its full number of generations.
  pagmo::algorithm const peers[] = {pagmo::algorithm{pagmo::de{generations, 0.8, 0.9, 2u, 0, 0}},
                                    pagmo::algorithm{pagmo::sade{generations, 2u, 1u, 0, 0, false}},
                                    pagmo::algorithm{pagmo::sga{generations}},
                                    pagmo::algorithm{pagmo::pso{generations}},
                                    pagmo::algorithm{pagmo::gwo{generations}},
                                    pagmo::algorithm{pagmo::simulated_annealing{}}};
  for (auto const& peer : peers) {
    double const rate = rate_of(peer, table);
    fmt::print("pagmo2's {}: {:.3g}, {:.1f} times slower\n", peer.get_name(), rate, mine / rate);
  }
}
