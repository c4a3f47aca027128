// What is wrong with settings or a population.
#include <algorithm>
#include <cstdio>
#include <string>
#include <type_traits>

#include "kernels/evolve/plan.hpp"
#include "kernels/evolve/slots_body.hpp"
#include "kernels/isa.hpp"
#include "kernels/isa_tables.hpp"

namespace muster::kernels {
namespace {

std::string text_of(double x) {
  char text[32];
  std::snprintf(text, sizeof text, "%.17g", x);
  return text;
}

bool is_finite(double x) { return x - x == 0; }

bool in_range(double x, double low, double high) { return x >= low && x <= high; }

std::string gene_fault(std::size_t index, Gene const& gene) {
  std::string const name = "genes[" + std::to_string(index) + "]";
  std::string const range = name + " = [" + text_of(gene.low) + ", " + text_of(gene.high) + "]";
  if (!is_finite(gene.low) || !is_finite(gene.high) || !is_finite(gene.high - gene.low))
    return range + " (has no finite width); give two finite numbers";
  if (!(gene.low <= gene.high)) return range + " (the low end is above the high one); exchange them";
  if (!(gene.step >= 0) || !is_finite(gene.step))
    return name + " has the step " + text_of(gene.step) + " (must be 0 for any value, or positive); correct it";
  double const largest = std::max(gene.low < 0 ? -gene.low : gene.low, gene.high < 0 ? -gene.high : gene.high);
  if (gene.step > 0 && (!((gene.high - gene.low) / gene.step < 0x1p30) || !(largest / gene.step < 0x1p40)))
    return name + " has the step " + text_of(gene.step) +
           " (too small for its range: at most 2^30 steps); use 0 for any value";
  return {};
}

std::string genes_fault(SearchSettings const& s) {
  if (s.genes.empty() || s.genes.size() > max_genes)
    return "genes: " + std::to_string(s.genes.size()) + " (a genome has 1 to " + std::to_string(max_genes) +
           "); change their number";
  for (std::size_t g = 0; g < s.genes.size(); ++g)
    if (auto fault = gene_fault(g, s.genes[g]); !fault.empty()) return fault;
  return {};
}

template <class Number>
std::string range_fault(char const* key, Number value, Number low, Number high) {
  if (value >= low && value <= high) return {};
  auto const text = [](Number x) {
    if constexpr (std::is_floating_point_v<Number>) return text_of(x);
    else return std::to_string(x);
  };
  return std::string(key) + " = " + text(value) + " (must be from " + text(low) + " to " + text(high) + "); change it";
}

std::string first_of(std::initializer_list<std::string> faults) {
  for (auto const& fault : faults)
    if (!fault.empty()) return fault;
  return {};
}

std::string sizes_fault(SearchSettings const& s) {
  std::uint32_t const least = s.algorithm == Algorithm::jde ? 4 : 2;
  auto fault = first_of({range_fault<std::uint32_t>("islands", s.islands, 1, 1u << 24),
                         range_fault<std::uint32_t>("island_size", s.island_size, least, 1u << 30)});
  if (fault.empty() && s.slots() > std::uint64_t{1} << 31)
    return "islands x island_size = " + std::to_string(s.slots()) + " (a population has at most 2^31); use fewer";
  return fault;
}

double most_spread(Crossover crossover) { return crossover == Crossover::exponential ? 1 - 0x1p-20 : 1000; }

std::string genetic_fault(SearchSettings const& s) {
  return first_of({range_fault<std::uint32_t>("tournament", s.tournament, 1, 16),
                   range_fault<double>("crossover_rate", s.crossover_rate, 0, 1),
                   range_fault<double>("crossover_spread", s.crossover_spread, 0, most_spread(s.crossover)),
                   range_fault<double>("mutation_rate", s.mutation_rate, 0, 1),
                   range_fault<double>("mutation_spread", s.mutation_spread, 0, 1000),
                   s.replacement == Replacement::generational
                       ? range_fault<std::uint32_t>("elites", s.elites, 0, s.island_size - 1)
                       : ""});
}

std::string trial_fault(SearchSettings const& s) {
  return first_of(
      {range_fault<double>("new_scale", s.new_scale, 0, 1), range_fault<double>("new_cross", s.new_cross, 0, 1)});
}

std::string edge_fault(SearchSettings const& s, Edge edge) {
  std::string const name = "edges: " + std::to_string(edge.from) + " -> " + std::to_string(edge.to);
  if (edge.from >= s.islands || edge.to >= s.islands)
    return name + " (the islands are 0 to " + std::to_string(s.islands - 1) + "); correct it";
  if (edge.from == edge.to) return name + " (an island cannot send migrants to itself); remove it";
  auto const same = [&](Edge other) { return other.from == edge.from && other.to == edge.to; };
  if (std::count_if(s.edges.begin(), s.edges.end(), same) > 1) return name + " (is there twice); remove one";
  return {};
}

std::string edges_fault(SearchSettings const& s) {
  if (s.topology != Topology::custom) return {};
  if (s.edges.size() > 1u << 16) return "edges: " + std::to_string(s.edges.size()) + " (at most 65536); use full";
  for (Edge edge : s.edges)
    if (auto fault = edge_fault(s, edge); !fault.empty()) return fault;
  return {};
}

std::string migration_fault(SearchSettings const& s) {
  if (s.topology == Topology::none) return {};
  auto fault = range_fault<std::uint32_t>("migrants", s.migrants, 0, s.island_size - 1);
  return fault.empty() ? edges_fault(s) : fault;
}

std::string length_fault(char const* what, std::size_t has, std::size_t needs) {
  if (has == needs) return {};
  return std::string("population: ") + std::to_string(has) + " " + what + " (these settings need " +
         std::to_string(needs) + "); it belongs to another job";
}

std::string values_fault(SearchPlan const& plan, Population const& p) {
  std::size_t const genes = plan.ranges.size();
  for (std::size_t i = 0; i < p.genomes.size(); ++i)
    if (!MUSTER_DISPATCH(is_gene, plan.ranges[i % genes], p.genomes[i]))
      return "population: gene " + std::to_string(i % genes) + " of slot " + std::to_string(i / genes) + " = " +
             text_of(p.genomes[i]) + " (off its range or grid); the file is damaged or belongs to another job";
  for (std::size_t i = 0; i < p.scale.size(); ++i)
    if (!in_range(p.scale[i], 0, 1) || !in_range(p.cross[i], 0, 1))
      return "population: F or CR of slot " + std::to_string(i) + " (must be from 0 to 1); the file is damaged";
  for (std::size_t i = 0; i < p.rate.size(); ++i)
    if (p.rate[i] < -most_rate_level || p.rate[i] > most_rate_level)
      return "population: mutation rate level " + std::to_string(p.rate[i]) + " of island " + std::to_string(i) +
             " (must be from -" + std::to_string(most_rate_level) + " to " + std::to_string(most_rate_level) +
             "); the file is damaged";
  return {};
}

}  // namespace

std::string fault_in(SearchSettings const& settings) {
  auto fault = first_of({genes_fault(settings), sizes_fault(settings)});
  if (!fault.empty()) return fault;
  return first_of({settings.algorithm == Algorithm::jde ? trial_fault(settings) : genetic_fault(settings),
                   migration_fault(settings)});
}

std::string fault_in(SearchSettings const& settings, Population const& population) {
  auto const slots = static_cast<std::size_t>(settings.slots());
  std::size_t const controls = settings.algorithm == Algorithm::jde ? slots : 0;
  auto fault = first_of({length_fault("genes", population.genomes.size(), slots * settings.genes.size()),
                         length_fault("fitness values", population.fitness.size(), slots),
                         length_fault("values of F", population.scale.size(), controls),
                         length_fault("values of CR", population.cross.size(), controls),
                         length_fault("mutation rate levels", population.rate.size(), settings.islands)});
  if (fault.empty() && population.generation >= most_generations)
    fault =
        "population: generation " + std::to_string(population.generation) + " (at most 2^32 - 1); the file is damaged";
  return fault.empty() ? values_fault(SearchPlan(settings), population) : fault;
}

}  // namespace muster::kernels
