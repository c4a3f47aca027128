#include "jobs/evolve/null_search.hpp"

#include "jobs/evolve/champion.hpp"
#include "jobs/evolve/generation.hpp"
#include "jobs/evolve/null_market.hpp"
#include "jobs/evolve/seeds.hpp"
#include "kernels/sums/slots.hpp"

namespace muster::jobs::evolve {
std::int64_t null_statistic(Params const& params, std::uint64_t generations, io::Bars const& bars, Field const& field,
                            std::uint64_t index, Device device, int threads) {
  Params alike = params;
  alike.seed = seed_for(Purpose::null_market, index + 1, params.seed);
  alike.search.generations = generations;
  alike.honesty.trials = 0;
  alike.lineage = 0;
  alike.market.symbol = bars.symbols[field.symbol];
  std::size_t const length = field.spans.has_test() ? field.spans.test.first : bars.size();
  auto null_field = make_field(alike, null_bars(params, bars, io::forward_factor(bars), length, index), field.spans, threads, field.learned);
  auto const ground = make_ground(alike, null_field.get());
  Breeding const breeding(alike, ground->genes());
  std::vector<std::unique_ptr<Judge>> judges;
  for (std::size_t fold = 0; fold < breeding.herds(); ++fold) judges.push_back(ground->make_judge(device, fold, threads));
  std::vector<std::int64_t> fitness(breeding.herds() * breeding.slots());
  auto generation = breeding.first(threads);
  while (generation->has_candidates()) {
    for (std::size_t fold = 0; fold < judges.size(); ++fold)
      judges[fold]->judge(generation->herds[fold].candidates, std::span(fitness).subspan(fold * breeding.slots(), breeding.slots()));
    generation = breeding.next(*generation, fitness, threads);
  }
  return kernels::fitness_of(choose_champion(params.spans.scheme, *ground, generation->herds).statistic);
}

}  // namespace muster::jobs::evolve
