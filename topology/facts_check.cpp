#include <algorithm>
#include <map>
#include <set>

#include "core/error.hpp"
#include "core/text.hpp"
#include "topology/cards.hpp"
#include "topology/facts_io.hpp"
#include "topology/links.hpp"
#include "topology/profiles.hpp"

namespace muster::topology {
namespace {

void check_cpu(Cpu const& cpu, std::string const& source) {
  MUSTER_REQUIRE(cpu.threads >= cpu.cores, "{}: {} hardware threads on {} cores (a core has at least one); correct the file",
                 source, cpu.threads, cpu.cores);
  MUSTER_REQUIRE(cpu.usable_cores <= cpu.cores && cpu.usable_threads <= cpu.threads,
                 "{}: {} usable cores and {} threads of {} and {} (more than there are); correct the file", source,
                 cpu.usable_cores, cpu.usable_threads, cpu.cores, cpu.threads);
  std::set<int> ids, usable;
  int cores = 0;
  for (auto const& node : cpu.numa) {
    MUSTER_REQUIRE(ids.insert(node.id).second, "{}: two NUMA nodes are numbered {}; give each its own", source, node.id);
    cores += node.cores;
    MUSTER_REQUIRE(static_cast<int>(node.usable.size()) <= node.cores,
                   "{}: NUMA node {} has {} usable cores of {} (more than there are); correct the file", source, node.id,
                   node.usable.size(), node.cores);
    for (auto const& core : node.usable)
      for (int const thread : core)
        MUSTER_REQUIRE(usable.insert(thread).second, "{}: hardware thread {} is in two NUMA nodes (it is in one); correct "
                       "the file", source, thread);
  }
  MUSTER_REQUIRE(cores <= cpu.cores, "{}: the NUMA nodes have {} cores, the machine {}; correct the file", source, cores,
                 cpu.cores);
}

void check_memory(Memory const& memory, std::string const& source) {
  MUSTER_REQUIRE(memory.available_bytes <= memory.total_bytes,
                 "{}: {} bytes of memory available of {} (more than there are); correct the file", source,
                 memory.available_bytes, memory.total_bytes);
}

/// A slice has less of everything than its card's name says.
void check_name(Gpu const& gpu, std::string const& source) {
  auto const* const card = find_card(gpu.name, nominal_memory_gb(gpu.memory_bytes));
  if (card == nullptr || gpu.mig == Mig::slice) return;
  auto const gb = nominal_memory_gb(gpu.memory_bytes);
  MUSTER_REQUIRE(gb <= card->memory_gb, "{}: GPU {} is a {} with {} GB (that card has {}); correct name or memory_bytes",
                 source, gpu.ordinal, printable(gpu.name), gb, card->memory_gb);
  auto const capability = gpu.capability_major * 10 + gpu.capability_minor;
  MUSTER_REQUIRE(capability == 0 || capability == card->capability,
                 "{}: GPU {} is a {} with compute capability {}.{} (that card has {}.{}); correct name or capability",
                 source, gpu.ordinal, printable(gpu.name), gpu.capability_major, gpu.capability_minor,
                 card->capability / 10, card->capability % 10);
}

void check_gpu(Gpu const& gpu, Cpu const& cpu, std::string const& source) {
  MUSTER_REQUIRE(gpu.free_bytes <= gpu.memory_bytes,
                 "{}: GPU {} has {} bytes free of {} (more than there are); correct the file", source, gpu.ordinal,
                 gpu.free_bytes, gpu.memory_bytes);
  MUSTER_REQUIRE(gpu.mig != Mig::on,
                 "{}: GPU {} is cut into MIG slices and listed whole (only slices compute); list its slices instead",
                 source, gpu.ordinal);
  bool const is_there = gpu.numa < 0 || cpu.numa.empty() ||
                        std::any_of(cpu.numa.begin(), cpu.numa.end(), [&](auto const& node) { return node.id == gpu.numa; });
  MUSTER_REQUIRE(is_there, "{}: GPU {} is attached to NUMA node {}, which the machine has not; correct numa", source,
                 gpu.ordinal, gpu.numa);
  check_name(gpu, source);
}

void check_identities(std::vector<Gpu> const& gpus, std::string const& source) {
  std::map<std::string, int> uuids, places;
  std::set<int> ordinals;
  for (auto const& gpu : gpus) {
    MUSTER_REQUIRE(ordinals.insert(gpu.ordinal).second, "{}: two GPUs have ordinal {}; number them 0, 1, 2, ...", source,
                   gpu.ordinal);
    auto const same = gpu.uuid.empty() ? uuids.end() : uuids.find(gpu.uuid);
    MUSTER_REQUIRE(same == uuids.end(), "{}: GPUs {} and {} have one UUID, {} (it names one card); correct the file",
                   source, same->second, gpu.ordinal, printable(gpu.uuid));
    if (!gpu.uuid.empty()) uuids[gpu.uuid] = gpu.ordinal;
    auto const [place, is_new] = places.emplace(gpu.pci_address, gpu.ordinal);
    MUSTER_REQUIRE(is_new || gpu.pci_address.empty() || gpu.mig == Mig::slice,
                   "{}: GPUs {} and {} have one PCI address, {} (only MIG slices share one); correct the file", source,
                   place->second, gpu.ordinal, printable(gpu.pci_address));
  }
}

void check_links(Facts const& facts, std::string const& source) {
  auto const& gpus = facts.gpus;
  MUSTER_REQUIRE(facts.links.empty() || facts.links.size() == gpus.size() * gpus.size(),
                 "{}: {} links between {} GPUs; give one for every pair, both ways", source, facts.links.size(), gpus.size());
  for (std::size_t a = 0; a < gpus.size(); ++a)
    for (std::size_t b = 0; b < a; ++b) {
      auto const there = link_between(facts, a, b), back = link_between(facts, b, a);
      MUSTER_REQUIRE(there.kind == back.kind && there.nvlinks == back.nvlinks,
                     "{}: GPU {} to {} is {}, and back {} (a link has two ends); correct the file", source,
                     gpus[b].ordinal, gpus[a].ordinal, to_string(back), to_string(there));
      auto const most = std::max(there.nvlinks, 0);
      for (auto const end : {a, b})
        MUSTER_REQUIRE(gpus[end].nvlinks == 0 || most <= gpus[end].nvlinks,
                       "{}: GPU {} has {} NVLinks and {} of them to one other (more than there are); correct the file",
                       source, gpus[end].ordinal, gpus[end].nvlinks, most);
    }
}

}  // namespace

void check_facts(Facts const& facts, std::string const& source) {
  check_cpu(facts.cpu, source);
  check_memory(facts.memory, source);
  for (auto const& gpu : facts.gpus) check_gpu(gpu, facts.cpu, source);
  check_identities(facts.gpus, source);
  check_links(facts, source);
}

void check_cluster(Cluster const& cluster, std::string const& source) {
  std::map<std::string, int> hosts;
  std::int64_t nodes = 0;
  for (auto const& node : cluster.nodes) {
    check_facts(node.machine, source);
    nodes += node.count;
    auto const& host = node.machine.host;
    MUSTER_REQUIRE(host.empty() || ++hosts[host] == 1, "{}: two machines are named {}; give each its own name", source,
                   printable(host));
  }
  MUSTER_REQUIRE(nodes <= most_nodes, "{}: {} machines (at most {}); plan for fewer", source, nodes, most_nodes);
}

}  // namespace muster::topology
