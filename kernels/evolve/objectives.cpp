#include "kernels/evolve/objectives.hpp"

#include "kernels/evolve/objectives_body.hpp"
#include "kernels/isa.hpp"
#include "kernels/isa_tables.hpp"

namespace muster::kernels {

Gene objective_range(Objective objective) {
  switch (objective) {
    case Objective::sphere: break;
    case Objective::rosenbrock: return {-5, 10, 0};
    case Objective::rastrigin: break;
    case Objective::ackley: return {-15, 30, 0};
  }
  return {-5.12, 5.12, 0};
}

void objective_values(Objective objective, std::span<double const> genomes, std::span<double> values) {
  if (values.empty()) return;
  std::size_t const genes = genomes.size() / values.size();
  for (std::size_t i = 0; i < values.size(); ++i)
    values[i] = MUSTER_DISPATCH(objective_value, objective, genomes.data() + i * genes, genes);
}

void objective_fitness(Objective objective, std::span<double const> genomes, std::span<std::int64_t> fitness) {
  if (fitness.empty()) return;
  std::size_t const genes = genomes.size() / fitness.size();
  for (std::size_t i = 0; i < fitness.size(); ++i)
    fitness[i] = fitness_of(-MUSTER_DISPATCH(objective_value, objective, genomes.data() + i * genes, genes));
}

}  // namespace muster::kernels
