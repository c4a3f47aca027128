#include "jobs/evolve/rule_space.hpp"

#include <algorithm>

#include "core/error.hpp"
#include "jobs/evolve/learned.hpp"

namespace muster::jobs::evolve {
namespace {

using kernels::Gene;
using kernels::backtest::Rule;

constexpr double largest_stop_half_percent = 60;
constexpr double largest_target_half_percent = 120;

bool has_longs(RuleSpace const& space) { return space.sides != Sides::short_only; }
bool has_shorts(RuleSpace const& space) { return space.sides != Sides::long_only; }

Gene whole(double low, double high) { return {low, high, high > low ? 1.0 : 0.0}; }
Gene index_of(std::size_t count) { return whole(0, static_cast<double>(count - 1)); }

/// What stands behind the terms, gene by gene, in the order of the genome.
template <class Visit>
void visit_behaviour(RuleSpace const& space, Rule& rule, Visit visit) {
  if (has_longs(space)) {
    visit(rule.enter_long, whole(0, 100));
    visit(rule.exit_long, whole(-100, 100));
  }
  if (has_shorts(space)) {
    visit(rule.enter_short, whole(-100, 0));
    visit(rule.exit_short, whole(-100, 100));
  }
  visit(rule.stop_half_percent, whole(0, largest_stop_half_percent));
  visit(rule.target_half_percent, whole(0, largest_target_half_percent));
  visit(rule.holding_bars, whole(0, static_cast<double>(space.longest_hold)));
  visit(rule.size_percent, whole(1, space.largest_size_percent));
}

kernels::backtest::Sides sides_of(Sides sides) {
  switch (sides) {
    case Sides::long_only: return kernels::backtest::Sides::long_only;
    case Sides::short_only: return kernels::backtest::Sides::short_only;
    case Sides::both: return kernels::backtest::Sides::both;
  }
  return kernels::backtest::Sides::both;
}

/// A rule of these sides with nothing set; thresholds of a side that it has not are out of reach.
Rule blank(RuleSpace const& space) {
  Rule rule;
  rule.sides = sides_of(space.sides);
  rule.enter_long = has_longs(space) ? rule.enter_long : 100;
  rule.exit_long = has_longs(space) ? rule.exit_long : 100;
  rule.enter_short = has_shorts(space) ? rule.enter_short : -100;
  rule.exit_short = has_shorts(space) ? rule.exit_short : -100;
  return rule;
}

/// The kinds that a term may be, indicators first.
std::uint8_t kind_at(RuleSpace const& space, std::size_t place) {
  auto const count = space.indicators.size();
  return place < count ? static_cast<std::uint8_t>(space.indicators[place])
                       : static_cast<std::uint8_t>(kernels::backtest::indicator_count + (place - count));
}

std::size_t position(RuleSpace const& space, std::uint8_t kind) {
  if (kind >= kernels::backtest::indicator_count) return space.indicators.size() + (kind - kernels::backtest::indicator_count);
  auto const indicator = static_cast<kernels::backtest::Indicator>(kind);
  auto const at = std::ranges::find(space.indicators, indicator);
  MUSTER_REQUIRE(at != space.indicators.end(),
                 "the rule uses {} (the job's rules.indicators do not have it); give the job that the rule is of",
                 kernels::backtest::indicator_name(indicator));
  return static_cast<std::size_t>(at - space.indicators.begin());
}

}  // namespace

std::vector<std::uint16_t> windows_of(RuleSpace const& space) {
  std::vector<std::uint16_t> windows;
  for (double const window : space.windows) windows.push_back(static_cast<std::uint16_t>(window));
  return windows;
}

std::vector<Gene> rule_genes(RuleSpace const& space) {
  std::vector<Gene> genes;
  for (std::uint64_t term = 0; term < space.terms; ++term) {
    genes.push_back(index_of(space.indicators.size() + space.learned));
    genes.push_back(index_of(space.windows.size()));
    genes.push_back(whole(-100, 100));
  }
  Rule rule;
  visit_behaviour(space, rule, [&](auto const&, Gene gene) { genes.push_back(gene); });
  genes.push_back(whole(0, 1));
  return genes;
}

Rule rule_of(RuleSpace const& space, std::span<double const> genome) {
  Rule rule = blank(space);
  std::size_t at = 0;
  for (std::uint64_t term = 0; term < space.terms; ++term) {
    rule.terms[term].kind = kind_at(space, static_cast<std::size_t>(genome[at++]));
    rule.terms[term].window = static_cast<std::uint8_t>(genome[at++]);
    rule.terms[term].weight_percent = static_cast<std::int16_t>(genome[at++]);
  }
  visit_behaviour(space, rule, [&](auto& field, Gene) {
    field = static_cast<std::remove_reference_t<decltype(field)>>(genome[at++]);
  });
  rule.sizing = genome[at] != 0 ? kernels::backtest::Sizing::volatility : kernels::backtest::Sizing::fixed;
  return rule;
}

std::vector<double> genome_of(RuleSpace const& space, Rule const& rule) {
  std::vector<double> genome;
  for (std::uint64_t term = 0; term < space.terms; ++term) {
    auto const& [kind, window, weight] = rule.terms[term];
    genome.push_back(static_cast<double>(position(space, kind)));
    genome.push_back(window);
    genome.push_back(weight);
  }
  Rule copy = rule;
  visit_behaviour(space, copy, [&](auto const& field, Gene gene) {
    MUSTER_REQUIRE(field >= gene.low && field <= gene.high,
                   "the rule has {} where the job's rules take {} to {}; give the job that the rule is of", field, gene.low,
                   gene.high);
    genome.push_back(field);
  });
  genome.push_back(rule.sizing == kernels::backtest::Sizing::volatility ? 1 : 0);
  return genome;
}

std::uint32_t longest_look_back(RuleSpace const& space) {
  std::uint32_t longest = 0;
  for (auto const indicator : space.indicators)
    longest = std::max(longest, kernels::backtest::warm_up_bars(indicator, static_cast<std::uint32_t>(space.windows.back())));
  if (space.learned > 0) longest = std::max(longest, learned_look_back(space, static_cast<std::uint32_t>(space.windows.back())));
  return longest;
}

}  // namespace muster::jobs::evolve
