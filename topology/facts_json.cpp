#include <nlohmann/json.hpp>

#include "topology/cpu_sets.hpp"
#include "topology/facts_io.hpp"
#include "topology/links.hpp"
#include "topology/profiles.hpp"

namespace muster::topology {
namespace {

using Json = nlohmann::ordered_json;

Json or_null(bool is_known, Json value) { return is_known ? std::move(value) : Json(nullptr); }

Json cpu_json(Cpu const& cpu) {
  auto numa = Json::array();
  for (auto const& node : cpu.numa)
    numa.push_back({{"id", node.id},
                    {"cores", node.cores},
                    {"memory_bytes", node.memory_bytes},
                    {"usable", or_null(!node.usable.empty(), cores_text(node.usable))}});
  return {{"model", cpu.model},
          {"packages", cpu.packages},
          {"numa_nodes", cpu.numa_nodes},
          {"cores", cpu.cores},
          {"threads", cpu.threads},
          {"usable_cores", cpu.usable_cores},
          {"usable_threads", cpu.usable_threads},
          {"quota_cpus", or_null(cpu.quota_cpus > 0, cpu.quota_cpus)},
          {"granted_cpus", or_null(cpu.granted_cpus > 0, cpu.granted_cpus)},
          {"l1_bytes", cpu.caches.l1_bytes},
          {"l2_bytes", cpu.caches.l2_bytes},
          {"l3_bytes", cpu.caches.l3_bytes},
          {"numa", numa}};
}

Json memory_json(Memory const& memory) {
  return {{"total_bytes", memory.total_bytes},
          {"limit_bytes", or_null(memory.limit_bytes > 0, memory.limit_bytes)},
          {"available_bytes", memory.available_bytes}};
}

Json gpu_json(Gpu const& gpu) {
  auto const profile = profile_of(gpu);
  return {{"ordinal", gpu.ordinal},
          {"index", or_null(gpu.index >= 0, gpu.index)},
          {"name", gpu.name},
          {"uuid", gpu.uuid},
          {"pci_address", gpu.pci_address},
          {"capability", {gpu.capability_major, gpu.capability_minor}},
          {"multiprocessors", gpu.multiprocessors},
          {"clock_mhz", or_null(gpu.clock_mhz > 0, gpu.clock_mhz)},
          {"memory_bytes", gpu.memory_bytes},
          {"free_bytes", gpu.free_bytes},
          {"nvlinks", gpu.nvlinks},
          {"numa", or_null(gpu.numa >= 0, gpu.numa)},
          {"ecc", or_null(gpu.ecc != Ecc::unknown, gpu.ecc == Ecc::on)},
          {"mig", or_null(gpu.mig != Mig::unknown, mig_words.at(static_cast<std::size_t>(gpu.mig)))},
          {"profile", std::string(profile.name)},
          {"nominal_memory_gb", profile.memory_gb},
          {"tier", std::string(to_string(tier_of(profile.memory_gb)))}};
}

/// A matrix of words in the order of the GPUs, X on the diagonal.
template <class Cell>
Json matrix_json(Facts const& facts, Cell const& cell) {
  if (facts.links.empty()) return nullptr;
  auto rows = Json::array();
  for (std::size_t a = 0; a < facts.gpus.size(); ++a) {
    auto row = Json::array();
    for (std::size_t b = 0; b < facts.gpus.size(); ++b) row.push_back(a == b ? "X" : cell(link_between(facts, a, b)));
    rows.push_back(std::move(row));
  }
  return rows;
}

Json machine_json(Facts const& facts) {
  auto gpus = Json::array();
  for (auto const& gpu : facts.gpus) gpus.push_back(gpu_json(gpu));
  return {{"host", facts.host},
          {"os", facts.os},
          {"cpu", cpu_json(facts.cpu)},
          {"memory", memory_json(facts.memory)},
          {"driver_version", facts.driver_version},
          {"gpus", gpus},
          {"links", matrix_json(facts, [](Link const& link) { return to_string(link); })},
          {"peer_access", matrix_json(facts, [](Link const& link) {
             return std::string(peer_words.at(static_cast<std::size_t>(link.peer)));
           })},
          {"gpus_unused", facts.gpus_unused},
          {"gpu_note", facts.gpu_note},
          {"gpu_grant",
           {{"visible", facts.grant.visible ? Json(*facts.grant.visible) : Json(nullptr)},
            {"slurm", facts.grant.slurm},
            {"slurm_variable", facts.grant.slurm_variable},
            {"in_machine", facts.grant.in_machine}}},
          {"launch",
           {{"is_launched", facts.launch.is_launched},
            {"rank", facts.launch.rank},
            {"ranks", facts.launch.ranks},
            {"local_rank", facts.launch.local_rank},
            {"local_ranks", facts.launch.local_ranks}}}};
}

/// Names come from firmware and drivers, so a byte that is not UTF-8 must not throw.
std::string dumped(Json const& json) { return json.dump(2, ' ', false, Json::error_handler_t::replace); }

}  // namespace

std::string to_json(Facts const& facts) { return dumped(machine_json(facts)); }

std::string to_json(Cluster const& cluster) {
  auto nodes = Json::array();
  for (auto const& node : cluster.nodes)
    nodes.push_back({{"count", node.count}, {"machine", machine_json(node.machine)}});
  return dumped({{"nodes", nodes}});
}

}  // namespace muster::topology
