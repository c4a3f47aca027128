// Machines out of muster's own JSON.
#include <fmt/format.h>

#include <algorithm>

#include "core/error.hpp"
#include "topology/cpu_sets.hpp"
#include "topology/facts_io.hpp"
#include "topology/json_document.hpp"
#include "topology/links.hpp"

namespace muster::topology {
namespace {

constexpr std::int64_t most_of_anything = 1 << 20;
constexpr std::uint64_t most_bytes = std::uint64_t{1} << 56;
constexpr std::size_t longest_text = 400;
constexpr std::size_t longest_list = 1 << 20;

template <std::size_t Count>
std::size_t place_of_word(JsonValue json, std::array<std::string_view, Count> const& words) {
  auto const word = json.text(longest_text);
  for (std::size_t i = 0; i < Count; ++i)
    if (words[i] == word) return i;
  json.refuse(fmt::format("= {} (must be one of {})", json.shown(), fmt::join(words.begin(), words.end(), ", ")));
}

std::vector<CpuSet> read_cores(JsonValue json) {
  auto cores = parse_cores(json.text(longest_list));
  if (!cores) json.refuse(fmt::format("= {} (must be cores such as \"0,64 1,65\": each thread once)", json.shown()));
  return std::move(*cores);
}

Cpu read_cpu(JsonValue json) {
  Cpu cpu;
  cpu.model = json["model"].text(longest_text);
  cpu.packages = json["packages"].count(1, most_of_anything, 1);
  cpu.cores = json["cores"].count(1, most_of_anything, 1);
  cpu.threads = json["threads"].count(1, most_of_anything, cpu.cores);
  cpu.usable_cores = json["usable_cores"].count(1, most_of_anything, cpu.cores);
  cpu.usable_threads = json["usable_threads"].count(1, most_of_anything, cpu.threads);
  cpu.quota_cpus = json["quota_cpus"].number(static_cast<double>(most_of_anything));
  cpu.granted_cpus = json["granted_cpus"].count(0, most_of_anything, 0);
  cpu.caches = {json["l1_bytes"].bytes(most_bytes), json["l2_bytes"].bytes(most_bytes), json["l3_bytes"].bytes(most_bytes)};
  if (!json["numa"].is_null())
    for (auto const node : json["numa"].elements())
      cpu.numa.push_back({node["id"].count(0, most_of_anything, 0), node["cores"].count(0, most_of_anything, 0),
                          node["memory_bytes"].bytes(most_bytes), read_cores(node["usable"])});
  cpu.numa_nodes =
      json["numa_nodes"].count(1, most_of_anything, std::max(1, static_cast<int>(cpu.numa.size())));
  return cpu;
}

void read_capability(JsonValue json, Gpu& gpu) {
  if (json.is_null()) return;
  auto const pair = json.elements();
  if (pair.size() != 2) json.refuse("must be two numbers, [8, 6] for sm_86");
  gpu.capability_major = (*pair.begin()).count(0, 99, 0);
  gpu.capability_minor = (*++pair.begin()).count(0, 9, 0);
}

Gpu read_gpu_json(JsonValue json, int place) {
  Gpu gpu;
  gpu.ordinal = json["ordinal"].count(0, most_of_anything, place);
  gpu.index = json["index"].count(0, most_of_anything, -1);
  gpu.name = json["name"].text(longest_text);
  if (gpu.name.empty()) json["name"].refuse("is missing (it says which card it is)");
  gpu.uuid = json["uuid"].text(longest_text);
  gpu.pci_address = json["pci_address"].text(longest_text);
  read_capability(json["capability"], gpu);
  gpu.multiprocessors = json["multiprocessors"].count(0, 100'000, 0);
  gpu.clock_mhz = json["clock_mhz"].count(0, 100'000, 0);
  gpu.memory_bytes = json["memory_bytes"].bytes(most_bytes);
  gpu.free_bytes = json["free_bytes"].bytes(most_bytes);
  gpu.nvlinks = json["nvlinks"].count(0, 1000, 0);
  gpu.numa = json["numa"].count(0, most_of_anything, -1);
  if (!json["ecc"].is_null()) gpu.ecc = json["ecc"].flag() ? Ecc::on : Ecc::off;
  if (!json["mig"].is_null()) gpu.mig = static_cast<Mig>(place_of_word(json["mig"], mig_words));
  return gpu;
}

/// Calls `take(place, cell)` for every cell of a square matrix of words that is not on its diagonal.
template <class Take>
void read_matrix(JsonValue json, std::size_t gpus, Take const& take) {
  auto const rows = json.elements();
  if (rows.size() != gpus) json.refuse(fmt::format("has {} rows for {} GPUs", rows.size(), gpus));
  std::size_t place = 0;
  for (auto const row : rows) {
    auto const cells = row.elements();
    if (cells.size() != gpus) row.refuse(fmt::format("has {} columns for {} GPUs", cells.size(), gpus));
    for (auto const cell : cells) {
      if (place % (gpus + 1) != 0) take(place, cell);
      ++place;
    }
  }
}

void read_links_json(JsonValue links, JsonValue peers, Facts& facts) {
  if (links.is_null() && peers.is_null()) return;
  facts.links.resize(facts.gpus.size() * facts.gpus.size());
  if (!links.is_null())
    read_matrix(links, facts.gpus.size(), [&facts](std::size_t place, JsonValue cell) {
      auto const link = parse_link(cell.text(longest_text));
      if (!link) cell.refuse(fmt::format("= {} (must be NV and a number, PIX, PXB, PHB, NODE, SYS or ?)", cell.shown()));
      facts.links[place] = *link;
    });
  if (!peers.is_null())
    read_matrix(peers, facts.gpus.size(), [&facts](std::size_t place, JsonValue cell) {
      facts.links[place].peer = static_cast<Peer>(place_of_word(cell, peer_words));
    });
}

Launch read_launch(JsonValue json) {
  Launch launch;
  if (json.is_null()) return launch;
  launch.is_launched = json["is_launched"].flag();
  launch.ranks = json["ranks"].count(1, most_of_anything, 1);
  launch.rank = json["rank"].count(0, launch.ranks - 1, 0);
  launch.local_ranks = json["local_ranks"].count(1, launch.ranks, 1);
  launch.local_rank = json["local_rank"].count(0, launch.local_ranks - 1, 0);
  return launch;
}

Facts read_machine_json(JsonValue json) {
  Facts facts;
  facts.host = json["host"].text(longest_text);
  facts.os = json["os"].text(longest_text);
  facts.cpu = read_cpu(json["cpu"]);
  auto const memory = json["memory"];
  facts.memory = {memory["total_bytes"].bytes(most_bytes), memory["limit_bytes"].bytes(most_bytes),
                  memory["available_bytes"].bytes(most_bytes)};
  facts.driver_version = json["driver_version"].text(longest_text);
  if (!json["gpus"].is_null())
    for (auto const gpu : json["gpus"].elements())
      facts.gpus.push_back(read_gpu_json(gpu, static_cast<int>(facts.gpus.size())));
  if (facts.gpus.size() > most_gpus_a_machine)
    json["gpus"].refuse(fmt::format("has {} GPUs (at most {} a machine)", facts.gpus.size(), most_gpus_a_machine));
  read_links_json(json["links"], json["peer_access"], facts);
  facts.gpus_unused = json["gpus_unused"].text(longest_list);
  facts.gpu_note = json["gpu_note"].text(longest_list);
  auto const grant = json["gpu_grant"];
  if (!grant["visible"].is_null()) facts.grant.visible = grant["visible"].text(longest_list);
  facts.grant.slurm = grant["slurm"].text(longest_list);
  facts.grant.slurm_variable = grant["slurm_variable"].text(longest_text);
  facts.grant.in_machine = grant["in_machine"].count(0, most_of_anything, 0);
  facts.launch = read_launch(json["launch"]);
  return facts;
}

}  // namespace

Cluster cluster_from_json(std::string const& text, std::string const& source) {
  JsonDocument const document(text, source);
  auto const json = document.root();
  Cluster cluster;
  if (json["nodes"].is_null()) {
    if (json["cpu"].is_null() && json["gpus"].is_null() && json["host"].is_null())
      json.refuse("has none of nodes, host, cpu and gpus (it is no machine)");
    cluster.nodes.push_back({read_machine_json(json), 1});
    return cluster;
  }
  for (auto const node : json["nodes"].elements())
    cluster.nodes.push_back({read_machine_json(node["machine"]), node["count"].count(1, most_nodes, 1)});
  if (cluster.nodes.empty()) json["nodes"].refuse("is empty (a plan needs a machine)");
  return cluster;
}

}  // namespace muster::topology
