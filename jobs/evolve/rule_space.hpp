// Genomes as trading rules: which genes there are, and what they mean.
#pragma once

#include <span>
#include <vector>

#include "jobs/evolve/params.hpp"

namespace muster::jobs::evolve {

/// One gene an integer: for each term an indicator, a window and a weight; then thresholds of the sides that the space
/// has, stop, target, holding limit, size and sizing.
std::vector<kernels::Gene> rule_genes(RuleSpace const& space);

/// `genome` has rule_genes(space).size() values on their grids.
kernels::backtest::Rule rule_of(RuleSpace const& space, std::span<double const> genome);

/// The inverse of rule_of. Throws Error (Exit::user) for a rule that the space does not hold.
std::vector<double> genome_of(RuleSpace const& space, kernels::backtest::Rule const& rule);

/// The longest look-back of a rule of the space, in bars.
std::uint32_t longest_look_back(RuleSpace const& space);

std::vector<std::uint16_t> windows_of(RuleSpace const& space);

}  // namespace muster::jobs::evolve
