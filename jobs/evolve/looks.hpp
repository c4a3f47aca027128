// What a job looks at when it judges its champion by the test span.
#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "core/table.hpp"
#include "io/looks.hpp"
#include "jobs/evolve/scenery.hpp"

namespace muster::jobs::evolve {

/// Beside the bar file; nullopt for generated bars, jobs without a test span, and objectives that never judge by it.
std::optional<std::filesystem::path> journal_of(Params const& params, Scenery const& scenery);

/// Of a finished job; nullopt where there is no journal, or no champion that was judged.
std::optional<io::Look> look_of(Params const& params, Scenery const& scenery, std::vector<Table> const& tables);

}  // namespace muster::jobs::evolve
