#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "core/error.hpp"
#include "core/text.hpp"
#include "topology/cpu_sets.hpp"
#include "topology/facts_io.hpp"
#include "topology/links.hpp"
#include "topology/probe.hpp"
#include "topology/profiles.hpp"

namespace muster::topology {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::int64_t most_of_anything = 1 << 20;
constexpr std::uint64_t most_bytes = std::uint64_t{1} << 56;
constexpr std::size_t longest_text = 400;
constexpr std::size_t longest_list = 1 << 20;

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

/// A value and its place in the document, for messages. A missing member is a null.
class Reader {
 public:
  Reader(Json const& json, std::string source, std::string path)
      : json_(json), source_(std::move(source)), path_(std::move(path)) {}

  [[noreturn]] void refuse(std::string const& why) const {
    throw_error(Exit::user, "{}: {} {}; correct it, or write the file anew with muster topology --json", source_,
                path_.empty() ? "the document" : path_, why);
  }
  bool is_null() const { return json_.is_null(); }
  Reader operator[](std::string const& key) const {
    static Json const nothing;
    if (!json_.is_object() && !is_null()) refuse(fmt::format("is {} (must be an object)", shown()));
    auto const found = json_.find(key);
    return {found == json_.end() ? nothing : *found, source_, path_.empty() ? key : path_ + "." + key};
  }
  std::vector<Reader> elements() const {
    if (!json_.is_array()) refuse(fmt::format("is {} (must be an array)", shown()));
    if (json_.size() > static_cast<std::size_t>(most_of_anything)) refuse("has too many elements");
    std::vector<Reader> all;
    for (std::size_t i = 0; i < json_.size(); ++i) all.emplace_back(json_[i], source_, fmt::format("{}[{}]", path_, i));
    return all;
  }
  int count(std::int64_t least, std::int64_t most, int otherwise) const {
    if (is_null()) return otherwise;
    if (!json_.is_number_integer() || json_.get<double>() < static_cast<double>(least) ||
        json_.get<double>() > static_cast<double>(most))
      refuse(fmt::format("= {} (must be a whole number, {} to {})", shown(), least, most));
    return json_.get<int>();
  }
  std::uint64_t bytes() const {
    if (is_null()) return 0;
    if (!json_.is_number_integer() || json_.get<double>() < 0 || json_.get<double>() > static_cast<double>(most_bytes))
      refuse(fmt::format("= {} (must be a whole number of bytes)", shown()));
    return json_.get<std::uint64_t>();
  }
  double number(double most) const {
    if (is_null()) return 0;
    if (!json_.is_number() || !(json_.get<double>() >= 0 && json_.get<double>() <= most))
      refuse(fmt::format("= {} (must be a number, 0 to {})", shown(), most));
    return json_.get<double>();
  }
  std::string text(std::size_t longest = longest_text) const {
    if (is_null()) return "";
    if (!json_.is_string() || json_.get_ref<std::string const&>().size() > longest)
      refuse(fmt::format("= {} (must be a text of at most {} bytes)", shown(), longest));
    return json_.get<std::string>();
  }
  bool flag() const {
    if (!is_null() && !json_.is_boolean()) refuse(fmt::format("= {} (must be true or false)", shown()));
    return !is_null() && json_.get<bool>();
  }
  std::string shown() const { return printable(json_.dump(-1, ' ', false, Json::error_handler_t::replace)); }

