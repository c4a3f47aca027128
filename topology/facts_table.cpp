#include <fmt/core.h>

#include "topology/probe.hpp"
#include "topology/profiles.hpp"

namespace muster::topology {
namespace {

std::string gib(std::uint64_t bytes) { return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / (1ULL << 30)); }
std::string kib(std::uint64_t bytes) {
  return bytes >= 1 << 20 ? fmt::format("{} MiB", bytes >> 20) : fmt::format("{} KiB", bytes >> 10);
}

std::string row(std::string_view name, std::string const& value) { return fmt::format("{:<9}{}\n", name, value); }

std::string cpu_rows(Cpu const& cpu) {
  auto text = row("cpu", cpu.model);
  text += row("cores", fmt::format("{} physical, {} hardware threads, {} package{}, {} NUMA node{}", cpu.cores,
                                   cpu.threads, cpu.packages, cpu.packages == 1 ? "" : "s", cpu.numa_nodes,
                                   cpu.numa_nodes == 1 ? "" : "s"));
  text += row("usable", fmt::format("{} cores, {} hardware threads, {}", cpu.usable_cores, cpu.usable_threads,
                                    cpu.quota_cpus > 0 ? fmt::format("a quota of {:.2f} CPUs", cpu.quota_cpus)
                                                       : "no CPU quota"));
  if (cpu.caches.l2_bytes > 0)
    text += row("caches", fmt::format("L1 {}, L2 {}, L3 {}", kib(cpu.caches.l1_bytes), kib(cpu.caches.l2_bytes),
                                      kib(cpu.caches.l3_bytes)));
  return text;
}

std::string gpu_row(Gpu const& gpu) {
  auto const profile = profile_of(gpu);
  return row(fmt::format("gpu {}", gpu.ordinal),
             fmt::format("{}, {} ({} tier), sm_{}{}, {} multiprocessors, {}, {}", gpu.name, gib(gpu.memory_bytes),
                         to_string(tier_of(profile.memory_gb)), gpu.capability_major, gpu.capability_minor,
                         gpu.multiprocessors, gpu.pci_address,
                         gpu.nvlinks > 0 ? fmt::format("{} NVLinks", gpu.nvlinks) : "no NVLink"));
}

}  // namespace

std::string to_table(Facts const& facts) {
  auto text = row("host", facts.host) + row("system", facts.os) + cpu_rows(facts.cpu);
  auto const& memory = facts.memory;
  text += row("memory", fmt::format("{} in all, {}{} available", gib(memory.total_bytes),
                                    memory.limit_bytes > 0 ? "limit " + gib(memory.limit_bytes) + ", " : "",
                                    gib(memory.available_bytes)));
  for (auto const& gpu : facts.gpus) text += gpu_row(gpu);
  if (!facts.gpu_note.empty()) text += row("gpus", (facts.gpus.empty() ? "none: " : "") + facts.gpu_note);
  if (facts.launch.is_launched)
    text += row("launch", fmt::format("rank {} of {}, {} of {} on this machine", facts.launch.rank,
                                      facts.launch.ranks, facts.launch.local_rank, facts.launch.local_ranks));
  return text;
}

}  // namespace muster::topology
