// How far a search has come, in a few words.
#pragma once

#include <string>

#include "jobs/evolve/generation.hpp"

namespace muster::jobs::evolve {

/// "generation 3 of 50, best 1.32, median 0.87, diversity 0.95": of the last generation that was judged, and of the fold with
/// the best where there are several. "search over, best 1.32, ..." then, while null markets are searched.
std::string progress_text(Params const& params, Generation const& generation);

}  // namespace muster::jobs::evolve
