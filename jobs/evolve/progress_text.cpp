#include "jobs/evolve/progress_text.hpp"

#include <fmt/core.h>

#include <algorithm>

namespace muster::jobs::evolve {
namespace {

/// An unknown best is below every other.
bool is_below(Herd const& a, Herd const& b) {
  double const best_a = a.history.back().best, best_b = b.history.back().best;
  return best_a != best_a ? best_b == best_b : best_a < best_b;
}

}  // namespace

std::string progress_text(Params const& params, Generation const& generation) {
  auto const last = params.search.generations;
  if (generation.index == 0) return fmt::format("generation 0 of {}", last);
  auto const& stats = std::ranges::max_element(generation.herds, is_below)->history.back();
  auto const figures = fmt::format("best {:.4g}, median {:.4g}, diversity {:.2f}", stats.best, stats.median, stats.diversity);
  if (!generation.has_candidates()) return fmt::format("search over, {}", figures);
  return fmt::format("generation {} of {}, {}", generation.index, last, figures);
}

}  // namespace muster::jobs::evolve
