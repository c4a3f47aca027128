// The numbers of an evolve job, all in double, from what it carries at its end.
#pragma once

#include <string>
#include <vector>

#include "core/table.hpp"
#include "jobs/evolve/champion.hpp"
#include "jobs/evolve/generation.hpp"
#include "jobs/evolve/scenery.hpp"

namespace muster::jobs::evolve {

std::vector<Table> make_tables(Params const& params, Scenery const& scenery, Generation const& last);
/// For the terminal.
std::string make_summary(Params const& params, std::vector<Table> const& tables);

}  // namespace muster::jobs::evolve
