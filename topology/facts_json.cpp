#include <nlohmann/json.hpp>

#include "topology/probe.hpp"
#include "topology/profiles.hpp"

namespace muster::topology {
namespace {

using Json = nlohmann::ordered_json;

Json cpu_json(Cpu const& cpu) {
  return {{"model", cpu.model},
          {"packages", cpu.packages},
          {"numa_nodes", cpu.numa_nodes},
          {"cores", cpu.cores},
          {"threads", cpu.threads},
          {"usable_cores", cpu.usable_cores},
          {"usable_threads", cpu.usable_threads},
          {"quota_cpus", cpu.quota_cpus > 0 ? Json(cpu.quota_cpus) : Json(nullptr)},
          {"l1_bytes", cpu.caches.l1_bytes},
          {"l2_bytes", cpu.caches.l2_bytes},
          {"l3_bytes", cpu.caches.l3_bytes}};
}

Json memory_json(Memory const& memory) {
  return {{"total_bytes", memory.total_bytes},
          {"limit_bytes", memory.limit_bytes > 0 ? Json(memory.limit_bytes) : Json(nullptr)},
          {"available_bytes", memory.available_bytes}};
}

Json gpu_json(Gpu const& gpu) {
  auto const profile = profile_of(gpu);
  return {{"ordinal", gpu.ordinal},
          {"name", gpu.name},
          {"uuid", gpu.uuid},
          {"pci_address", gpu.pci_address},
          {"capability", {gpu.capability_major, gpu.capability_minor}},
          {"multiprocessors", gpu.multiprocessors},
          {"memory_bytes", gpu.memory_bytes},
          {"free_bytes", gpu.free_bytes},
          {"nvlinks", gpu.nvlinks},
          {"profile", std::string(profile.name)},
          {"nominal_memory_gb", profile.memory_gb},
          {"tier", std::string(to_string(tier_of(profile.memory_gb)))}};
}

}  // namespace

std::string to_json(Facts const& facts) {
  auto gpus = Json::array();
  for (auto const& gpu : facts.gpus) gpus.push_back(gpu_json(gpu));
  Json const all{{"host", facts.host},
                 {"os", facts.os},
                 {"cpu", cpu_json(facts.cpu)},
                 {"memory", memory_json(facts.memory)},
                 {"gpus", gpus},
                 {"gpu_note", facts.gpu_note},
                 {"launch",
                  {{"is_launched", facts.launch.is_launched},
                   {"rank", facts.launch.rank},
                   {"ranks", facts.launch.ranks},
                   {"local_rank", facts.launch.local_rank},
                   {"local_ranks", facts.launch.local_ranks}}}};
  // Names come from firmware and drivers, so a byte that is not UTF-8 must not throw.
  return all.dump(2, ' ', false, Json::error_handler_t::replace);
}

}  // namespace muster::topology
