// What "auto" means: pure functions of the job and the tier.
#pragma once

#include "jobs/evolve/params.hpp"
#include "topology/profiles.hpp"

namespace muster::jobs::evolve {

std::uint64_t auto_population(topology::Tier tier, std::uint64_t islands);
/// Generations.
std::uint64_t auto_lineage(std::uint64_t population);
/// Chance a gene; `genes` of a genome.
double auto_mutation_rate(topology::Tier tier, std::size_t genes);
/// `work` is what judging one genome takes, in symbol-bars.
std::uint64_t auto_tile_slots(double work, std::uint64_t population);
std::vector<kernels::backtest::Indicator> all_indicators();

}  // namespace muster::jobs::evolve
