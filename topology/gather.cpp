#include "topology/gather.hpp"

#include <fmt/core.h>

#include <algorithm>
#include <map>

#include "core/error.hpp"
#include "core/text.hpp"

namespace muster::topology {
namespace {

/// Facts of the ranks of one machine, in their order.
using Local = std::vector<Facts const*>;

bool is_same(Gpu const& a, Gpu const& b) {
  if (!a.uuid.empty() || !b.uuid.empty()) return a.uuid == b.uuid;
  return a.pci_address == b.pci_address && a.ordinal == b.ordinal;
}

/// The GPU's place in `gpus`, or their number.
std::size_t place_of(Gpu const& gpu, std::vector<Gpu> const& gpus) {
  return static_cast<std::size_t>(std::find_if(gpus.begin(), gpus.end(), [&](Gpu const& other) { return is_same(gpu, other); }) -
                                  gpus.begin());
}

std::vector<Gpu> all_gpus(Local const& ranks) {
  std::vector<Gpu> gpus;
  for (auto const* rank : ranks)
    for (auto const& gpu : rank->gpus)
      if (place_of(gpu, gpus) == gpus.size()) gpus.push_back(gpu);
  for (std::size_t i = 0; i < gpus.size(); ++i) gpus[i].ordinal = static_cast<int>(i);
  return gpus;
}

/// Places in `gpus` of what each rank sees, in its own order.
std::vector<std::vector<int>> places_seen(Local const& ranks, std::vector<Gpu> const& gpus) {
  std::vector<std::vector<int>> seen;
  for (auto const* rank : ranks) {
    auto& places = seen.emplace_back();
    for (auto const& gpu : rank->gpus) places.push_back(static_cast<int>(place_of(gpu, gpus)));
  }
  return seen;
}

/// Links between all GPUs, each as a rank that sees both ends tells it.
std::vector<Link> all_links(Local const& ranks, std::vector<std::vector<int>> const& seen, std::size_t gpus) {
  std::vector<Link> links(gpus * gpus);
  bool is_known = false;
  for (std::size_t rank = 0; rank < ranks.size(); ++rank)
    for (std::size_t a = 0; a < seen[rank].size() && !ranks[rank]->links.empty(); ++a)
      for (std::size_t b = 0; b < seen[rank].size(); ++b) {
        links[static_cast<std::size_t>(seen[rank][a]) * gpus + static_cast<std::size_t>(seen[rank][b])] =
            link_between(*ranks[rank], a, b);
        is_known = true;
      }
  return is_known ? links : std::vector<Link>{};
}

/// Adds the cores that another rank of the machine may use.
void add_usable(Cpu& cpu, Cpu const& other) {
  for (auto& node : cpu.numa)
    for (auto const& more : other.numa)
      for (auto const& core : more.usable)
        if (more.id == node.id && std::find(node.usable.begin(), node.usable.end(), core) == node.usable.end())
          node.usable.push_back(core);
  cpu.usable_cores = std::max(cpu.usable_cores, other.usable_cores);
  cpu.usable_threads = std::max(cpu.usable_threads, other.usable_threads);
}

void count_usable(Cpu& cpu) {
  std::size_t cores = 0, threads = 0;
  for (auto& node : cpu.numa) {
    std::sort(node.usable.begin(), node.usable.end());
    cores += node.usable.size();
    for (auto const& core : node.usable) threads += core.size();
  }
  cpu.usable_cores = std::max(cpu.usable_cores, static_cast<int>(cores));
  cpu.usable_threads = std::max(cpu.usable_threads, static_cast<int>(threads));
}

Facts machine_of(Local const& ranks, int ranks_in_all) {
  auto machine = *ranks.front();
  for (auto const* rank : ranks) add_usable(machine.cpu, rank->cpu);
  if (ranks.size() > 1) count_usable(machine.cpu);
  machine.gpus = all_gpus(ranks);
  machine.seen_by = places_seen(ranks, machine.gpus);
  machine.links = all_links(ranks, machine.seen_by, machine.gpus.size());
  bool const is_alike = std::all_of(machine.seen_by.begin(), machine.seen_by.end(), [&](auto places) {
    std::sort(places.begin(), places.end());
    return std::unique(places.begin(), places.end()) == places.end() && places.size() == machine.gpus.size();
  });
  if (is_alike) machine.seen_by.clear();
  machine.launch.ranks = ranks_in_all;
  machine.launch.local_rank = 0;
  machine.launch.local_ranks = static_cast<int>(ranks.size());
  return machine;
}

std::vector<int> ordinals_of(Facts const& rank, Facts const& machine) {
  std::vector<int> ordinals(machine.gpus.size(), -1);
  for (auto const& gpu : rank.gpus) ordinals[place_of(gpu, machine.gpus)] = gpu.ordinal;
  return ordinals;
}

/// The plan counts machines that are alike; this finds the one for a node of the gathered cluster.
NodePlan const& plan_of(Plan const& plan, int node) {
  for (auto const& part : plan.nodes) {
    if (node < part.count) return part;
    node -= part.count;
  }
  MUSTER_ASSERT(false, "no plan for machine {} more", node);
  return plan.nodes.back();
}

std::string name_of(int rank, Facts const& facts) {
  return fmt::format("rank {}{}", rank, facts.host.empty() ? "" : " on " + printable(facts.host));
}

}  // namespace

Gathered gather(std::vector<std::optional<Facts>> const& ranks) {
  Gathered gathered;
  gathered.seats.resize(ranks.size());
  std::map<std::string, int> node_of;
  std::vector<Local> locals;
  for (std::size_t rank = 0; rank < ranks.size(); ++rank) {
    if (!ranks[rank]) continue;
    auto const [node, is_new] = node_of.emplace(ranks[rank]->host, static_cast<int>(locals.size()));
    if (is_new) locals.emplace_back();
    auto& local = locals[static_cast<std::size_t>(node->second)];
    gathered.seats[rank] = {node->second, static_cast<int>(local.size()), {}};
    local.push_back(&*ranks[rank]);
  }
  for (auto const& local : locals)
    gathered.cluster.nodes.push_back({machine_of(local, static_cast<int>(ranks.size())), 1});
  for (std::size_t rank = 0; rank < ranks.size(); ++rank)
    if (auto& seat = gathered.seats[rank]; seat.node >= 0)
      seat.ordinals = ordinals_of(*ranks[rank], gathered.cluster.nodes[static_cast<std::size_t>(seat.node)].machine);
  return gathered;
}

Placement placement_of(Plan const& plan, Gathered const& gathered, int rank) {
  auto const& seat = gathered.seats.at(static_cast<std::size_t>(rank));
  MUSTER_ASSERT(seat.node >= 0, "rank {} said nothing", rank);
  auto const& ranks = plan_of(plan, seat.node).ranks;
  auto placement = ranks.at(static_cast<std::size_t>(seat.local));
  placement.rank = rank;
  // The plan was made for a machine like this one; what is free is this one's.
  budget_devices(gathered.cluster.nodes.at(static_cast<std::size_t>(seat.node)).machine, ranks, plan.device_wish_bytes, placement);
  for (int& gpu : placement.gpus) {
    gpu = seat.ordinals.at(static_cast<std::size_t>(gpu));
    MUSTER_ASSERT(gpu >= 0, "rank {} does not see its GPU", rank);
  }
  return placement;
}

void check_doubles(Plan const& plan, Gathered const& gathered, Demand const& demand) {
  if (demand.sharing == GpuSharing::allowed) return;
  std::map<std::string, int> rank_of;
  for (std::size_t rank = 0; rank < gathered.seats.size(); ++rank) {
    auto const& seat = gathered.seats[rank];
    if (seat.node < 0) continue;
    auto const& machine = gathered.cluster.nodes[static_cast<std::size_t>(seat.node)].machine;
    for (int const gpu : plan_of(plan, seat.node).ranks.at(static_cast<std::size_t>(seat.local)).gpus) {
      auto const& uuid = machine.gpus.at(static_cast<std::size_t>(gpu)).uuid;
      if (uuid.empty()) continue;
      auto const [other, is_new] = rank_of.emplace(uuid, static_cast<int>(rank));
      if (is_new) continue;
      auto const& first = gathered.cluster.nodes[static_cast<std::size_t>(gathered.seats[static_cast<std::size_t>(other->second)].node)];
      throw_error(Exit::user, "{} and {} would compute on one GPU, {} (they would share its memory and take turns); give each "
                  "rank GPUs of its own or all ranks of a machine the same CUDA_VISIBLE_DEVICES, start fewer ranks, or allow "
                  "it with --share-gpus", name_of(other->second, first.machine), name_of(static_cast<int>(rank), machine),
                  printable(uuid));
    }
  }
}

}  // namespace muster::topology