 private:
  Json const& json_;
  std::string source_, path_;
};

template <std::size_t Count>
std::size_t place_of_word(Reader const& reader, std::array<std::string_view, Count> const& words) {
  auto const word = reader.text();
  for (std::size_t i = 0; i < Count; ++i)
    if (words[i] == word) return i;
  reader.refuse(fmt::format("= {} (must be one of {})", reader.shown(), fmt::join(words.begin(), words.end(), ", ")));
}

std::vector<CpuSet> read_cores(Reader const& json) {
  auto cores = parse_cores(json.text(longest_list));
  if (!cores) json.refuse(fmt::format("= {} (must be cores such as \"0,64 1,65\": each thread once)", json.shown()));
  return std::move(*cores);
}

Cpu read_cpu(Reader const& json) {
  Cpu cpu;
  cpu.model = json["model"].text();
  cpu.packages = json["packages"].count(1, most_of_anything, 1);
  cpu.cores = json["cores"].count(1, most_of_anything, 1);
  cpu.threads = json["threads"].count(1, most_of_anything, cpu.cores);
  cpu.usable_cores = json["usable_cores"].count(1, most_of_anything, cpu.cores);
  cpu.usable_threads = json["usable_threads"].count(1, most_of_anything, cpu.threads);
  cpu.quota_cpus = json["quota_cpus"].number(static_cast<double>(most_of_anything));
  cpu.caches = {json["l1_bytes"].bytes(), json["l2_bytes"].bytes(), json["l3_bytes"].bytes()};
  if (!json["numa"].is_null())
    for (auto const& node : json["numa"].elements())
      cpu.numa.push_back({node["id"].count(0, most_of_anything, 0), node["cores"].count(0, most_of_anything, 0),
                          node["memory_bytes"].bytes(), read_cores(node["usable"])});
  cpu.numa_nodes =
      json["numa_nodes"].count(1, most_of_anything, std::max(1, static_cast<int>(cpu.numa.size())));
  return cpu;
}

void read_capability(Reader const& json, Gpu& gpu) {
  if (json.is_null()) return;
  auto const pair = json.elements();
  if (pair.size() != 2) json.refuse("must be two numbers, [8, 6] for sm_86");
  gpu.capability_major = pair[0].count(0, 99, 0);
  gpu.capability_minor = pair[1].count(0, 9, 0);
}

Gpu read_gpu_json(Reader const& json, int place) {
  Gpu gpu;
  gpu.ordinal = json["ordinal"].count(0, most_of_anything, place);
  gpu.index = json["index"].count(0, most_of_anything, -1);
  gpu.name = json["name"].text();
  if (gpu.name.empty()) json["name"].refuse("is missing (it says which card it is)");
  gpu.uuid = json["uuid"].text();
  gpu.pci_address = json["pci_address"].text();
  read_capability(json["capability"], gpu);
  gpu.multiprocessors = json["multiprocessors"].count(0, 100'000, 0);
  gpu.clock_mhz = json["clock_mhz"].count(0, 100'000, 0);
  gpu.memory_bytes = json["memory_bytes"].bytes();
  gpu.free_bytes = json["free_bytes"].bytes();
  gpu.nvlinks = json["nvlinks"].count(0, 1000, 0);
  gpu.numa = json["numa"].count(0, most_of_anything, -1);
  if (!json["ecc"].is_null()) gpu.ecc = json["ecc"].flag() ? Ecc::on : Ecc::off;
  if (!json["mig"].is_null()) gpu.mig = static_cast<Mig>(place_of_word(json["mig"], mig_words));
  return gpu;
}

/// Calls `take(a, b, cell)` for every pair of a square matrix of words.
template <class Take>
void read_matrix(Reader const& json, std::size_t gpus, Take const& take) {
  auto const rows = json.elements();
  if (rows.size() != gpus) json.refuse(fmt::format("has {} rows for {} GPUs", rows.size(), gpus));
  for (std::size_t a = 0; a < gpus; ++a) {
    auto const cells = rows[a].elements();
    if (cells.size() != gpus) rows[a].refuse(fmt::format("has {} columns for {} GPUs", cells.size(), gpus));
    for (std::size_t b = 0; b < gpus; ++b)
      if (a != b) take(a * gpus + b, cells[b]);
  }
}

void read_links_json(Reader const& links, Reader const& peers, Facts& facts) {
  if (links.is_null() && peers.is_null()) return;
  facts.links.resize(facts.gpus.size() * facts.gpus.size());
  if (!links.is_null())
    read_matrix(links, facts.gpus.size(), [&facts](std::size_t place, Reader const& cell) {
      auto const link = parse_link(cell.text());
      if (!link) cell.refuse(fmt::format("= {} (must be NV and a number, PIX, PXB, PHB, NODE, SYS or ?)", cell.shown()));
      facts.links[place] = *link;
    });
  if (!peers.is_null())
    read_matrix(peers, facts.gpus.size(), [&facts](std::size_t place, Reader const& cell) {
      facts.links[place].peer = static_cast<Peer>(place_of_word(cell, peer_words));
    });
}

Launch read_launch(Reader const& json) {
  Launch launch;
  if (json.is_null()) return launch;
  launch.is_launched = json["is_launched"].flag();
  launch.ranks = json["ranks"].count(1, most_of_anything, 1);
  launch.rank = json["rank"].count(0, launch.ranks - 1, 0);
  launch.local_ranks = json["local_ranks"].count(1, launch.ranks, 1);
  launch.local_rank = json["local_rank"].count(0, launch.local_ranks - 1, 0);
  return launch;
}

Facts read_machine_json(Reader const& json) {
  Facts facts;
  facts.host = json["host"].text();
  facts.os = json["os"].text();
  facts.cpu = read_cpu(json["cpu"]);
  auto const memory = json["memory"];
  facts.memory = {memory["total_bytes"].bytes(), memory["limit_bytes"].bytes(), memory["available_bytes"].bytes()};
  facts.driver_version = json["driver_version"].text();
  if (!json["gpus"].is_null())
    for (auto const& gpu : json["gpus"].elements())
      facts.gpus.push_back(read_gpu_json(gpu, static_cast<int>(facts.gpus.size())));
  if (facts.gpus.size() > most_gpus_a_machine)
    json["gpus"].refuse(fmt::format("has {} GPUs (at most {} a machine)", facts.gpus.size(), most_gpus_a_machine));
  read_links_json(json["links"], json["peer_access"], facts);
  facts.gpus_unused = json["gpus_unused"].text(longest_list);
  facts.gpu_note = json["gpu_note"].text(longest_list);
  auto const grant = json["gpu_grant"];
  if (!grant["visible"].is_null()) facts.grant.visible = grant["visible"].text(longest_list);
  facts.grant.slurm = grant["slurm"].text(longest_list);
  facts.grant.slurm_variable = grant["slurm_variable"].text();
  facts.grant.in_machine = grant["in_machine"].count(0, most_of_anything, 0);
  facts.launch = read_launch(json["launch"]);
  return facts;
}

}  // namespace

std::string to_json(Facts const& facts) { return dumped(machine_json(facts)); }

std::string to_json(Cluster const& cluster) {
  auto nodes = Json::array();
  for (auto const& node : cluster.nodes)
    nodes.push_back({{"count", node.count}, {"machine", machine_json(node.machine)}});
  return dumped({{"nodes", nodes}});
}

Cluster cluster_from_json(std::string const& text, std::string const& source) {
  Json document;
  try {
    document = Json::parse(text);
  } catch (Json::parse_error const& fault) {
    throw_error(Exit::user, "{}: not JSON (at byte {}); write the file anew with muster topology --json", source,
                fault.byte);
  } catch (Json::out_of_range const&) {
    throw_error(Exit::user, "{}: a number is too large for any machine; write the file anew with muster topology --json",
                source);
  }
  Reader const json(document, source, "");
  Cluster cluster;
  if (json["nodes"].is_null()) {
    if (json["cpu"].is_null() && json["gpus"].is_null() && json["host"].is_null())
      json.refuse("has none of nodes, host, cpu and gpus (it is no machine)");
    cluster.nodes.push_back({read_machine_json(json), 1});
    return cluster;
  }
  for (auto const& node : json["nodes"].elements())
    cluster.nodes.push_back({read_machine_json(node["machine"]), node["count"].count(1, most_nodes, 1)});
  if (cluster.nodes.empty()) json["nodes"].refuse("is empty (a plan needs a machine)");
  return cluster;
}

}  // namespace muster::topology
