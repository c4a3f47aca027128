#include <fmt/core.h>

#include <algorithm>

#include "topology/links.hpp"
#include "topology/probe.hpp"
#include "topology/profiles.hpp"

namespace muster::topology {
namespace {

/// A line and what hangs below it.
struct Branch {
  std::string text;
  std::vector<Branch> below;
};

void draw(std::vector<Branch> const& branches, std::string const& margin, std::string& out) {
  for (std::size_t i = 0; i < branches.size(); ++i) {
    bool const is_last = i + 1 == branches.size();
    out += margin + (is_last ? "└─ " : "├─ ") + branches[i].text + "\n";
    draw(branches[i].below, margin + (is_last ? "   " : "│  "), out);
  }
}

std::string in_gib(std::uint64_t bytes) { return fmt::format("{:.1f} GiB", static_cast<double>(bytes) / (1ULL << 30)); }

std::string cache_text(std::uint64_t bytes) {
  return bytes >= 1 << 20 ? fmt::format("{} MiB", bytes >> 20) : fmt::format("{} KiB", bytes >> 10);
}

std::string several(int count, std::string_view noun) { return fmt::format("{} {}{}", count, noun, count == 1 ? "" : "s"); }

Branch cpu_branch(Cpu const& cpu) {
  Branch branch{"cpu: " + cpu.model, {}};
  branch.below.push_back({fmt::format("{}, {}, {}, {}", several(cpu.packages, "package"), several(cpu.numa_nodes, "NUMA node"),
                                      several(cpu.cores, "core"), several(cpu.threads, "hardware thread")), {}});
  branch.below.push_back({fmt::format("usable: {}, {}, {}{}", several(cpu.usable_cores, "core"),
                                      several(cpu.usable_threads, "hardware thread"),
                                      cpu.quota_cpus > 0 ? fmt::format("a quota of {:.2f} CPUs", cpu.quota_cpus) : "no CPU quota",
                                      cpu.granted_cpus > 0 ? fmt::format(", {} granted by Slurm", several(cpu.granted_cpus, "CPU")) : ""),
                          {}});
  if (cpu.caches.l2_bytes > 0)
    branch.below.push_back({fmt::format("caches: L1 {}, L2 {}, L3 {}", cache_text(cpu.caches.l1_bytes),
                                        cache_text(cpu.caches.l2_bytes), cache_text(cpu.caches.l3_bytes)), {}});
  return branch;
}

Branch memory_branch(Memory const& memory) {
  return {fmt::format("memory: {} in all, {}{} available", in_gib(memory.total_bytes),
                      memory.limit_bytes > 0 ? "limit " + in_gib(memory.limit_bytes) + ", " : "",
                      in_gib(memory.available_bytes)), {}};
}

std::string mig_text(Mig mig) { return mig == Mig::slice ? ", a MIG slice" : ""; }
std::string ecc_text(Ecc ecc) { return ecc == Ecc::unknown ? "" : ecc == Ecc::on ? ", ECC on" : ", ECC off"; }

Branch gpu_branch(Gpu const& gpu) {
  auto const profile = profile_of(gpu);
  Branch branch{fmt::format("GPU {}: {}", gpu.ordinal, gpu.name), {}};
  branch.below.push_back({fmt::format("{}, {} free; {} GB nominal, {} tier, profile {}", in_gib(gpu.memory_bytes),
                                      in_gib(gpu.free_bytes), profile.memory_gb, to_string(tier_of(profile.memory_gb)),
                                      profile.name), {}});
  branch.below.push_back({fmt::format("sm_{}{}, {} multiprocessors{}{}{}", gpu.capability_major, gpu.capability_minor,
                                      gpu.multiprocessors,
                                      gpu.clock_mhz > 0 ? fmt::format(" at up to {} MHz", gpu.clock_mhz) : "",
                                      ecc_text(gpu.ecc), mig_text(gpu.mig)), {}});
  branch.below.push_back({fmt::format("{}{}{}", gpu.pci_address, gpu.uuid.empty() ? "" : ", " + gpu.uuid,
                                      gpu.nvlinks > 0 ? fmt::format(", {} NVLinks", gpu.nvlinks) : ""), {}});
  return branch;
}

bool is_on(Gpu const& gpu, NumaNode const& node) { return gpu.numa == node.id; }

Branch numa_branch(NumaNode const& node, std::vector<Gpu> const& gpus) {
  Branch branch{fmt::format("NUMA node {}: {}, {}", node.id, several(node.cores, "core"), in_gib(node.memory_bytes)), {}};
  for (auto const& gpu : gpus)
    if (is_on(gpu, node)) branch.below.push_back(gpu_branch(gpu));
  return branch;
}

/// One line where every pair is alike, else a matrix as nvidia-smi prints it.
Branch links_branch(Facts const& facts) {
  auto const count = facts.gpus.size();
  auto const first = link_between(facts, 0, 1);
  bool all_alike = true;
  for (std::size_t a = 0; a < count; ++a)
    for (std::size_t b = 0; b < count; ++b)
      all_alike = all_alike && (a == b || (link_between(facts, a, b).kind == first.kind &&
                                           link_between(facts, a, b).nvlinks == first.nvlinks));
  if (all_alike) return {"links: every pair of GPUs by " + to_string(first), {}};
  Branch branch{"links", {}};
  std::string head(6, ' ');
  for (auto const& gpu : facts.gpus) head += fmt::format("{:<6}", fmt::format("GPU{}", gpu.ordinal));
  branch.below.push_back({head.substr(0, head.find_last_not_of(' ') + 1), {}});
  for (std::size_t a = 0; a < count; ++a) {
    auto row = fmt::format("{:<6}", fmt::format("GPU{}", facts.gpus[a].ordinal));
    for (std::size_t b = 0; b < count; ++b) row += fmt::format("{:<6}", a == b ? "X" : to_string(link_between(facts, a, b)));
    branch.below.push_back({row.substr(0, row.find_last_not_of(' ') + 1), {}});
  }
  return branch;
}

std::string peer_text(Facts const& facts) {
  std::size_t yes = 0, no = 0;
  for (auto const& link : facts.links) {
    yes += link.peer == Peer::yes ? 1 : 0;
    no += link.peer == Peer::no ? 1 : 0;
  }
  if (yes + no == 0) return "";
  if (no == 0) return "peer access: between all GPUs";
  return yes == 0 ? "peer access: none" : fmt::format("peer access: {} of {} ordered pairs", yes, yes + no);
}

}  // namespace

std::string to_tree(Facts const& facts) {
  std::vector<Branch> branches{cpu_branch(facts.cpu), memory_branch(facts.memory)};
  for (auto const& node : facts.cpu.numa) branches.push_back(numa_branch(node, facts.gpus));
  for (auto const& gpu : facts.gpus)
    if (std::none_of(facts.cpu.numa.begin(), facts.cpu.numa.end(), [&](auto const& node) { return is_on(gpu, node); }))
      branches.push_back(gpu_branch(gpu));
  if (!facts.links.empty() && facts.gpus.size() > 1) branches.push_back(links_branch(facts));
  if (auto const peers = peer_text(facts); !peers.empty()) branches.push_back({peers, {}});
  if (!facts.driver_version.empty()) branches.push_back({"driver: " + facts.driver_version, {}});
  if (!facts.gpu_note.empty()) branches.push_back({(facts.gpus.empty() ? "no GPU: " : "GPUs: ") + facts.gpu_note, {}});
  if (!facts.gpus_unused.empty()) branches.push_back({"GPUs: " + facts.gpus_unused, {}});
  if (facts.launch.is_launched)
    branches.push_back({fmt::format("launch: {} of {} on this machine", facts.launch.local_ranks,
                                    several(facts.launch.ranks, "rank")), {}});
  auto text = (facts.host.empty() ? "machine" : facts.host) + (facts.os.empty() ? "" : ": " + facts.os) + "\n";
  draw(branches, "", text);
  return text;
}

}  // namespace muster::topology
