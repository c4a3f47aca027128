#include "topology/plan.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <set>
#include <tuple>

#include "core/error.hpp"
#include "core/text.hpp"
#include "topology/grouping.hpp"
#include "topology/plan_cores.hpp"
#include "topology/plan_mode.hpp"

namespace muster::topology {
namespace {

constexpr int most_threads = 4096;
/// More ranks than this are told together.
constexpr std::size_t most_ranks_told = 16;

void check_wishes(Cluster const& cluster, Demand const& demand) {
  MUSTER_REQUIRE(demand.threads >= 0 && demand.threads <= most_threads,
                 "--threads {} (must be 0 to {}); leave it out to use the machine's cores", demand.threads,
                 most_threads);
  MUSTER_REQUIRE(demand.in_process_ranks >= 1 && demand.in_process_ranks <= most_threads,
                 "--ranks {} (must be 1 to {}); leave it out for one rank", demand.in_process_ranks, most_threads);
  for (auto const& node : cluster.nodes)
    MUSTER_REQUIRE(!node.machine.launch.is_launched || demand.in_process_ranks == 1,
                   "--ranks {} under a launcher that started {} ranks (ranks inside ranks are not a thing); "
                   "leave --ranks out", demand.in_process_ranks, node.machine.launch.ranks);
  MUSTER_REQUIRE(is_one_machine(cluster) || demand.in_process_ranks == 1,
                 "--ranks {} on several machines (each has ranks of its own); leave --ranks out", demand.in_process_ranks);
}

/// The profile with the least memory; of equals the one rated lowest.
std::optional<Profile> least_profile(Cluster const& cluster) {
  std::optional<Profile> least;
  std::set<std::pair<std::string_view, std::uint64_t>> seen;
  for (auto const& node : cluster.nodes)
    for (auto const& gpu : node.machine.gpus) {
      if (!seen.emplace(gpu.name, gpu.memory_bytes).second) continue;
      auto const profile = profile_of(gpu);
      if (!least || std::tie(profile.memory_gb, profile.rated) < std::tie(least->memory_gb, least->rated))
        least = profile;
    }
  return least;
}

/// Even shares: no GPU twice, ranks beyond the GPUs have none.
std::vector<int> share_sizes(int gpus, int ranks) {
  std::vector<int> sizes;
  auto const sharers = std::min(ranks, gpus);
  for (int rank = 0; rank < sharers; ++rank) sizes.push_back((rank + 1) * gpus / sharers - rank * gpus / sharers);
  return sizes;
}

std::vector<int> ordinals_of(Facts const& machine, std::vector<int> const& places) {
  std::vector<int> ordinals;
  for (int const place : places) ordinals.push_back(machine.gpus[static_cast<std::size_t>(place)].ordinal);
  return ordinals;
}

int common_numa(Facts const& machine, std::vector<int> const& places) {
  if (places.empty()) return -1;
  auto const numa = [&](int place) { return machine.gpus[static_cast<std::size_t>(place)].numa; };
  return std::all_of(places.begin(), places.end(), [&](int place) { return numa(place) == numa(places.front()); })
             ? numa(places.front())
             : -1;
}

/// Whole groups of places for each rank, none twice.
Parts parts_of_groups(std::vector<std::vector<int>> const& groups, int ranks) {
  Parts parts(static_cast<std::size_t>(ranks));
  auto group = groups.begin();
  for (std::size_t rank = 0; auto const size : share_sizes(static_cast<int>(groups.size()), ranks)) {
    for (int i = 0; i < size; ++i, ++group) parts[rank].insert(parts[rank].end(), group->begin(), group->end());
    ++rank;
  }
  return parts;
}

/// The places of the GPUs of each rank.
Parts parts_of(Facts const& machine, Demand const& demand, int ranks, int group_size) {
  // Ranks that see different GPUs drive what they see.
  if (!machine.seen_by.empty()) return machine.seen_by;
  if (group_size > 1) return parts_of_groups(fast_groups(machine, group_size), ranks);
  auto const gpus = static_cast<int>(machine.gpus.size());
  auto parts = shares(machine, share_sizes(gpus, ranks));
  parts.resize(static_cast<std::size_t>(ranks));
  if (demand.sharing == GpuSharing::allowed && gpus > 0)
    for (int rank = gpus; rank < ranks; ++rank) parts[static_cast<std::size_t>(rank)] = {rank % gpus};
  return parts;
}

int ranks_on_gpu(std::vector<Placement> const& ranks, int ordinal) {
  return static_cast<int>(std::count_if(ranks.begin(), ranks.end(), [ordinal](Placement const& rank) {
    return std::find(rank.gpus.begin(), rank.gpus.end(), ordinal) != rank.gpus.end();
  }));
}

Gpu const& gpu_at(Facts const& machine, int ordinal) {
  auto const found = std::find_if(machine.gpus.begin(), machine.gpus.end(), [ordinal](auto const& gpu) { return gpu.ordinal == ordinal; });
  MUSTER_ASSERT(found != machine.gpus.end(), "no GPU {} on {}", ordinal, machine.host);
  return *found;
}

std::vector<Placement> place_ranks(Facts const& machine, Demand const& demand, int ranks, int group_size) {
  auto const parts = parts_of(machine, demand, ranks, group_size);
  std::vector<Placement> placements;
  for (int rank = 0; rank < ranks; ++rank) {
    auto const& places = parts.at(static_cast<std::size_t>(rank));
    placements.push_back({rank, ordinals_of(machine, places),
                          demand.threads > 0 ? demand.threads : threads_per_rank(machine.cpu, ranks),
                          common_numa(machine, places)});
  }
  for (auto& placement : placements) budget_devices(machine, placements, demand.device_memory_bytes, placement);
  share_cores(machine.cpu, placements);
  return placements;
}

/// Where the GPUs of one kind compute, the CPU does not.
void idle_others(Plan& plan) {
  for (auto& node : plan.nodes)
    for (auto& rank : node.ranks)
      if (rank.gpus.empty()) {
        rank.is_idle = true;
        rank.threads = 0;
      }
}

/// On this machine the launcher's ranks or those asked for; on many a rank for each GPU or group.
int ranks_on(Facts const& machine, Demand const& demand, int group_size, bool is_alone) {
  if (machine.launch.is_launched) return machine.launch.local_ranks;
  return is_alone ? demand.in_process_ranks : std::max(1, static_cast<int>(machine.gpus.size()) / group_size);
}

NodePlan plan_node(Nodes const& nodes, Demand const& demand, int group_size, bool is_alone) {
  auto const& machine = nodes.machine;
  NodePlan plan{machine.host, nodes.count, place_ranks(machine, demand, ranks_on(machine, demand, group_size, is_alone), group_size), {}, machine};
  if (group_size > 1)
    for (auto const& group : fast_groups(machine, group_size)) plan.groups.push_back(ordinals_of(machine, group));
  return plan;
}

/// Ranks of a launcher are processes; those of --ranks share one.
int processes_on(Facts const& machine, NodePlan const& node) {
  return machine.launch.is_launched ? static_cast<int>(node.ranks.size()) : 1;
}

std::string why_threads(Cpu const& cpu, Demand const& demand, std::size_t ranks) {
  if (demand.threads > 0) return "asked for with --threads";
  auto reason = plural(cpu.usable_cores, "usable physical core");
  if (cpu.quota_cpus > 0) reason += fmt::format(", a quota of {:.2f} CPUs", cpu.quota_cpus);
  if (cpu.granted_cpus > 0) reason += fmt::format(", {} granted by Slurm", plural(cpu.granted_cpus, "CPU"));
  if (ranks > 1) reason += fmt::format(", shared by {} ranks", ranks);
  return reason;
}

std::string list_of(std::vector<int> const& ordinals) {
  std::string text;
  for (int const ordinal : ordinals) text += fmt::format("{}{}", text.empty() ? "GPU " : ", ", ordinal);
  return text;
}

std::string why_placed(Placement const& placement, Plan const& plan) {
  if (placement.is_idle) return "this kind of job has the same bits on one kind of device only";
  if (placement.gpus.empty())
    return plan.gpus > 0 ? plan.group_size > 1 ? "more ranks than groups of GPUs" : "more ranks than GPUs" : plan.ranks.size() == 1 ? "all usable cores" : "an even share of the cores";
  return plan.shares_gpus ? "GPUs shared among the ranks, by --share-gpus" : "GPUs shared evenly, none twice";
}

void tell_rank(Placement const& placement, Plan& plan) {
  auto reason = why_placed(placement, plan);
  if (placement.numa >= 0) reason += fmt::format(", all on NUMA node {}", placement.numa);
  if (auto const binding = describe_binding(placement); !binding.empty()) reason += ", " + binding;
  plan.decisions.push_back({fmt::format("rank {}", placement.rank),
                            placement.is_idle ? "idle" : placement.gpus.empty() ? "CPU" : list_of(placement.gpus), reason});
}

void tell_node(NodePlan const& node, Plan& plan) {
  auto const with_gpu = std::count_if(node.ranks.begin(), node.ranks.end(), [](auto const& r) { return !r.gpus.empty(); });
  auto const what = node.host.empty() ? plural(node.count, "machine") : fmt::format("{} x {}", node.count, node.host);
  auto const value = plural(static_cast<std::int64_t>(node.ranks.size()), "rank") + (node.count > 1 ? " each" : "");
  plan.decisions.push_back({what, value, with_gpu == 0 ? "no GPU: on the CPU" : "one for each GPU"});
}

void tell_ranks(Plan& plan) {
  bool const is_alone = plan.nodes.size() == 1 && plan.nodes.front().count == 1;
  if (!is_alone || plan.ranks.size() > most_ranks_told) {
    for (auto const& node : plan.nodes) tell_node(node, plan);
    return;
  }
  if (plan.gpus == 0 && plan.ranks.front().cpus.empty()) return;
  for (auto const& placement : plan.ranks) tell_rank(placement, plan);
}

/// The first card with the least to give.
void tell_device_memory(Demand const& demand, Plan& plan) {
  std::optional<Budget> least;
  for (auto const& node : plan.nodes)
    for (auto const& rank : node.ranks)
      for (std::size_t i = 0; i < rank.gpus.size(); ++i) {
        if (least && rank.device_bytes[i] >= least->bytes) continue;
        least = device_budget(gpu_at(node.machine, rank.gpus[i]), demand.device_memory_bytes, ranks_on_gpu(node.ranks, rank.gpus[i]));
      }
  if (least) plan.decisions.push_back({"GPU memory", "up to " + human_bytes(least->bytes), least->reason});
}

void tell_memory(Plan& plan) {
  if (plan.memory.bytes > 0)
    plan.decisions.push_back({"memory a process", "up to " + human_bytes(plan.memory.bytes), plan.memory.reason});
}

void tell_groups(Plan& plan) {
  for (auto const& node : plan.nodes)
    if (!node.groups.empty())
      plan.decisions.push_back({"groups", fmt::format("{} of {}", node.groups.size(), plan.group_size),
                                fmt::format("on each machine; the first is {}", list_of(node.groups.front()))});
}

/// Why GPUs of these ranks do not sum among themselves; empty: they do.
std::string reason_apart(Plan const& plan) {
  if (plan.shares_gpus) return "ranks may share a GPU, which NCCL refuses";
  std::size_t const gpus = plan.nodes.front().ranks.front().gpus.size();
  for (auto const& node : plan.nodes) {
    for (auto const& gpu : node.machine.gpus)
      if (gpu.mig == Mig::slice) return "MIG slices cannot reach each other";
    for (auto const& rank : node.ranks)
      if (rank.gpus.size() != gpus || gpus == 0) return "ranks drive different numbers of GPUs";
  }
  return "";
}

/// GPUs of several ranks, where the job has them compute as one.
void join_ranks(Demand const& demand, Plan& plan) {
  int ranks = 0;
  for (auto const& node : plan.nodes) ranks += static_cast<int>(node.ranks.size()) * node.count;
  if (!demand.joins_ranks || plan.gpus == 0 || ranks == 1) return;
  auto const why_not = reason_apart(plan);
  plan.decisions.push_back({"sums", why_not.empty() ? "by NCCL" : "through rank 0", why_not.empty() ? fmt::format("among the GPUs of {} ranks", ranks) : why_not});
  if (!why_not.empty()) return;
  plan.joined_ranks = ranks;
  for (auto& node : plan.nodes)
    for (auto& rank : node.ranks)
      for (auto& bytes : rank.driver_bytes) bytes += nccl_bytes;
  plan.ranks = plan.nodes.front().ranks;
}

/// What a card needs of the build: CUDA 13 has no code for cards before sm_75.
void tell_build(Cluster const& cluster, Plan& plan) {
  for (auto const& node : cluster.nodes)
    for (auto const& gpu : node.machine.gpus) {
      auto const capability = gpu.capability_major * 10 + gpu.capability_minor;
      if (capability == 0 || capability >= 75) continue;
      plan.decisions.push_back({"build", "with CUDA 12",
                                fmt::format("{} is sm_{}, and CUDA 13 begins at sm_75", gpu.name, capability)});
      return;
    }
}

std::string why_tier(std::optional<Profile> const& least) {
  return least ? fmt::format("nominal memory of the least card, {} GB", least->memory_gb) : "the CPU's";
}

}  // namespace

std::string to_string(Mode mode) {
  switch (mode) {
    case Mode::cpu: return "CPU";
    case Mode::standalone: return "standalone";
    case Mode::data_parallel: return "data parallel";
    case Mode::model_data_parallel: return "model and data parallel";
  }
  return "CPU";
}

std::optional<Mode> parse_mode(std::string_view word) {
  for (std::size_t i = 0; i < mode_words.size(); ++i)
    if (mode_words[i] == word) return static_cast<Mode>(i);
  return std::nullopt;
}

void budget_devices(Facts const& machine, std::vector<Placement> const& all, std::uint64_t wish_bytes, Placement& placement) {
  placement.device_bytes.clear();
  placement.driver_bytes.clear();
  for (int const ordinal : placement.gpus) {
    auto const& gpu = gpu_at(machine, ordinal);
    placement.device_bytes.push_back(device_budget(gpu, wish_bytes, ranks_on_gpu(all, ordinal)).bytes);
    placement.driver_bytes.push_back(context_bytes(gpu));
  }
}

int threads_per_rank(Cpu const& cpu, int local_ranks) {
  int cores = std::max(1, cpu.usable_cores);
  // Part of a CPU cannot carry a thread of its own: rounded down, but never to none.
  if (cpu.quota_cpus > 0 && cpu.quota_cpus < cores) cores = std::max(1, static_cast<int>(cpu.quota_cpus));
  if (cpu.granted_cpus > 0) cores = std::min(cores, cpu.granted_cpus);
  return std::max(1, cores / std::max(1, local_ranks));
}

Plan make_plan(Cluster const& machines, Demand const& demand) {
  MUSTER_ASSERT(!machines.nodes.empty(), "a plan for no machine");
  auto const cluster = with_alike_counted(machines);
  check_wishes(cluster, demand);
  auto const usable = usable_gpus(cluster, demand);
  auto const choice = choose_mode(usable, demand);
  bool const is_alone = is_one_machine(cluster);
  Plan plan;
  plan.mode = choice.mode;
  plan.gpus = usable.gpus;
  plan.group_size = choice.group_size;
  plan.device_wish_bytes = demand.device_memory_bytes;
  plan.shares_gpus = demand.sharing == GpuSharing::allowed;
  plan.least = least_profile(usable.cluster);
  plan.tier = plan.least ? tier_of(plan.least->memory_gb) : Tier::mid;
  for (auto const& node : usable.cluster.nodes)
    plan.nodes.push_back(plan_node(node, demand, choice.group_size, is_alone));
  if (demand.mixing == Mixing::one_kind && plan.gpus > 0) idle_others(plan);
  plan.ranks = plan.nodes.front().ranks;
  auto const& first = cluster.nodes.front().machine;
  plan.memory_wish_bytes = demand.memory_bytes;
  plan.memory = host_budget(first.memory, processes_on(first, plan.nodes.front()), demand.memory_bytes);
  plan.decisions.push_back({"mode", to_string(plan.mode), choice.reason});
  plan.decisions.push_back({"tier", std::string(to_string(plan.tier)), why_tier(plan.least)});
  if (!usable.left_out.empty()) plan.decisions.push_back({"GPUs", std::to_string(usable.gpus), usable.left_out});
  tell_ranks(plan);
  tell_groups(plan);
  join_ranks(demand, plan);
  plan.decisions.push_back({"threads a rank", std::to_string(plan.ranks.front().threads),
                            why_threads(cluster.nodes.front().machine.cpu, demand, plan.ranks.size())});
  tell_device_memory(demand, plan);
  tell_memory(plan);
  tell_build(usable.cluster, plan);
  if (!cluster.assumed.empty()) plan.decisions.push_back({"assumed", "", cluster.assumed});
  return plan;
}

Plan make_plan(Facts const& facts, Demand const& demand) { return make_plan(Cluster{{{facts, 1}}, ""}, demand); }

}  // namespace muster::topology
