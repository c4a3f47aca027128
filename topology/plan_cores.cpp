#include "topology/plan_cores.hpp"

#include <fmt/core.h>

#include <algorithm>

#include "topology/cpu_sets.hpp"

namespace muster::topology {
namespace {

using Cores = std::vector<CpuSet>;

CpuSet threads_of(Cores const& cores, std::size_t first, std::size_t end) {
  CpuSet cpus;
  for (auto i = first; i < end; ++i) cpus.insert(cpus.end(), cores[i].begin(), cores[i].end());
  std::sort(cpus.begin(), cpus.end());
  return cpus;
}

/// Gives each rank a part of the first `count` cores; all of `cores` to each where these are too few.
void divide(Cores const& cores, std::size_t count, std::vector<Placement*> const& ranks) {
  bool const is_enough = count >= ranks.size();
  for (std::size_t i = 0; i < ranks.size(); ++i) {
    ranks[i]->cpus = is_enough ? threads_of(cores, i * count / ranks.size(), (i + 1) * count / ranks.size())
                               : threads_of(cores, 0, cores.size());
    ranks[i]->has_own_cores = is_enough;
  }
}

Cores all_cores(Cpu const& cpu) {
  Cores cores;
  for (auto const& node : cpu.numa) cores.insert(cores.end(), node.usable.begin(), node.usable.end());
  return cores;
}

/// Ranks whose GPUs are attached to this node.
std::vector<Placement*> ranks_at(NumaNode const& node, std::vector<Placement>& ranks) {
  std::vector<Placement*> here;
  for (auto& rank : ranks)
    if (!rank.gpus.empty() && rank.numa == node.id && !node.usable.empty()) here.push_back(&rank);
  return here;
}

}  // namespace

void share_cores(Cpu const& cpu, std::vector<Placement>& ranks) {
  auto const all = all_cores(cpu);
  if (all.empty()) return;
  auto const fair = all.size() / ranks.size();
  bool const all_have_nodes = std::all_of(ranks.begin(), ranks.end(), [&](Placement const& rank) {
    return !rank.gpus.empty() && std::any_of(cpu.numa.begin(), cpu.numa.end(), [&](NumaNode const& node) {
      return node.id == rank.numa && !node.usable.empty();
    });
  });
  Cores left;
  for (auto const& node : cpu.numa) {
    auto const here = ranks_at(node, ranks);
    // Ranks without a node of their own need cores too.
    auto const taken = all_have_nodes ? node.usable.size() : std::min(node.usable.size(), fair * here.size());
    divide(node.usable, taken, here);
    if (here.empty() || taken >= here.size())
      left.insert(left.end(), node.usable.begin() + static_cast<std::ptrdiff_t>(here.empty() ? 0 : taken), node.usable.end());
  }
  std::vector<Placement*> others;
  for (auto& rank : ranks)
    if (rank.cpus.empty()) others.push_back(&rank);
  auto const& pool = left.empty() ? all : left;
  divide(pool, left.size(), others);
}

std::string describe_binding(Placement const& rank) {
  if (rank.cpus.empty()) return "";
  return fmt::format("bound to CPU{} {}{}", rank.cpus.size() == 1 ? "" : "s", to_string(rank.cpus), rank.has_own_cores ? "" : ", shared: fewer cores than ranks");
}

}  // namespace muster::topology
