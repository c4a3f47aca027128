// The search alone. `speed` times propose and select; `solve` runs to a target on a test function, a line a seed.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "kernels/evolve/objectives.hpp"
#include "kernels/evolve/search.hpp"

namespace {

using namespace muster::kernels;

std::map<std::string, std::string> options_of(int count, char** words) {
  std::map<std::string, std::string> options;
  for (int i = 2; i < count; ++i) {
    std::string const word = words[i];
    auto const equals = word.find('=');
    options[word.substr(0, equals)] = equals == std::string::npos ? "" : word.substr(equals + 1);
  }
  return options;
}

class Options {
 public:
  Options(int count, char** words) : all_(options_of(count, words)) {}
  double number(char const* name, double otherwise) const {
    auto const found = all_.find(name);
    return found == all_.end() ? otherwise : std::atof(found->second.c_str());
  }
  template <class Enum>
  Enum choice(char const* name, Enum otherwise) const {
    return static_cast<Enum>(static_cast<int>(number(name, static_cast<int>(otherwise))));
  }
  template <class T>
  void set(char const* name, T& member) const {
    if constexpr (std::is_enum_v<T>) member = choice(name, member);
    else member = static_cast<T>(number(name, static_cast<double>(member)));
  }

 private:
  std::map<std::string, std::string> all_;
};

SearchSettings settings_of(Options const& options, Gene gene, std::uint32_t genes) {
  SearchSettings s;
  s.genes.assign(genes, gene);
  options.set("algorithm", s.algorithm);
  options.set("islands", s.islands);
  options.set("island_size", s.island_size);
  options.set("tournament", s.tournament);
  options.set("crossover", s.crossover);
  options.set("crossover_rate", s.crossover_rate);
  options.set("crossover_spread", s.crossover_spread);
  options.set("mutation", s.mutation);
  options.set("mutation_rate", s.mutation_rate);
  options.set("mutation_spread", s.mutation_spread);
  options.set("adaptation", s.adaptation);
  options.set("replacement", s.replacement);
  options.set("elites", s.elites);
  options.set("trial_base", s.trial_base);
  options.set("trial_crossover", s.trial_crossover);
  options.set("topology", s.topology);
  options.set("migration_every", s.migration_every);
  return s;
}

/// Evaluations until the best is at most `target`, or 0 where the budget ends first.
std::uint64_t evaluations_to(SearchSettings const& s, Objective objective, double target, std::uint64_t budget,
                             double& best) {
  std::vector<double> candidates(s.slots() * s.genes.size());
  std::vector<std::int64_t> fitness(s.slots());
  first_candidates(s, 0, s.slots(), candidates);
  objective_fitness(objective, candidates, fitness);
  Population population = first_population(s, candidates, fitness);
  for (std::uint64_t used = s.slots();; used += s.slots()) {
    best = -fitness_value(*std::max_element(population.fitness.begin(), population.fitness.end()));
    if (best <= target) return used;
    if (used >= budget) return 0;
    propose(s, population, 0, s.slots(), candidates);
    objective_fitness(objective, candidates, fitness);
    population = select(s, std::move(population), candidates, fitness);
  }
}

int solve(Options const& options) {
  auto const objective = options.choice("objective", Objective::sphere);
  auto const genes = static_cast<std::uint32_t>(options.number("genes", 10));
  SearchSettings s = settings_of(options, objective_range(objective), genes);
  if (auto const fault = fault_in(s); !fault.empty()) return std::printf("%s\n", fault.c_str()), 2;
  auto const seeds = static_cast<std::uint64_t>(options.number("seeds", 51));
  auto const budget = static_cast<std::uint64_t>(options.number("budget", 1e4 * genes));
  for (s.seed = 1; s.seed <= seeds; ++s.seed) {
    double best = 0;
    std::uint64_t const used = evaluations_to(s, objective, options.number("target", 1e-8), budget, best);
    std::printf("%llu %g\n", static_cast<unsigned long long>(used), best);
  }
  return 0;
}

/// Of this process's CPU, so that a loaded machine counts less.
double seconds_since(std::clock_t start) { return static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC; }

int speed(Options const& options) {
  auto const genes = static_cast<std::uint32_t>(options.number("genes", 5));
  SearchSettings const s = settings_of(options, {-1, 1, options.number("step", 0)}, genes);
  if (auto const fault = fault_in(s); !fault.empty()) return std::printf("%s\n", fault.c_str()), 2;
  std::vector<double> candidates(s.slots() * genes);
  std::vector<std::int64_t> fitness(s.slots());
  first_candidates(s, 0, s.slots(), candidates);
  objective_fitness(Objective::rastrigin, candidates, fitness);
  Population population = first_population(s, candidates, fitness);
  double proposing = 0, selecting = 0, describing = 0;
  auto const generations = static_cast<int>(options.number("generations", 20));
  for (int i = 0; i < generations; ++i) {
    auto start = std::clock();
    propose(s, population, 0, s.slots(), candidates);
    proposing += seconds_since(start);
    objective_fitness(Objective::rastrigin, candidates, fitness);
    start = std::clock();
    population = select(s, std::move(population), candidates, fitness);
    selecting += seconds_since(start);
    start = std::clock();
    statistics_of(s, population);
    describing += seconds_since(start);
  }
  double const each = 1e9 / (static_cast<double>(s.slots()) * generations);
  std::printf("genes %u slots %llu: propose %.1f ns, select %.1f ns, together %.1f ns a child; statistics %.1f ns\n",
              genes, static_cast<unsigned long long>(s.slots()), proposing * each, selecting * each,
              (proposing + selecting) * each, describing * each);
  return 0;
}

}  // namespace

int main(int count, char** words) {
  std::string_view const what = count > 1 ? words[1] : "";
  Options const options(count, words);
  if (what == "solve") return solve(options);
  if (what == "speed") return speed(options);
  std::printf("usage: bench_search solve|speed [key=number]...\n");
  return 2;
}
